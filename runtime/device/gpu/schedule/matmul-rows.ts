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
import { type KernelBuilder, mul, u } from "../build.ts";
import type { ScheduleContext, ScheduledKernel } from "../target.ts";
import { type ColumnInput, type ColumnShape, emitColumns } from "./matmul-columns.ts";
import { columnsOf, type DotShape, emitDots } from "./matmul-dots.ts";
import { batchesOf, dispatchGrid, placeWorkgroup } from "./matmul-grid.ts";
import { ProductModule } from "./matmul-module.ts";
import { operandsOf } from "./matmul-operand.ts";
import { evenSplits, partOf } from "./matmul-parts.ts";
import type { ProductSink } from "./matmul-sink.ts";

export const mostRows = 8;
const leastSteps = 32;

const wantedInvocations = 65_536;
const wantedWorkgroups = 256;
/** Workgroups that leave no core idle. */
const fullWorkgroups = 128;
/** Rounds of an invocation that are worth a second dispatch to shorten. */
const longRounds = 16;

/** Are there few enough rows, and enough steps for many invocations to share? */
export const isFewRows = ({ m, n, k }: MatmulKernel): boolean => m <= mostRows && k >= leastSteps && n * k >= 256;

export function scheduleRows(kernel: MatmulKernel, context: ScheduleContext, isDetached: boolean): ScheduledKernel {
  return operandsOf(kernel).b.form === "along-k"
    ? scheduleDots(kernel, context, isDetached)
    : scheduleColumns(kernel, context, isDetached);
}

function scheduleDots(kernel: MatmulKernel, context: ScheduleContext, isDetached: boolean): ScheduledKernel {
  const shape = dotShape(kernel);
  const { team, threads } = shape;
  const deal = { across: columnsOf(shape), bk: 4 * team, threads, quads: false, isDetached };
  return scheduleAcross(kernel, context, deal, (k, input, sink) => {
    emitDots(k, { ...input, shape }, context.target, sink);
  });
}

function scheduleColumns(kernel: MatmulKernel, context: ScheduleContext, isDetached: boolean): ScheduledKernel {
  const shape = columnShape(kernel);
  const { across, slices } = shape;
  const deal = { across: 4 * across, bk: 4 * slices, threads: across * slices, quads: true, isDetached };
  return scheduleAcross(kernel, context, deal, (k, input, sink) => emitColumns(k, { ...input, shape }, sink));
}

interface Deal {
  /** Columns of a workgroup. */
  readonly across: number;
  /** Steps of a round. */
  readonly bk: number;
  readonly threads: number;
  readonly quads: boolean;
  readonly isDetached: boolean;
}

function scheduleAcross(
  kernel: MatmulKernel,
  context: ScheduleContext,
  { across, bk, threads, quads, isDetached }: Deal,
  emit: (k: KernelBuilder, input: Omit<ColumnInput, "shape">, sink: ProductSink) => void,
): ScheduledKernel {
  const { n, k: steps, batch } = kernel;
  const tilesAcross = Math.ceil(n / across);
  const splits = splitsFor(steps, bk, tilesAcross * batchesOf(batch));
  const frame = new ProductModule(kernel, context, { threads, splits, isDetached, quads });
  const { k } = frame;
  const grid = { tilesDown: 1, tilesAcross, batch, splits };
  const edges = { rows: false, columns: n % across !== 0 };
  placeWorkgroup(k, grid, context.target.limits.workgroups, (position) => {
    const input = {
      ...frame.readers(position.batch, { ...edges, guardK: steps % 4 !== 0 }),
      firstColumn: k.let(mul(position.tileColumn, u(across))),
      ...partOf(k, position.split, { k: steps, bk, splits }),
    };
    emit(k, input, frame.sink(position, edges));
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
