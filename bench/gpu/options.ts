/** @file The flags of the GPU benchmark; `run.mjs` describes them. */
import { type LlamaSize, llama4M, llama117M } from "../../tests/numerics/tiny-llama.ts";

export type Name = "matmul" | "dispatch" | "training" | "decode" | "kernels";
export type Compute = "f32" | "f16";

export interface Options {
  readonly only: ReadonlySet<Name>;
  readonly device: string;
  readonly adapter: string | undefined;
  readonly sizes: readonly number[];
  readonly dtypes: readonly Compute[];
  readonly models: readonly LlamaSize[];
  readonly shapes: readonly (readonly [batch: number, length: number])[];
  readonly tokens: number;
  readonly seconds: number;
  readonly repetitions: number;
  readonly data: string | undefined;
}

const names: readonly Name[] = ["matmul", "dispatch", "training", "decode", "kernels"];
const models: Readonly<Record<string, LlamaSize>> = { "4M": llama4M, "117M": llama117M };
const known = "only device adapter sizes dtypes models shapes tokens seconds repetitions quick data".split(" ");

/** @throws Error for a flag or a value that there is not */
export function readOptions(args: readonly string[]): Options {
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [, name, value] = /^--([a-z]+)(?:=(.*))?$/.exec(args[i] as string) ?? [];
    if (name === undefined || !known.includes(name)) throw new Error(`there is no flag ${args[i]}`);
    const next = args[i + 1];
    if (value !== undefined || name === "quick" || next === undefined) given.set(name, value ?? "");
    else {
      given.set(name, next);
      i++;
    }
  }
  const quick = given.has("quick");
  const list = (name: string, usual: string, short: string): string[] =>
    (given.get(name) ?? (quick ? short : usual)).split(",").filter((item) => item !== "");
  const number = (name: string, usual: number, short: number): number => {
    const value = Number(given.get(name) ?? (quick ? short : usual));
    if (!(value > 0)) throw new Error(`--${name} wants a number above 0`);
    return value;
  };
  const choose = <T>(name: string, table: Readonly<Record<string, T>>, items: readonly string[]): T[] =>
    items.map((item) => {
      if (!Object.hasOwn(table, item))
        throw new Error(`--${name}: there is no ${item}, but ${Object.keys(table).join(", ")}`);
      return table[item] as T;
    });
  const all = Object.fromEntries(names.map((name) => [name, name])) as Record<Name, Name>;
  return {
    only: new Set(choose("only", all, list("only", names.join(), names.join()))),
    device: given.get("device") ?? "webgpu",
    adapter: given.get("adapter"),
    sizes: list("sizes", "512,1024,2048,4096", "128").map(Number),
    dtypes: choose("dtypes", { f32: "f32", f16: "f16" } as const, list("dtypes", "f32,f16", "f32,f16")),
    models: choose("models", models, list("models", "4M,117M", "4M")),
    shapes: list("shapes", "32x512", "2x32").map((shape) => {
      const [, batch, length] = /^(\d+)x(\d+)$/.exec(shape) ?? [];
      if (batch === undefined) throw new Error(`--shapes wants BATCHxLENGTH, not ${shape}`);
      return [Number(batch), Number(length)] as const;
    }),
    tokens: number("tokens", 255, 8),
    seconds: number("seconds", 3, 0.2),
    repetitions: number("repetitions", 7, 2),
    data: given.get("data"),
  };
}
