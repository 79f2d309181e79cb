/** @file A box names exactly the elements that its strides name, in their order. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sizeOf } from "../../program/dtype.ts";
import { affine } from "./access.ts";
import { findBox } from "./boxes.ts";

/** The elements of a box as the ops would take them: reshape, slice, reverse, transpose. */
function elementsOf(box: NonNullable<ReturnType<typeof findBox>>, domain: readonly number[]): number[] {
  const { base, dims, begin, size, axes, reversed } = box;
  const strides = dims.map((_, i) => sizeOf(dims.slice(i + 1)));
  const start = begin.reduce((sum, from, i) => sum + from * (strides[i] as number), base);
  const inMemory = [...affine(start, strides, size)];
  const byAxis = domain.map(() => 0);
  let offset = 0;
  for (const [i, axis] of axes.entries()) {
    const stride = sizeOf(size.slice(i + 1));
    byAxis[axis] = reversed.includes(i) ? -stride : stride;
    if (reversed.includes(i)) offset += stride * ((size[i] as number) - 1);
  }
  return [...affine(offset, byAxis, domain)].map((at) => inMemory[at] as number);
}

describe("boxes", () => {
  /** A buffer of some axes, a window of it, its axes in another order, some of them backwards or not walked at all. */
  const windows = fc
    .array(fc.record({ extent: fc.integer({ min: 1, max: 5 }), skip: fc.nat(2), after: fc.nat(2), kind: fc.nat(5) }), {
      minLength: 1,
      maxLength: 4,
    })
    .chain((axes) =>
      fc.record({ axes: fc.constant(axes), order: fc.shuffledSubarray([...axes.keys()], { minLength: axes.length }) }),
    );

  it("are found for windows in any order and direction", () => {
    fc.assert(
      fc.property(windows, ({ axes, order }) => {
        const whole = axes.map(({ extent, skip, after }) => extent + skip + after);
        const memory = whole.map((_, i) => sizeOf(whole.slice(i + 1)));
        let offset = 0;
        const strides = axes.map(({ extent, skip, kind }, i) => {
          const stride = memory[i] as number;
          offset += stride * (kind === 1 ? skip + extent - 1 : skip);
          return kind === 0 ? 0 : kind === 1 ? -stride : stride;
        });
        const domain = order.map((axis) => axes[axis]?.extent as number);
        const walked = order.map((axis) => strides[axis] as number);
        const box = findBox(offset, walked, domain, sizeOf(whole));
        expect(box).toBeDefined();
        if (box !== undefined) expect(elementsOf(box, domain)).toEqual([...affine(offset, walked, domain)]);
      }),
    );
  });

  it("are never found where they would name other elements", () => {
    const anything = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: -7, max: 7 })), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(anything, fc.nat(9), fc.nat(9), (axes, before, after) => {
        const [domain, strides] = [axes.map(([extent]) => extent), axes.map(([, stride]) => stride)];
        const low = axes.reduce((sum, [extent, stride]) => sum + Math.min(0, stride * (extent - 1)), 0);
        const elements = affine(before - low, strides, domain);
        const box = findBox(before - low, strides, domain, Math.max(...elements) + 1 + after);
        if (box !== undefined) expect(elementsOf(box, domain)).toEqual([...elements]);
      }),
    );
  });

  it("are not found for overlapping windows and diagonals", () => {
    expect(findBox(0, [1, 1], [4, 3], 6)).toBeUndefined();
    expect(findBox(0, [2, 1], [4, 3], 9)).toBeUndefined();
    expect(findBox(0, [5], [4], 16)).toBeUndefined();
    expect(findBox(1, [3], [4], 12)).toBeDefined();
  });
});
