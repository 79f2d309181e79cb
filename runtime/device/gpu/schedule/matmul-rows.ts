/**
 * @file Products of at most eight rows. What counts is that all of memory's bandwidth is asked for: enough loads in flight on every core, whole lines
 * read, nothing read twice. The product's shape decides how its columns and its steps are dealt out:
 *
 * - columns along k (`matmul-dots`): 4 columns to a team while there are enough teams, then fewer; a team as wide as it takes for some 65,536
 *   invocations in all (half of what a large GPU holds), but each with two vectors of a column at least;
 * - columns side by side (`matmul-columns`): lines of 128 columns while that makes 256 workgroups, down to 32 (128 bytes of f32);
 * - where that leaves cores without work and an invocation with many rounds, k is split over workgroups too.
 */
import type { MatmulKernel } from "../../../program/kernel.ts";
import { add, min as least, mul, u } from "../build.ts";
import type { ScheduleContext, ScheduledKernel } from "../target.ts";
import { evenSplits, partSteps } from "./matmul-choice.ts";
import { type ColumnShape, emitColumns } from "./matmul-columns.ts";
import { columnsOf, type DotShape, emitDots } from "./matmul-dots.ts";
import { batchesOf, dispatchGrid, placeWorkgroup } from "./matmul-grid.ts";
import { ProductModule } from "./matmul-module.ts";
import { operandsOf } from "./matmul-operand.ts";

export const mostRows = 8;

const wantedInvocations = 65_536;
const wantedWorkgroups = 256;
/** Workgroups that leave no core idle. */
const fullWorkgroups = 128;
/** Rounds of an invocation that are worth a second dispatch to shorten. */
const longRounds = 16;

export function scheduleRows(kernel: MatmulKernel, context: ScheduleContext, isDetached: boolean): ScheduledKernel {
  return operandsOf(kernel).b.form === "along-k"
    ? scheduleDots(kernel, context, isDetached)
    : scheduleColumns(kernel, context, isDetached);
}

function scheduleDots(kernel: MatmulKernel, context: ScheduleContext, isDetached: boolean): ScheduledKernel {
  const { n, k: steps, batch } = kernel;
  const shape = dotShape(kernel);
  const across = columnsOf(shape);
  const bk = 4 * shape.team;
  const tilesAcross = Math.ceil(n / across);
  const splits = splitsFor(steps, bk, tilesAcross * batchesOf(batch));
  const frame = new ProductModule(kernel, context, { threads: shape.threads, splits, isDetached, quads: false });
  const grid = { tilesDown: 1, tilesAcross, batch, splits };
  const edges = { rows: false, columns: n % across !== 0 };
  placeWorkgroup(frame.k, grid, context.target.limits.workgroups, (position) => {
    const firstColumn = frame.k.let(mul(position.tileColumn, u(across)));
    const { a, b } = frame.readers(position.batch, { ...edges, guardK: steps % 4 !== 0 });
    const begin = frame.k.let(mul(position.split, u(partSteps(steps, bk, splits))));
    const end = splits === 1 ? u(steps) : frame.k.let(least(add(begin, u(partSteps(steps, bk, splits))), u(steps)));
    emitDots(frame.k, { shape, a, b, firstColumn, begin, end }, context.target, frame.sink(position, edges));
  });
  return frame.finish(dispatchGrid(grid, context.target.limits.workgroups));
}

function dotShape({ m, n, k, batch }: MatmulKernel): DotShape {
  const batches = batchesOf(batch);
  const columns = m > 4 || n * batches < 256 ? (n * batches < 64 ? 1 : 2) : 4;
  const teams = Math.ceil(n / columns) * batches;
  let team = 8;
  while (team < 256 && teams * team < wantedInvocations && 4 * team * 2 < k) team *= 2;
  return { rows: m, columns, team, threads: Math.max(128, team) };
}

function scheduleColumns(kernel: MatmulKernel, context: ScheduleContext, isDetached: boolean): ScheduledKernel {
  const { n, k: steps, batch } = kernel;
  const shape = columnShape(kernel);
  const across = 4 * shape.across;
  const bk = 4 * shape.slices;
  const tilesAcross = Math.ceil(n / across);
  const splits = splitsFor(steps, bk, tilesAcross * batchesOf(batch));
  const threads = shape.across * shape.slices;
  const frame = new ProductModule(kernel, context, { threads, splits, isDetached, quads: true });
  const grid = { tilesDown: 1, tilesAcross, batch, splits };
  const edges = { rows: false, columns: n % across !== 0 };
  placeWorkgroup(frame.k, grid, context.target.limits.workgroups, (position) => {
    const firstColumn = frame.k.let(mul(position.tileColumn, u(across)));
    const { a, b } = frame.readers(position.batch, { ...edges, guardK: steps % 4 !== 0 });
    const begin = frame.k.let(mul(position.split, u(partSteps(steps, bk, splits))));
    const end = splits === 1 ? u(steps) : frame.k.let(least(add(begin, u(partSteps(steps, bk, splits))), u(steps)));
    emitColumns(frame.k, { shape, a, b, firstColumn, begin, end }, frame.sink(position, edges));
  });
  return frame.finish(dispatchGrid(grid, context.target.limits.workgroups));
}

function columnShape({ m, n, batch }: MatmulKernel): ColumnShape {
  // Partial sums of all rows lie in shared memory at once: 16 KiB.
  const threads = m > 4 ? 128 : 256;
  const workgroups = (across: number): number => Math.ceil(n / (4 * across)) * batchesOf(batch);
  const across = [32, 16].find((quads) => workgroups(quads) >= wantedWorkgroups) ?? 8;
  return { rows: m, across, slices: threads / across };
}

function splitsFor(k: number, bk: number, workgroups: number): number {
  const rounds = Math.ceil(k / bk);
  if (workgroups >= fullWorkgroups || rounds <= longRounds) return 1;
  const wanted = Math.min(Math.ceil(wantedWorkgroups / workgroups), Math.floor(rounds / (longRounds / 2)));
  return evenSplits(k, bk, wanted);
}
