/**
 * @file Python's rules for passing arguments, for functions that are written in TypeScript.
 *
 * A signature is written as in Python: `"old, new, count=-1, /"`. Defaults are literals; `name=?` is a parameter that may be left
 * out and has no default (JavaScript's `undefined` then); `*args` and `**kwargs` collect the rest, `/` and `*` work as in Python.
 */
import { PyDict } from "./dict.ts";
import { overflowError, TemplateError, typeError } from "./errors.ts";
import { checkElements, sizeLimit } from "./limits.ts";
import { Undefined } from "./undefined.ts";
import { BuiltinFunction, type KeywordArguments, PyTuple, textOf, typeNameOf, type Value } from "./value.ts";

interface Parameter {
  readonly name: string;
  readonly kind: "positional" | "both" | "keyword" | "rest" | "keywords";
  readonly required: boolean;
  readonly fallback: Value | undefined;
}

export type Signature = readonly Parameter[];

/** A function of already bound arguments. Parameters that were left out without default arrive as `undefined`. */
export type Body = (...bound: never[]) => Value;

export function parseSignature(text: string): Signature {
  const parameters: Parameter[] = [];
  let kind: "both" | "keyword" = "both";
  for (const piece of text.match(/(?:'[^']*'|[^,'])+/g) ?? []) {
    const part = piece.trim();
    if (part === "/") {
      for (const [i, parameter] of parameters.entries()) parameters[i] = { ...parameter, kind: "positional" };
    } else if (part === "*") kind = "keyword";
    else if (part.startsWith("**")) {
      parameters.push({ name: part.slice(2), kind: "keywords", required: false, fallback: undefined });
    } else if (part.startsWith("*")) {
      parameters.push({ name: part.slice(1), kind: "rest", required: false, fallback: undefined });
      kind = "keyword";
    } else {
      const [, name = "", literal] = /^(\w+)(?:=(.*))?$/s.exec(part) ?? [];
      parameters.push({ name, kind, required: literal === undefined, fallback: parseLiteral(literal) });
    }
  }
  return parameters;
}

function parseLiteral(literal: string | undefined): Value | undefined {
  switch (literal) {
    case undefined:
    case "?":
      return undefined;
    case "None":
      return null;
    case "True":
      return true;
    case "False":
      return false;
  }
  if (literal.startsWith("'")) return literal.slice(1, -1);
  return literal.includes(".") ? Number(literal) : BigInt(literal);
}

const signatures = new Map<string, Signature>();

/** There are some two hundred signatures, and a run uses a handful: each is read when it is first called. */
function parsed(text: string): Signature {
  const known = signatures.get(text) ?? parseSignature(text);
  signatures.set(text, known);
  return known;
}

/** Give each parameter its argument, in the order of the signature. */
export function bindArguments(
  name: string,
  signature: string,
  args: readonly Value[],
  kwargs: KeywordArguments,
): (Value | undefined)[] {
  const bound: (Value | undefined)[] = [];
  const unused = new Map(kwargs);
  let next = 0;
  for (const parameter of parsed(signature)) {
    const keyword = parameter.kind === "both" || parameter.kind === "keyword" ? unused.get(parameter.name) : undefined;
    if (parameter.kind === "rest") {
      bound.push(new PyTuple(args.slice(next)));
      next = args.length;
    } else if (parameter.kind === "keywords") {
      bound.push(new PyDict(unused));
      unused.clear();
    } else if (parameter.kind !== "keyword" && next < args.length) {
      if (keyword !== undefined) throw typeError(`${name}() got multiple values for argument '${parameter.name}'`);
      bound.push(args[next++]!);
    } else if (keyword !== undefined) {
      unused.delete(parameter.name);
      bound.push(keyword);
    } else if (parameter.required) {
      throw typeError(`${name}() missing required argument: '${parameter.name}'`);
    } else bound.push(parameter.fallback);
  }
  if (next < args.length) {
    throw typeError(
      `${name}() takes at most ${next} positional argument${next === 1 ? "" : "s"} (${args.length} given)`,
    );
  }
  for (const extra of unused.keys()) {
    const known = parsed(signature).flatMap(({ name: parameter, kind }) =>
      kind === "both" || kind === "keyword" ? [parameter] : [],
    );
    throw new TemplateError("type", `${name}() got an unexpected keyword argument '${extra}'`, {
      wanted: extra,
      known,
      listed: "it takes",
    });
  }
  return bound;
}

/** A global function with a signature. */
export function builtin(name: string, signature: string, body: Body): BuiltinFunction {
  return new BuiltinFunction(name, (args, kwargs) => invoke(body, [], bindArguments(name, signature, args, kwargs)));
}

/** Call a body with leading arguments (a receiver, a context) and bound ones. */
export function invoke(body: Body, leading: readonly unknown[], bound: readonly (Value | undefined)[]): Value {
  // The signature and the body's parameter list belong together; this is the one place that has to trust it.
  return (body as (...all: unknown[]) => Value)(...leading, ...bound);
}

/** An int (or bool) argument. */
export function expectInteger(value: Value, what = ""): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (value instanceof Undefined) return value.fail();
  throw typeError(`${what === "" ? "" : `${what}: `}'${typeNameOf(value)}' object cannot be interpreted as an integer`);
}

/** An int argument that counts something: within ±2**53, an overflow error beyond. */
export function expectCount(value: Value, what = ""): number {
  const integer = expectInteger(value, what);
  const count = Number(integer);
  if (!Number.isSafeInteger(count)) throw overflowError("Python int too large to convert to C ssize_t");
  return count;
}

/** An int argument that is the size of a result. */
export function expectSize(value: Value, what = ""): number {
  const size = expectCount(value, what);
  if (size > sizeLimit) throw overflowError(`${what === "" ? "size" : what} is too large`);
  return size;
}

/** An int argument that is the number of elements of a result. */
export function expectElements(value: Value, what = ""): number {
  const count = expectCount(value, what);
  checkElements(count);
  return count;
}

/** A str argument (safe text counts). */
export function expectText(value: Value, what = "argument"): string {
  const text = textOf(value);
  if (text !== undefined) return text;
  if (value instanceof Undefined) return value.fail();
  throw typeError(`${what} must be str, not ${typeNameOf(value)}`);
}
