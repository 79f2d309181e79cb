/** @file Golden vectors: where they lie, how they are read, how a result is compared with them. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type HostTensor, sizeOf } from "fgc/runtime";
import { expect } from "vitest";

const root = fileURLToPath(new URL("../../../shared/vectors/numerics/", import.meta.url));

/** Whether the vectors are here. Where they are not, suites skip, loudly. */
export const haveGoldens: boolean = existsSync(root);
if (!haveGoldens) console.warn(`golden vectors are absent (${root}): the suites that compare with them are skipped`);

export type Json = Readonly<Record<string, unknown>>;

export interface Golden {
  readonly name: string;
  readonly target: string;
  readonly args: Json;
  /** Everything else in the JSON: `notes`, `lr_values`, `groups` … */
  readonly json: Json;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** The cases of a folder (`modules/`) whose name passes, in order of their names. */
export function goldenCases(folder: string, accept: (name: string) => boolean = () => true): Golden[] {
  if (!haveGoldens) return [];
  const index = JSON.parse(readFileSync(`${root}index.json`, "utf8")) as { cases: { name: string }[] };
  return index.cases
    .map(({ name }) => name)
    .filter((name) => name.startsWith(folder) && accept(name))
    .sort()
    .map(readGolden);
}

export function readGolden(name: string): Golden {
  const json = JSON.parse(readFileSync(`${root}${name}.json`, "utf8")) as Json;
  const file = `${root}${name}.safetensors`;
  return {
    name,
    target: json["target"] as string,
    args: (json["args"] ?? {}) as Json,
    json,
    tensors: existsSync(file) ? readTensors(file) : new Map(),
  };
}

/** The tensor of that name; a missing one is a fault of the test. */
export function tensorOf(golden: Golden, name: string): HostTensor {
  const tensor = golden.tensors.get(name);
  if (tensor === undefined) throw new Error(`${golden.name} has no tensor ${name}`);
  return tensor;
}

/** The tensors whose names begin with `prefix`, under what follows it. */
export function tensorsBelow(golden: Golden, prefix: string): Map<string, HostTensor> {
  return new Map(
    [...golden.tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
    ),
  );
}

/** Row `index` of the first axis. */
export function rowOf(tensor: HostTensor, index: number): HostTensor {
  const shape = tensor.shape.slice(1);
  const size = sizeOf(shape);
  return { data: tensor.data.slice(index * size, (index + 1) * size), shape, dtype: tensor.dtype };
}

interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** GPUs may take a number below the smallest normal one for zero, on the way to a result that is a hundred times as large. */
const flushed = 2 ** -126 * 2 ** 7;

/** What the vectors allow for a tensor, and a little for flushing; a copy must be equal. */
export function toleranceOf(golden: Golden, name: string): Tolerance {
  const all = (golden.json["tolerance"] ?? {}) as Readonly<Record<string, Tolerance>>;
  const { rtol, atol } = all[name] ?? { rtol: 0, atol: 0 };
  return { rtol, atol: rtol === 0 && atol === 0 ? 0 : Math.max(atol, flushed) };
}

/** Every element within `atol + rtol·|golden|`; infinities equal in place and sign. */
export function expectGolden(
  got: HostTensor,
  golden: Golden,
  name: string,
  want: HostTensor = tensorOf(golden, name),
): void {
  expect(got.shape, `${golden.name} ${name}: shape`).toEqual(want.shape);
  expectClose(got.data, want.data, toleranceOf(golden, name), `${golden.name} ${name}`);
}

export function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { rtol, atol }: Tolerance,
  what: string,
): void {
  let worst = { excess: 0, at: -1 };
  for (let i = 0; i < want.length; i++) {
    const [g, w] = [got[i]!, want[i]!];
    if (Object.is(g, w) || g === w || (Number.isNaN(g) && Number.isNaN(w))) continue;
    const error = Math.abs(g - w);
    const excess = Number.isFinite(error) ? error / (atol + rtol * Math.abs(w)) : Number.POSITIVE_INFINITY;
    if (!(excess <= worst.excess)) worst = { excess, at: i };
  }
  const { excess, at } = worst;
  expect(excess, `${what}: element ${at} is ${got[at]}, not ${want[at]}; error in tolerances`).toBeLessThanOrEqual(1);
}

/** A minimal reader of its own, so that a fault in the library's reader cannot hide one in the numbers. */
function readTensors(path: string): Map<string, HostTensor> {
  const bytes = readFileSync(path);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + headerLength).toString("utf8")) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const data = bytes.buffer.slice(
    bytes.byteOffset + 8 + headerLength,
    bytes.byteOffset + bytes.byteLength,
  ) as ArrayBuffer;
  return new Map(
    Object.entries(header).flatMap(([name, entry]): [string, HostTensor][] => {
      if (name === "__metadata__") return [];
      const slice = data.slice(...entry.data_offsets);
      const isFloat = entry.dtype === "F32";
      if (!isFloat && entry.dtype !== "I32") throw new Error(`${path}: ${name} is ${entry.dtype}`);
      const values = isFloat ? new Float32Array(slice) : new Int32Array(slice);
      return [[name, { data: values, shape: entry.shape, dtype: isFloat ? "f32" : "i32" }]];
    }),
  );
}
