/** @file The module `harness` of the materialization vectors (their README lists its symbols). */
import { add } from "../../compiler/graph/builtins.ts";
import type { ConstructorTable } from "../../compiler/graph/materialize.ts";
import type { GraphValue } from "../../compiler/graph/node.ts";
import { Callable, CallError, type Keywords, type Value } from "../../compiler/graph/value.ts";

export class Point {
  readonly x: Value;
  readonly y: Value;
  constructor(x: Value, y: Value) {
    this.x = x;
    this.y = y;
  }
  getAttribute(name: string): Value | undefined {
    return name === "x" ? this.x : name === "y" ? this.y : undefined;
  }
}

interface Harness {
  readonly table: ConstructorTable;
  readonly trace: readonly string[];
  calls(): number;
}

export function makeHarness(): Harness {
  const trace: string[] = [];
  let counted = 0;
  let calls = 0;
  const traced = (name: string, body: (args: readonly Value[], kwargs: Keywords) => Value) =>
    [
      name,
      new Callable((args, kwargs) => {
        const made = body(args, kwargs);
        trace.push(name);
        return made;
      }),
    ] as const;
  const received = (args: readonly Value[], kwargs: Keywords): [Value, Value][] => [
    ["args", [...args]],
    ["kwargs", new Map(kwargs)],
  ];
  const symbols = new Map<string, Value>([
    traced("counter", (args, kwargs) => {
      calls += 1;
      counted += 1;
      return new Map<Value, Value>([["n", BigInt(counted)], ...received(args, kwargs)]);
    }),
    traced("nothing", () => {
      calls += 1;
      return null;
    }),
    traced("echo", (args, kwargs) => new Map(received(args, kwargs))),
    traced("add", (args, kwargs) => {
      const [a, b] = [args[0] ?? kwargs.get("a"), args[1] ?? kwargs.get("b") ?? 0n];
      if (a === undefined) throw new CallError("argument 'a' is missing");
      return add(a, b);
    }),
    traced("identity", (args) => args[0] ?? null),
    [
      "fail",
      new Callable(() => {
        throw new CallError("on purpose");
      }),
    ],
    traced(
      "kinds",
      (args, kwargs) =>
        new Map(received(args.map(kindOf), new Map([...kwargs].map(([name, value]) => [name, kindOf(value)])))),
    ),
    [
      "Point",
      new Callable((args, kwargs) => new Point(args[0] ?? kwargs.get("x") ?? 0n, args[1] ?? kwargs.get("y") ?? 0n)),
    ],
    ["Point.diagonal", new Callable(([n]) => new Point(n ?? 0n, n ?? 0n))],
    ["constant", 7n],
  ]);
  return {
    trace,
    calls: () => calls,
    table: { lookup: (module, symbol) => (module === "harness" ? symbols.get(symbol) : undefined) },
  };
}

function kindOf(value: Value): Value {
  if (value === null) return "null";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "float";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "str";
  const node = value as GraphValue;
  return node.kind === "call" ? node.mode : node.kind;
}
