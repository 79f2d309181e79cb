/**
 * @file Where the GPU's time goes: with FGC_PROFILE=1 each kernel is a pass of its own between two timestamps, and a table is printed when
 * the device closes. Passes cost time themselves, so the sum is more than an ordinary run takes.
 */
import type { PlannedDispatch } from "./plan.ts";
import { bufferUsage, mapRead } from "./usage.ts";

interface Entry {
  ms: number;
  calls: number;
}

/** What kernels of one kind and label have taken so far. */
export interface ProfileRow {
  readonly name: string;
  readonly ms: number;
  readonly calls: number;
}

/** Timestamps of one query set: the most that WebGPU allows. */
const mostQueries = 4096;

export class Profile {
  private readonly device: GPUDevice;
  private readonly entries = new Map<string, Entry>();
  private pending: {
    readonly buffer: GPUBuffer;
    readonly names: readonly string[];
    readonly sets: readonly GPUQuerySet[];
  }[] = [];

  constructor(device: GPUDevice) {
    this.device = device;
  }

  encode(
    encoder: GPUCommandEncoder,
    dispatches: readonly PlannedDispatch[],
    steps: readonly {
      readonly pipeline: GPUComputePipeline;
      readonly group: GPUBindGroup;
      readonly grid: readonly [number, number, number];
    }[],
  ): void {
    for (let from = 0; from < steps.length; from += mostQueries / 2) {
      const part = steps.slice(from, from + mostQueries / 2);
      const set = this.device.createQuerySet({ type: "timestamp", count: part.length * 2 });
      part.forEach(({ pipeline, group, grid }, i) => {
        const timestampWrites = { querySet: set, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
        const pass = encoder.beginComputePass({ timestampWrites });
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...grid);
        pass.end();
      });
      const bytes = part.length * 16;
      const { queryResolve, copySrc, copyDst } = bufferUsage;
      const resolved = this.device.createBuffer({ size: bytes, usage: queryResolve | copySrc });
      const buffer = this.device.createBuffer({ size: bytes, usage: bufferUsage.mapRead | copyDst });
      encoder.resolveQuerySet(set, 0, part.length * 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, buffer, 0, bytes);
      const names = part.map((_, i) => nameOf(dispatches[from + i] as PlannedDispatch));
      this.pending.push({ buffer, names, sets: [set] });
    }
  }

  /** Times are fetched as they come; nothing waits for them. */
  submitted(): void {
    for (const { buffer, names, sets } of this.pending.splice(0)) {
      const done = buffer.mapAsync(mapRead).then(
        () => {
          const times = new BigUint64Array(buffer.getMappedRange());
          for (const [i, name] of names.entries())
            this.add(name, Number((times[2 * i + 1] ?? 0n) - (times[2 * i] ?? 0n)) / 1e6);
          buffer.destroy();
          for (const set of sets) set.destroy();
        },
        () => {}, // the device is gone, and its times with it
      );
      this.running.add(done);
      void done.then(() => this.running.delete(done));
    }
  }

  private readonly running = new Set<Promise<void>>();

  private add(name: string, ms: number): void {
    const entry = this.entries.get(name) ?? { ms: 0, calls: 0 };
    entry.ms += Math.max(0, ms);
    entry.calls++;
    this.entries.set(name, entry);
  }

  /** The slowest first, when all times are in. */
  async rows(): Promise<readonly ProfileRow[]> {
    await Promise.all(this.running);
    return [...this.entries].map(([name, entry]) => ({ name, ...entry })).sort((a, b) => b.ms - a.ms);
  }

  async table(): Promise<string> {
    const rows = await this.rows();
    const total = rows.reduce((sum, { ms }) => sum + ms, 0);
    const lines = rows.map(
      ({ name, ms, calls }) =>
        `${ms.toFixed(1).padStart(10)} ms ${((100 * ms) / total).toFixed(1).padStart(5)} % ${String(calls).padStart(7)} × ${((1000 * ms) / calls).toFixed(1).padStart(8)} µs  ${name}`,
    );
    return [`${total.toFixed(1)} ms in kernels on the GPU`, ...lines].join("\n");
  }
}

/** Kernels of equal layers differ in numbers only. */
const nameOf = ({ kind, label }: PlannedDispatch): string => `${kind} ${label.replace(/\d+/g, "N")}`;
