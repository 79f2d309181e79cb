/** @file What an adapter offers, as far as kernels care; and what a scheduled kernel is: dispatches over operands. */
import type { DType } from "../../program/dtype.ts";
import type { BufferId } from "../../program/kernel.ts";
import type { BufferDecl } from "../../program/program.ts";
import type { Module, ScalarType } from "./ir.ts";

export interface GpuTarget {
  readonly limits: {
    /** Bytes of shared arrays of one workgroup. */
    readonly sharedBytes: number;
    /** Invocations of one workgroup. */
    readonly invocations: number;
    /** Bindings of one dispatch. */
    readonly bindings: number;
    /** Along one axis of the grid. */
    readonly workgroups: number;
  };
  /** 16-bit storage and arithmetic. */
  readonly f16: boolean;
  /**
   * A subgroup holds consecutive invocations of its workgroup. Absent: subgroup operations are not to be had, or their width is not known to
   * be sane.
   */
  readonly subgroups?: {
    readonly min: number;
    readonly max: number;
    /** A module may ask for a width between the two (`Module.subgroupSize`). */
    readonly isFixable?: boolean;
  };
  /** Sizes of products that a subgroup can do at once; empty without the hardware. */
  readonly matrixUnits: readonly MatrixUnit[];
}

export interface MatrixUnit {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly input: "f16" | "f32";
  readonly result: "f16" | "f32";
}

/** How elements of a dtype lie in GPU memory. */
export interface StorageFormat {
  readonly scalar: ScalarType;
  readonly bytes: number;
  /** Applied to an f32 before it is stored: the dtype is narrower than its storage. */
  readonly rounding?: "f16" | "bf16";
}

export function storageFormat(dtype: DType, target: Pick<GpuTarget, "f16">): StorageFormat {
  switch (dtype) {
    case "f32":
      return { scalar: "f32", bytes: 4 };
    case "i32":
      return { scalar: "i32", bytes: 4 };
    case "bool":
      return { scalar: "u32", bytes: 4 };
    case "f16":
      return target.f16 ? { scalar: "f16", bytes: 2 } : { scalar: "f32", bytes: 4, rounding: "f16" };
    case "bf16":
      return { scalar: "f32", bytes: 4, rounding: "bf16" };
  }
}

/** What a binding of a dispatch is bound to. */
export type Operand =
  /** The range of a Program's buffer. */
  | { readonly kind: "buffer"; readonly id: BufferId }
  /** One of the kernel's own scratch areas, by its index in `ScheduledKernel.scratch`. */
  | { readonly kind: "scratch"; readonly index: number }
  /** The whole heap or arena that a buffer lies in; the module finds the buffer at `ScheduleContext.placeOf`. */
  | { readonly kind: "heap"; readonly of: BufferId }
  /** Constants of the dispatch, uploaded once. */
  | { readonly kind: "data"; readonly words: readonly number[] };

export interface Dispatch {
  readonly module: Module;
  /** One per binding. */
  readonly operands: readonly Operand[];
  readonly grid: readonly [x: number, y: number, z: number];
}

/** The dispatches run one after another. */
export interface ScheduledKernel {
  readonly dispatches: readonly Dispatch[];
  /** Bytes of each scratch area; alive while this kernel runs, with any content before. */
  readonly scratch: readonly number[];
}

export interface ScheduleContext {
  readonly target: GpuTarget;
  readonly buffers: readonly BufferDecl[];
  /** The same for two buffers exactly where they share memory: such buffers are one binding. */
  memoryOf(id: BufferId): string;
  /** The heap that a buffer lies in, and its first byte there (a multiple of 16). */
  placeOf(id: BufferId): { readonly heap: string; readonly offset: number };
}
