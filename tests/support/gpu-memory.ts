/** @file Memory of the interpreter: elements that know who touched them, so that a missing barrier is an error and not luck. */

/** Scalars of a binding; f16 as numbers in a Float32Array. */
export type BoundData = Float32Array | Int32Array | Uint32Array;

const manyReaders = -2;

/** Elements that know who touched them since the last barrier, and which workgroup wrote or read them in this dispatch. */
export class Memory {
  readonly data: BoundData | Float64Array;
  private readonly name: string;
  private readonly writer: Int32Array;
  private readonly reader: Int32Array;
  private readonly epochs: Float64Array;
  private readonly groupWriter: Int32Array;
  private readonly groupReader: Int32Array;

  constructor(data: BoundData | Float64Array, name: string) {
    this.data = data;
    this.name = name;
    this.writer = new Int32Array(data.length).fill(-1);
    this.reader = new Int32Array(data.length).fill(-1);
    this.epochs = new Float64Array(data.length).fill(-1);
    this.groupWriter = new Int32Array(data.length);
    this.groupReader = new Int32Array(data.length);
  }

  read(at: number, lane: number, epoch: number, group: number): number {
    this.touch(at, epoch);
    const writer = this.writer[at] as number;
    if (writer >= 0 && writer !== lane) this.race(at, `invocation ${lane} reads what ${writer} wrote`);
    const other = this.groupWriter[at] as number;
    if (other !== 0 && other !== group) this.race(at, `workgroup ${group} reads what ${other} wrote`);
    const reader = this.reader[at] as number;
    this.reader[at] = reader === -1 || reader === lane ? lane : manyReaders;
    const groupReader = this.groupReader[at] as number;
    this.groupReader[at] = groupReader === 0 || groupReader === group ? group : manyReaders;
    return this.data[at] as number;
  }

  write(at: number, value: number, lane: number, epoch: number, group: number): void {
    this.touch(at, epoch);
    const writer = this.writer[at] as number;
    if (writer >= 0 && writer !== lane && !Object.is(this.data[at], value))
      this.race(at, `invocations ${lane} and ${writer} write different values`);
    const reader = this.reader[at] as number;
    if (reader !== -1 && reader !== lane) this.race(at, `invocation ${lane} writes what another reads`);
    for (const other of [this.groupWriter[at] as number, this.groupReader[at] as number])
      if (other !== 0 && other !== group) this.race(at, `workgroup ${group} writes what another touches`);
    this.writer[at] = lane;
    this.groupWriter[at] = group;
    this.data[at] = value;
  }

  private touch(at: number, epoch: number): void {
    if (!(at >= 0 && at < this.data.length)) throw new RangeError(`${this.name}[${at}] of ${this.data.length}`);
    if (this.epochs[at] === epoch) return;
    this.epochs[at] = epoch;
    this.writer[at] = -1;
    this.reader[at] = -1;
  }

  private race(at: number, what: string): never {
    throw new Error(`race at ${this.name}[${at}]: ${what}`);
  }
}
