/**
 * @file Scalar code as expressions: what the elements of a loop, the rows of a reduction and the epilogues of products compute.
 *
 *     const memory = new KernelMemory(builder, context, uses);             // first: which memories are arrays of vectors
 *     const registers = emitBody(builder, kernel.epilogue, { memory, inputs: kernel.inputs, point: [batch, row, col], before: [product], lanes });
 *     for (const { access, value } of kernel.outputs) storeAccess(builder, memory, access, point, registers[value], lanes);
 *
 * With four lanes (along one axis of the domain, the last unless said otherwise) a register is a vector of four, or a scalar where it is the
 * same for all of them: `before` may hold either.
 */
import type { Access } from "../../program/kernel.ts";
import type { BinaryOp, Instr, Reg, UnaryOp } from "../../program/scalar.ts";
import { type Lanes, loadAccess, oneLane } from "./access.ts";
import {
  add,
  binary,
  call,
  cast,
  compose,
  constant,
  div,
  eq,
  gt,
  type KernelBuilder,
  lt,
  mul,
  ne,
  neg,
  not,
  select,
  splat,
  sub,
} from "./build.ts";
import type { Expr } from "./ir.ts";
import { fill, isNan, isZero, maxOrNan, minOrNan } from "./math/bits.ts";
import { exp, expm1, log, log1p } from "./math/exponential.ts";
import { pow } from "./math/power.ts";
import { randomUniform } from "./math/random.ts";
import { erf, sigmoid, tanh } from "./math/sigmoidal.ts";
import { cos, sin } from "./math/trigonometric.ts";
import type { KernelMemory } from "./memory.ts";

export interface BodyPlace {
  readonly memory: KernelMemory;
  readonly inputs: readonly Access[];
  /** One u32 per axis of the domain; with four lanes, of the first of them. */
  readonly point: readonly Expr[];
  readonly lanes?: Lanes;
  /** The registers before the body's first: f32, i32 or bool. */
  readonly before?: readonly Expr[];
  /** The value of an input that is known already. */
  readonly known?: (input: number) => Expr | undefined;
}

/** Emits a body at one point (or four); gives all registers, `before` included. */
export function emitBody(b: KernelBuilder, body: readonly Instr[], place: BodyPlace): readonly Expr[] {
  const registers: Expr[] = [...(place.before ?? [])];
  const at = (register: Reg): Expr => registers[register] as Expr;
  for (const instr of body) registers.push(b.let(emitInstr(b, instr, place, at)));
  return registers;
}

function emitInstr(b: KernelBuilder, instr: Instr, place: BodyPlace, at: (register: Reg) => Expr): Expr {
  const { lanes = oneLane, point } = place;
  switch (instr.op) {
    case "load": {
      const access = place.inputs[instr.access];
      if (access === undefined) throw new RangeError(`there is no input ${instr.access}`);
      return place.known?.(instr.access) ?? loadAccess(b, place.memory, access, point, lanes);
    }
    case "const":
      return constant(instr.value, instr.dtype);
    case "index": {
      const position = cast(point[instr.axis] as Expr, "i32");
      if (lanes.width === 1 || instr.axis !== (lanes.axis ?? point.length - 1)) return position;
      return add(splat(position, 4), compose([0, 1, 2, 3].map((i) => constant(i, "i32"))));
    }
    case "unary":
      return emitUnary(b, instr.fn, at(instr.a));
    case "binary":
      return emitBinary(b, instr.fn, ...alike(at(instr.a), at(instr.b)));
    case "where": {
      const [cond, x, y] = alike(at(instr.cond), at(instr.a), at(instr.b));
      return select(cond, x, y);
    }
    case "cast":
      return emitCast(b, at(instr.a), instr.to);
    case "random":
      return randomUniform(b, ...alike(at(instr.seed), at(instr.counter), at(instr.index)));
  }
}

/** Scalars among vectors become vectors. */
function alike<T extends readonly Expr[]>(...values: T): { -readonly [K in keyof T]: Expr } {
  const width = values.some(({ type }) => type.width === 4) ? 4 : 1;
  return values.map((value) => splat(value, width)) as { -readonly [K in keyof T]: Expr };
}

const functions: Partial<Record<UnaryOp, (b: KernelBuilder, x: Expr) => Expr>> = {
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tanh,
  sigmoid,
  erf,
  sqrt: (_, x) => call("sqrt", x),
  rsqrt: (_, x) => call("inverseSqrt", x),
  reciprocal: (_, x) => div(fill(1, x), x),
  floor: (_, x) => call("floor", x),
  ceil: (_, x) => call("ceil", x),
  round: (_, x) => call("round", x),
};

export function emitUnary(b: KernelBuilder, fn: UnaryOp, a: Expr): Expr {
  switch (fn) {
    case "not":
      return not(a);
    case "neg":
      return neg(a);
    case "abs":
      return call("abs", a);
    case "sign": {
      const zero = fill(0, a);
      // Zeros and NaN are their own.
      return select(gt(a, zero), fill(1, a), select(lt(a, zero), fill(-1, a), a));
    }
    default:
      // Constants would be evaluated by the shader compiler, which refuses what overflows.
      return (functions[fn] as NonNullable<(typeof functions)[UnaryOp]>)(b, a.kind === "const" ? b.var(a).value : a);
  }
}

const plain: ReadonlySet<BinaryOp> = new Set(["add", "sub", "mul", "div", "lt", "le", "gt", "ge", "eq"]);

export function emitBinary(b: KernelBuilder, fn: BinaryOp, x: Expr, y: Expr): Expr {
  if (x.type.scalar === "bool") return onTruth(fn, x, y);
  if (plain.has(fn)) return binary(fn as "add", x, y);
  switch (fn) {
    case "ne":
      return not(eq(x, y)); // a compiler may take `!=` of floats for false where one is NaN
    case "max":
      return x.type.scalar === "f32" ? maxOrNan(b, x, y) : call("max", x, y);
    case "min":
      return x.type.scalar === "f32" ? minOrNan(b, x, y) : call("min", x, y);
    case "idiv":
      return floored(b, x, y).quotient;
    case "mod":
      return floored(b, x, y).remainder;
    case "pow":
      return pow(b, x.kind === "const" ? b.var(x).value : x, y.kind === "const" ? b.var(y).value : y);
    default:
      throw new TypeError(`${fn} of ${x.type.scalar}`);
  }
}

/** On 0 and 1. */
function onTruth(fn: BinaryOp, x: Expr, y: Expr): Expr {
  switch (fn) {
    case "and":
    case "or":
    case "eq":
    case "ne":
      return binary(fn, x, y);
    case "max":
      return binary("or", x, y);
    case "min":
    case "mul":
      return binary("and", x, y);
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return binary(fn, cast(x, "u32"), cast(y, "u32"));
    default:
      throw new TypeError(`${fn} of truth values`);
  }
}

/** Division of i32 toward −∞ with its remainder; both are 0 for a divisor of 0. */
function floored(b: KernelBuilder, x: Expr, y: Expr): { quotient: Expr; remainder: Expr } {
  const [zero, one] = [fill(0, x), fill(1, x)];
  const isZeroDivisor = b.let(eq(y, zero));
  // −2^31 / −1 is out of range, too: it wraps to −2^31, which dividing by 1 gives.
  const isOverflow = binary("and", eq(x, fill(-(2 ** 31), x)), eq(y, fill(-1, x)));
  const divisor = b.let(select(binary("or", isZeroDivisor, isOverflow), one, y));
  const quotient = b.let(div(x, divisor));
  const rest = b.let(sub(x, mul(quotient, divisor)));
  const isBelow = b.let(binary("and", ne(rest, zero), lt(binary("xor", rest, divisor), zero)));
  return {
    quotient: select(isZeroDivisor, zero, sub(quotient, select(isBelow, one, zero))),
    remainder: select(isZeroDivisor, zero, add(rest, select(isBelow, divisor, zero))),
  };
}

function emitCast(b: KernelBuilder, a: Expr, to: "f32" | "i32" | "bool"): Expr {
  const from = a.type.scalar;
  if (from === to) return a;
  if (to === "bool") return from === "f32" ? not(isZero(a)) : ne(a, fill(0, a));
  if (from === "f32" && to === "i32") {
    const value = b.let(cast(a.kind === "const" ? b.var(a).value : a, "i32"));
    return select(isNan(a), fill(0, value), value);
  }
  return cast(a, to);
}
