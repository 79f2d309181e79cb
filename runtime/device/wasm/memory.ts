/** @file Shares one WebAssembly memory among buffers: first fit, 64-byte lines, grown when nothing fits. */
import { OutOfMemoryError } from "../errors.ts";
import { control } from "./threads/control.ts";
import { canShareMemory } from "./threads/host.ts";

const pageBytes = 65536;
const line = 64;
/** Vector loads may read a little past their buffer, never past the memory. */
const slack = 256;

export interface Block {
  readonly address: number;
  readonly bytes: number;
}

export class DeviceMemory {
  readonly memory: WebAssembly.Memory;
  readonly maximumPages: number;
  /** Where it is not, one thread has it, and it is another buffer whenever it has grown. */
  readonly shared = canShareMemory();
  /** Free blocks by address; neighbours are merged. */
  private free: Block[] = [];
  /** Everything from here on has never been used. */
  private top: number = control.end;
  private used = 0;

  constructor() {
    [this.memory, this.maximumPages] = reserve(this.shared);
  }

  allocate(bytes: number, what: string): Block {
    const size = Math.ceil((bytes + 16) / line) * line;
    const index = this.free.findIndex((block) => block.bytes >= size);
    this.used += size;
    if (index >= 0) {
      const found = this.free[index] as Block;
      if (found.bytes === size) this.free.splice(index, 1);
      else this.free[index] = { address: found.address + size, bytes: found.bytes - size };
      return { address: found.address, bytes: size };
    }
    const block = { address: this.top, bytes: size };
    this.growTo(block.address + size + slack, bytes, what);
    this.top += size;
    return block;
  }

  release(block: Block): void {
    this.used -= block.bytes;
    const at = this.free.findIndex((other) => other.address > block.address);
    this.free.splice(at < 0 ? this.free.length : at, 0, block);
    const merged: Block[] = [];
    for (const next of this.free) {
      const last = merged.at(-1);
      if (last !== undefined && last.address + last.bytes === next.address)
        merged[merged.length - 1] = { address: last.address, bytes: last.bytes + next.bytes };
      else merged.push(next);
    }
    const last = merged.at(-1);
    if (last !== undefined && last.address + last.bytes === this.top) {
      this.top = last.address;
      merged.pop();
    }
    this.free = merged;
  }

  private growTo(end: number, bytes: number, what: string): void {
    const have = this.memory.buffer.byteLength;
    if (end <= have) return;
    const pages = Math.ceil((end - have) / pageBytes);
    try {
      // Ahead by an eighth, so that many small buffers do not grow it one by one.
      const ahead = Math.min(Math.ceil(pages + have / pageBytes / 8), this.maximumPages - have / pageBytes);
      this.memory.grow(Math.max(pages, ahead));
    } catch {
      const mib = (n: number): string => `${(n / 2 ** 20).toFixed(1)} MiB`;
      this.used -= Math.ceil((bytes + 16) / line) * line;
      throw new OutOfMemoryError(
        `out of memory: ${what} needs ${mib(bytes)}; ${mib(this.used)} are in use and the wasm device can have ${mib(this.maximumPages * pageBytes)}`,
      );
    }
  }
}

/** Reserves as much address space as the host lets us; only touched pages cost memory. */
function reserve(shared: boolean): [WebAssembly.Memory, number] {
  for (let maximum = 65536; ; maximum /= 2) {
    try {
      return [new WebAssembly.Memory({ initial: 16, maximum, shared }), maximum];
    } catch (error) {
      if (maximum <= 1024) throw error;
    }
  }
}
