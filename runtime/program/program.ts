/**
 * @file The Program: everything that a device needs to run one traced function, as plain serializable data.
 *
 * A Program is made once per function and input shape (`lower/`) and replayed. Buffers of kind `temp` share one arena; their
 * offsets come from the memory planner and may overlap where lifetimes do not. Kernels run in order; a device may overlap those
 * without a dependency, and must give the result of running them one after another.
 */
import type { DType, Shape } from "./dtype.ts";
import type { BufferId, Kernel } from "./kernel.ts";

export const programVersion = 1;

/** Where a buffer's memory comes from. */
export type BufferKind =
  /** Written by the caller before each run. */
  | "input"
  /** Lives between runs and is shared between programs: parameters, optimizer moments, caches. */
  | "state"
  /** Written by the program, read by the caller after each run; its content holds until the next run. */
  | "output"
  /** Filled once when the program is loaded. */
  | "const"
  /** Scratch, inside the arena. */
  | "temp";

export interface BufferDecl {
  readonly id: BufferId;
  readonly kind: BufferKind;
  readonly dtype: DType;
  readonly shape: Shape;
  /** input, output: the caller's name. state: the state tensor's unique id, then a dot-path for messages in `label`. */
  readonly name: string;
  readonly label?: string;
  /** const: the elements (f16 and bf16 as bits). */
  readonly data?: ArrayLike<number>;
  /** temp: byte offset in the arena, a multiple of 64. */
  readonly arenaOffset?: number;
}

export interface Program {
  readonly version: typeof programVersion;
  readonly name: string;
  readonly buffers: readonly BufferDecl[];
  readonly kernels: readonly Kernel[];
  /**
   * One number per kernel, never falling: kernels of one stage touch no memory that another of them writes (arena overlaps
   * included), so a device needs a barrier only where the stage rises. Absent: a barrier after every kernel is always right.
   */
  readonly stages?: readonly number[];
  readonly arenaBytes: number;
}
