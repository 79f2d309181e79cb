/**
 * @file What an emitter makes of a kernel: stages. A stage is one function over a range of units of work, together with the addresses
 * that it needs and the memory that it touches, from which the planner (`plan.ts`) knows which stages must be done before it begins.
 * Units write disjoint places and never look at each other, so that no result depends on who runs which, or when.
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

/** Bytes that a stage touches, from the start of the buffer or scratch area: first, and one past the last. */
export type ByteRange = readonly [number, number];

/** Everything: where nothing better is known. The planner cuts ranges to their buffer. */
export const wholeBuffer: ByteRange = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

export interface Touch {
  /** `scratch`: the kernel's shared scratch area. Memory that is a thread's own is never mentioned. */
  readonly where: BufferId | "scratch";
  readonly writes: boolean;
  readonly range: ByteRange;
}

export interface Stage {
  /** Name of the function: (parameter block, thread, first unit, one past the last). */
  readonly function: string;
  /** Its index in the module. */
  readonly index: number;
  /** Pieces of work that do not depend on each other: threads take them as they come. */
  readonly units: number;
  /** A thread takes no fewer at once, except the last. */
  readonly grain: number;
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
  private shared: { readonly units: number; readonly grain: number } | undefined;

  constructor(name: string) {
    this.f = new FunctionBuilder(name, ["i32", "i32", "i32", "i32"]);
  }

  /** What `share` was told. */
  get work(): { readonly units: number; readonly grain: number } {
    if (this.shared === undefined) throw new Error(`${this.f.name} shares no work`);
    return this.shared;
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
    return this.f.let(
      "i32",
      i32.add(this.word(threadScratchWord), i32.mul(this.f.param(1), this.word(threadStrideWord))),
    );
  }

  private word(index: number): Code {
    return i32.load(this.f.param(0), index * 4);
  }

  /**
   * Declares that the stage has so many units of work: the function runs those from `begin` to before `end`. `grain`: how many make a
   * piece that is worth the taking.
   */
  share(units: number, grain = Math.max(1, units >> 6)): { begin: Local; end: Local } {
    this.shared = { units, grain };
    return { begin: this.f.param(2), end: this.f.param(3) };
  }
}
