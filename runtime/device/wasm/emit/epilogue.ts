/** @file The epilogue of a product: scalar code over a block of finished products in scratch memory, and their way to the outputs. */
import type { Access, MatmulKernel } from "../../../program/kernel.ts";
import { i32, type Local, type Operand, select } from "../asm/code.ts";
import type { Value } from "./body.ts";
import { bindCursor } from "./loop.ts";
import { vectorLoop } from "./loops.ts";
import { ScalarCode } from "./scalar-code.ts";
import type { EmitContext, KernelFunction } from "./stage.ts";
import { Cursor, type WalkAxis } from "./traversal.ts";

export class EpilogueEmitter {
  private readonly target: KernelFunction;
  private readonly kernel: MatmulKernel;
  private readonly axes: readonly WalkAxis[];
  private readonly cursors: readonly Cursor[];
  private readonly homes: readonly Local[];
  private readonly counters: readonly Local[];
  private readonly product: Cursor;
  private readonly code: ScalarCode;
  private readonly fixed: (Value | undefined)[];

  /** `stride`: columns of a row in the scratch block. Emits what holds for the whole kernel, here. */
  constructor(target: KernelFunction, kernel: MatmulKernel, context: EmitContext, stride: number) {
    const { f } = target;
    this.target = target;
    this.kernel = kernel;
    this.axes = [...kernel.batch, kernel.m, kernel.n].map((extent, axis) => ({ extent, members: [axis] }));
    const vector = this.axes.length - 1;
    this.cursors = [...kernel.inputs, ...kernel.outputs.map((output) => output.access)].map((access) =>
      bindCursor(target, context, access, this.axes, vector),
    );
    this.homes = this.cursors.flatMap((cursor) => cursor.moving.map(({ pointer }) => f.let("i32", pointer)));
    this.counters = this.axes.map(() => f.local("i32"));
    const strides = [...kernel.batch.map(() => 0), stride, 1];
    const block: Access = { buffer: -1, offset: 0, strides };
    this.product = new Cursor(f, { access: block, dtype: "f32" }, this.axes, vector, [0]);
    const state = { axes: this.axes, vector, firstInner: vector, counters: this.counters };
    this.code = new ScalarCode(f, context.math, kernel.epilogue, this.cursors, state, 1, 2);
    this.fixed = this.code.registers([undefined as never]);
    this.code.emit(0, this.fixed);
  }

  /** Finds the batch axes' positions. */
  enterBatch(batch: Local): void {
    const { f } = this.target;
    const rest = f.let("i32", batch);
    for (let axis = this.kernel.batch.length - 1; axis >= 0; axis--) {
      const extent = this.kernel.batch[axis] as number;
      f.set(this.counters[axis] as Local, i32.rem_u(rest, extent));
      f.set(rest, i32.div_u(rest, extent));
    }
  }

  /** `rows × columns` products at `block`, which stand at (row, column); counts may reach past the edge of the matrix. */
  emit(block: Operand, row: Operand, rows: Operand, column: Operand, columns: Operand): void {
    const { f } = this.target;
    const rank = this.kernel.batch.length;
    const vector = this.axes.length - 1;
    const [rowCounter, columnCounter] = [this.counters[rank] as Local, this.counters[vector] as Local];
    const clip = (start: Local, count: Operand, extent: number): Local => {
      const left = f.let("i32", i32.sub(extent, start));
      const wanted = f.let("i32", count);
      return f.let("i32", select(left, wanted, i32.lt_s(left, wanted)));
    };
    f.set(rowCounter, row);
    f.set(columnCounter, column);
    const firstColumn = f.let("i32", columnCounter);
    const height = clip(rowCounter, rows, this.kernel.m);
    const width = clip(columnCounter, columns, this.kernel.n);
    f.set(this.product.pointer, block);
    const all = [...this.cursors, this.product];
    const moving = this.cursors.flatMap((cursor) => [...cursor.moving]);
    moving.forEach(({ pointer, strides }, i) => {
      let address: Operand = this.homes[i] as Local;
      strides.forEach((stride, axis) => {
        if (stride !== 0) address = i32.add(address, i32.mul(this.counters[axis] as Local, stride));
      });
      f.set(pointer, address);
    });
    const rowsDone = f.local("i32");
    f.for(rowsDone, 0, height, 1, () => {
      const registers = [...this.fixed];
      for (const cursor of all) cursor.enterRow(f);
      const kept = all.flatMap((cursor) =>
        cursor.moving.map(({ pointer }) => ({ pointer, at: f.let("i32", pointer) })),
      );
      this.code.emit(1, registers);
      vectorLoop(f, {
        length: width,
        extent: this.kernel.n,
        unroll: this.code.weight <= 12 ? 2 : 1,
        cursors: all,
        counter: columnCounter,
        restore: false,
        block: (at, count) => {
          const own = [...registers];
          own[0] = { type: "f32", local: f.let("v128", this.product.load(f, at, count)) };
          this.code.emit(2, own, at, count);
          this.kernel.outputs.forEach((output, i) => {
            (this.cursors[this.kernel.inputs.length + i] as Cursor).store(
              f,
              at,
              count,
              (own[output.value] as Value).local,
            );
          });
        },
      });
      f.set(columnCounter, firstColumn);
      for (const { pointer, at } of kept) f.set(pointer, at);
      for (const { pointer, strides } of all.flatMap((cursor) => [...cursor.moving]))
        f.bump(pointer, strides[rank] as number);
      f.bump(rowCounter, 1);
    });
  }
}
