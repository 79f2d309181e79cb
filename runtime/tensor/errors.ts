/** @file What a caller of the tensor API did wrong, said with the op, the shapes and the place in the model; and the scopes that name the place. */
import type { Shape } from "../program/dtype.ts";

const scopes: string[] = [];

/** The dotted path of the modules that are recording right now: "layer_stack.layers.2.attention", or "". */
export function currentScope(): string {
  return scopes.join(".");
}

/** Runs `fn`; errors and kernels that arise in it carry `name` in their path. */
export function withScope<T>(name: string, fn: () => T): T {
  scopes.push(name);
  try {
    return fn();
  } finally {
    scopes.pop();
  }
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
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
  constructor(op: string, message: string) {
    super(located(op, message));
    this.op = op;
    this.scope = currentScope();
  }
}

/** An element type that an operation does not take. */
export class DTypeError extends Error {
  override readonly name = "DTypeError";
  readonly op: string;
  readonly scope: string;
  constructor(op: string, message: string) {
    super(located(op, message));
    this.op = op;
    this.scope = currentScope();
  }
}

/** A call at the wrong time or on the wrong kind of tensor: an assignment outside of a traced function, a gradient of a vector. */
export class TraceError extends Error {
  override readonly name = "TraceError";
  constructor(op: string, message: string) {
    super(located(op, message));
  }
}
