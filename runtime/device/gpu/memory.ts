/**
 * @file The buffers of one kernel as bindings. A module binds each memory once and with one element type, so whether it is an array of
 * vectors is decided here, from all that the kernel does with it, before the first statement is written.
 *
 * A kernel with more buffers than a dispatch may bind reaches some of them through the heaps that they lie in: one binding for a heap, as
 * words, and a table of where in it each buffer begins. The table is data, so that the module's text does not depend on places.
 */
import type { BufferId } from "../../program/kernel.ts";
import { add, type BoundArray, bitcast, type KernelBuilder, splat, u, vec } from "./build.ts";
import type { Expr, ValueType } from "./ir.ts";
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

/** Where the buffers of a kernel begin that are reached through heaps. */
export interface BaseTable {
  /** The first word of the memory of this number, a multiple of four. */
  base(slot: number): Expr;
}

export interface MemoryOptions {
  /** Bindings that the kernel needs for other things. */
  readonly reserved?: number;
  /** All buffers are reached through heaps, and begin where this says; numbered by `slotsOf`. */
  readonly table?: BaseTable;
}

/** How a memory is reached: an array of its own, or words of a heap from `base` on. */
interface Route {
  readonly width: 1 | 4;
  readonly isWritten: boolean;
  readonly heap?: { readonly name: string; readonly slot: number };
}

export class KernelMemory {
  private readonly builder: KernelBuilder;
  private readonly context: ScheduleContext;
  private readonly routes = new Map<string, Route>();
  private readonly heaps = new Map<string, BoundArray>();
  private readonly bases: BaseTable | undefined;

  /** A memory becomes an array of vectors where something gains from it and every write is one of four elements; other reads then pick a lane. */
  constructor(
    builder: KernelBuilder,
    context: ScheduleContext,
    uses: readonly MemoryUse[],
    { reserved = 0, table }: MemoryOptions = {},
  ) {
    this.builder = builder;
    this.context = context;
    const slots = slotsOf(uses, context);
    const memoryOf = ({ buffer }: MemoryUse): string => context.memoryOf(buffer);
    const shared = table === undefined ? crowdedHeaps(uses, context, reserved) : heapsOf(uses, context);
    for (const [slot, buffer] of slots.entries()) {
      const memory = context.memoryOf(buffer);
      const heap = context.placeOf(buffer).heap;
      const isShared = shared.has(heap);
      // What is bound together has one type.
      const own = uses.filter((use) =>
        isShared ? context.placeOf(use.buffer).heap === heap : memoryOf(use) === memory,
      );
      const isWide = own.some((use) => use.isWide) && own.every((use) => use.isWide || !use.isWritten);
      const isWritten = own.some((use) => use.isWritten);
      this.routes.set(memory, {
        width: isWide && (table !== undefined || !isShared) ? 4 : 1,
        isWritten,
        ...(isShared ? { heap: { name: heap, slot } } : {}),
      });
    }
    if (table !== undefined || shared.size === 0) this.bases = table;
    else {
      const words = slots.map((buffer) => context.placeOf(buffer).offset / 4);
      const array = builder.bind({ kind: "data", words }, u32, { isWritten: false, length: pad4(words.length) });
      this.bases = { base: (slot) => builder.let(builder.load(array, u(slot))) };
    }
    // Heaps are bound at once, so that their order does not depend on what is loaded first.
    for (const name of shared) this.bindHeap(name, slots);
  }

  private bindHeap(name: string, slots: readonly BufferId[]): void {
    const of = slots.find((buffer) => this.context.placeOf(buffer).heap === name) as BufferId;
    const { width, isWritten } = this.route(of);
    this.heaps.set(name, this.builder.bind({ kind: "heap", of }, vec("u32", width), { isWritten }));
  }

  private route(buffer: BufferId): Route {
    const route = this.routes.get(this.context.memoryOf(buffer));
    if (route === undefined) throw new RangeError(`buffer ${buffer} is not among the kernel's uses`);
    return route;
  }

  format(buffer: BufferId): StorageFormat {
    const decl = this.context.buffers[buffer];
    if (decl === undefined) throw new RangeError(`there is no buffer ${buffer}`);
    return storageFormat(decl.dtype, this.context.target);
  }

  isWide(buffer: BufferId): boolean {
    return this.route(buffer).width === 4;
  }

  /** The binding of a buffer that has one of its own, for a kernel that reaches it in ways of its own too. */
  array(buffer: BufferId): BoundArray {
    const { width, isWritten, heap } = this.route(buffer);
    if (heap !== undefined) throw new Error(`buffer ${buffer} has no binding of its own`);
    return this.builder.buffer(this.context, buffer, { width, isWritten });
  }

  /** The element `index` as a register: f32, i32 or bool. */
  load(buffer: BufferId, index: Expr): Expr {
    const { array, at } = this.reach(buffer, index);
    return this.toRegister(buffer, this.builder.loadScalar(array, at));
  }

  /** Four elements from `index`, a multiple of four, of a wide memory. */
  loadVector(buffer: BufferId, index: Expr): Expr {
    const { array, at } = this.reach(buffer, index);
    return this.toRegister(buffer, this.builder.load(array, shiftRight(at, 2)));
  }

  store(buffer: BufferId, index: Expr, value: Expr): void {
    const { array, at } = this.reach(buffer, index);
    this.builder.store(array, at, this.toStorage(buffer, value, array.type));
  }

  storeVector(buffer: BufferId, index: Expr, value: Expr): void {
    const { array, at } = this.reach(buffer, index);
    this.builder.store(array, shiftRight(at, 2), this.toStorage(buffer, splat(value, 4), array.type));
  }

  private reach(buffer: BufferId, index: Expr): { readonly array: BoundArray; readonly at: Expr } {
    const { width, isWritten, heap } = this.route(buffer);
    if (heap === undefined)
      return { array: this.builder.buffer(this.context, buffer, { width, isWritten }), at: index };
    const base = (this.bases as BaseTable).base(heap.slot);
    return { array: this.heaps.get(heap.name) as BoundArray, at: this.builder.let(add(base, index)) };
  }

  private toRegister(buffer: BufferId, value: Expr): Expr {
    const format = this.format(buffer);
    return this.builder.let(loadFormat(format, bitcast(value, format.scalar)));
  }

  private toStorage(buffer: BufferId, value: Expr, { scalar }: ValueType): Expr {
    return bitcast(storeFormat(this.builder, this.format(buffer), value), scalar);
  }
}

const u32 = vec("u32", 1);
const pad4 = (n: number): number => Math.ceil(n / 4) * 4;

/** One buffer for each memory that a kernel reaches, in the order of first use. */
export function slotsOf(uses: readonly MemoryUse[], context: ScheduleContext): readonly BufferId[] {
  const byMemory = new Map<string, BufferId>();
  for (const { buffer } of uses) {
    const memory = context.memoryOf(buffer);
    if (!byMemory.has(memory)) byMemory.set(memory, buffer);
  }
  return [...byMemory.values()];
}

function heapsOf(uses: readonly MemoryUse[], context: ScheduleContext): ReadonlySet<string> {
  return new Set(uses.map(({ buffer }) => context.placeOf(buffer).heap));
}

/** The heaps to be bound whole so that a kernel's bindings suffice: those that spare most. Words cannot hold half of a 16-bit pair. */
function crowdedHeaps(uses: readonly MemoryUse[], context: ScheduleContext, reserved: number): ReadonlySet<string> {
  const slots = slotsOf(uses, context);
  const chosen = new Set<string>();
  let bindings = slots.length + reserved;
  if (bindings <= context.target.limits.bindings) return chosen;
  bindings += 1; // the table
  const members = new Map<string, BufferId[]>();
  for (const buffer of slots) {
    const { heap } = context.placeOf(buffer);
    members.set(heap, [...(members.get(heap) ?? []), buffer]);
  }
  const isWords = (buffer: BufferId): boolean =>
    storageFormat((context.buffers[buffer] as { dtype: "f32" }).dtype, context.target).bytes === 4;
  const candidates = [...members].filter(([, list]) => list.length > 1 && list.every(isWords));
  for (const [heap, list] of candidates.sort((a, b) => b[1].length - a[1].length)) {
    if (bindings <= context.target.limits.bindings) break;
    chosen.add(heap);
    bindings -= list.length - 1;
  }
  return chosen;
}
