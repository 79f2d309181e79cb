/**
 * @file Outputs on their way back. Each run copies its outputs into a slot of a chunk; the first read of any run in a chunk maps the
 * whole chunk, so that the losses of sixteen steps cost one trip. A slot that nobody wants costs nothing more.
 */
import type { Faults } from "./faults.ts";
import { align, bufferUsage, mapRead } from "./usage.ts";

const mostSlots = 16;
const chunkBytes = 1 << 20;
/** Chunks that wait for the next run; more than that are given back. */
const spareChunks = 3;

export interface Slot {
  readonly buffer: GPUBuffer;
  /** Bytes from the buffer's start. */
  readonly offset: number;
  /** A copy of what the run has put there. */
  read(): Promise<ArrayBuffer>;
  drop(): void;
}

export class Readback {
  private readonly device: GPUDevice;
  private readonly faults: Faults;
  private readonly slotBytes: number;
  private readonly slots: number;
  private readonly spare: Chunk[] = [];
  private open: Chunk | undefined;
  private isDisposed = false;

  /** `bytes` is what one run brings back. */
  constructor(device: GPUDevice, faults: Faults, bytes: number) {
    this.device = device;
    this.faults = faults;
    this.slotBytes = align(bytes, 8); // mapped ranges begin at multiples of 8
    this.slots = Math.max(1, Math.min(mostSlots, Math.floor(chunkBytes / this.slotBytes)));
  }

  take(): Slot {
    const chunk = this.openChunk();
    const offset = chunk.taken * this.slotBytes;
    chunk.taken++;
    chunk.wanted++;
    if (chunk.taken === this.slots) this.seal(chunk);
    return {
      buffer: chunk.buffer,
      offset,
      read: () => this.read(chunk, offset),
      drop: () => this.release(chunk),
    };
  }

  /** Chunks that are still to be read stay until they are. */
  dispose(): void {
    this.isDisposed = true;
    for (const chunk of this.spare.splice(0)) chunk.buffer.destroy();
    if (this.open?.wanted === 0) this.open.buffer.destroy();
    this.open = undefined;
  }

  private openChunk(): Chunk {
    if (this.open !== undefined) return this.open;
    const size = this.slots * this.slotBytes;
    const usage = bufferUsage.mapRead | bufferUsage.copyDst;
    this.open = this.spare.pop() ?? {
      buffer: this.device.createBuffer({ size, usage, label: "outputs on their way back" }),
      taken: 0,
      wanted: 0,
      mapped: undefined,
    };
    return this.open;
  }

  /** Later runs go elsewhere: a mapped buffer takes no copies. */
  private seal(chunk: Chunk): void {
    if (this.open === chunk) this.open = undefined;
  }

  private async read(chunk: Chunk, offset: number): Promise<ArrayBuffer> {
    this.seal(chunk);
    const bytes = chunk.taken * this.slotBytes;
    chunk.mapped ??= chunk.buffer.mapAsync(mapRead, 0, bytes).then(() => chunk.buffer.getMappedRange(0, bytes));
    const memory = await this.faults.wait(chunk.mapped);
    this.faults.check();
    const copy = memory.slice(offset, offset + this.slotBytes);
    this.release(chunk);
    return copy;
  }

  private release(chunk: Chunk): void {
    chunk.wanted--;
    if (chunk.wanted > 0) return;
    // Nobody reads it any more: it may be filled again, from the start.
    if (chunk.mapped !== undefined) chunk.buffer.unmap();
    chunk.mapped = undefined;
    chunk.taken = 0;
    if (this.open === chunk) return;
    if (!this.isDisposed && this.spare.length < spareChunks) this.spare.push(chunk);
    else chunk.buffer.destroy();
  }
}

interface Chunk {
  readonly buffer: GPUBuffer;
  /** Slots given to runs since it was last empty. */
  taken: number;
  /** Of them, those neither read nor dropped. */
  wanted: number;
  mapped: Promise<ArrayBuffer> | undefined;
}
