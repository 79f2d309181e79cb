/**
 * @file From Program to a flat list of dispatches over places: kernels are scheduled, constants gathered, and bindings brought under
 * WebGPU's rules. Creates nothing on the GPU.
 */
import type { Kernel } from "../../program/kernel.ts";
import type { Program } from "../../program/program.ts";
import { batchKernels, scheduleBatch } from "../gpu/batch.ts";
import type { Module } from "../gpu/ir.ts";
import { scheduleKernel } from "../gpu/schedule/index.ts";
import type { Dispatch, GpuTarget, Operand, ScheduleContext } from "../gpu/target.ts";
import type { Formats } from "./format.ts";
import { type Layout, layOut, type Place, Placer, requirePlace } from "./layout.ts";
import { printWgsl } from "./wgsl.ts";

export interface PlannedDispatch {
  readonly kind: string;
  readonly label: string;
  /** WGSL. */
  readonly code: string;
  /** One letter per binding: `w` where it is writable. Pipelines of one signature share their layout. */
  readonly signature: string;
  /** One per binding. */
  readonly places: readonly Place[];
  readonly grid: readonly [x: number, y: number, z: number];
}

export interface Plan {
  readonly layout: Layout;
  readonly dispatches: readonly PlannedDispatch[];
  /** Bytes that the program needs of each region that it shares with others. */
  readonly regions: ReadonlyMap<string, number>;
  /** Heaps of its own that never change, with their content. */
  readonly constants: ReadonlyMap<string, ArrayBuffer>;
}

/** Kernels to dispatches; tests of this folder bring their own, so that they judge nothing else. */
export type ScheduleKernel = typeof scheduleKernel;

export interface PlanOptions {
  readonly schedule: ScheduleKernel;
  readonly target: GpuTarget;
  readonly formats: Formats;
  readonly largestBuffer: number;
  /** The heap of a state, its place there, and the whole heap's size. */
  stateOf(id: string): Place;
  stateHeapBytes(heap: string): number | undefined;
}

export function planProgram(program: Program, options: PlanOptions): Plan {
  const { target, formats, largestBuffer } = options;
  const layout = layOut(program, options);
  const scratch = new Map<string, number>();
  const words = new Words(largestBuffer);
  const context: ScheduleContext = {
    target,
    buffers: program.buffers,
    memoryOf: (id) => {
      const { heap, offset } = requirePlace(layout, id);
      return `${heap}+${offset}`;
    },
    placeOf: (id) => requirePlace(layout, id),
  };
  const bytesOfHeap = (heap: string): number =>
    layout.regions.get(heap) ?? layout.own.get(heap) ?? options.stateHeapBytes(heap) ?? 0;

  const placeOfOperand = (operand: Operand, areas: readonly Place[]): Place => {
    switch (operand.kind) {
      case "buffer":
        return requirePlace(layout, operand.id);
      case "scratch":
        return areas[operand.index] as Place;
      case "heap": {
        const { heap } = requirePlace(layout, operand.of);
        return { heap, offset: 0, bytes: bytesOfHeap(heap) };
      }
      case "data":
        return words.place(operand.words);
    }
  };

  // A schedule of a test's own gets every kernel by itself.
  const groups =
    options.schedule === scheduleKernel ? batchKernels(program, context) : program.kernels.map((kernel) => [kernel]);
  const dispatches = groups.flatMap((group): PlannedDispatch[] => {
    const kernel = group[0] as Kernel;
    const scheduled = group.length === 1 ? options.schedule(kernel, context) : scheduleBatch(group, context);
    const named = group.length === 1 ? kernel : { ...kernel, label: `${kernel.label} and ${group.length - 1} more` };
    const areas = new Placer("scratch", largestBuffer);
    const places = scheduled.scratch.map((bytes) => areas.place(Math.max(16, align16(bytes))));
    for (const [heap, bytes] of areas.heaps) scratch.set(heap, Math.max(scratch.get(heap) ?? 0, bytes));
    return scheduled.dispatches
      .filter(({ grid }) => grid.every((count) => count > 0))
      .map((dispatch) =>
        planDispatch(
          named,
          dispatch,
          dispatch.operands.map((operand) => placeOfOperand(operand, places)),
          target,
        ),
      );
  });

  const constants = new Map<string, ArrayBuffer>();
  for (const [heap, bytes] of layout.own) if (heap.startsWith("consts")) constants.set(heap, new ArrayBuffer(bytes));
  for (const { id, kind, dtype, data } of program.buffers) {
    if (kind !== "const" || data === undefined) continue;
    const { heap, offset } = requirePlace(layout, id);
    formats.encode(dtype, data, constants.get(heap) as ArrayBuffer, offset);
  }
  for (const [heap, content] of words.contents()) constants.set(heap, content);
  return { layout, dispatches, regions: new Map([...layout.regions, ...scratch]), constants };
}

const align16 = (bytes: number): number => Math.ceil(bytes / 16) * 16;

function planDispatch(
  { kind, label }: { readonly kind: string; readonly label: string },
  { module, grid }: Dispatch,
  places: readonly Place[],
  target: GpuTarget,
): PlannedDispatch {
  const fault = faultOf(module, places, grid, target);
  if (fault !== undefined) throw new Error(`${kind} "${label}": ${fault}`);
  // WebGPU looks at whole buffers: what a dispatch writes to it cannot bind as read-only elsewhere, not even another range.
  const written = new Set(places.filter((_, i) => module.bindings[i]?.isWritten).map(({ heap }) => heap));
  // Arrays without a length: where the hardware checks ranges itself (robustBufferAccess2) Dawn adds no clamps of its own to these.
  const bindings = module.bindings.map(({ type }, i) => ({
    type,
    isWritten: written.has((places[i] as Place).heap),
  }));
  return {
    kind,
    label,
    code: printWgsl({ ...module, bindings }),
    signature: bindings.map(({ isWritten }) => (isWritten ? "w" : "r")).join(""),
    places,
    grid,
  };
}

/** What a schedule must never do, found here in words instead of on the GPU in wrong numbers. */
function faultOf(
  { bindings }: Module,
  places: readonly Place[],
  grid: readonly number[],
  { limits }: GpuTarget,
): string | undefined {
  if (bindings.length !== places.length) return `${places.length} operands for ${bindings.length} bindings`;
  if (bindings.length > limits.bindings) return `${bindings.length} bindings, where ${limits.bindings} are to be had`;
  if (grid.some((count) => count > limits.workgroups)) return `a grid of ${grid.join(" × ")} workgroups`;
  for (const [i, a] of places.entries()) {
    for (const [j, b] of places.entries()) {
      const overlap = a.heap === b.heap && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
      if (i < j && overlap && (bindings[i]?.isWritten || bindings[j]?.isWritten))
        return `bindings ${i} and ${j} share memory, and one of them is written`;
    }
  }
  return undefined;
}

/** Constants of dispatches, equal ones once. */
class Words {
  private readonly placer: Placer;
  private readonly known = new Map<string, { readonly place: Place; readonly words: readonly number[] }>();

  constructor(largest: number) {
    this.placer = new Placer("words", largest);
  }

  place(words: readonly number[]): Place {
    const key = words.join();
    const known = this.known.get(key);
    if (known !== undefined) return known.place;
    const place = this.placer.place(Math.max(16, align16(words.length * 4)));
    this.known.set(key, { place, words });
    return place;
  }

  contents(): ReadonlyMap<string, ArrayBuffer> {
    const contents = new Map([...this.placer.heaps].map(([heap, bytes]) => [heap, new ArrayBuffer(bytes)]));
    for (const { place, words } of this.known.values())
      new Uint32Array(contents.get(place.heap) as ArrayBuffer, place.offset, words.length).set(words);
    return contents;
  }
}
