/**
 * @file The functions of the scalar language on whole tensors. The backend's own function where it is right; where a backend is known to be
 * wrong (`traits.ts` asks it) one that is composed.
 */
import type { BinaryOp, UnaryOp } from "../../program/scalar.ts";
import type { Context } from "./access.ts";
import { divideIntegers, multiplyIntegers, remainder } from "./integers.ts";
import type { Ops } from "./ops.ts";
import type { Value } from "./values.ts";

type Unary = (context: Context, x: Value) => Value;
type Binary = (context: Context, a: Value, b: Value) => Value;

const isInteger = ({ type }: Value): boolean => type === "int32";

export const unaryFunctions = {
  neg: ({ ops }, x) => (isInteger(x) ? ops.sub(ops.i32(0), x) : ops.unary("neg", x)),
  // Not the backend's abs: some compute it in floats.
  abs: ({ ops }, x) => (isInteger(x) ? ops.arithmetic("maximum", x, ops.sub(ops.i32(0), x)) : ops.unary("abs", x)),
  sign: ({ ops }, x) => (isInteger(x) ? signOfInteger(ops, x) : ops.where(ops.isNaN(x), x, ops.unary("sign", x))),
  exp: ({ ops }, x) => ops.unary("exp", x),
  log: ({ ops }, x) => ops.unary("log", x),
  log1p: ({ ops, traits }, x) => (traits.accurate.log1p ? ops.unary("log1p", x) : log1p(ops, x)),
  expm1: ({ ops, traits }, x) => (traits.accurate.expm1 ? ops.unary("expm1", x) : expm1(ops, x)),
  sqrt: ({ ops }, x) => ops.unary("sqrt", x),
  rsqrt: ({ ops }, x) => ops.unary("rsqrt", x),
  reciprocal: ({ ops }, x) => ops.unary("reciprocal", x),
  sin: ({ ops }, x) => ops.unary("sin", x),
  cos: ({ ops }, x) => ops.unary("cos", x),
  tanh: ({ ops }, x) => ops.unary("tanh", x),
  sigmoid: ({ ops, traits }, x) => (traits.accurate.sigmoid ? ops.unary("sigmoid", x) : sigmoid(ops, x)),
  erf: ({ ops, traits }, x) => (traits.accurate.erf ? ops.unary("erf", x) : erf(ops, x)),
  floor: ({ ops }, x) => ops.unary("floor", x),
  ceil: ({ ops }, x) => ops.unary("ceil", x),
  round: ({ ops }, x) => ops.unary("round", x),
  not: ({ ops }, x) => ops.not(x),
} satisfies Record<UnaryOp, Unary>;

/** Comparisons of booleans are comparisons of 0 and 1. */
const compared =
  (fn: "less" | "lessEqual" | "greater" | "greaterEqual" | "equal" | "notEqual"): Binary =>
  ({ ops }, a, b) =>
    a.type === "bool" ? ops.compare(fn, ops.cast(a, "int32"), ops.cast(b, "int32")) : ops.compare(fn, a, b);

export const binaryFunctions = {
  add: ({ ops }, a, b) => ops.add(a, b),
  sub: ({ ops }, a, b) => ops.sub(a, b),
  mul: (context, a, b) => (isInteger(a) ? multiplyIntegers(context, a, b) : context.ops.mul(a, b)),
  div: ({ ops }, a, b) => ops.div(a, b),
  idiv: divideIntegers,
  mod: remainder,
  pow: ({ ops, traits }, a, b) => (traits.accurate.pow ? ops.arithmetic("pow", a, b) : pow(ops, a, b)),
  max: (context, a, b) => extreme(context, "maximum", a, b),
  min: (context, a, b) => extreme(context, "minimum", a, b),
  lt: compared("less"),
  le: compared("lessEqual"),
  gt: compared("greater"),
  ge: compared("greaterEqual"),
  eq: compared("equal"),
  ne: compared("notEqual"),
  and: ({ ops }, a, b) => ops.compare("logicalAnd", a, b),
  or: ({ ops }, a, b) => ops.compare("logicalOr", a, b),
} satisfies Record<BinaryOp, Binary>;

/** Truncates toward zero and saturates; NaN gives 0. */
export function castToInteger(ops: Ops, x: Value): Value {
  if (x.type !== "float32") return ops.cast(x, "int32");
  const limited = ops.arithmetic("minimum", ops.arithmetic("maximum", x, ops.f32(-(2 ** 31))), ops.f32(2147483520));
  const number = ops.where(ops.isNaN(x), ops.f32(0), limited);
  const isTooLarge = ops.compare("greaterEqual", x, ops.f32(2 ** 31));
  return ops.where(isTooLarge, ops.i32(2 ** 31 - 1), ops.cast(number, "int32"));
}

function signOfInteger(ops: Ops, x: Value): Value {
  const [above, below] = [ops.compare("greater", x, ops.i32(0)), ops.compare("less", x, ops.i32(0))];
  return ops.sub(ops.cast(above, "int32"), ops.cast(below, "int32"));
}

/** NaN if either is. */
function extreme({ ops, traits }: Context, fn: "maximum" | "minimum", a: Value, b: Value): Value {
  const found = ops.arithmetic(fn, a, b);
  if (traits.extremesKeepNaN || a.type !== "float32") return found;
  return ops.where(ops.isNaN(a), a, ops.where(ops.isNaN(b), b, found));
}

/** 1 to any power is 1, and so is −1 to an infinite one. */
function pow(ops: Ops, a: Value, b: Value): Value {
  const power = ops.arithmetic("pow", a, b);
  if (b.scalar !== undefined && Number.isFinite(b.scalar)) return power;
  const one = ops.f32(1);
  const isOne = ops.compare("equal", a, one);
  const isMinusOne = ops.compare("equal", a, ops.f32(-1));
  const isInfinite = ops.compare("equal", ops.unary("abs", b), ops.f32(Number.POSITIVE_INFINITY));
  const always = ops.compare("logicalOr", isOne, ops.compare("logicalAnd", isMinusOne, isInfinite));
  return ops.where(always, one, power);
}

/** ln u with what rounding 1 + x to u has lost put back. */
function log1p(ops: Ops, x: Value): Value {
  const u = ops.add(x, ops.f32(1));
  const lost = ops.div(ops.sub(x, ops.sub(u, ops.f32(1))), u);
  const main = ops.unary("log", u);
  // u = 0 and u = ∞ make the correction NaN.
  const correctable = ops.compare("less", ops.unary("abs", main), ops.f32(Number.POSITIVE_INFINITY));
  return ops.where(correctable, ops.add(main, lost), main);
}

/** @source W. Kahan's trick, in N. Higham 2002, "Accuracy and Stability of Numerical Algorithms", 1.14.1 */
function expm1(ops: Ops, x: Value): Value {
  const one = ops.f32(1);
  const u = ops.unary("exp", x);
  const less = ops.sub(u, one);
  const near = ops.div(ops.mul(less, x), ops.unary("log", u));
  const small = ops.where(ops.compare("equal", u, one), x, near);
  return ops.where(ops.compare("greater", ops.unary("abs", x), one), less, small);
}

function sigmoid(ops: Ops, x: Value): Value {
  return ops.div(ops.f32(1), ops.add(ops.f32(1), ops.unary("exp", ops.unary("neg", x))));
}

/**
 * 2 ulp; the backends' own are often the polynomial of Abramowitz and Stegun 7.1.26, which loses all digits near 0.
 * @source Norbert Juffa 2015, "Implementation of erff", whose two minimax polynomials these are
 */
function erf(ops: Ops, x: Value): Value {
  const [t, s] = [ops.unary("abs", x), ops.mul(x, x)];
  const polynomial = (at: Value, first: Value, rest: readonly number[]): Value =>
    rest.reduce((sum, c) => ops.add(ops.mul(sum, at), ops.f32(c)), first);
  const head = polynomial(t, ops.f32(-1.7285347e-5), [3.83197126e-4]);
  const next = polynomial(t, ops.f32(-3.88396438e-3), [2.42546219e-2]);
  const r = polynomial(t, ops.add(ops.mul(head, s), next), [-1.06777877e-1, -6.34846687e-1, -1.28717512e-1]);
  const exponent = ops.arithmetic("maximum", ops.sub(ops.mul(r, t), t), ops.f32(-87));
  const tail = ops.sub(ops.f32(1), ops.unary("exp", exponent));
  const saturated = ops.where(ops.compare("less", t, ops.f32(4)), tail, ops.f32(1));
  const large = ops.where(ops.compare("less", x, ops.f32(0)), ops.unary("neg", saturated), saturated);
  const coefficients = [4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1];
  const p = polynomial(s, ops.f32(-5.96761703e-4), coefficients);
  const small = ops.add(ops.mul(p, x), x);
  const found = ops.where(ops.compare("lessEqual", t, ops.f32(0.927734375)), small, large);
  return ops.where(ops.isNaN(x), x, found);
}
