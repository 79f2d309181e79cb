/** @file Emit `loop` kernels: `body` for each point of the domain, four points at a time. */

import type { DType } from "../../../program/dtype.ts";
import { bytesPerElement } from "../../../program/dtype.ts";
import type { Access, LoopKernel } from "../../../program/kernel.ts";
import type { Local } from "../asm/code.ts";
import type { Value } from "./body.ts";
import { forEachUnit, nest, rangeOf, shareOut, vectorLoop } from "./loops.ts";
import { indexedAxes, ScalarCode } from "./scalar-code.ts";
import { type EmitContext, type EmittedKernel, type KernelFunction, type Touch, wholeBuffer } from "./stage.ts";
import { Cursor, chooseVectorAxis, mergeAxes, type WalkAxis } from "./traversal.ts";

export function emitLoop(kernel: LoopKernel, context: EmitContext): EmittedKernel {
  const stores = kernel.outputs.map((output) => output.access);
  const accesses = [...kernel.inputs, ...stores];
  const axes = arrangeAxes(kernel, accesses, stores);
  const vector = axes.length - 1;
  const sharing = shareOut(axes, vector, true);
  const stage = context.define((target) => {
    const { f } = target;
    const cursors = accesses.map((access) => bindCursor(target, context, access, axes, vector));
    const [inputs, outputs] = [cursors.slice(0, kernel.inputs.length), cursors.slice(kernel.inputs.length)];
    const counters = axes.map(() => f.local("i32"));
    const code = new ScalarCode(f, context.math, kernel.body, inputs, { axes, vector, firstInner: vector, counters });
    const registers = code.registers();
    const unroll = code.weight <= 6 ? 4 : code.weight <= 16 ? 2 : 1;
    forEachUnit(
      target,
      axes,
      sharing,
      cursors,
      counters,
      () => code.emit(0, registers),
      (length) =>
        nest(f, axes, sharing.split, vector, cursors, counters, () => {
          for (const cursor of cursors) cursor.enterRow(f);
          code.emit(1, registers);
          vectorLoop(f, {
            // A piece is cut from the vector axis; otherwise all of it is walked.
            length: sharing.piece > 0 ? length : (axes[vector] as WalkAxis).extent,
            extent: (axes[vector] as WalkAxis).extent,
            unroll,
            cursors,
            counter: counters[vector] as Local,
            restore: true,
            block: (at, count) => {
              const own = [...registers];
              code.emit(2, own, at, count);
              kernel.outputs.forEach((output, i) => {
                (outputs[i] as Cursor).store(f, at, count, (own[output.value] as Value).local);
              });
            },
          });
        }),
    );
  });
  const touches = touchesOf(kernel.inputs, stores, context, (access, dtype) =>
    rangeOf(access, bytesPerElement[dtype], axes),
  );
  return { stages: [{ ...stage, touches }], sharedScratchBytes: 0, threadScratchBytes: 0 };
}

function arrangeAxes(kernel: LoopKernel, accesses: readonly Access[], stores: readonly Access[]): WalkAxis[] {
  const order = kernel.domain.map((_, axis) => axis);
  const indexed = indexedAxes(kernel.body);
  const axes = mergeAxes(kernel.domain, order, accesses, indexed);
  if (axes.length === 0) return [{ extent: 1, members: [] }];
  const chosen = chooseVectorAxis(axes, kernel.inputs, stores);
  const [vector] = axes.splice(chosen, 1);
  axes.push(vector as WalkAxis);
  return axes;
}

/** A cursor for an access, with its addresses bound. */
export function bindCursor(
  target: KernelFunction,
  context: EmitContext,
  access: Access,
  axes: readonly WalkAxis[],
  vector: number,
): Cursor {
  const dtype = context.dtypes[access.buffer] as DType;
  const bases = [
    target.bind(access.buffer, access.offset * bytesPerElement[dtype]),
    ...(access.dynamic ?? []).map((dynamic) => target.bind(dynamic.index.buffer, dynamic.index.offset * 4)),
  ];
  return new Cursor(target.f, { access, dtype }, axes, vector, bases);
}

/** The touches of inputs and stores, dynamic indices included. */
export function touchesOf(
  inputs: readonly Access[],
  stores: readonly Access[],
  context: EmitContext,
  range: (access: Access, dtype: DType) => Touch["range"],
): Touch[] {
  const touch = (access: Access, writes: boolean): Touch[] => [
    { where: access.buffer, writes, range: range(access, context.dtypes[access.buffer] as DType) },
    ...(access.dynamic ?? []).map(
      (dynamic): Touch => ({ where: dynamic.index.buffer, writes: false, range: wholeBuffer }),
    ),
  ];
  return [...inputs.flatMap((access) => touch(access, false)), ...stores.flatMap((access) => touch(access, true))];
}
