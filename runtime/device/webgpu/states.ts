/**
 * @file State buffers: parameters, moments, caches. They lie in a few big heaps, because each buffer of its own costs the driver a place
 * in its tables and the smallest parameters would waste most of theirs.
 *
 * A state gets its place when a program first needs it: then all that are new are known, and heaps are made to measure.
 */
import type { DType, Shape } from "../../program/dtype.ts";
import { sizeOf } from "../../program/dtype.ts";
import type { TypedArray } from "../device.ts";
import { DeviceError } from "../errors.ts";
import type { Faults } from "./faults.ts";
import { emptyArray, type Formats } from "./format.ts";
import { Heap } from "./heap.ts";
import { type GpuMemory, storageUsage } from "./memory.ts";
import type { RangeReader } from "./range-reader.ts";
import { align, bindingAlignment } from "./usage.ts";

export interface StateHeap {
  readonly name: string;
  readonly buffer: GPUBuffer;
  readonly heap: Heap;
  /** Ranges that had another content before: memory is zeros only when it is new. */
  isFresh: boolean;
}

export interface StatePlace {
  readonly heap: StateHeap;
  readonly offset: number;
  readonly bytes: number;
}

interface State {
  readonly id: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly elements: number;
  readonly bytes: number;
  place?: StatePlace;
  /** Whether the content is on the GPU; until then `initial` is what counts. */
  isPlaced: boolean;
  /** Content in GPU format; undefined: zeros. */
  initial: ArrayBuffer | undefined;
}

/** Bytes uploaded before the queue is waited for: what the driver has to keep of them. */
const uploadStep = 64 << 20;

export class States {
  private readonly device: GPUDevice;
  private readonly memory: GpuMemory;
  private readonly formats: Formats;
  private readonly faults: Faults;
  private readonly reader: RangeReader;
  private readonly states = new Map<string, State>();
  private readonly heaps = new Set<StateHeap>();
  private nextHeap = 0;
  /** Rises whenever a place is given up: programs that know places look again. */
  generation = 0;

  constructor(device: GPUDevice, memory: GpuMemory, formats: Formats, faults: Faults, reader: RangeReader) {
    this.device = device;
    this.memory = memory;
    this.formats = formats;
    this.faults = faults;
    this.reader = reader;
  }

  create(id: string, dtype: DType, shape: Shape, data: TypedArray | undefined): void {
    if (this.states.has(id)) throw new DeviceError(`state ${id} exists already`);
    const elements = sizeOf(shape);
    const bytes = this.formats.bytes(dtype, elements);
    const state: State = { id, dtype, shape, elements, bytes, isPlaced: false, initial: undefined };
    this.memory.checkSize(state.bytes, nameOf(state));
    if (data !== undefined) state.initial = this.encode(state, data);
    this.states.set(id, state);
  }

  placeOf(id: string): StatePlace {
    const { place } = this.get(id);
    if (place === undefined) throw new DeviceError(`state ${id} has no place yet`);
    return place;
  }

  /** Whether the state is still where a program found it. */
  isAt(id: string, { heap, offset }: { readonly heap: string; readonly offset: number }): boolean {
    const place = this.states.get(id)?.place;
    return place?.heap.name === heap && place.offset === offset;
  }

  /** Places of these states, made where they are missing. `labels` names them in the user's terms. */
  async place(ids: readonly string[], labels: ReadonlyMap<string, string>): Promise<void> {
    const waiting = ids.map((id) => this.get(id)).filter(({ isPlaced }) => !isPlaced);
    const homeless: State[] = [];
    for (const state of waiting) {
      if (state.place !== undefined) continue;
      const place = this.findRoom(state);
      if (place === undefined) homeless.push(state);
      else state.place = place;
    }
    try {
      for (const group of inGroups(homeless, this.memory.largestBuffer)) await this.placeTogether(group, labels);
    } finally {
      // Those that found room keep it.
      await this.upload(waiting);
    }
  }

  private findRoom({ bytes }: State): StatePlace | undefined {
    for (const heap of this.heaps) {
      const offset = heap.heap.allocate(bytes);
      if (offset !== undefined) return { heap, offset, bytes };
    }
    return undefined;
  }

  /** One new heap for all; where there is no memory for it in one piece, two for half of them each. */
  private async placeTogether(states: readonly State[], labels: ReadonlyMap<string, string>): Promise<void> {
    const bytes = states.reduce((sum, state) => sum + align(state.bytes, bindingAlignment), 0);
    const buffer = await this.memory.tryAllocate(bytes, storageUsage, "states");
    if (buffer !== undefined) {
      const heap: StateHeap = { name: `states${this.nextHeap++}`, buffer, heap: new Heap(bytes), isFresh: true };
      this.heaps.add(heap);
      for (const state of states)
        state.place = { heap, offset: heap.heap.allocate(state.bytes) as number, bytes: state.bytes };
      return;
    }
    const [first] = states;
    if (states.length === 1 && first !== undefined)
      throw this.memory.shortageOf(bytes, nameOf(first, labels.get(first.id)));
    const half = states.length >> 1;
    await this.placeTogether(states.slice(0, half), labels);
    await this.placeTogether(states.slice(half), labels);
  }

  private async upload(states: readonly State[]): Promise<void> {
    const encoder = this.device.createCommandEncoder();
    for (const { place, initial } of states)
      if (place !== undefined && initial === undefined && !place.heap.isFresh)
        encoder.clearBuffer(place.heap.buffer, place.offset, place.bytes);
    this.device.queue.submit([encoder.finish()]);
    let waiting = 0;
    for (const state of states) {
      const { initial, place } = state;
      if (place === undefined) continue;
      state.isPlaced = true;
      state.initial = undefined;
      if (initial === undefined) continue;
      for (let at = 0; at < initial.byteLength; at += uploadStep) {
        const bytes = Math.min(uploadStep, initial.byteLength - at);
        this.device.queue.writeBuffer(place.heap.buffer, place.offset + at, initial, at, bytes);
        waiting += bytes;
        if (waiting < uploadStep) continue;
        waiting = 0;
        await this.faults.wait(this.device.queue.onSubmittedWorkDone());
      }
    }
  }

  /** Takes a copy of `data` now; the state changes when what comes back is called. */
  prepareWrite(id: string, data: TypedArray): () => void {
    const state = this.get(id);
    const content = this.encode(state, data);
    return () => {
      if (!state.isPlaced || state.place === undefined) state.initial = content;
      else this.device.queue.writeBuffer(state.place.heap.buffer, state.place.offset, content);
    };
  }

  /** The buffer of a heap by the name that places carry. */
  heap(name: string): GPUBuffer | undefined {
    for (const heap of this.heaps) if (heap.name === name) return heap.buffer;
    return undefined;
  }

  async read(id: string): Promise<TypedArray> {
    const { dtype, elements, place, isPlaced, initial } = this.get(id);
    const copy = emptyArray(dtype, elements);
    const width = this.formats.of(dtype).bytes;
    if (!isPlaced || place === undefined) {
      if (initial !== undefined) this.formats.decode(dtype, initial, copy, 0, elements);
      return copy;
    }
    await this.reader.read(place.heap.buffer, place.offset, elements * width, (memory, at, bytes) =>
      this.formats.decode(dtype, memory, copy, at / width, bytes / width),
    );
    return copy;
  }

  drop(id: string): void {
    const { place } = this.get(id);
    this.states.delete(id);
    this.generation++;
    if (place === undefined) return;
    place.heap.heap.release(place.offset, place.bytes);
    place.heap.isFresh = false;
    if (!place.heap.heap.isEmpty) return;
    this.heaps.delete(place.heap);
    this.memory.release(place.heap.buffer);
  }

  private encode(state: State, data: TypedArray): ArrayBuffer {
    if (data.length !== state.elements)
      throw new DeviceError(`state ${state.id} has ${state.elements} elements, not ${data.length}`);
    const memory = new ArrayBuffer(align(state.elements * this.formats.of(state.dtype).bytes, 4));
    this.formats.encode(state.dtype, data, memory, 0);
    return memory;
  }

  private get(id: string): State {
    const state = this.states.get(id);
    if (state === undefined) throw new DeviceError(`there is no state ${id}`);
    return state;
  }
}

function nameOf({ id, dtype, shape }: State, label = id): string {
  return `state ${label} [${shape.join(", ")}] ${dtype}`;
}

/** In order, each group as large as a buffer may be. */
function inGroups(states: readonly State[], largest: number): State[][] {
  const groups: State[][] = [];
  let room = 0;
  for (const state of states) {
    const bytes = align(state.bytes, bindingAlignment);
    if (bytes > room) {
      groups.push([]);
      room = largest;
    }
    (groups.at(-1) as State[]).push(state);
    room -= bytes;
  }
  return groups;
}
