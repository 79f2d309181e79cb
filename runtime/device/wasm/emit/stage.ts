/**
 * @file What an emitter makes of a kernel: stages. A stage is one function that every thread runs on its share, together with the
 * addresses that it needs and the memory that it touches, from which the planner (`plan.ts`) knows where threads must meet.
 */

import type { DType } from "../../../program/dtype.ts";
import type { BufferId } from "../../../program/kernel.ts";
import { type Code, i32, type Local } from "../asm/code.ts";
import { FunctionBuilder } from "../asm/function.ts";
import type { ModuleBuilder } from "../asm/module.ts";
import type { VectorMath } from "../math/vector-math.ts";

/** An address that a stage's function gets: a place in a buffer, in bytes. */
export interface Binding {
  readonly buffer: BufferId;
  readonly offset: number;
}

/** Bytes that thread `tid` of `count` touches, from the start of the buffer or scratch area: first, and one past the last. */
export type ByteRange = (tid: number, count: number) => readonly [number, number];

/** Everything, by every thread: where nothing better is known. The planner cuts ranges to their buffer. */
export const wholeBuffer: ByteRange = () => [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

export interface Touch {
  /** `scratch`: the kernel's shared scratch area. Memory that is a thread's own is never mentioned. */
  readonly where: BufferId | "scratch";
  readonly writes: boolean;
  readonly range: ByteRange;
}

export interface Stage {
  /** The exported function: (parameter block, thread, number of threads). */
  readonly function: string;
  /** Its index in the module. */
  readonly index: number;
  readonly bindings: readonly Binding[];
  readonly touches: readonly Touch[];
}

/** The stages of one kernel, and the scratch memory they share. */
export interface EmittedKernel {
  readonly stages: readonly Stage[];
  readonly sharedScratchBytes: number;
  readonly threadScratchBytes: number;
}

export interface EmitContext {
  readonly module: ModuleBuilder;
  readonly math: VectorMath;
  readonly dtypes: readonly DType[];
  /** Emits the function of a stage. */
  define(build: (kernel: KernelFunction) => void): Omit<Stage, "touches">;
  readonly micro: MicroKernels;
  /** Contract a·b + c into one rounding? */
  readonly fma: boolean;
}

/** Register tiles of the inner product kernels, as the timing at start chose them (`tuning.ts`). */
export interface TileShape {
  /** Rows of the tile. */
  readonly mr: number;
  /** Columns, in vectors of four. */
  readonly nv: number;
  /** Steps of k per iteration. */
  readonly unroll: number;
}

export interface MicroKernels {
  readonly gemm: TileShape;
  /** For attention, whose blocks are powers of two: columns a power of two. */
  readonly attention: TileShape;
}

/** Words at the head of every parameter block. */
const sharedScratchWord = 0;
const threadScratchWord = 1;
const threadStrideWord = 2;
export const headWords = 3;

/** A stage's function under construction. */
export class KernelFunction {
  readonly f: FunctionBuilder;
  readonly bindings: Binding[] = [];

  constructor(name: string) {
    this.f = new FunctionBuilder(name, ["i32", "i32", "i32"]);
  }

  get thread(): Local {
    return this.f.param(1);
  }

  get threads(): Local {
    return this.f.param(2);
  }

  /** The address of a place in a buffer, in a local. */
  bind(buffer: BufferId, offset: number): Local {
    this.bindings.push({ buffer, offset });
    return this.f.let("i32", this.word(headWords + this.bindings.length - 1));
  }

  sharedScratch(): Local {
    return this.f.let("i32", this.word(sharedScratchWord));
  }

  /** This thread's own scratch memory. */
  threadScratch(): Local {
    return this.f.let("i32", i32.add(this.word(threadScratchWord), i32.mul(this.thread, this.word(threadStrideWord))));
  }

  private word(index: number): Code {
    return i32.load(this.f.param(0), index * 4);
  }

  /** Splits `units` evenly: this thread's first, and one past its last. `unitsFor` tells the planner the same. */
  share(units: number | Local): { begin: Local; end: Local } {
    const { f } = this;
    return {
      begin: f.let("i32", i32.div_u(i32.mul(units, this.thread), this.threads)),
      end: f.let("i32", i32.div_u(i32.mul(units, i32.add(this.thread, 1)), this.threads)),
    };
  }
}

/** What `KernelFunction.share` gives thread `tid`. */
export function unitsFor(units: number, tid: number, count: number): readonly [number, number] {
  return [Math.floor((units * tid) / count), Math.floor((units * (tid + 1)) / count)];
}
