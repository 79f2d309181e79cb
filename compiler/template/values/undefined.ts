/** @file The undefined values: what a missing name, attribute or item gives. Any use of one fails, save those that section 8 of the language allows. */
import { type ErrorKind, TemplateError } from "./errors.ts";
import { type KeywordArguments, PyObject, type Value } from "./value.ts";

export interface UndefinedOrigin {
  /** The missing name, for messages and hints. */
  readonly name: string;
  /** What to say when the value is used. */
  readonly message: string;
  /** `security` for an attribute that the sandbox hides. */
  readonly kind?: ErrorKind;
  /** Names that do exist, computed only when a message needs them. */
  readonly known?: () => readonly string[];
  readonly unlikely?: () => readonly string[];
  /** What to say before all of them, where they are few. */
  readonly listed?: string;
}

/**
 * A missing value. `lenient` is the missing `else` of an inline `if`: it prints as nothing, is false and empty,
 * while attributes, items, calls and arithmetic still fail.
 */
export class Undefined extends PyObject {
  readonly typeName = "Undefined";
  readonly origin: UndefinedOrigin;
  readonly lenient: boolean;

  constructor(origin: UndefinedOrigin, lenient = false) {
    super();
    this.origin = origin;
    this.lenient = lenient;
  }

  /** The error of using this value. */
  error(): TemplateError {
    const { name, message, kind, known, unlikely, listed } = this.origin;
    const near = known && {
      wanted: name,
      known: known(),
      ...(unlikely && { unlikely: unlikely() }),
      ...(listed && { listed }),
    };
    return new TemplateError(kind ?? "undefined", message, near);
  }
  fail(): never {
    throw this.error();
  }

  override attribute(_name: string): Value | undefined {
    return this.fail();
  }
  override item(_key: Value): Value | undefined {
    return this.fail();
  }
  override iterate(): Iterator<Value> {
    return this.lenient ? [][Symbol.iterator]() : this.fail();
  }
  override length(): number {
    return this.lenient ? 0 : this.fail();
  }
  override truthy(): boolean {
    return this.lenient ? false : this.fail();
  }
  override equals(other: Value): boolean {
    return this.lenient ? other instanceof Undefined : this.fail();
  }
  override call(_args: readonly Value[], _kwargs: KeywordArguments): Value {
    return this.fail();
  }
  override str(): string {
    return this.lenient ? "" : this.fail();
  }
  override repr(): string {
    return "Undefined";
  }
}

/** What a use of a poisoned value throws. Its fault was told where it happened: this one is to be passed over. */
export class PoisonedUse extends TemplateError {
  constructor() {
    super("other", "this follows from an earlier fault");
  }
}

/**
 * The value of what failed. It may be assigned and handed on like an undefined value; any use of it fails in its turn, without a
 * word: so one fault is told once, and whatever does not depend on it goes on.
 */
export class Poisoned extends Undefined {
  constructor() {
    super({ name: "", message: "" });
  }
  override error(): TemplateError {
    return new PoisonedUse();
  }
  override repr(): string {
    return this.fail();
  }
}

export const poisoned = new Poisoned();

/** A name that no scope has. `known` lists the names in sight. */
export function undefinedName(
  name: string,
  known?: () => readonly string[],
  unlikely?: () => readonly string[],
): Undefined {
  return new Undefined({
    name,
    message: `'${name}' is undefined`,
    ...(known && { known }),
    ...(unlikely && { unlikely }),
  });
}

/** The parameter of a macro that the call left out. */
export function undefinedParameter(name: string): Undefined {
  return new Undefined({ name, message: `parameter '${name}' was not provided` });
}

/** An attribute that the sandbox hides: using it is a security error. */
export function unsafeAttribute(name: string, ownerType: string): Undefined {
  return new Undefined({
    name,
    message: `access to attribute '${name}' of '${ownerType}' object is unsafe`,
    kind: "security",
  });
}

/** An undefined value with a message of its own. */
export function undefinedBecause(message: string, name = ""): Undefined {
  return new Undefined({ name, message });
}

/** What an inline `if` without `else` gives. */
export function missingElse(): Undefined {
  return new Undefined(
    { name: "", message: "the inline if-expression evaluated to false and no else section was defined" },
    true,
  );
}
