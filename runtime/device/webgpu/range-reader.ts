/** @file Reads long ranges of GPU memory in pieces, through two buffers: one is filled while the other is copied out. */
import type { Faults } from "./faults.ts";
import { align, bufferUsage, mapRead } from "./usage.ts";

const pieceBytes = 16 << 20;

export class RangeReader {
  private readonly device: GPUDevice;
  private readonly faults: Faults;

  constructor(device: GPUDevice, faults: Faults) {
    this.device = device;
    this.faults = faults;
  }

  /** Calls `take` with each piece in order: its memory (valid during the call), its offset within the range, and its bytes. */
  async read(
    buffer: GPUBuffer,
    offset: number,
    bytes: number,
    take: (memory: ArrayBuffer, at: number, bytes: number) => void,
  ): Promise<void> {
    const staging: GPUBuffer[] = [];
    const fetch = (at: number): Promise<ArrayBuffer> => {
      const slot = (at / pieceBytes) % 2;
      const size = align(Math.min(pieceBytes, bytes), 4);
      const to = staging[slot] ?? this.device.createBuffer({ size, usage: bufferUsage.mapRead | bufferUsage.copyDst });
      staging[slot] = to;
      const encoder = this.device.createCommandEncoder();
      const count = align(Math.min(pieceBytes, bytes - at), 4);
      encoder.copyBufferToBuffer(buffer, offset + at, to, 0, count);
      this.device.queue.submit([encoder.finish()]);
      return to.mapAsync(mapRead, 0, count).then(() => to.getMappedRange(0, count));
    };
    try {
      let next = bytes > 0 ? fetch(0) : undefined;
      for (let at = 0; next !== undefined; at += pieceBytes) {
        const memory: ArrayBuffer = await this.faults.wait(next);
        next = at + pieceBytes < bytes ? fetch(at + pieceBytes) : undefined;
        next?.catch(() => {}); // waited for in the next round; `take` may throw before
        take(memory, at, Math.min(pieceBytes, bytes - at));
        staging[(at / pieceBytes) % 2]?.unmap();
      }
      this.faults.check();
    } finally {
      for (const each of staging) each.destroy();
    }
  }
}
