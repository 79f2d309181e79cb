/**
 * @file Emit `sort`: a bottom-up merge sort of each row in the thread's scratch memory, on pairs of a key (the value's bits as an integer
 * that orders the same way) and a position. Stable; NaN comes last in ascending order, first in descending.
 */

import { bytesPerElement } from "../../../program/dtype.ts";
import type { SortKernel } from "../../../program/kernel.ts";
import { type Code, i32, i32x4, type Local, type Operand, select } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";
import type { LaneType } from "./body.ts";
import { bindCursor, touchesOf } from "./loop.ts";
import { forEachUnit, nest, rangeOf, shareOut } from "./loops.ts";
import type { EmitContext, EmittedKernel } from "./stage.ts";
import type { Cursor, WalkAxis } from "./traversal.ts";

const pairBytes = 8;

export function emitSort(kernel: SortKernel, context: EmitContext): EmittedKernel {
  const axes: WalkAxis[] = kernel.domain.map((extent, axis) => ({ extent, members: [axis] }));
  const last = axes.length - 1;
  const length = (axes[last] as WalkAxis).extent;
  const sharing = shareOut(axes, last, false);
  const accesses = [kernel.input, kernel.values, kernel.indices];
  const rowBytes = length * pairBytes;
  const stage = context.define((target) => {
    const { f } = target;
    const cursors = accesses.map((access) => bindCursor(target, context, access, axes, last));
    const [input, values, indices] = cursors as [Cursor, Cursor, Cursor];
    const counters = axes.map(() => f.local("i32"));
    const first = target.threadScratch();
    const [from, to, swap, at, i, bits] = [
      f.local("i32"),
      f.local("i32"),
      f.local("i32"),
      f.local("i32"),
      f.local("i32"),
      f.local("i32"),
    ];
    const { lane } = input.element;
    forEachUnit(
      target,
      axes,
      sharing,
      cursors,
      counters,
      () => {},
      () =>
        nest(f, axes, sharing.split, last, cursors, counters, () => {
          const kept = cursors.flatMap((cursor) =>
            cursor.moving.map(({ pointer }) => ({ pointer, at: f.let("i32", pointer) })),
          );
          for (const cursor of cursors) cursor.enterRow(f);
          f.set(from, first);
          f.set(to, i32.add(first, rowBytes));
          f.set(at, from);
          f.for(i, 0, length, 1, () => {
            f.set(bits, i32x4.extract_lane(input.load(f, 0, 1), 0));
            f.emit(i32.store(at, toKey(f, bits, lane, kernel.descending)));
            f.emit(i32.store(at, i, 4));
            f.bump(at, pairBytes);
            for (const { pointer, stride } of input.inner) f.bump(pointer, stride);
          });
          mergeRuns(f, from, to, swap, length);
          f.set(at, from);
          f.for(i, 0, length, 1, () => {
            f.set(bits, fromKey(f, f.let("i32", i32.load(at)), lane, kernel.descending));
            values.store(f, 0, 1, f.let("v128", i32x4.splat(bits)));
            indices.store(f, 0, 1, f.let("v128", i32x4.splat(i32.load(at, 4))));
            f.bump(at, pairBytes);
            for (const cursor of [values, indices])
              for (const { pointer, stride } of cursor.inner) f.bump(pointer, stride);
          });
          for (const { pointer, at: home } of kept) f.set(pointer, home);
        }),
    );
  });
  const touches = touchesOf([kernel.input], [kernel.values, kernel.indices], context, (access, dtype) =>
    rangeOf(access, bytesPerElement[dtype], axes),
  );
  return { stages: [{ ...stage, touches }], sharedScratchBytes: 0, threadScratchBytes: 2 * rowBytes + 64 };
}

/** Negative floats order downwards in their bits: turning all but the sign makes them order as integers. Undoes itself. */
const asOrdered = (bits: Local): Code => i32.xor(bits, i32.shr_u(i32.shr_s(bits, 31), 1));

/** The zeros are equal, and NaN is the largest: neither may sort by its sign. */
function withoutSign(f: FunctionBuilder, bits: Local): Local {
  const isNan = i32.gt_u(i32.and(bits, 0x7fffffff), 0x7f800000);
  return f.let("i32", select(0, f.let("i32", select(0x7fc00000, bits, isNan)), i32.eq(bits, -0x80000000)));
}

/** Bits of a value to a key that sorts upwards as a signed integer. */
function toKey(f: FunctionBuilder, bits: Local, lane: LaneType, descending: boolean): Code {
  const key = lane === "f32" ? f.let("i32", asOrdered(withoutSign(f, bits))) : bits;
  // Masks are −1 for true: the order of false and true is the reverse of their bits'.
  return i32.xor(key, descending !== (lane === "bool") ? -1 : 0);
}

function fromKey(f: FunctionBuilder, key: Local, lane: LaneType, descending: boolean): Code {
  const bits = f.let("i32", i32.xor(key, descending !== (lane === "bool") ? -1 : 0));
  return lane === "f32" ? asOrdered(bits) : i32.xor(bits, 0);
}

/** Merges runs of 1, 2, 4 … pairs between two buffers; the result stands at `from`. */
function mergeRuns(f: FunctionBuilder, from: Local, to: Local, swap: Local, length: number): void {
  const [run, start, middle, end, left, right, out] = Array.from({ length: 7 }, () => f.local("i32")) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const limit = length * pairBytes;
  const clip = (x: Operand): Code => {
    const value = f.let("i32", x);
    return select(value, limit, i32.lt_s(value, limit));
  };
  const copy = (source: Local): void => {
    f.emit(i32.store(out, i32.load(source)));
    f.emit(i32.store(out, i32.load(source, 4), 4));
    f.bump(source, pairBytes);
    f.bump(out, pairBytes);
  };
  f.set(run, pairBytes);
  f.while(
    () => i32.lt_s(run, limit),
    () => {
      f.set(start, 0);
      f.while(
        () => i32.lt_s(start, limit),
        () => {
          f.set(middle, i32.add(from, clip(i32.add(start, run))));
          f.set(end, i32.add(from, clip(i32.add(start, i32.mul(run, 2)))));
          f.set(left, i32.add(from, start));
          f.set(right, middle);
          f.set(out, i32.add(to, start));
          f.while(
            () => i32.and(i32.lt_u(left, middle), i32.lt_u(right, end)),
            () =>
              f.if(
                // Equals keep their order.
                i32.le_s(i32.load(left), i32.load(right)),
                () => copy(left),
                () => copy(right),
              ),
          );
          f.while(
            () => i32.lt_u(left, middle),
            () => copy(left),
          );
          f.while(
            () => i32.lt_u(right, end),
            () => copy(right),
          );
          f.bump(start, i32.mul(run, 2));
        },
      );
      f.set(swap, from);
      f.set(from, to);
      f.set(to, swap);
      f.set(run, i32.mul(run, 2));
    },
  );
}
