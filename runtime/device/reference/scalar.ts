/** @file Scalar code, interpreted: each f32 instruction rounds once. */

import type { DType } from "../../program/dtype.ts";
import { roundToEven } from "../../program/float16.ts";
import type { Access } from "../../program/kernel.ts";
import { randomUniform } from "../../program/random.ts";
import { type BinaryOp, type Instr, registerTypes, type UnaryOp } from "../../program/scalar.ts";
import { type Buffers, read } from "./buffers.ts";

/** Runs a body at a point; `registers` holds earlier values in front and receives the new ones. */
export type Body = (registers: number[], point: ArrayLike<number>) => void;

const unary = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  erf,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundToEven,
  not: (x) => (x === 0 ? 1 : 0),
} satisfies Record<UnaryOp, (x: number) => number>;

const bit = (claim: boolean): number => (claim ? 1 : 0);

const binary = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  idiv: (a, b) => (b === 0 ? 0 : Math.floor(a / b)),
  mod: (a, b) => (b === 0 ? 0 : a - b * Math.floor(a / b)),
  // C's pow: 1 to any power is 1, NaN included, and so is −1 to an infinite one.
  pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b),
  max: Math.max,
  min: Math.min,
  lt: (a, b) => bit(a < b),
  le: (a, b) => bit(a <= b),
  gt: (a, b) => bit(a > b),
  ge: (a, b) => bit(a >= b),
  eq: (a, b) => bit(a === b),
  ne: (a, b) => bit(a !== b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
} satisfies Record<BinaryOp, (a: number, b: number) => number>;

/** i32 products wrap, which a product of two doubles would not. */
const binaryI32: Partial<Record<BinaryOp, (a: number, b: number) => number>> = { mul: Math.imul };

export function compileBody(
  body: readonly Instr[],
  inputs: readonly Access[],
  buffers: Buffers,
  before: readonly DType[] = [],
): Body {
  const types = registerTypes(body, before);
  const base = before.length;
  return (registers, point) => {
    registers.length = base;
    for (let i = 0; i < body.length; i++)
      registers.push(step(body[i] as Instr, types[base + i] as DType, registers, point));
  };

  function step(instr: Instr, type: DType, registers: readonly number[], point: ArrayLike<number>): number {
    switch (instr.op) {
      case "load":
        return read(buffers, inputs[instr.access] as Access, point);
      case "const":
        return rounded(instr.value, instr.dtype);
      case "index":
        return point[instr.axis] as number;
      case "unary":
        return rounded(unary[instr.fn](registers[instr.a] as number), type);
      case "binary": {
        const apply = (types[instr.a] === "i32" ? binaryI32[instr.fn] : undefined) ?? binary[instr.fn];
        return rounded(apply(registers[instr.a] as number, registers[instr.b] as number), type);
      }
      case "where":
        return registers[instr.cond] !== 0 ? (registers[instr.a] as number) : (registers[instr.b] as number);
      case "cast":
        return castTo(registers[instr.a] as number, instr.to);
      case "random":
        return randomUniform(
          registers[instr.seed] as number,
          registers[instr.counter] as number,
          registers[instr.index] as number,
        );
    }
  }
}

function rounded(value: number, type: DType): number {
  return type === "f32" ? Math.fround(value) : type === "i32" ? value | 0 : value;
}

function castTo(value: number, to: "f32" | "i32" | "bool"): number {
  if (to === "bool") return value !== 0 ? 1 : 0;
  if (to === "f32") return Math.fround(value);
  return Number.isNaN(value) ? 0 : Math.min(Math.max(Math.trunc(value), -(2 ** 31)), 2 ** 31 - 1);
}

/** In f64: the Maclaurin series up to 3, the continued fraction of erfc beyond. @source Abramowitz and Stegun 7.1.5, 7.1.14 */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (Number.isNaN(x) || z > 6) return Math.sign(x);
  if (z <= 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 && n < 100; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let tail = z;
  for (let n = 60; n > 0; n--) tail = z + n / 2 / tail;
  return Math.sign(x) * (1 - Math.exp(-z * z) / (tail * Math.sqrt(Math.PI)));
}
