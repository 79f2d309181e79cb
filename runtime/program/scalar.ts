/**
 * @file The scalar language of kernels: straight-line code in SSA form that one element of a kernel's domain runs.
 *
 * Instruction `i` of a body defines register `i`; operands name earlier registers. Types are explicit where they cannot be
 * derived, so that an emitter never has to guess. The op names are shared with the tensor graph (`tensor/graph.ts`).
 */
import type { DType } from "./dtype.ts";

/** A register: the index of the instruction that defined it. */
export type Reg = number;

/** Float to float, unless noted. `not`: bool to bool. `neg`, `abs`, `sign`: also i32. `erf` and `tanh` are accurate to 2 ulp of f32. */
export const unaryOps = [
  "neg",
  "abs",
  "sign",
  "exp",
  "log",
  "log1p",
  "expm1",
  "sqrt",
  "rsqrt",
  "reciprocal",
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "erf",
  "floor",
  "ceil",
  "round",
  "not",
] as const;
export type UnaryOp = (typeof unaryOps)[number];

/** Both operands have one type. Comparisons give bool; `and`, `or` take bool. `idiv` and `mod` round down, i32 only. */
export const binaryOps = [
  "add",
  "sub",
  "mul",
  "div",
  "idiv",
  "mod",
  "pow",
  "max",
  "min",
  "lt",
  "le",
  "gt",
  "ge",
  "eq",
  "ne",
  "and",
  "or",
] as const;
export type BinaryOp = (typeof binaryOps)[number];

export type Instr =
  /** The element of `inputs[access]` at the current point of the domain. f16 and bf16 buffers load as f32. */
  | { readonly op: "load"; readonly access: number; readonly dtype: "f32" | "i32" | "bool" }
  | { readonly op: "const"; readonly value: number; readonly dtype: "f32" | "i32" | "bool" }
  /** The current position along one axis of the domain, i32. */
  | { readonly op: "index"; readonly axis: number }
  | { readonly op: "unary"; readonly fn: UnaryOp; readonly a: Reg }
  | { readonly op: "binary"; readonly fn: BinaryOp; readonly a: Reg; readonly b: Reg }
  | { readonly op: "where"; readonly cond: Reg; readonly a: Reg; readonly b: Reg }
  /** f32 to i32 truncates toward zero; bool is 0 or 1; anything to bool is `!= 0`. */
  | { readonly op: "cast"; readonly a: Reg; readonly to: "f32" | "i32" | "bool" }
  /**
   * A uniform f32 in [0, 1), a pure function of three i32 registers: stream seed, step counter and element index.
   * Every device gives the same bits; `program/random.ts` is the definition.
   */
  | { readonly op: "random"; readonly seed: Reg; readonly counter: Reg; readonly index: Reg };

/** What a reduction over elements starts from and how it combines. `sum` may be re-associated, in an order that does not depend on the number of threads. */
export type ReduceOp = "sum" | "max" | "min" | "prod";

/** The type of each register of `body`; `loads` is implied by the instructions themselves. */
export function registerTypes(body: readonly Instr[], before: readonly DType[] = []): readonly DType[] {
  const types: DType[] = [...before];
  for (const instr of body) {
    switch (instr.op) {
      case "load":
      case "const":
        types.push(instr.dtype);
        break;
      case "index":
        types.push("i32");
        break;
      case "unary":
        types.push(types[instr.a] as DType);
        break;
      case "binary":
        types.push(comparisons.has(instr.fn) ? "bool" : (types[instr.a] as DType));
        break;
      case "where":
        types.push(types[instr.a] as DType);
        break;
      case "cast":
        types.push(instr.to);
        break;
      case "random":
        types.push("f32");
        break;
    }
  }
  return types;
}

const comparisons: ReadonlySet<BinaryOp> = new Set(["lt", "le", "gt", "ge", "eq", "ne", "and", "or"]);
