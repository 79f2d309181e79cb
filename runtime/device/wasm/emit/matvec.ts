/**
 * @file Products of at most four rows (a decoded token times a weight): each column's product once, at the speed of memory. Where B's
 * columns lie along k, four columns at a time share the loads of A; where they lie side by side, eight vectors of columns stay in registers.
 */
import type { MatmulKernel } from "../../../program/kernel.ts";
import { type Code, f32x4, i32, type Local, type Operand, v128 } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";
import { combineLanes } from "./body.ts";
import { EpilogueEmitter } from "./epilogue.ts";
import { touchesOf } from "./loop.ts";
import { batchTerms } from "./matmul-shape.ts";
import { shuffleLanes } from "./reduce.ts";
import { type EmitContext, type EmittedKernel, type KernelFunction, wholeBuffer } from "./stage.ts";

const mostRows = 4;
/** Columns per unit of work. */
const unitColumns = 32;

/** 16-bit operands are widened by packing, which this does without. */
export function isMatvec(kernel: MatmulKernel, { dtypes }: EmitContext): boolean {
  const isWide = dtypes[kernel.a.buffer] === "f32" && dtypes[kernel.b.buffer] === "f32";
  return (
    isWide &&
    kernel.m <= mostRows &&
    (kernel.b.colStride === 1 || (kernel.b.rowStride === 1 && kernel.a.colStride === 1))
  );
}

export function emitMatvec(kernel: MatmulKernel, context: EmitContext): EmittedKernel {
  const { a, b, m, n } = kernel;
  const batches = kernel.batch.reduce((size, extent) => size * extent, 1);
  const groups = Math.ceil(n / unitColumns);
  const stage = context.define((target) => {
    const { f } = target;
    const aBase = target.bind(a.buffer, a.offset * 4);
    const bBase = target.bind(b.buffer, b.offset * 4);
    const block = target.threadScratch();
    const epilogue = new EpilogueEmitter(target, kernel, context, unitColumns);
    const { begin, end } = target.share(batches * groups);
    const [unit, batch, column, columns] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const [aBatch, bUnit] = [f.local("i32"), f.local("i32")];
    f.for(unit, begin, end, 1, () => {
      f.set(batch, i32.div_u(unit, groups));
      f.set(column, i32.mul(i32.rem_u(unit, groups), unitColumns));
      f.set(columns, unitColumns);
      f.if(i32.gt_s(i32.add(column, columns), n), () => f.set(columns, i32.sub(n, column)));
      epilogue.enterBatch(batch);
      f.set(aBatch, i32.add(aBase, batchTerms(f, batch, kernel.batch, a.batchStrides, 4)));
      f.set(
        bUnit,
        i32.add(
          i32.add(bBase, i32.mul(column, b.colStride * 4)),
          batchTerms(f, batch, kernel.batch, b.batchStrides, 4),
        ),
      );
      for (let row = 0; row < m; row++) {
        const x = f.let("i32", i32.add(aBatch, row * a.rowStride * 4));
        const out = f.let("i32", i32.add(block, row * unitColumns * 4));
        if (b.colStride === 1) sideBySide(target, context, kernel, x, bUnit, columns, out);
        else alongK(target, context, kernel, x, bUnit, columns, out);
      }
      epilogue.emit(block, 0, m, column, columns);
    });
  });
  const outputs = kernel.outputs.map((output) => output.access);
  return {
    stages: [
      {
        ...stage,
        touches: [
          { where: a.buffer, writes: false, range: wholeBuffer },
          { where: b.buffer, writes: false, range: wholeBuffer },
          ...touchesOf(kernel.inputs, outputs, context, () => wholeBuffer),
        ],
      },
    ],
    sharedScratchBytes: 0,
    threadScratchBytes: m * unitColumns * 4 + 64,
  };
}

/** Σ_k x[k]·B[k, column …]: vectors of columns. */
function sideBySide(
  target: KernelFunction,
  context: EmitContext,
  kernel: MatmulKernel,
  x: Local,
  b: Local,
  columns: Local,
  out: Local,
): void {
  const { f } = target;
  const { math } = context;
  const step = kernel.b.rowStride * 4;
  const vectors = unitColumns / 4;
  const sums = Array.from({ length: vectors }, () => f.local("v128"));
  const [k, xAt, bAt, splat] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("v128")];
  f.if(
    i32.eq(columns, unitColumns),
    () => {
      f.set(xAt, x);
      f.set(bAt, b);
      for (const sum of sums) f.set(sum, f.f32x4(0));
      f.for(k, 0, kernel.k, 1, () => {
        f.set(splat, v128.load32_splat(xAt));
        sums.forEach((sum, j) => {
          f.set(sum, math.madd(splat, v128.load(bAt, j * 16), sum));
        });
        f.bump(xAt, kernel.a.colStride * 4);
        f.bump(bAt, step);
      });
      sums.forEach((sum, j) => {
        f.emit(v128.store(out, sum, j * 16));
      });
    },
    () => {
      // The last few columns, one at a time.
      const [column, sum] = [f.local("i32"), f.local("v128")];
      f.for(column, 0, columns, 1, () => {
        f.set(xAt, x);
        f.set(bAt, i32.add(b, i32.mul(column, 4)));
        f.set(sum, f.f32x4(0));
        f.for(k, 0, kernel.k, 1, () => {
          f.set(sum, math.madd(v128.load32_zero(xAt), v128.load32_zero(bAt), sum));
          f.bump(xAt, kernel.a.colStride * 4);
          f.bump(bAt, step);
        });
        f.emit(v128.store32_lane(i32.add(out, i32.mul(column, 4)), sum, 0));
      });
    },
  );
}

/** Σ_k x[k]·B[k, column] with k the contiguous axis: dot products, four columns at once with two sums each. */
function alongK(
  target: KernelFunction,
  context: EmitContext,
  kernel: MatmulKernel,
  x: Local,
  b: Local,
  columns: Local,
  out: Local,
): void {
  const { f } = target;
  const [column, bAt, outAt] = [f.local("i32"), f.let("i32", b), f.let("i32", out)];
  const dots = (count: number): void => {
    dotProducts(f, context, kernel, x, bAt, count, (index, sum) => f.emit(v128.store32_lane(outAt, sum, 0, index * 4)));
    f.bump(bAt, count * kernel.b.colStride * 4);
    f.bump(outAt, count * 4);
    f.bump(column, -count);
  };
  f.set(column, columns);
  f.while(
    () => i32.ge_s(column, 4),
    () => dots(4),
  );
  f.while(
    () => column,
    () => dots(1),
  );
}

function dotProducts(
  f: FunctionBuilder,
  context: EmitContext,
  kernel: MatmulKernel,
  x: Local,
  b: Local,
  count: number,
  store: (index: number, sum: Local) => void,
): void {
  const { math } = context;
  const xAt = f.let("i32", x);
  const rows = Array.from({ length: count }, (_, i) => f.let("i32", i32.add(b, i * kernel.b.colStride * 4)));
  const sums = rows.map(() => [f.let("v128", f.f32x4(0)), f.let("v128", f.f32x4(0))] as const);
  const [left, xv] = [f.let("i32", kernel.k), f.local("v128")];
  const step = (vectors: number, load: (address: Operand, offset?: number) => Code, elements: number): void => {
    for (let half = 0; half < vectors; half++) {
      f.set(xv, load(xAt, half * 16));
      rows.forEach((row, i) => {
        const sum = (sums[i] as readonly Local[])[half] as Local;
        f.set(sum, math.madd(xv, load(row, half * 16), sum));
      });
    }
    for (const pointer of [xAt, ...rows]) f.bump(pointer, elements * 4);
    f.bump(left, -elements);
  };
  f.while(
    () => i32.ge_s(left, 8),
    () => step(2, v128.load, 8),
  );
  f.while(
    () => i32.ge_s(left, 4),
    () => step(1, v128.load, 4),
  );
  f.while(
    () => left,
    () => step(1, v128.load32_zero, 1),
  );
  sums.forEach(([s0, s1], i) => {
    const total = f.let("v128", f32x4.add(s0, s1));
    store(i, combineLanes(f, "sum", "f32", total, math, shuffleLanes));
  });
}
