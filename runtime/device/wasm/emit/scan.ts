/** @file Emit `cumsum` and `argreduce`: one element after another along the last axis, rows shared by threads. */
import { bytesPerElement } from "../../../program/dtype.ts";
import type { Access, ArgReduceKernel, CumsumKernel } from "../../../program/kernel.ts";
import { type Code, f32, f32x4, f64, i32, i32x4, type Local } from "../asm/code.ts";
import { bindCursor, touchesOf } from "./loop.ts";
import { forEachUnit, nest, rangeOf, shareOut } from "./loops.ts";
import type { EmitContext, EmittedKernel, KernelFunction } from "./stage.ts";
import type { Cursor, WalkAxis } from "./traversal.ts";

interface RowWalk {
  readonly target: KernelFunction;
  readonly cursors: readonly Cursor[];
  /** Extent of the last axis. */
  readonly length: number;
  /** To be called where the row's cursors stand on one element: moves those given to the next. */
  advance(cursors: readonly Cursor[]): void;
}

/** A stage that runs `row` for each row of `domain` along its last axis; cursors stand on the row's first element. */
function emitRows(
  domain: readonly number[],
  reads: readonly Access[],
  writes: readonly Access[],
  context: EmitContext,
  row: (walk: RowWalk) => void,
): EmittedKernel {
  const axes: WalkAxis[] = domain.map((extent, axis) => ({ extent, members: [axis] }));
  if (axes.length === 0) axes.push({ extent: 1, members: [] });
  const last = axes.length - 1;
  const sharing = shareOut(axes, last, false);
  const stage = context.define((target) => {
    const { f } = target;
    const cursors = [...reads, ...writes].map((access) => bindCursor(target, context, access, axes, last));
    const counters = axes.map(() => f.local("i32"));
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
          row({
            target,
            cursors,
            length: (axes[last] as WalkAxis).extent,
            advance: (some) => {
              for (const cursor of some) for (const { pointer, stride } of cursor.inner) f.bump(pointer, stride);
            },
          });
          for (const { pointer, at } of kept) f.set(pointer, at);
        }),
    );
  });
  const touches = touchesOf(reads, writes, context, (access, dtype) => rangeOf(access, bytesPerElement[dtype], axes));
  return { stages: [{ ...stage, touches }], sharedScratchBytes: 0, threadScratchBytes: 0 };
}

/** Float sums run in f64, as a long chain of f32 additions would drift. */
export function emitCumsum(kernel: CumsumKernel, context: EmitContext): EmittedKernel {
  return emitRows(kernel.domain, [kernel.input], [kernel.output], context, ({ target, cursors, length, advance }) => {
    const { f } = target;
    const [input, output] = cursors as readonly [Cursor, Cursor];
    const integer = input.element.lane !== "f32";
    const i = f.local("i32");
    const sum = f.let(integer ? "i32" : "f64", integer ? 0 : f64.const(0));
    const value = f.local("v128");
    f.for(i, 0, length, 1, () => {
      f.set(value, input.load(f, 0, 1));
      if (integer) {
        const term = i32x4.extract_lane(value, 0);
        f.set(sum, input.element.lane === "bool" ? i32.sub(sum, term) : i32.add(sum, term));
        f.set(value, output.element.lane === "f32" ? f32x4.splat(f32.convert_i32_s(sum)) : i32x4.splat(sum));
      } else {
        f.set(sum, f64.add(sum, f64.promote_f32(f32x4.extract_lane(value, 0))));
        f.set(value, f32x4.splat(f32.demote_f64(sum)));
      }
      output.store(f, 0, 1, value);
      advance([input, output]);
    });
  });
}

/** The lowest index among equals; a NaN counts as beyond everything, so the first one wins. */
export function emitArgReduce(kernel: ArgReduceKernel, context: EmitContext): EmittedKernel {
  return emitRows(kernel.domain, [kernel.input], [kernel.output], context, ({ target, cursors, length, advance }) => {
    const { f } = target;
    const [input, output] = cursors as readonly [Cursor, Cursor];
    const float = input.element.lane === "f32";
    const type = float ? "f32" : "i32";
    const extract = (): Code => {
      const lanes = input.load(f, 0, 1);
      if (float) return f32x4.extract_lane(lanes, 0);
      // Masks are −1 for true: order them as 0 and 1.
      return input.element.lane === "bool" ? i32.and(i32x4.extract_lane(lanes, 0), 1) : i32x4.extract_lane(lanes, 0);
    };
    const best = f.let(type, extract());
    const [position, i, value] = [f.let("i32", 0), f.local("i32"), f.local(type)];
    f.for(i, 0, length, 1, () => {
      f.set(value, extract());
      f.if(isBetter(kernel.op, float, value, best), () => {
        f.set(best, value);
        f.set(position, i);
      });
      advance([input]);
    });
    output.store(f, 0, 1, f.let("v128", i32x4.splat(position)));
  });
}

function isBetter(op: "max" | "min", float: boolean, value: Local, best: Local): Code {
  if (!float) return op === "max" ? i32.gt_s(value, best) : i32.lt_s(value, best);
  const beyond = op === "max" ? f32.gt(value, best) : f32.lt(value, best);
  return i32.or(beyond, i32.and(f32.ne(value, value), f32.eq(best, best)));
}
