/** @file The arithmetic operators. int stays int, float stays float; nothing is converted but bool, which is an int. */
import { numeric } from "./compare.ts";
import { complexPower, type PyComplex } from "./complex.ts";
import { overflowError, typeError, zeroDivision } from "./errors.ts";
import { formatPercent } from "./format/percent.ts";
import { bitLimit, checkElements, checkSize } from "./limits.ts";
import { escapeValue } from "./markup.ts";
import { bitLength, divideExactly, floorDivide, modulo, toFloat } from "./numbers.ts";
import { power } from "./power.ts";
import { Undefined } from "./undefined.ts";
import { Markup, PyList, PyTuple, textOf, typeNameOf, type Value } from "./value.ts";

export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type UnaryOperator = "+" | "-";

export function binary(operator: BinaryOperator, a: Value, b: Value): Value {
  if (a instanceof Undefined) return a.fail();
  // `'%s' % nope` fails as well, but only once the format asks for the value.
  if (b instanceof Undefined && !(operator === "%" && textOf(a) !== undefined)) return b.fail();
  const x = numeric(a);
  const y = numeric(b);
  if (x !== undefined && y !== undefined) {
    if (typeof x === "bigint" && typeof y === "bigint") return integerOperation(operator, x, y);
    return floatOperation(operator, toFloat(x), toFloat(y));
  }
  const result = sequenceOperation(operator, a, b);
  if (result !== undefined) return result;
  throw typeError(`unsupported operand type(s) for ${operator}: '${typeNameOf(a)}' and '${typeNameOf(b)}'`);
}

export function unary(operator: UnaryOperator, value: Value): Value {
  if (value instanceof Undefined) return value.fail();
  const x = numeric(value);
  if (x === undefined) throw typeError(`bad operand type for unary ${operator}: '${typeNameOf(value)}'`);
  return operator === "-" ? -x : x;
}

function integerOperation(operator: BinaryOperator, a: bigint, b: bigint): Value {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      if (isLarge(a) && isLarge(b)) checkBits(bitLength(a) + bitLength(b));
      return a * b;
    case "/":
      return divideExactly(a, b);
    case "//":
      return floorDivide(a, b);
    case "%":
      return modulo(a, b);
    case "**":
      if (b < 0n) return floatPower(toFloat(a), toFloat(b));
      return integerPower(a, b);
  }
}

const large = 1n << 64n;
const isLarge = (value: bigint): boolean => value > large || value < -large;

function checkBits(bits: number): void {
  if (bits > bitLimit) throw overflowError("the resulting int is too large");
}

function integerPower(a: bigint, b: bigint): bigint {
  const magnitude = a < 0n ? -a : a;
  if (magnitude > 1n && b * BigInt(bitLength(magnitude)) > bitLimit) {
    throw overflowError("the result of ** is too large");
  }
  return a ** b;
}

function floatOperation(operator: BinaryOperator, a: number, b: number): number | PyComplex {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      if (b === 0) throw zeroDivision("float division by zero");
      return a / b;
    case "//":
      return floorDivideFloats(a, b)[0];
    case "%":
      return floorDivideFloats(a, b)[1];
    case "**":
      return floatPower(a, b);
  }
}

/** Python's float divmod: the remainder has the divisor's sign, also when it is zero. */
function floorDivideFloats(a: number, b: number): [quotient: number, remainder: number] {
  if (b === 0) throw zeroDivision("float floor division by zero");
  let remainder = a % b;
  let quotient = (a - remainder) / b;
  if (remainder === 0) remainder = b < 0 ? -0 : 0;
  else if (b < 0 !== remainder < 0) {
    remainder += b;
    quotient -= 1;
  }
  if (quotient === 0) return [Math.sign(a) * Math.sign(b) < 0 || Object.is(a / b, -0) ? -0 : 0, remainder];
  const floor = Math.floor(quotient);
  return [quotient - floor > 0.5 ? floor + 1 : floor, remainder];
}

function floatPower(a: number, b: number): number | PyComplex {
  // C's pow, which Python follows, differs from JavaScript's for these two.
  if (a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b))) return 1;
  if (a === 0 && b < 0) throw zeroDivision("0.0 cannot be raised to a negative power");
  if (a < 0 && Number.isFinite(a) && Number.isFinite(b) && !Number.isInteger(b)) return complexPower(a, b);
  const result = power(a, b);
  if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b)) {
    throw overflowError("(34, 'Numerical result out of range')");
  }
  return result;
}

/** `+`, `*` and `%` of strings, lists and tuples; `undefined` where the operator does not apply. */
function sequenceOperation(operator: BinaryOperator, a: Value, b: Value): Value | undefined {
  const left = textOf(a);
  if (operator === "%" && left !== undefined) {
    return a instanceof Markup ? formatPercent(a, b) : formatPercent(left, b);
  }
  if (operator === "*") return repeat(a, b) ?? repeat(b, a);
  if (operator !== "+") return undefined;
  const right = textOf(b);
  if (left !== undefined && right !== undefined) {
    checkSize(left.length + right.length);
    if (a instanceof Markup || b instanceof Markup) return new Markup(escapeValue(a).text + escapeValue(b).text);
    return left + right;
  }
  if ((a instanceof PyList && b instanceof PyList) || (a instanceof PyTuple && b instanceof PyTuple))
    checkElements(a.items.length + b.items.length);
  if (a instanceof PyList && b instanceof PyList) return new PyList([...a.items, ...b.items]);
  if (a instanceof PyTuple && b instanceof PyTuple) return new PyTuple([...a.items, ...b.items]);
  return undefined;
}

function repeatItems(items: readonly Value[], times: number): Value[] {
  const all: Value[] = [];
  for (let i = 0; i < times; i++) for (const item of items) all.push(item);
  return all;
}

function repeat(sequence: Value, count: Value): Value | undefined {
  const times = typeof count === "boolean" ? BigInt(count) : count;
  if (typeof times !== "bigint") return undefined;
  const text = textOf(sequence);
  const items = sequence instanceof PyList || sequence instanceof PyTuple ? sequence.items : [];
  const unit = text?.length ?? items.length;
  const n = times > 0n && unit > 0 ? Number(times) : 0;
  if (text === undefined) checkElements(n * unit);
  else checkSize(n * unit, "the repeated text");
  if (text !== undefined) {
    const repeated = text.repeat(n);
    return sequence instanceof Markup ? new Markup(repeated) : repeated;
  }
  if (sequence instanceof PyList) return new PyList(repeatItems(items, n));
  if (sequence instanceof PyTuple) return new PyTuple(repeatItems(items, n));
  return undefined;
}
