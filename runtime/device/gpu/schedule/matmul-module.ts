/** @file The frame that all schedules of a product fill: its module, its operands, where its sums go, and the dispatches that result. */
import type { MatmulKernel } from "../../../program/kernel.ts";
import { KernelBuilder } from "../build.ts";
import type { Expr } from "../ir.ts";
import { KernelMemory } from "../memory.ts";
import type { Dispatch, ScheduleContext, ScheduledKernel } from "../target.ts";
import type { GridPosition } from "./matmul-grid.ts";
import { OperandReader, operandsOf, type ReaderOptions, wantsVectors } from "./matmul-operand.ts";
import { finishDispatch, type PartLayout, PartSink, partBytes, partLayout } from "./matmul-parts.ts";
import { type Edges, EpilogueSink, epilogueUses, type ProductSink } from "./matmul-sink.ts";

export interface ProductModuleOptions {
  readonly threads: number;
  /** Parts of k; more than one, or `isDetached`, means sums in scratch memory and a second dispatch. */
  readonly splits: number;
  readonly isDetached: boolean;
  /** Results leave in fours along a row, or one by one. */
  readonly quads: boolean;
}

export class ProductModule {
  readonly k: KernelBuilder;
  readonly kernel: MatmulKernel;
  readonly context: ScheduleContext;
  private readonly memory: KernelMemory;
  private readonly parts: PartLayout | undefined;
  private readonly quads: boolean;

  constructor(kernel: MatmulKernel, context: ScheduleContext, options: ProductModuleOptions) {
    const { threads, splits, isDetached, quads } = options;
    this.kernel = kernel;
    this.context = context;
    this.quads = quads;
    this.k = new KernelBuilder(threads);
    this.parts = splits > 1 || isDetached ? partLayout(kernel, splits) : undefined;
    const { a, b } = operandsOf(kernel);
    this.memory = new KernelMemory(this.k, context, [
      ...[a, b].map((operand) => ({ buffer: operand.buffer, isWritten: false, isWide: wantsVectors(operand) })),
      ...(this.parts === undefined ? epilogueUses(kernel, quads) : []),
    ]);
  }

  readers(
    batch: readonly Expr[],
    { rows, columns, guardK }: Edges & Pick<ReaderOptions, "guardK">,
  ): { readonly a: OperandReader; readonly b: OperandReader } {
    const { a, b } = operandsOf(this.kernel);
    const array = (buffer: number) => this.memory.array(buffer);
    return {
      a: new OperandReader(this.k, a, array(a.buffer), batch, { guardOuter: rows, guardK }),
      b: new OperandReader(this.k, b, array(b.buffer), batch, { guardOuter: columns, guardK }),
    };
  }

  sink({ batch, flatBatch, split }: Pick<GridPosition, "batch" | "flatBatch" | "split">, edges: Edges): ProductSink {
    const { k, memory, kernel, parts, quads } = this;
    if (parts === undefined) return new EpilogueSink(k, memory, kernel, batch, edges);
    return new PartSink(k, parts, { split, flatBatch, edges, quads });
  }

  finish(grid: Dispatch["grid"]): ScheduledKernel {
    const product = { ...this.k.finish(), grid };
    const { parts } = this;
    if (parts === undefined) return { dispatches: [product], scratch: [] };
    return {
      dispatches: [product, finishDispatch(this.kernel, parts, this.context)],
      scratch: [partBytes(parts)],
    };
  }
}
