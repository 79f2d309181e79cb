/**
 * @file Reductions of few, long rows (a gradient's norm, a mean over a batch): every row is cut into pieces of a fixed number of
 * elements, threads reduce pieces into scratch memory, and a second stage combines them in order. The cut does not know the number
 * of threads, so neither does the result.
 */
import { bytesPerElement } from "../../../program/dtype.ts";
import type { ReduceKernel, ReducePhase } from "../../../program/kernel.ts";
import { i32, type Local, v128 } from "../asm/code.ts";
import { combine, combineLanes, identityOf, type LaneType, type Value } from "./body.ts";
import { bindCursor, touchesOf } from "./loop.ts";
import { forEachUnit, nest, rangeOf, type Sharing, vectorLoop } from "./loops.ts";
import { shuffleLanes, typeOf } from "./reduce.ts";
import { ScalarCode } from "./scalar-code.ts";
import { type EmitContext, type EmittedKernel, type Touch, wholeBuffer } from "./stage.ts";
import type { Cursor, WalkAxis } from "./traversal.ts";

const mostRows = 16;
const pieceElements = 8192;

const product = (axes: readonly WalkAxis[]): number => axes.reduce((size, axis) => size * axis.extent, 1);

export function splitsRows(kernel: ReduceKernel, outer: readonly WalkAxis[], inner: readonly WalkAxis[]): boolean {
  const [phase, ...more] = kernel.phases;
  return (
    more.length === 0 &&
    phase?.outputs.length === 0 &&
    product(outer) <= mostRows &&
    product(inner) >= 4 * pieceElements
  );
}

export function emitSplitReduce(
  kernel: ReduceKernel,
  context: EmitContext,
  outer: readonly WalkAxis[],
  inner: readonly WalkAxis[],
): EmittedKernel {
  const phase = kernel.phases[0] as ReducePhase;
  const axes = [...outer, ...inner];
  const vector = axes.length - 1;
  const rows = product(outer);
  // Pieces are cut from the first inner axis: of single elements where that is the vector axis, of whole inner rows otherwise.
  const first = inner[0] as WalkAxis;
  const perStep = product(inner.slice(1));
  const piece = Math.min(first.extent, Math.max(1, Math.floor(pieceElements / perStep)));
  const pieces = Math.ceil(first.extent / piece);
  const sharing: Sharing = { split: outer.length, piece, pieces, units: rows * pieces };
  const width = phase.reduce.length * 4;
  const types = phase.reduce.map(({ value }) => typeOf(phase.body, value, new Array<undefined>(phase.body.length)));
  const unroll = 4;

  const partial = context.define((target) => {
    const { f } = target;
    const cursors = kernel.inputs.map((access) => bindCursor(target, context, access, axes, vector));
    const counters = axes.map(() => f.local("i32"));
    const body = new ScalarCode(f, context.math, phase.body, cursors, {
      axes,
      vector,
      firstInner: outer.length,
      counters,
    });
    const registers = body.registers();
    const scratch = target.sharedScratch();
    const out = f.local("i32");
    forEachUnit(
      target,
      axes,
      sharing,
      cursors,
      counters,
      () => body.emit(0, registers),
      (length) => {
        const unitRow = flatIndex(f, outer, counters);
        const index = i32.add(i32.mul(unitRow, pieces), i32.div_u(counters[outer.length] as Local, piece));
        f.set(out, i32.add(scratch, i32.mul(index, width)));
        for (const cursor of cursors) cursor.enterRow(f);
        body.emit(1, registers);
        const accumulators = phase.reduce.map(({ op }, r) =>
          Array.from({ length: unroll }, () => f.let("v128", identityOf(f, op, types[r] as LaneType))),
        );
        const inside = (extent: number, count: number | Local): void =>
          vectorLoop(f, {
            length: count,
            extent,
            unroll,
            cursors,
            counter: counters[vector] as Local,
            restore: true,
            block: (at, lanes, slot) => {
              const own = [...registers];
              body.emit(2, own, at, lanes);
              phase.reduce.forEach(({ op, value }, r) => {
                const type = types[r] as LaneType;
                const accumulator = (accumulators[r] as Local[])[slot] as Local;
                let element = (own[value] as Value).local;
                if (lanes < 4) {
                  const valid = f.constant(Int32Array.from([0, 1, 2, 3], (lane) => (lane < lanes ? -1 : 0)));
                  element = f.let("v128", v128.bitselect(element, identityOf(f, op, type), valid));
                }
                f.set(accumulator, combine(f, op, type, accumulator, element, context.math));
              });
            },
          });
        if (inner.length === 1) inside(first.extent, length);
        else {
          const step = f.local("i32");
          f.for(step, 0, length, 1, () => {
            nest(f, axes, outer.length + 1, vector, cursors, counters, () => {
              for (const cursor of cursors) cursor.enterRow(f);
              const extent = (axes[vector] as WalkAxis).extent;
              inside(extent, extent);
            });
            advance(f, cursors, outer.length);
            f.bump(counters[outer.length] as Local, 1);
          });
        }
        phase.reduce.forEach(({ op }, r) => {
          const type = types[r] as LaneType;
          const [head, ...others] = accumulators[r] as Local[];
          const sum = others.reduce((a, b) => f.let("v128", combine(f, op, type, a, b, context.math)), head as Local);
          f.emit(v128.store32_lane(out, combineLanes(f, op, type, sum, context.math, shuffleLanes), 0, r * 4));
        });
      },
    );
  });

  const rowAccesses = phase.rowOutputs.map((output) => output.access);
  const combineStage = context.define((target) => {
    const { f } = target;
    const whole: Sharing = { split: outer.length, piece: 0, pieces: 1, units: rows };
    const inputs = kernel.inputs.map((access) => bindCursor(target, context, access, axes, vector));
    const outputs = rowAccesses.map((access) => bindCursor(target, context, access, axes, vector));
    const counters = axes.map(() => f.local("i32"));
    const row = new ScalarCode(
      f,
      context.math,
      phase.rowBody,
      inputs,
      { axes, vector, firstInner: outer.length, counters },
      phase.reduce.length,
    );
    const scratch = target.sharedScratch();
    const from = f.local("i32");
    const count = f.local("i32");
    forEachUnit(
      target,
      axes,
      whole,
      [...inputs, ...outputs],
      counters,
      () => {},
      () => {
        f.set(from, i32.add(scratch, i32.mul(flatIndex(f, outer, counters), pieces * width)));
        for (const cursor of [...inputs, ...outputs]) cursor.enterRow(f);
        const sums = phase.reduce.map(
          ({ op }, r): Value => ({
            type: types[r] as LaneType,
            local: f.let("v128", identityOf(f, op, types[r] as LaneType)),
          }),
        );
        f.for(count, 0, pieces, 1, () => {
          phase.reduce.forEach(({ op }, r) => {
            const next = f.let("v128", v128.load32_splat(from, r * 4));
            const { local, type } = sums[r] as Value;
            f.set(local, combine(f, op, type, local, next, context.math));
          });
          f.bump(from, width);
        });
        const registers = row.registers(sums);
        for (const level of [0, 1, 2] as const) row.emit(level, registers);
        phase.rowOutputs.forEach((output, i) => {
          (outputs[i] as Cursor).store(f, 0, 1, (registers[output.value] as Value).local);
        });
      },
    );
  });

  const scratchTouch = (writes: boolean): Touch => ({ where: "scratch", writes, range: wholeBuffer });
  return {
    stages: [
      {
        ...partial,
        touches: [
          ...touchesOf(kernel.inputs, [], context, (access, dtype) => rangeOf(access, bytesPerElement[dtype], axes)),
          scratchTouch(true),
        ],
      },
      {
        ...combineStage,
        touches: [...touchesOf(kernel.inputs, rowAccesses, context, () => wholeBuffer), scratchTouch(false)],
      },
    ],
    sharedScratchBytes: rows * pieces * width,
    threadScratchBytes: 0,
  };
}

function flatIndex(f: Parameters<typeof nest>[0], axes: readonly WalkAxis[], counters: readonly Local[]): Local {
  const index = f.let("i32", 0);
  axes.forEach((axis, i) => {
    f.set(index, i32.add(i32.mul(index, axis.extent), counters[i] as Local));
  });
  return index;
}

function advance(f: Parameters<typeof nest>[0], cursors: readonly Cursor[], axis: number): void {
  for (const { pointer, strides } of cursors.flatMap((cursor) => [...cursor.moving]))
    f.bump(pointer, strides[axis] as number);
}
