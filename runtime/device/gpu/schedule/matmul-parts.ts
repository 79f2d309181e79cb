/**
 * @file k in parts: where there are fewer tiles than cores, several workgroups sum a part of k each, into scratch memory, and a second dispatch adds the
 * parts, in the order of k, and runs the epilogue. With a single part, an epilogue that may not run before all sums are there.
 */
import type { MatmulKernel } from "../../../program/kernel.ts";
import {
  add,
  type BoundArray,
  builtin,
  div,
  gridOf,
  KernelBuilder,
  linearWorkgroup,
  lt,
  min,
  mul,
  rem,
  u,
  vec,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import { KernelMemory } from "../memory.ts";
import type { Dispatch, ScheduleContext } from "../target.ts";
import { batchesOf, coordinatesOf } from "./matmul-grid.ts";
import { type Edges, EpilogueSink, epilogueUses, insideEdges, type ProductSink, type SumQuad } from "./matmul-sink.ts";

/** Steps of k in each part but the last: whole rounds of `bk`. */
export const partSteps = (k: number, bk: number, splits: number): number => Math.ceil(Math.ceil(k / bk) / splits) * bk;

/** The parts that are not empty if k is cut into `splits`. */
export const evenSplits = (k: number, bk: number, splits: number): number =>
  Math.max(1, Math.ceil(k / partSteps(Math.max(1, k), bk, splits)));

/** The steps of one part. */
export function partOf(
  b: KernelBuilder,
  split: Expr,
  { k, bk, splits }: { readonly k: number; readonly bk: number; readonly splits: number },
): { readonly begin: Expr; readonly end: Expr } {
  if (splits === 1) return { begin: u(0), end: u(k) };
  const steps = partSteps(k, bk, splits);
  const begin = b.let(mul(split, u(steps)));
  return { begin, end: b.let(min(add(begin, u(steps)), u(k))) };
}

/** Parts of sums: [split, batch entry, row, column], rows padded to whole quads. */
export interface PartLayout {
  readonly splits: number;
  readonly batches: number;
  readonly m: number;
  readonly n: number;
}

export const partLayout = ({ batch, m, n }: MatmulKernel, splits: number): PartLayout => ({
  splits,
  batches: batchesOf(batch),
  m,
  n,
});

const quadsPerRow = ({ n }: PartLayout): number => Math.ceil(n / 4);
const quadsPerPart = (layout: PartLayout): number => layout.batches * layout.m * quadsPerRow(layout);
export const partBytes = (layout: PartLayout): number => layout.splits * quadsPerPart(layout) * 16;

export class PartSink implements ProductSink {
  readonly weight = 2;
  private readonly k: KernelBuilder;
  private readonly layout: PartLayout;
  private readonly array: BoundArray;
  private readonly first: Expr;
  private readonly edges: Edges;

  constructor(
    k: KernelBuilder,
    layout: PartLayout,
    { split, flatBatch, edges, quads }: { split: Expr; flatBatch: Expr; edges: Edges; quads: boolean },
  ) {
    this.k = k;
    this.layout = layout;
    this.edges = edges;
    const width = quads ? 4 : 1;
    this.array = k.bind({ kind: "scratch", index: 0 }, vec("f32", width), {
      isWritten: true,
      length: partBytes(layout) / (4 * width),
    });
    this.first = k.let(mul(add(mul(split, u(layout.batches)), flatBatch), u(layout.m)));
  }

  quads(quads: readonly SumQuad[]): void {
    for (const { row, column, sums } of quads)
      this.inside(row, column, () => {
        const line = mul(add(this.first, row), u(quadsPerRow(this.layout)));
        this.k.store(this.array, add(line, div(column, u(4))), sums);
      });
  }

  single(row: Expr, column: Expr, sum: Expr): void {
    this.inside(row, column, () => {
      const line = mul(add(this.first, row), u(4 * quadsPerRow(this.layout)));
      this.k.store(this.array, add(line, column), sum);
    });
  }

  private inside(row: Expr, column: Expr, body: () => void): void {
    insideEdges(this.k, this.layout, this.edges, row, column, body);
  }
}

const finishThreads = 64;

/** The second dispatch: adds the parts and runs the epilogue, four columns to an invocation. */
export function finishDispatch(kernel: MatmulKernel, layout: PartLayout, context: ScheduleContext): Dispatch {
  const k = new KernelBuilder(finishThreads);
  const memory = new KernelMemory(k, context, epilogueUses(kernel, true), { reserved: 1 });
  const parts = k.bind({ kind: "scratch", index: 0 }, vec("f32", 4), {
    isWritten: false,
    length: partBytes(layout) / 16,
  });
  const count = quadsPerPart(layout);
  const grid = gridOf(Math.ceil(count / finishThreads), context.target.limits.workgroups);
  const number = k.let(add(mul(linearWorkgroup(grid), u(finishThreads)), builtin("localIndex")));
  k.if(lt(number, u(count)), () => {
    const quads = quadsPerRow(layout);
    const column = k.let(mul(rem(number, u(quads)), u(4)));
    const line = k.let(div(number, u(quads)));
    const row = k.let(rem(line, u(layout.m)));
    const batch = coordinatesOf(k, k.let(div(line, u(layout.m))), kernel.batch);
    let total = k.let(k.load(parts, number));
    for (let split = 1; split < layout.splits; split++)
      total = k.let(add(total, k.load(parts, add(number, u(split * count)))));
    new EpilogueSink(k, memory, kernel, batch, { rows: false, columns: false }).quads([{ row, column, sums: total }]);
  });
  return { ...k.finish(), grid };
}
