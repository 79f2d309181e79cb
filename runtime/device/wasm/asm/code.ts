/**
 * @file WebAssembly instructions as values. Each method carries the name that the instruction has in the text format, takes its
 * operands as code, and gives code: `f32x4.add(a, v128.load(p, 16))` is the folded form `(f32x4.add a (v128.load offset=16 p))`.
 *
 * Code is a tree of bytes, joined only when a function is finished, so building is linear in its size.
 */

export type ValType = "i32" | "i64" | "f32" | "f64" | "v128";

export const valTypeByte: Readonly<Record<ValType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

export type Code = readonly (number | Code)[];

/** A parameter or local variable of the function under construction. */
export class Local {
  readonly type: ValType;
  readonly index: number;
  constructor(type: ValType, index: number) {
    this.type = type;
    this.index = index;
  }
}

/** What an instruction takes: code, a local (read), or a number (an i32 constant). */
export type Operand = Code | Local | number;

/** Unsigned LEB128. */
export function uleb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128 of a 32-bit integer. */
export function sleb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

/** The code that pushes an operand. */
export function push(operand: Operand): Code {
  if (typeof operand === "number") return [0x41, ...sleb(operand)];
  if (operand instanceof Local) return [0x20, ...uleb(operand.index)];
  return operand;
}

const op =
  (...bytes: number[]) =>
  (...operands: Operand[]): Code => [...operands.map(push), ...bytes];
/** SIMD instructions have the prefix 0xfd. */
const simd = (opcode: number) => op(0xfd, ...uleb(opcode));

type Load = (address: Operand, offset?: number) => Code;
type StoreOp = (address: Operand, value: Operand, offset?: number) => Code;
/** Every access claims the alignment of its element, which all our buffers have; v128 claims only that of an f32. */
const load =
  (bytes: readonly number[], align: number): Load =>
  (address, offset = 0) => [push(address), ...bytes, align, ...uleb(offset)];
const store =
  (bytes: readonly number[], align: number): StoreOp =>
  (address, value, offset = 0) => [push(address), push(value), ...bytes, align, ...uleb(offset)];
const simdBytes = (opcode: number): readonly number[] => [0xfd, ...uleb(opcode)];

export const i32 = {
  const: (value: number): Code => push(value),
  load: load([0x28], 2),
  load8_u: load([0x2d], 0),
  load16_u: load([0x2f], 1),
  store: store([0x36], 2),
  store8: store([0x3a], 0),
  store16: store([0x3b], 1),
  eqz: op(0x45),
  eq: op(0x46),
  ne: op(0x47),
  lt_s: op(0x48),
  lt_u: op(0x49),
  gt_s: op(0x4a),
  gt_u: op(0x4b),
  le_s: op(0x4c),
  ge_s: op(0x4e),
  ge_u: op(0x4f),
  add: op(0x6a),
  sub: op(0x6b),
  mul: op(0x6c),
  div_s: op(0x6d),
  div_u: op(0x6e),
  rem_s: op(0x6f),
  rem_u: op(0x70),
  and: op(0x71),
  or: op(0x72),
  xor: op(0x73),
  shl: op(0x74),
  shr_s: op(0x75),
  shr_u: op(0x76),
  wrap_i64: op(0xa7),
  reinterpret_f32: op(0xbc),
  trunc_sat_f32_s: op(0xfc, 0x00),
  atomic: {
    load: load([0xfe, 0x10], 2),
    store: store([0xfe, 0x17], 2),
    add: store([0xfe, 0x1e], 2),
    /** `i32.atomic.rmw.cmpxchg`: address, expected value, new value; gives what was there. */
    cmpxchg: (address: Operand, expected: Operand, value: Operand): Code => [
      push(address),
      push(expected),
      push(value),
      0xfe,
      0x48,
      2,
      0,
    ],
    /** `memory.atomic.wait32`: address, expected value, timeout in ns (i64). */
    wait: (address: Operand, expected: Operand, timeout: Operand): Code => [
      push(address),
      push(expected),
      push(timeout),
      0xfe,
      0x01,
      2,
      0,
    ],
    /** `memory.atomic.notify`: address, how many to wake. */
    notify: (address: Operand, count: Operand): Code => [push(address), push(count), 0xfe, 0x00, 2, 0],
  },
};

export const i64 = {
  /** Only constants of 32 bits are needed. */
  const: (value: number): Code => [0x42, ...sleb(value)],
  mul: op(0x7e),
  add: op(0x7c),
  shr_u: op(0x88),
  extend_i32_u: op(0xad),
  extend_i32_s: op(0xac),
};

export const f32 = {
  const: (value: number): Code => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)],
  load: load([0x2a], 2),
  store: store([0x38], 2),
  add: op(0x92),
  sub: op(0x93),
  mul: op(0x94),
  div: op(0x95),
  eq: op(0x5b),
  ne: op(0x5c),
  lt: op(0x5d),
  gt: op(0x5e),
  le: op(0x5f),
  ge: op(0x60),
  demote_f64: op(0xb6),
  convert_i32_s: op(0xb2),
  reinterpret_i32: op(0xbe),
};

export const f64 = {
  const: (value: number): Code => [0x44, ...new Uint8Array(new Float64Array([value]).buffer)],
  add: op(0xa0),
  mul: op(0xa2),
  promote_f32: op(0xbb),
};

export const v128 = {
  const: (lanes: Int32Array): Code => [...simdBytes(0x0c), ...new Uint8Array(lanes.buffer, lanes.byteOffset, 16)],
  load: load(simdBytes(0x00), 2),
  load32_splat: load(simdBytes(0x09), 2),
  load32_zero: load(simdBytes(0x5c), 2),
  load64_zero: load(simdBytes(0x5d), 0),
  load32_lane: (address: Operand, vector: Operand, lane: number, offset = 0): Code => [
    push(address),
    push(vector),
    ...simdBytes(0x56),
    2,
    ...uleb(offset),
    lane,
  ],
  store: store(simdBytes(0x0b), 2),
  store32_lane: (address: Operand, vector: Operand, lane: number, offset = 0): Code => [
    push(address),
    push(vector),
    ...simdBytes(0x5a),
    0,
    ...uleb(offset),
    lane,
  ],
  store64_lane: (address: Operand, vector: Operand, lane: number, offset = 0): Code => [
    push(address),
    push(vector),
    ...simdBytes(0x5b),
    0,
    ...uleb(offset),
    lane,
  ],
  store16_lane: (address: Operand, vector: Operand, lane: number, offset = 0): Code => [
    push(address),
    push(vector),
    ...simdBytes(0x59),
    0,
    ...uleb(offset),
    lane,
  ],
  store8_lane: (address: Operand, vector: Operand, lane: number, offset = 0): Code => [
    push(address),
    push(vector),
    ...simdBytes(0x58),
    0,
    ...uleb(offset),
    lane,
  ],
  not: simd(0x4d),
  and: simd(0x4e),
  andnot: simd(0x4f),
  or: simd(0x50),
  xor: simd(0x51),
  bitselect: simd(0x52),
  any_true: simd(0x53),
};

export const i8x16 = {
  shuffle: (lanes: readonly number[], a: Operand, b: Operand): Code => [push(a), push(b), ...simdBytes(0x0d), ...lanes],
  narrow_i16x8_s: simd(0x65),
  narrow_i16x8_u: simd(0x66),
};

export const i16x8 = {
  extend_low_i8x16_u: simd(0x89),
  narrow_i32x4_s: simd(0x85),
  narrow_i32x4_u: simd(0x86),
};

const lanes = (opcode: number) => ({
  extract: (vector: Operand, lane: number): Code => [push(vector), ...simdBytes(opcode), lane],
  replace: (vector: Operand, lane: number, value: Operand): Code => [
    push(vector),
    push(value),
    ...simdBytes(opcode + 1),
    lane,
  ],
});
const i32x4Lanes = lanes(0x1b);
const f32x4Lanes = lanes(0x1f);

export const i32x4 = {
  splat: simd(0x11),
  extract_lane: i32x4Lanes.extract,
  replace_lane: i32x4Lanes.replace,
  eq: simd(0x37),
  ne: simd(0x38),
  lt_s: simd(0x39),
  gt_s: simd(0x3b),
  le_s: simd(0x3d),
  ge_s: simd(0x3f),
  abs: simd(0xa0),
  neg: simd(0xa1),
  all_true: simd(0xa3),
  bitmask: simd(0xa4),
  extend_low_i16x8_u: simd(0xa9),
  shl: simd(0xab),
  shr_s: simd(0xac),
  shr_u: simd(0xad),
  add: simd(0xae),
  sub: simd(0xb1),
  mul: simd(0xb5),
  min_s: simd(0xb6),
  max_s: simd(0xb8),
  trunc_sat_f32x4_s: simd(0xf8),
};

export const f32x4 = {
  splat: simd(0x13),
  extract_lane: f32x4Lanes.extract,
  replace_lane: f32x4Lanes.replace,
  eq: simd(0x41),
  ne: simd(0x42),
  lt: simd(0x43),
  gt: simd(0x44),
  le: simd(0x45),
  ge: simd(0x46),
  ceil: simd(0x67),
  floor: simd(0x68),
  trunc: simd(0x69),
  nearest: simd(0x6a),
  abs: simd(0xe0),
  neg: simd(0xe1),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  min: simd(0xe8),
  max: simd(0xe9),
  /** `b < a ? b : a`, one instruction on x86: where no NaN or signed zero has to be told apart. */
  pmin: simd(0xea),
  pmax: simd(0xeb),
  convert_i32x4_s: simd(0xfa),
  /** Relaxed SIMD: a·b + c, rounded once or twice as the host likes. */
  relaxed_madd: simd(0x105),
  /** Relaxed SIMD: −a·b + c. */
  relaxed_nmadd: simd(0x106),
};

export const memory = {
  copy: (to: Operand, from: Operand, bytes: Operand): Code => [push(to), push(from), push(bytes), 0xfc, 10, 0, 0],
  fill: (to: Operand, byte: Operand, bytes: Operand): Code => [push(to), push(byte), push(bytes), 0xfc, 11, 0],
};

export const select = (a: Operand, b: Operand, condition: Operand): Code => [push(a), push(b), push(condition), 0x1b];
export const call = (index: number, ...operands: Operand[]): Code => [...operands.map(push), 0x10, ...uleb(index)];

/** A vector of four equal floats. */
export const splatF32 = (value: number): Int32Array =>
  new Int32Array(new Float32Array([value, value, value, value]).buffer);
/** A vector of four equal integers. */
export const splatI32 = (value: number): Int32Array => Int32Array.of(value, value, value, value);
