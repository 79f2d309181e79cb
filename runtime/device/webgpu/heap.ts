/** @file Ranges of one big buffer, given out and taken back: first fit, neighbours merged. Knows no GPU. */
import { align, bindingAlignment } from "./usage.ts";

interface Gap {
  start: number;
  end: number;
}

export class Heap {
  readonly bytes: number;
  /** In rising order, never touching each other. */
  private readonly gaps: Gap[];

  constructor(bytes: number) {
    this.bytes = bytes;
    this.gaps = [{ start: 0, end: bytes }];
  }

  /** The offset of a free range, aligned for binding; undefined where none is large enough. */
  allocate(bytes: number): number | undefined {
    const size = align(bytes, bindingAlignment);
    const at = this.gaps.findIndex(({ start, end }) => end - start >= size);
    const gap = this.gaps[at];
    if (gap === undefined) return undefined;
    const offset = gap.start;
    gap.start += size;
    if (gap.start === gap.end) this.gaps.splice(at, 1);
    return offset;
  }

  release(offset: number, bytes: number): void {
    const end = offset + align(bytes, bindingAlignment);
    const next = this.gaps.findIndex(({ start }) => start >= end);
    const at = next < 0 ? this.gaps.length : next;
    const [before, after] = [this.gaps[at - 1], this.gaps[at]];
    const joinsBefore = before !== undefined && before.end === offset;
    const joinsAfter = after !== undefined && after.start === end;
    if (joinsBefore && joinsAfter) {
      before.end = after.end;
      this.gaps.splice(at, 1);
    } else if (joinsBefore) before.end = end;
    else if (joinsAfter) after.start = offset;
    else this.gaps.splice(at, 0, { start: offset, end });
  }

  get isEmpty(): boolean {
    const [only, ...more] = this.gaps;
    return more.length === 0 && only !== undefined && only.start === 0 && only.end === this.bytes;
  }
}
