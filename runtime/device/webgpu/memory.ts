/**
 * @file GPU memory: buffers are made only here, counted, and each allocation is waited for, so that what does not fit is told in
 * words before anything uses it.
 *
 * Shared regions (the arena, outputs, scratch) are used by one run after the other, whichever program it is of, so all programs share
 * them; each is as large as the largest needs.
 */
import { OutOfMemoryError } from "../errors.ts";
import type { Faults } from "./faults.ts";
import { align, bindingAlignment, bufferUsage } from "./usage.ts";

export const storageUsage = bufferUsage.storage | bufferUsage.copySrc | bufferUsage.copyDst;

export class GpuMemory {
  /** No buffer is larger: a dispatch must be able to bind it whole. */
  readonly largestBuffer: number;
  private readonly device: GPUDevice;
  private readonly faults: Faults;
  private readonly regions = new Map<string, GPUBuffer>();
  private used = 0;

  constructor(device: GPUDevice, faults: Faults) {
    this.device = device;
    this.faults = faults;
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    const largest = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    this.largestBuffer = largest - (largest % bindingAlignment);
  }

  /** Bytes in use. */
  get inUse(): number {
    return this.used;
  }

  /** A buffer, or undefined where there is no memory for it. */
  async tryAllocate(bytes: number, usage: number, label: string): Promise<GPUBuffer | undefined> {
    this.faults.check();
    this.device.pushErrorScope("out-of-memory");
    let buffer: GPUBuffer | undefined;
    try {
      buffer = this.device.createBuffer({ size: align(bytes, 16), usage, label });
    } catch (error) {
      // Browsers throw where the size alone is out of reach.
      if (!(error instanceof RangeError)) throw error;
    }
    const shortage = await this.faults.wait(this.device.popErrorScope());
    if (shortage !== null || buffer === undefined) return undefined;
    this.used += buffer.size;
    return buffer;
  }

  /** @throws OutOfMemoryError that says what for */
  async allocate(bytes: number, usage: number, what: string): Promise<GPUBuffer> {
    this.checkSize(bytes, what);
    const buffer = await this.tryAllocate(bytes, usage, what);
    if (buffer === undefined) throw this.shortageOf(bytes, what);
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    this.used -= buffer.size;
    buffer.destroy();
  }

  checkSize(bytes: number, what: string): void {
    if (bytes > this.largestBuffer)
      throw new OutOfMemoryError(
        `${what} takes ${formatBytes(bytes)}; this adapter binds at most ${formatBytes(this.largestBuffer)} to a kernel`,
      );
  }

  shortageOf(bytes: number, what: string): OutOfMemoryError {
    return new OutOfMemoryError(
      `no GPU memory for ${what}: ${formatBytes(bytes)}, with ${formatBytes(this.used)} in use by this program`,
    );
  }

  /** The shared region of this name, at least so large. A region that grows is another buffer afterwards. */
  async region(name: string, bytes: number, what: string): Promise<GPUBuffer> {
    const old = this.regions.get(name);
    if (old !== undefined && old.size >= bytes) return old;
    if (old !== undefined) {
      // Its content is of no use to the next run, and what is under way keeps it until it is done.
      this.regions.delete(name);
      this.release(old);
    }
    const grown = await this.allocate(bytes, storageUsage, what);
    this.regions.set(name, grown);
    return grown;
  }

  /** The region now; undefined where it has to be asked for. */
  currentRegion(name: string): GPUBuffer | undefined {
    return this.regions.get(name);
  }
}

const units = ["bytes", "KiB", "MiB", "GiB"] as const;

export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size.toFixed(unit === 0 || Number.isInteger(size) ? 0 : 2)} ${units[unit] as string}`;
}
