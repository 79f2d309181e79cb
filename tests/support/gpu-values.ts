/** @file Lane-wise arithmetic of the GPU kernel IR on plain numbers, each result rounded to its type: what the interpreter computes with. */
import type { BinaryOperator, Intrinsic, ScalarType } from "../../runtime/device/gpu/ir.ts";
import { fromFloat16Bits, roundToEven, toFloat16Bits } from "../../runtime/program/float16.ts";

/** The nearest value of the type; integers wrap. */
export function rounded(value: number, scalar: ScalarType): number {
  switch (scalar) {
    case "f32":
      return Math.fround(value);
    case "f16":
      return fromFloat16Bits(toFloat16Bits(value));
    case "i32":
      return value | 0;
    case "u32":
      return value >>> 0;
    case "bool":
      return value === 0 ? 0 : 1;
  }
}

const isInteger = (scalar: ScalarType): boolean => scalar === "i32" || scalar === "u32";
const bit = (claim: boolean): number => (claim ? 1 : 0);

/** `scalar` is the operands' type. */
export function applyBinary(op: BinaryOperator, a: number, b: number, scalar: ScalarType): number {
  switch (op) {
    case "add":
      return rounded(a + b, scalar);
    case "sub":
      return rounded(a - b, scalar);
    case "mul":
      return isInteger(scalar) ? rounded(Math.imul(a, b), scalar) : rounded(a * b, scalar);
    case "div":
      if (isInteger(scalar)) return b === 0 ? a : rounded(Math.trunc(a / b), scalar);
      return rounded(a / b, scalar);
    case "rem":
      if (isInteger(scalar)) return b === 0 ? 0 : rounded(a % b, scalar);
      return rounded(a % b, scalar);
    case "and":
      return rounded(a & b, scalar);
    case "or":
      return rounded(a | b, scalar);
    case "xor":
      return rounded(a ^ b, scalar);
    case "shl":
      return rounded(a << (b & 31), scalar);
    case "shr":
      return scalar === "u32" ? (a >>> (b & 31)) >>> 0 : a >> (b & 31);
    case "lt":
      return bit(a < b);
    case "le":
      return bit(a <= b);
    case "gt":
      return bit(a > b);
    case "ge":
      return bit(a >= b);
    case "eq":
      return bit(a === b);
    case "ne":
      return bit(a !== b);
  }
}

const functions: Readonly<Record<Exclude<Intrinsic, "dot">, (x: number, y: number, z: number) => number>> = {
  abs: Math.abs,
  sign: Math.sign,
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  log: Math.log,
  log2: Math.log2,
  sqrt: Math.sqrt,
  inverseSqrt: (x) => 1 / Math.sqrt(x),
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundToEven,
  trunc: Math.trunc,
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  fma: (x, y, z) => x * y + z,
  pow: (x, y) => x ** y,
  quantizeF16: (x) => fromFloat16Bits(toFloat16Bits(x)),
  countTrailingZeros: (x) => (x === 0 ? 32 : 31 - Math.clz32(x & -x)),
  countOneBits: (x) => {
    let count = 0;
    for (let rest = x >>> 0; rest !== 0; rest &= rest - 1) count++;
    return count;
  },
};

export function applyIntrinsic(fn: Intrinsic, [x = 0, y = 0, z = 0]: readonly number[], scalar: ScalarType): number {
  if (fn === "dot") throw new Error("dot is not lane by lane");
  return rounded(functions[fn](x, y, z), scalar);
}

/** f32 to integers truncates and saturates. */
export function convert(value: number, from: ScalarType, to: ScalarType): number {
  if (to === "bool") return value === 0 ? 0 : 1;
  if (isInteger(from) || from === "bool" || to === "f32" || to === "f16") return rounded(value, to);
  const [least, most] = to === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  return Number.isNaN(value) ? 0 : Math.min(Math.max(Math.trunc(value), least), most);
}

const scratch = new DataView(new ArrayBuffer(4));

export function reinterpret(value: number, from: ScalarType, to: ScalarType): number {
  if (from === "f32") scratch.setFloat32(0, value);
  else scratch.setUint32(0, value >>> 0);
  if (to === "f32") return scratch.getFloat32(0);
  return to === "i32" ? scratch.getInt32(0) : scratch.getUint32(0);
}
