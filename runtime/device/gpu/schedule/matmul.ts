/**
 * @file Products on a GPU: the kernel is brought into the form that its operands and results like best, then one of four schedules makes it.
 *
 *     matmul-choice   which schedule, which tile, how many parts of k, and why
 *     matmul-tile     tiles through shared memory, sums in registers           matmul-units    the same on matrix units
 *     matmul-rows     at most eight rows                                       matmul-blocks   small ones by the thousand, outer products
 *     matmul-operand  A and B in blocks, however they lie                      matmul-loader   from there to shared memory
 *     matmul-sink     the epilogue and the stores                              matmul-parts    k split over workgroups
 *
 * Sums are f32, in an order that the shape and the adapter's features decide: the same bits each run.
 */
import type { MatmulKernel } from "../../../program/kernel.ts";
import { foldBatch, transposeProduct } from "../../../program/product.ts";
import type { BufferDecl } from "../../../program/program.ts";
import { div, mul, rem, u, vec } from "../build.ts";
import type { ScalarType } from "../ir.ts";
import { type ScheduleContext, type ScheduledKernel, storageFormat } from "../target.ts";
import { blockGrid, blockThreads, emitBlocks } from "./matmul-blocks.ts";
import { chooseProduct, type ProductChoice, type ProductSize } from "./matmul-choice.ts";
import { batchesOf, dispatchGrid, placeWorkgroup } from "./matmul-grid.ts";
import { ProductModule } from "./matmul-module.ts";
import { operandsOf } from "./matmul-operand.ts";
import { partOf, partSteps } from "./matmul-parts.ts";
import { isFewRows, mostRows, scheduleRows } from "./matmul-rows.ts";
import type { ProductSink, SumQuad } from "./matmul-sink.ts";
import { emitTile, invocationsOf, type TileSums } from "./matmul-tile.ts";
import { emitUnits, unitThreads } from "./matmul-units.ts";

export function scheduleMatmul(original: MatmulKernel, context: ScheduleContext): ScheduledKernel {
  if (original.m * original.n * batchesOf(original.batch) === 0) return { dispatches: [], scratch: [] };
  const kernel = orient(original);
  const isDetached = mustDetach(kernel, context);
  if (isFewRows(kernel)) return scheduleRows(kernel, context, isDetached);
  const choice = chooseProduct(sizeOf(kernel, context), context.target);
  return scheduleChoice(kernel, context, choice, isDetached);
}

/** `kernel`: in the form that its operands and results like. */
export function scheduleChoice(
  kernel: MatmulKernel,
  context: ScheduleContext,
  choice: ProductChoice,
  isDetached: boolean,
): ScheduledKernel {
  if (choice.kind === "blocks") return scheduleBlocks(kernel, context, isDetached);
  return scheduleTiles(kernel, context, choice, isDetached);
}

export function sizeOf(kernel: MatmulKernel, { buffers, target }: ScheduleContext): ProductSize {
  const { batch, m, n, k } = kernel;
  const { a, b } = operandsOf(kernel);
  const scalarOf = (buffer: number): ScalarType => storageFormat((buffers[buffer] as BufferDecl).dtype, target).scalar;
  return { batch, m, n, k, forms: [a.form, b.form], scalars: [scalarOf(a.buffer), scalarOf(b.buffer)] };
}

/**
 * Folds the batch into rows (or columns) where one operand is shared, and turns the product round where it has few columns, or where its results
 * lie side by side along rows.
 */
function orient(kernel: MatmulKernel): MatmulKernel {
  const straight = foldBatch(kernel);
  const turned = foldBatch(transposeProduct(straight));
  if (batchesOf(turned.batch) < batchesOf(straight.batch)) return orientFolded(turned, transposeProduct(turned));
  return orientFolded(straight, transposeProduct(straight));
}

function orientFolded(straight: MatmulKernel, turned: MatmulKernel): MatmulKernel {
  const few = Math.min(straight.m, straight.n);
  if (few <= mostRows && straight.m !== straight.n) return straight.m === few ? straight : turned;
  const column = straight.batch.length + 1;
  const sideBySide = (along: number): number =>
    straight.outputs.filter(({ access }) => access.strides[along] === 1).length;
  return sideBySide(column - 1) > sideBySide(column) ? turned : straight;
}

/**
 * The epilogue must wait for all sums where it overwrites an operand, and gets a dispatch of its own where one would bind more buffers
 * than the adapter allows.
 */
function mustDetach({ a, b, inputs, outputs }: MatmulKernel, context: ScheduleContext): boolean {
  const operands = [a, b].map(({ buffer }) => context.memoryOf(buffer));
  const written = outputs.map(({ access }) => context.memoryOf(access.buffer));
  const read = inputs.flatMap(({ buffer, dynamic = [] }) => [buffer, ...dynamic.map(({ index }) => index.buffer)]);
  const all = new Set([...operands, ...written, ...read.map((buffer) => context.memoryOf(buffer))]);
  return operands.some((memory) => written.includes(memory)) || all.size > context.target.limits.bindings;
}

function scheduleTiles(
  kernel: MatmulKernel,
  context: ScheduleContext,
  choice: Exclude<ProductChoice, { kind: "blocks" }>,
  isDetached: boolean,
): ScheduledKernel {
  const { m, n, k: steps, batch } = kernel;
  const { splits } = choice;
  const { bm, bn, bk } = choice.shape;
  const { workgroups } = context.target.limits;
  const threads = choice.kind === "tile" ? invocationsOf(choice.shape) : unitThreads(choice.shape);
  const frame = new ProductModule(kernel, context, { threads, splits, isDetached, quads: true });
  const { k } = frame;
  const grid = { tilesDown: Math.ceil(m / bm), tilesAcross: Math.ceil(n / bn), batch, splits };
  const edges = { rows: m % bm !== 0, columns: n % bn !== 0 };
  placeWorkgroup(k, grid, workgroups, (position) => {
    const input = {
      ...frame.readers(position.batch, { ...edges, guardK: steps % bk !== 0 }),
      firstRow: k.let(mul(position.tileRow, u(bm))),
      firstColumn: k.let(mul(position.tileColumn, u(bn))),
      ...partOf(k, position.split, { k: steps, bk, splits }),
    };
    const isSingle = partSteps(steps, bk, splits) <= bk;
    const sink = frame.sink(position, edges);
    if (choice.kind === "units") emitUnits(k, { ...input, shape: choice.shape }, sink);
    else storeSums(frame, emitTile(k, { ...input, shape: choice.shape, isSingle }), sink);
  });
  return frame.finish(dispatchGrid(grid, workgroups));
}

/** Statements of all epilogues of an invocation that may be written out; beyond that a loop over the sums takes less time to compile and fetch. */
const mostWritten = 800;
/** What an AdamW update loads for four quads is 48 registers, about what the loop over k has just set free. */
const quadsTogether = 4;

function storeSums({ k }: ProductModule, tile: TileSums, sink: ProductSink): void {
  const { rows, quads, sums } = tile;
  if (rows * quads * sink.weight <= mostWritten) {
    const all = sums.flatMap((line, r) => {
      const row = k.let(tile.row(r));
      return line.map((sum, q): SumQuad => ({ row, column: k.let(tile.column(q)), sums: sum.value }));
    });
    for (let i = 0; i < all.length; i += quadsTogether) sink.quads(all.slice(i, i + quadsTogether));
    return;
  }
  // A copy: sums that are indexed by a counter would lie in memory during the loop over k.
  const copy = k.privateArray(vec("f32", 4), rows * quads);
  sums.flat().forEach((sum, i) => {
    k.set(copy, i, sum.value);
  });
  k.for(u(0), u(rows * quads), u(1), (i) => {
    const row = k.let(tile.row(div(i, u(quads))));
    sink.quads([{ row, column: k.let(tile.column(rem(i, u(quads)))), sums: k.let(k.get(copy, i)) }]);
  });
}

function scheduleBlocks(kernel: MatmulKernel, context: ScheduleContext, isDetached: boolean): ScheduledKernel {
  const { workgroups } = context.target.limits;
  const frame = new ProductModule(kernel, context, { threads: blockThreads, splits: 1, isDetached, quads: true });
  const edges = { rows: kernel.m % 4 !== 0, columns: kernel.n % 4 !== 0 };
  emitBlocks(frame.k, kernel, workgroups, ({ batch, flatBatch }) => ({
    ...frame.readers(batch, { ...edges, guardK: kernel.k % 4 !== 0 }),
    sink: frame.sink({ batch, flatBatch, split: u(0) }, { rows: edges.rows, columns: false }),
  }));
  return frame.finish(blockGrid(kernel, workgroups));
}
