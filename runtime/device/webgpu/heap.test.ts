import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap } from "./heap.ts";

describe("a heap", () => {
  it("gives out ranges that never overlap, and is whole again when all are back", () => {
    const steps = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 3000 }), frees: fc.nat(20) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const heap = new Heap(64 * 256);
        const live: { offset: number; bytes: number }[] = [];
        for (const { bytes, frees } of list) {
          const offset = heap.allocate(bytes);
          if (offset !== undefined) {
            expect(offset % 256).toBe(0);
            expect(offset + bytes).toBeLessThanOrEqual(heap.bytes);
            for (const other of live)
              expect(offset + bytes <= other.offset || other.offset + other.bytes <= offset).toBe(true);
            live.push({ offset, bytes });
          }
          const [freed] = live.splice(frees, 1);
          if (freed !== undefined) heap.release(freed.offset, freed.bytes);
        }
        for (const { offset, bytes } of live) heap.release(offset, bytes);
        expect(heap.isEmpty).toBe(true);
        expect(heap.allocate(heap.bytes)).toBe(0);
      }),
    );
  });

  it("refuses what does not fit in one piece", () => {
    const heap = new Heap(1024);
    const offsets = [1, 2, 3, 4].map(() => heap.allocate(256) as number);
    heap.release(offsets[0] as number, 256);
    heap.release(offsets[2] as number, 256);
    expect(heap.allocate(257)).toBeUndefined();
    heap.release(offsets[1] as number, 256);
    expect(heap.allocate(700)).toBe(0);
  });
});
