/**
 * @file Emit `scatterAdd`: a unit is a strip of columns, and goes through all indices in order, so rows add up in the order of the
 * indices whatever the number of threads, and one very frequent row slows no thread more than another.
 */
import type { DType } from "../../../program/dtype.ts";
import type { Access, ScatterAddKernel } from "../../../program/kernel.ts";
import { f32x4, i32, i32x4, type Local } from "../asm/code.ts";
import { bindCursor } from "./loop.ts";
import { vectorLoop } from "./loops.ts";
import { type EmitContext, type EmittedKernel, wholeBuffer } from "./stage.ts";
import type { WalkAxis } from "./traversal.ts";

/** Columns per unit: a cache line of f32. */
const unitColumns = 16;

export function emitScatterAdd(kernel: ScatterAddKernel, context: EmitContext): EmittedKernel {
  const { rows, cols, count } = kernel;
  const units = Math.ceil(cols / unitColumns);
  const dtype = context.dtypes[kernel.out.buffer] as DType;
  const integer = dtype === "i32";
  const stage = context.define((target) => {
    const { f } = target;
    // Walk axes: row (or index), column.
    const axes = (extent: number): WalkAxis[] => [
      { extent, members: [0] },
      { extent: cols, members: [1] },
    ];
    const out = bindCursor(target, context, kernel.out, axes(rows), 1);
    const src = bindCursor(target, context, kernel.src, axes(count), 1);
    const index = bindCursor(
      target,
      context,
      { ...kernel.index, strides: [...kernel.index.strides, 0] },
      axes(count),
      1,
    );
    const { begin, end } = target.share(units, Math.max(1, units >> 3));
    f.if(i32.lt_s(begin, end), () => {
      const first = f.let("i32", i32.mul(begin, unitColumns));
      const last = f.let("i32", i32.mul(end, unitColumns));
      f.if(i32.gt_s(last, cols), () => f.set(last, cols));
      const width = f.let("i32", i32.sub(last, first));
      for (const cursor of [out, src]) f.bump(cursor.pointer, i32.mul(first, cursor.strides[1] as number));
      const home = f.let("i32", out.pointer);
      const [i, row, rowStart, srcStart] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
      const walk = (cursors: readonly (typeof out)[], block: (at: number, lanes: number) => void): void => {
        for (const cursor of cursors) cursor.enterRow(f);
        vectorLoop(f, {
          length: width,
          extent: cols,
          unroll: 2,
          cursors,
          counter: f.local("i32"),
          restore: false,
          block,
        });
      };
      f.for(i, 0, rows, 1, () => {
        f.set(rowStart, out.pointer);
        walk([out], (at, lanes) => out.store(f, at, lanes, f.i32x4(0)));
        f.set(out.pointer, i32.add(rowStart, out.strides[0] as number));
      });
      f.for(i, 0, count, 1, () => {
        index.enterRow(f);
        src.enterRow(f);
        f.set(row, i32x4.extract_lane(index.load(f, 0, 1), 0));
        f.set(srcStart, src.pointer);
        f.if(i32.lt_u(row, rows), () => {
          f.set(out.pointer, i32.add(home, i32.mul(row, out.strides[0] as number)));
          walk([out, src], (at, lanes) => {
            const sum = f.let("v128", out.load(f, at, lanes));
            const term: Local = f.let("v128", src.load(f, at, lanes));
            out.store(f, at, lanes, f.let("v128", integer ? i32x4.add(sum, term) : f32x4.add(sum, term)));
          });
        });
        f.set(src.pointer, i32.add(srcStart, src.strides[0] as number));
        f.bump(index.pointer, index.strides[0] as number);
        for (const cursor of [src, index]) for (const d of cursor.dynamics) f.bump(d.pointer, d.strides[0] as number);
      });
    });
  });
  const touch = (access: Access, writes: boolean) => ({ where: access.buffer, writes, range: wholeBuffer });
  return {
    stages: [{ ...stage, touches: [touch(kernel.index, false), touch(kernel.src, false), touch(kernel.out, true)] }],
    sharedScratchBytes: 0,
    threadScratchBytes: 0,
  };
}
