/**
 * @file The buffers of one kernel as bindings. A module binds each memory once and with one element type, so whether it is an array of
 * vectors is decided here, from all that the kernel does with it, before the first statement is written.
 */
import type { BufferId } from "../../program/kernel.ts";
import { type BoundArray, type KernelBuilder, splat } from "./build.ts";
import type { Expr } from "./ir.ts";
import { shiftRight } from "./math/bits.ts";
import { loadFormat, storeFormat } from "./storage.ts";
import { type ScheduleContext, type StorageFormat, storageFormat } from "./target.ts";

/** One way in which a kernel reaches a buffer. */
export interface MemoryUse {
  readonly buffer: BufferId;
  readonly isWritten: boolean;
  /** Four elements at a time, aligned. */
  readonly isWide: boolean;
}

export class KernelMemory {
  private readonly builder: KernelBuilder;
  private readonly context: ScheduleContext;
  private readonly widths = new Map<string, 1 | 4>();
  private readonly written = new Set<string>();

  /** A memory becomes an array of vectors where something gains from it and every write is one of four elements; other reads then pick a lane. */
  constructor(builder: KernelBuilder, context: ScheduleContext, uses: readonly MemoryUse[]) {
    this.builder = builder;
    this.context = context;
    const scalar = new Set<string>();
    for (const { buffer, isWritten, isWide } of uses) {
      const memory = context.memoryOf(buffer);
      if (isWritten) this.written.add(memory);
      if (isWide) this.widths.set(memory, 4);
      else if (isWritten) scalar.add(memory);
    }
    for (const memory of scalar) this.widths.set(memory, 1);
  }

  format(buffer: BufferId): StorageFormat {
    const decl = this.context.buffers[buffer];
    if (decl === undefined) throw new RangeError(`there is no buffer ${buffer}`);
    return storageFormat(decl.dtype, this.context.target);
  }

  isWide(buffer: BufferId): boolean {
    return this.widths.get(this.context.memoryOf(buffer)) === 4;
  }

  array(buffer: BufferId): BoundArray {
    const memory = this.context.memoryOf(buffer);
    const width = this.widths.get(memory) ?? 1;
    return this.builder.buffer(this.context, buffer, { width, isWritten: this.written.has(memory) });
  }

  /** The element `index` as a register: f32, i32 or bool. */
  load(buffer: BufferId, index: Expr): Expr {
    return this.toRegister(buffer, this.builder.loadScalar(this.array(buffer), index));
  }

  /** Four elements from `index`, a multiple of four, of a wide memory. */
  loadVector(buffer: BufferId, index: Expr): Expr {
    return this.toRegister(buffer, this.builder.load(this.array(buffer), shiftRight(index, 2)));
  }

  store(buffer: BufferId, index: Expr, value: Expr): void {
    this.builder.store(this.array(buffer), index, this.toStorage(buffer, value));
  }

  storeVector(buffer: BufferId, index: Expr, value: Expr): void {
    this.builder.store(this.array(buffer), shiftRight(index, 2), this.toStorage(buffer, splat(value, 4)));
  }

  private toRegister(buffer: BufferId, value: Expr): Expr {
    return this.builder.let(loadFormat(this.format(buffer), value));
  }

  private toStorage(buffer: BufferId, value: Expr): Expr {
    return storeFormat(this.builder, this.format(buffer), value);
  }
}
