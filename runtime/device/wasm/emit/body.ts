/**
 * @file Scalar bodies as SIMD: one instruction of the scalar language becomes code on four lanes. f32 registers are f32x4, i32
 * ones i32x4, bool ones lane masks (all ones or zero). How elements are fetched is the caller's (`access.ts`); this file only computes.
 */
import type { BinaryOp, Instr, ReduceOp, UnaryOp } from "../../../program/scalar.ts";
import { type Code, f32x4, i32, i32x4, type Local, v128 } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";
import type { VectorMath } from "../math/vector-math.ts";

export type LaneType = "f32" | "i32" | "bool";

export interface Value {
  readonly type: LaneType;
  readonly local: Local;
}

/** What the surrounding loops provide. */
export interface BodyContext {
  load(access: number, type: LaneType): Code;
  /** The position along an axis of the kernel's domain, per lane. */
  index(axis: number): Code;
}

type Emit1 = (f: FunctionBuilder, x: Local, math: VectorMath) => Code;
type Emit2 = (f: FunctionBuilder, a: Local, b: Local, math: VectorMath) => Code;

const signBit = -0x80000000;

const unaryF32 = {
  neg: (_f, x) => f32x4.neg(x),
  abs: (_f, x) => f32x4.abs(x),
  // Zeros and NaN stay what they are.
  sign: (f, x) => {
    const signed = v128.or(f.f32x4(1), v128.and(x, f.i32x4(signBit)));
    return v128.bitselect(signed, x, v128.or(f32x4.lt(x, f.f32x4(0)), f32x4.gt(x, f.f32x4(0))));
  },
  exp: (f, x, math) => math.exp(f, x),
  log: (f, x, math) => math.log(f, x),
  log1p: (f, x, math) => math.log1p(f, x),
  expm1: (f, x, math) => math.expm1(f, x),
  sqrt: (_f, x) => f32x4.sqrt(x),
  rsqrt: (f, x) => f32x4.div(f.f32x4(1), f32x4.sqrt(x)),
  reciprocal: (f, x) => f32x4.div(f.f32x4(1), x),
  sin: (f, x, math) => math.sin(f, x),
  cos: (f, x, math) => math.cos(f, x),
  tanh: (f, x, math) => math.tanh(f, x),
  sigmoid: (f, x, math) => math.sigmoid(f, x),
  erf: (f, x, math) => math.erf(f, x),
  floor: (_f, x) => f32x4.floor(x),
  ceil: (_f, x) => f32x4.ceil(x),
  round: (_f, x) => f32x4.nearest(x),
  not: (f, x) => f32x4.eq(x, f.f32x4(0)),
} satisfies Record<UnaryOp, Emit1>;

const unaryI32: Partial<Record<UnaryOp, Emit1>> = {
  neg: (_f, x) => i32x4.neg(x),
  abs: (_f, x) => i32x4.abs(x),
  // (x > 0) − (x < 0), with true = −1
  sign: (f, x) => i32x4.sub(i32x4.lt_s(x, f.i32x4(0)), i32x4.gt_s(x, f.i32x4(0))),
  floor: (_f, x) => v128.or(x, x),
  ceil: (_f, x) => v128.or(x, x),
  round: (_f, x) => v128.or(x, x),
};

const binaryF32 = {
  add: (_f, a, b) => f32x4.add(a, b),
  sub: (_f, a, b) => f32x4.sub(a, b),
  mul: (_f, a, b) => f32x4.mul(a, b),
  div: (_f, a, b) => f32x4.div(a, b),
  idiv: (_f, a, b) => f32x4.floor(f32x4.div(a, b)),
  mod: (_f, a, b) => {
    const quotient = f32x4.floor(f32x4.div(a, b));
    return f32x4.sub(a, f32x4.mul(quotient, b));
  },
  pow: (f, a, b, math) => math.pow(f, a, b),
  max: (_f, a, b) => f32x4.max(a, b),
  min: (_f, a, b) => f32x4.min(a, b),
  lt: (_f, a, b) => f32x4.lt(a, b),
  le: (_f, a, b) => f32x4.le(a, b),
  gt: (_f, a, b) => f32x4.gt(a, b),
  ge: (_f, a, b) => f32x4.ge(a, b),
  eq: (_f, a, b) => f32x4.eq(a, b),
  ne: (_f, a, b) => f32x4.ne(a, b),
  and: (f, a, b) => v128.and(f32x4.ne(a, f.f32x4(0)), f32x4.ne(b, f.f32x4(0))),
  or: (f, a, b) => v128.or(f32x4.ne(a, f.f32x4(0)), f32x4.ne(b, f.f32x4(0))),
} satisfies Record<BinaryOp, Emit2>;

const binaryI32 = {
  add: (_f, a, b) => i32x4.add(a, b),
  sub: (_f, a, b) => i32x4.sub(a, b),
  mul: (_f, a, b) => i32x4.mul(a, b),
  div: (f, a, b) => floorDivide(f, a, b, "quotient"),
  idiv: (f, a, b) => floorDivide(f, a, b, "quotient"),
  mod: (f, a, b) => floorDivide(f, a, b, "remainder"),
  pow: (f, a, b, math) => {
    const [x, y] = [f.let("v128", f32x4.convert_i32x4_s(a)), f.let("v128", f32x4.convert_i32x4_s(b))];
    return i32x4.trunc_sat_f32x4_s(math.pow(f, x, y));
  },
  max: (_f, a, b) => i32x4.max_s(a, b),
  min: (_f, a, b) => i32x4.min_s(a, b),
  lt: (_f, a, b) => i32x4.lt_s(a, b),
  le: (_f, a, b) => i32x4.le_s(a, b),
  gt: (_f, a, b) => i32x4.gt_s(a, b),
  ge: (_f, a, b) => i32x4.ge_s(a, b),
  eq: (_f, a, b) => i32x4.eq(a, b),
  ne: (_f, a, b) => i32x4.ne(a, b),
  and: (_f, a, b) => v128.and(a, b),
  or: (_f, a, b) => v128.or(a, b),
} satisfies Record<BinaryOp, Emit2>;

/** Masks order as −1 < 0, the other way round than false < true. */
const binaryBool: Partial<Record<BinaryOp, Emit2>> = {
  max: (_f, a, b) => v128.or(a, b),
  min: (_f, a, b) => v128.and(a, b),
  lt: (_f, a, b) => v128.andnot(b, a),
  gt: (_f, a, b) => v128.andnot(a, b),
  le: (_f, a, b) => v128.or(b, v128.not(a)),
  ge: (_f, a, b) => v128.or(a, v128.not(b)),
  mul: (_f, a, b) => v128.and(a, b),
  add: (_f, a, b) => v128.or(a, b),
};

/** SIMD has no integer division: lane by lane, rounding down. Dividing by 0 gives 0 instead of a trap (−1 and remainder 0 for b = −1 wrap). */
function floorDivide(f: FunctionBuilder, a: Local, b: Local, want: "quotient" | "remainder"): Code {
  const result = f.let("v128", f.i32x4(0));
  const [x, y, q, r] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  for (let lane = 0; lane < 4; lane++) {
    f.set(x, i32x4.extract_lane(a, lane));
    f.set(y, i32x4.extract_lane(b, lane));
    f.if(
      i32.gt_u(i32.add(y, 1), 1), // neither 0 nor −1
      () => {
        f.set(q, i32.div_s(x, y));
        f.set(r, i32.sub(x, i32.mul(q, y)));
        f.if(i32.and(i32.ne(r, 0), i32.lt_s(i32.xor(r, y), 0)), () => {
          f.set(q, i32.sub(q, 1));
          f.set(r, i32.add(r, y));
        });
      },
      () => {
        f.set(q, i32.mul(x, y));
        f.set(r, 0);
      },
    );
    f.set(result, i32x4.replace_lane(result, lane, want === "quotient" ? q : r));
  }
  return v128.or(result, result);
}

const comparisons: ReadonlySet<BinaryOp> = new Set(["lt", "le", "gt", "ge", "eq", "ne", "and", "or"]);

function cast(f: FunctionBuilder, from: Value, to: LaneType): Code {
  const x = from.local;
  if (from.type === to) return v128.or(x, x);
  switch (to) {
    case "f32":
      return from.type === "i32" ? f32x4.convert_i32x4_s(x) : v128.and(x, f.f32x4(1));
    case "i32":
      return from.type === "f32" ? i32x4.trunc_sat_f32x4_s(x) : v128.and(x, f.i32x4(1));
    case "bool":
      return from.type === "f32" ? f32x4.ne(x, f.f32x4(0)) : i32x4.ne(x, f.i32x4(0));
  }
}

/** The code and type of one instruction; operands stand in `values`. */
export function emitInstr(
  f: FunctionBuilder,
  instr: Instr,
  values: readonly (Value | undefined)[],
  context: BodyContext,
  math: VectorMath,
): Value {
  const operand = (reg: number): Value => {
    const value = values[reg];
    if (value === undefined) throw new Error(`kernel body reads register ${reg} before it is defined`);
    return value;
  };
  const define = (type: LaneType, code: Code): Value => ({ type, local: f.let("v128", code) });
  switch (instr.op) {
    case "load":
      return define(instr.dtype, context.load(instr.access, instr.dtype));
    case "const":
      return { type: instr.dtype, local: constantOf(f, instr.value, instr.dtype) };
    case "index":
      return define("i32", context.index(instr.axis));
    case "unary": {
      const a = operand(instr.a);
      if (a.type === "bool") return define("bool", instr.fn === "not" ? v128.not(a.local) : v128.or(a.local, a.local));
      if (instr.fn === "not") return define("bool", v128.not(cast(f, a, "bool")));
      const emit = a.type === "f32" ? unaryF32[instr.fn] : unaryI32[instr.fn];
      if (emit === undefined) throw new Error(`no ${instr.fn} of ${a.type}`);
      return define(a.type, emit(f, a.local, math));
    }
    case "binary": {
      const [a, b] = [operand(instr.a), operand(instr.b)];
      const type = comparisons.has(instr.fn) ? "bool" : a.type;
      const table = a.type === "f32" ? binaryF32 : a.type === "i32" ? binaryI32 : { ...binaryI32, ...binaryBool };
      return define(type, table[instr.fn](f, a.local, b.local, math));
    }
    case "where": {
      const [a, b] = [operand(instr.a), operand(instr.b)];
      return define(a.type, v128.bitselect(a.local, b.local, operand(instr.cond).local));
    }
    case "cast":
      return define(instr.to, cast(f, operand(instr.a), instr.to));
    case "random":
      return define(
        "f32",
        math.random(f, operand(instr.seed).local, operand(instr.counter).local, operand(instr.index).local),
      );
  }
}

function constantOf(f: FunctionBuilder, value: number, type: LaneType): Local {
  if (type === "f32") return f.f32x4(value);
  return f.i32x4(type === "i32" ? value | 0 : value !== 0 ? -1 : 0);
}

/** The value that leaves a reduction unchanged. */
export function identityOf(f: FunctionBuilder, op: ReduceOp, type: LaneType): Local {
  const [lowest, highest] =
    type === "f32"
      ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      : type === "i32"
        ? [signBit, 0x7fffffff]
        : [0, 1];
  return constantOf(f, { sum: 0, prod: 1, max: lowest, min: highest }[op], type);
}

/** `a ∘ b` on four lanes. */
export function combine(f: FunctionBuilder, op: ReduceOp, type: LaneType, a: Local, b: Local, math: VectorMath): Code {
  const fn = ({ sum: "add", prod: "mul", max: "max", min: "min" } as const)[op];
  const table = type === "f32" ? binaryF32 : type === "i32" ? binaryI32 : { ...binaryI32, ...binaryBool };
  return table[fn](f, a, b, math);
}

/** All four lanes combined, in every lane: ((0∘2) ∘ (1∘3)), the same on every host. */
export function combineLanes(
  f: FunctionBuilder,
  op: ReduceOp,
  type: LaneType,
  x: Local,
  math: VectorMath,
  shuffle: (lanes: readonly number[], x: Local) => Code,
): Local {
  const swapped = f.let("v128", shuffle([2, 3, 0, 1], x));
  const pairs = f.let("v128", combine(f, op, type, x, swapped, math));
  const crossed = f.let("v128", shuffle([1, 0, 3, 2], pairs));
  return f.let("v128", combine(f, op, type, pairs, crossed, math));
}
