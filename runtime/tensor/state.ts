/** @file Tensors with storage that outlives a run: parameters, optimizer moments, caches. */
import { type DType, type Shape, sizeOf } from "../program/dtype.ts";
import { cast } from "./build.ts";
import { formatShape, ShapeError } from "./errors.ts";
import { createNode, type StateRef, type TypedArray } from "./graph.ts";
import { sameShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";
import { recordEffect } from "./trace.ts";

let nextState = 1;

export interface StateOptions {
  readonly dtype?: DType;
  /** Dotted path for messages and checkpoints. */
  readonly label?: string;
}

/**
 * A leaf with a buffer of its own on the device. Inside a traced function it stands for its content at the start of the run,
 * whatever is assigned meanwhile.
 */
export class StateTensor extends Tensor {
  private readonly storage: StateRef;

  constructor(shape: Shape, initial: TypedArray | (() => TypedArray), options: StateOptions = {}) {
    if (typeof initial !== "function" && initial.length !== sizeOf(shape)) {
      throw new ShapeError("StateTensor", `${initial.length} initial elements for ${formatShape(shape)}`);
    }
    const storage: StateRef = { id: `s${nextState++}`, label: options.label ?? "", initial };
    super(createNode({ kind: "state", state: storage }, [], [...shape], options.dtype ?? "f32"));
    this.storage = storage;
  }

  /** Names the buffer on every device. */
  get id(): string {
    return this.storage.id;
  }
  get label(): string {
    return this.storage.label;
  }
  set label(label: string) {
    this.storage.label = label;
  }
  /** The content before anything is assigned, in f32, i32 or bool, or in the bits of f16 and bf16; a function is called at first use. */
  get initial(): TypedArray | (() => TypedArray) {
    return this.storage.initial;
  }
  set initial(initial: TypedArray | (() => TypedArray)) {
    this.storage.initial = initial;
  }

  /** The content after the run; the last assignment of a traced function counts. */
  assign(value: Tensor): void {
    if (!sameShape(value.shape, this.shape)) {
      throw new ShapeError(
        "assign",
        `${formatShape(value.shape)} to ${this.label || this.id} of ${formatShape(this.shape)}`,
      );
    }
    recordEffect(this.node, cast(value.node, this.dtype));
  }
}

/** A state that training changes. */
export class Parameter extends StateTensor {
  requiresGrad: boolean;
  constructor(
    shape: Shape,
    initial: TypedArray | (() => TypedArray),
    options: StateOptions & { readonly requiresGrad?: boolean } = {},
  ) {
    super(shape, initial, options);
    this.requiresGrad = options.requiresGrad ?? true;
  }
}
