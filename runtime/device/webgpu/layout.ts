/**
 * @file Where each buffer of a Program lies on the GPU: in which heap, and at which byte.
 *
 *     inputs, consts     heaps of the program's own: one upload per run, and read-only in every dispatch
 *     arena, outputs     shared by all programs, since runs follow one another
 *     states…            the device's, shared by the programs that name them
 *
 * A heap is one GPU buffer, so none is larger than the adapter can bind: what does not fit goes on in the next one of its kind.
 */
import { sizeOf } from "../../program/dtype.ts";
import type { BufferId } from "../../program/kernel.ts";
import { replanArena } from "../../program/memory.ts";
import type { BufferDecl, Program } from "../../program/program.ts";
import { OutOfMemoryError } from "../errors.ts";
import type { Formats } from "./format.ts";
import { formatBytes } from "./memory.ts";
import { align, bindingAlignment } from "./usage.ts";

/** A range of a heap that a kernel may be bound to. */
export interface Place {
  readonly heap: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface Layout {
  /** By id; undefined for buffers that no kernel touches. */
  readonly places: readonly (Place | undefined)[];
  /** Bytes that the program needs of each shared region. */
  readonly regions: ReadonlyMap<string, number>;
  /** Bytes of its own heaps. */
  readonly own: ReadonlyMap<string, number>;
}

export interface LayoutOptions {
  readonly formats: Formats;
  readonly largestBuffer: number;
  stateOf(id: string): Place;
}

/** Ranges one after the other, in as many heaps `NAME0`, `NAME1` … as it takes. */
export class Placer {
  readonly heaps = new Map<string, number>();
  private readonly name: string;
  private readonly largest: number;
  private segment = 0;

  constructor(name: string, largest: number) {
    this.name = name;
    this.largest = largest;
  }

  place(bytes: number): Place {
    const size = align(bytes, bindingAlignment);
    const used = this.heaps.get(this.heap) ?? 0;
    if (used + size > this.largest) this.segment++;
    const offset = this.heaps.get(this.heap) ?? 0;
    this.heaps.set(this.heap, offset + size);
    return { heap: this.heap, offset, bytes };
  }

  private get heap(): string {
    return `${this.name}${this.segment}`;
  }
}

export function layOut(program: Program, { formats, largestBuffer, stateOf }: LayoutOptions): Layout {
  const segmentBytes = largestBuffer;
  const { offsets } = replanArena(program, {
    bytesPer: formats.bytesPerElement(),
    alignment: bindingAlignment,
    segmentBytes,
  });
  const arena = new Map<string, number>();
  const [inputs, consts, outputs] = ["inputs", "consts", "outputs"].map((name) => new Placer(name, largestBuffer)) as [
    Placer,
    Placer,
    Placer,
  ];
  const placeOf = (decl: BufferDecl): Place | undefined => {
    const bytes = formats.bytes(decl.dtype, sizeOf(decl.shape));
    if (bytes > largestBuffer) throw tooLarge(program, decl, bytes, largestBuffer);
    switch (decl.kind) {
      case "input":
        return inputs.place(bytes);
      case "const":
        return consts.place(bytes);
      case "output":
        return outputs.place(bytes);
      case "state":
        return stateOf(decl.name);
      case "temp": {
        const at = offsets.get(decl.id);
        if (at === undefined) return undefined;
        // The planner gives nothing to an empty tensor, but a binding is never empty.
        if (sizeOf(decl.shape) === 0) return outputs.place(bytes);
        const heap = `arena${Math.floor(at / segmentBytes)}`;
        const offset = at % segmentBytes;
        arena.set(heap, Math.max(arena.get(heap) ?? 0, offset + align(bytes, bindingAlignment)));
        return { heap, offset, bytes };
      }
    }
  };
  const places = program.buffers.map(placeOf);
  return {
    places,
    regions: new Map([...arena, ...outputs.heaps]),
    own: new Map([...inputs.heaps, ...consts.heaps]),
  };
}

/** A buffer in the user's terms. */
export function nameOfBuffer({ kind, name, label, shape, dtype, id }: BufferDecl): string {
  const called = [kind === "temp" ? "temporary" : kind, label ?? (name === "" ? `b${id}` : name)].join(" ");
  return `${called} [${shape.join(", ")}] ${dtype}`;
}

function tooLarge(program: Program, decl: BufferDecl, bytes: number, largest: number): OutOfMemoryError {
  const made = program.kernels.find((kernel) => JSON.stringify(kernel).includes(`"buffer":${decl.id},`));
  const by = decl.kind === "temp" && made !== undefined ? ` (of kernel "${made.label}")` : "";
  return new OutOfMemoryError(
    `program ${program.name}: ${nameOfBuffer(decl)}${by} takes ${formatBytes(bytes)}; this adapter binds at most ${formatBytes(largest)} to a kernel`,
  );
}

export function requirePlace(layout: Layout, id: BufferId): Place {
  const place = layout.places[id];
  if (place === undefined) throw new Error(`buffer b${id} has no place: no kernel touches it`);
  return place;
}
