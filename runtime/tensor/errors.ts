/** @file What a caller of the tensor API did wrong, said with the op, the shapes and the place in the model; and the scopes that name the place. */
import type { Shape } from "../program/dtype.ts";

interface Scope {
  readonly name: string;
  /** The class of the module, where the scope is one. */
  readonly className: string | undefined;
}

const scopes: Scope[] = [];

/** The dotted path of the modules that are recording right now: "layer_stack.layers.2.attention", or "". */
export function currentScope(): string {
  return scopes.map(({ name }) => name).join(".");
}

/** Runs `fn`; errors and kernels that arise in it carry `name` in their path, errors also the class that it is a part of. */
export function withScope<T>(name: string, fn: () => T, className?: string): T {
  scopes.push({ name, className });
  try {
    return fn();
  } finally {
    scopes.pop();
  }
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** The classes of the modules that are recording, outermost first. */
function currentClasses(): readonly string[] {
  return scopes.flatMap(({ className }) => (className === undefined ? [] : [className]));
}

function located(op: string, message: string): string {
  const scope = currentScope();
  return scope === "" ? `${op}: ${message}` : `${op}: ${message} (in ${scope})`;
}

/** Shapes that do not fit an operation. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  readonly op: string;
  readonly scope: string;
  /** Classes of the modules that were recording, outermost first: what a config would name. */
  readonly classes: readonly string[];
  constructor(op: string, message: string) {
    super(located(op, message));
    this.op = op;
    this.scope = currentScope();
    this.classes = currentClasses();
  }
}

/** An element type that an operation does not take. */
export class DTypeError extends Error {
  override readonly name = "DTypeError";
  readonly op: string;
  readonly scope: string;
  /** Classes of the modules that were recording, outermost first: what a config would name. */
  readonly classes: readonly string[];
  constructor(op: string, message: string) {
    super(located(op, message));
    this.op = op;
    this.scope = currentScope();
    this.classes = currentClasses();
  }
}

/** A call at the wrong time or on the wrong kind of tensor: an assignment outside of a traced function, a gradient of a vector. */
export class TraceError extends Error {
  override readonly name = "TraceError";
  constructor(op: string, message: string) {
    super(located(op, message));
  }
}
