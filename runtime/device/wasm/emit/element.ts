/**
 * @file How elements of each dtype come from memory into four lanes and go back. `decode` turns raw lanes (zero-extended to 32 bits) into
 * what bodies compute on (`body.ts`), `encode` turns them back.
 */
import type { DType } from "../../../program/dtype.ts";
import { type Code, f32x4, i8x16, i16x8, i32, i32x4, type Local, type Operand, v128 } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";
import type { LaneType } from "./body.ts";

export interface Element {
  readonly bytes: number;
  readonly lane: LaneType;
  /** Four neighbours, raw. */
  loadFour(address: Operand, offset: number): Code;
  /** One element as i32, raw. */
  loadOne(address: Operand, offset: number): Code;
  storeFour(address: Operand, raw: Local, offset: number): Code;
  storeLane(address: Operand, raw: Local, lane: number, offset: number): Code;
  /** Absent: raw lanes are the value. */
  readonly decode?: (f: FunctionBuilder, raw: Local) => Code;
  readonly encode?: (f: FunctionBuilder, value: Local) => Code;
}

const word = (lane: LaneType): Element => ({
  bytes: 4,
  lane,
  loadFour: (address, offset) => v128.load(address, offset),
  loadOne: (address, offset) => i32.load(address, offset),
  storeFour: (address, raw, offset) => v128.store(address, raw, offset),
  storeLane: (address, raw, lane, offset) => v128.store32_lane(address, raw, lane, offset),
});

const half = (
  decode: (f: FunctionBuilder, raw: Local) => Code,
  encode: (f: FunctionBuilder, value: Local) => Code,
): Element => ({
  bytes: 2,
  lane: "f32",
  loadFour: (address, offset) => i32x4.extend_low_i16x8_u(v128.load64_zero(address, offset)),
  loadOne: (address, offset) => i32.load16_u(address, offset),
  storeFour: (address, raw, offset) => v128.store64_lane(address, i16x8.narrow_i32x4_u(raw, raw), 0, offset),
  // The low half of a 32-bit lane is the 16-bit lane of twice its number.
  storeLane: (address, raw, lane, offset) => v128.store16_lane(address, raw, lane * 2, offset),
  decode,
  encode,
});

export const elements: Readonly<Record<DType, Element>> = {
  f32: word("f32"),
  i32: word("i32"),
  bool: {
    bytes: 1,
    lane: "bool",
    loadFour: (address, offset) =>
      i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(address, offset))),
    loadOne: (address, offset) => i32.load8_u(address, offset),
    storeFour: (address, raw, offset) => {
      const words = i16x8.narrow_i32x4_u(raw, raw);
      const low = i8x16.narrow_i16x8_u(words, words);
      return v128.store32_lane(address, low, 0, offset);
    },
    storeLane: (address, raw, lane, offset) => v128.store8_lane(address, raw, lane * 4, offset),
    decode: (f, raw) => i32x4.ne(raw, f.i32x4(0)),
    encode: (f, value) => v128.and(value, f.i32x4(1)),
  },
  bf16: half(
    (_f, raw) => i32x4.shl(raw, 16),
    (f, value) => {
      // To nearest, ties to even; a NaN keeps its sign and stays one.
      const odd = v128.and(i32x4.shr_u(value, 16), f.i32x4(1));
      const rounded = i32x4.shr_u(i32x4.add(value, i32x4.add(odd, f.i32x4(0x7fff))), 16);
      const quiet = v128.or(i32x4.shr_u(value, 16), f.i32x4(0x40));
      return v128.bitselect(rounded, quiet, f32x4.eq(value, value));
    },
  ),
  f16: half(
    (f, raw) => {
      const magnitude = f.let("v128", v128.and(raw, f.i32x4(0x7fff)));
      const widened = f.let("v128", i32x4.shl(magnitude, 13));
      const normal = i32x4.add(widened, f.i32x4(112 << 23));
      const special = v128.or(widened, f.i32x4(0x7f800000));
      const denormal = f32x4.mul(f32x4.convert_i32x4_s(magnitude), f.f32x4(2 ** -24));
      const finite = v128.bitselect(denormal, normal, i32x4.lt_s(magnitude, f.i32x4(0x400)));
      const value = v128.bitselect(special, finite, i32x4.ge_s(magnitude, f.i32x4(0x7c00)));
      return v128.or(value, i32x4.shl(v128.and(raw, f.i32x4(0x8000)), 16));
    },
    (f, value) => {
      const magnitude = f.let("v128", v128.and(value, f.i32x4(0x7fffffff)));
      const odd = v128.and(i32x4.shr_u(magnitude, 13), f.i32x4(1));
      const normal = i32x4.shr_u(i32x4.add(magnitude, i32x4.add(odd, f.i32x4(0xfff - (112 << 23)))), 13);
      // Adding 0.5 lets the adder round to multiples of 2^-24, the step of the denormals.
      const denormal = i32x4.sub(f32x4.add(magnitude, f.f32x4(0.5)), f.i32x4(0x3f000000));
      const small = v128.bitselect(denormal, normal, f32x4.lt(magnitude, f.f32x4(2 ** -14)));
      const finite = v128.bitselect(f.i32x4(0x7c00), small, f32x4.ge(magnitude, f.f32x4(65520)));
      const number = v128.bitselect(finite, f.i32x4(0x7e00), f32x4.eq(value, value));
      return v128.or(number, v128.and(i32x4.shr_u(value, 16), f.i32x4(0x8000)));
    },
  ),
};
