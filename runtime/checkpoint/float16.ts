/**
 * @file Narrow floats on the host: f16 and bf16 arrays, the two 8-bit types, and stochastic rounding.
 */
import { fromBfloat16Bits, fromFloat16Bits, roundToEven, toBfloat16Bits, toFloat16Bits } from "../program/float16.ts";

export { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits };

export type HalfType = "f16" | "bf16";

/** Numbers in one of the stored float types, rounded to nearest, ties to even. */
export function encodeFromFloat32(type: HalfType, values: Float32Array): Uint16Array {
  return Uint16Array.from(values, type === "f16" ? toFloat16Bits : toBfloat16Bits);
}

/** Numbers of a stored float type as float32, exactly. */
export function decodeToFloat32(type: HalfType, bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, type === "f16" ? fromFloat16Bits : fromBfloat16Bits);
}

/** An 8-bit float: encode rounds to nearest, ties to even. */
export interface Float8 {
  encode(value: number): number;
  decode(bits: number): number;
}

interface Float8Format {
  readonly mantissaBits: number;
  readonly bias: number;
  /** The largest finite value. */
  readonly max: number;
  readonly infinity: number | undefined;
  readonly nan: number;
}

function createFloat8({ mantissaBits, bias, max, infinity, nan }: Float8Format): Float8 {
  const steps = 1 << mantissaBits;
  const top = (1 << (7 - mantissaBits)) - 1;
  const decode = (bits: number): number => {
    const sign = bits & 0x80 ? -1 : 1;
    const magnitude = bits & 0x7f;
    const exponent = magnitude >> mantissaBits;
    const fraction = magnitude & (steps - 1);
    if (magnitude === infinity) return sign * Number.POSITIVE_INFINITY;
    if (infinity === undefined ? magnitude === nan : exponent === top) return Number.NaN;
    return sign * (exponent === 0 ? fraction / steps : 1 + fraction / steps) * 2 ** (Math.max(exponent, 1) - bias);
  };
  const encode = (value: number): number => {
    const sign = Object.is(Math.sign(value), -0) || value < 0 ? 0x80 : 0;
    if (Number.isNaN(value)) return nan;
    // Beyond the largest value: infinity where there is one, saturation where not.
    const magnitude = infinity === undefined ? Math.min(Math.abs(value), max) : Math.abs(value);
    if (magnitude === Number.POSITIVE_INFINITY) return sign | (infinity ?? nan);
    const exponent = Math.max(magnitude === 0 ? 1 - bias : Math.floor(Math.log2(magnitude)), 1 - bias);
    const step = 2 ** (exponent - mantissaBits);
    const rounded = roundToEven(magnitude / step) * step;
    if (rounded > max) return sign | (infinity ?? nan);
    if (rounded < 2 ** (1 - bias)) return sign | (rounded / 2 ** (1 - bias - mantissaBits));
    const power = Math.floor(Math.log2(rounded));
    return sign | (((power + bias) << mantissaBits) + (rounded / 2 ** (power - mantissaBits) - steps));
  };
  return { encode, decode };
}

/** No infinity; 448 is the largest. @source Micikevicius et al. 2022, "FP8 Formats for Deep Learning" */
export const float8E4M3: Float8 = createFloat8({ mantissaBits: 3, bias: 7, max: 448, infinity: undefined, nan: 0x7f });
export const float8E5M2: Float8 = createFloat8({ mantissaBits: 2, bias: 15, max: 57344, infinity: 0x7c, nan: 0x7f });

const floatBits = new Float32Array(1);
const wordBits = new Uint32Array(floatBits.buffer);

/** Cuts the low 16 bits, and raises the magnitude by one step if `random16` (0 … 65535) is less than they were. Bits of bf16. */
export function roundStochastically(value: number, random16: number): number {
  floatBits[0] = value;
  const word = wordBits[0] as number;
  if (!Number.isFinite(value)) return toBfloat16Bits(value);
  return (word >>> 16) + (random16 < (word & 0xffff) ? 1 : 0);
}
