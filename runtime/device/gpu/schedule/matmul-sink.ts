/** @file What becomes of finished sums: the epilogue and the stores, straight from registers. */
import type { MatmulKernel } from "../../../program/kernel.ts";
import type { Instr } from "../../../program/scalar.ts";
import { loadAccess, reachAlong, storeAccess } from "../access.ts";
import { add, and, type KernelBuilder, lane, lt, u } from "../build.ts";
import type { Expr } from "../ir.ts";
import type { KernelMemory, MemoryUse } from "../memory.ts";
import { emitBody } from "../scalar.ts";

/** Four sums side by side; `column` is a multiple of 4. */
export interface SumQuad {
  readonly row: Expr;
  readonly column: Expr;
  readonly sums: Expr;
}

export interface ProductSink {
  /** Several at once, so that what the epilogue loads for all of them is in flight together. Those past the edges are dropped. */
  quads(quads: readonly SumQuad[]): void;
  single(row: Expr, column: Expr, sum: Expr): void;
  /** Statements that one quad writes out, about. */
  readonly weight: number;
}

/** Whether a place may lie outside the product, for all that the schedule knows. */
export interface Edges {
  readonly rows: boolean;
  readonly columns: boolean;
}

/** Runs the body where the place lies inside. */
export function insideEdges(
  k: KernelBuilder,
  { m, n }: { readonly m: number; readonly n: number },
  edges: Edges,
  row: Expr,
  column: Expr,
  body: () => void,
): void {
  const conds = [...(edges.rows ? [lt(row, u(m))] : []), ...(edges.columns ? [lt(column, u(n))] : [])];
  if (conds.length === 0) body();
  else k.if(conds.reduce(and), body);
}

/** How the epilogue reaches its buffers, `quads` or one element at a time. */
export function epilogueUses({ batch, m, n, inputs, outputs }: MatmulKernel, quads: boolean): readonly MemoryUse[] {
  const domain = [...batch, m, n];
  const column = domain.length - 1;
  return [
    ...inputs.flatMap((access) => [
      { buffer: access.buffer, isWritten: false, isWide: quads && reachAlong(access, column, domain) === "vector" },
      ...(access.dynamic ?? []).map(({ index }) => ({ buffer: index.buffer, isWritten: false, isWide: false })),
    ]),
    ...outputs.flatMap(({ access }) => [
      {
        buffer: access.buffer,
        isWritten: true,
        isWide: quads && n % 4 === 0 && reachAlong(access, column, domain) === "vector",
      },
      ...(access.dynamic ?? []).map(({ index }) => ({ buffer: index.buffer, isWritten: false, isWide: false })),
    ]),
  ];
}

export class EpilogueSink implements ProductSink {
  readonly weight: number;
  private readonly k: KernelBuilder;
  private readonly memory: KernelMemory;
  private readonly kernel: MatmulKernel;
  private readonly batch: readonly Expr[];
  private readonly edges: Edges;

  constructor(k: KernelBuilder, memory: KernelMemory, kernel: MatmulKernel, batch: readonly Expr[], edges: Edges) {
    this.k = k;
    this.memory = memory;
    this.kernel = kernel;
    this.batch = batch;
    this.edges = edges;
    const once = kernel.epilogue.reduce((total, instr) => total + weightOf(instr), 2 * kernel.outputs.length);
    this.weight = kernel.n % 4 === 0 ? once : 2 * once;
  }

  quads(quads: readonly SumQuad[]): void {
    const { kernel, edges } = this;
    if (edges.rows || edges.columns || kernel.n % 4 !== 0) for (const quad of quads) this.guarded(quad);
    else {
      const places = quads.map(({ row, column }) => this.point(row, column));
      const loaded = places.map((point) => this.loadAll(point));
      quads.forEach(({ sums }, i) => {
        this.emit(places[i] as readonly Expr[], sums, 4, loaded[i]);
      });
    }
  }

  private guarded({ row, column, sums }: SumQuad): void {
    const { k } = this;
    const { n } = this.kernel;
    const at = k.let(column);
    this.inside(row, at, () => {
      if (n % 4 === 0) {
        this.emit(this.point(row, at), sums, 4);
        return;
      }
      k.if(
        lt(add(at, u(3)), u(n)),
        () => this.emit(this.point(row, at), sums, 4),
        () => {
          // The last few of a row, one at a time: their neighbours may lie outside every buffer.
          const last = n - (n % 4);
          for (let i = 0; i < n % 4; i++) this.emit(this.point(row, u(last + i)), lane(sums, i), 1);
        },
      );
    });
  }

  single(row: Expr, column: Expr, sum: Expr): void {
    this.inside(row, column, () => this.emit(this.point(row, column), sum, 1));
  }

  private inside(row: Expr, column: Expr, body: () => void): void {
    insideEdges(this.k, this.kernel, this.edges, row, column, body);
  }

  /** A position on an axis of one element is a constant: its stride is of no matter. */
  private point(row: Expr, column: Expr): readonly Expr[] {
    const { m, n } = this.kernel;
    return [...this.batch, m === 1 ? u(0) : this.k.let(row), n === 1 ? u(0) : this.k.let(column)];
  }

  /** The epilogue's inputs, four lanes each. */
  private loadAll(point: readonly Expr[]): readonly Expr[] {
    return this.kernel.inputs.map((access) => loadAccess(this.k, this.memory, access, point, { width: 4 }));
  }

  private emit(point: readonly Expr[], sum: Expr, width: 1 | 4, loaded?: readonly Expr[]): void {
    const { k, memory } = this;
    const { epilogue, inputs, outputs } = this.kernel;
    const lanes = { width };
    const registers = emitBody(k, epilogue, {
      memory,
      inputs,
      point,
      before: [k.let(sum)],
      lanes,
      known: (input) => loaded?.[input],
    });
    for (const { access, value } of outputs) storeAccess(k, memory, access, point, registers[value] as Expr, lanes);
  }
}

const heavy: ReadonlySet<string> = new Set(["exp", "log", "log1p", "expm1", "sin", "cos", "tanh", "sigmoid", "erf"]);

function weightOf(instr: Instr): number {
  if (instr.op === "load") return 4;
  if (instr.op === "random") return 60;
  if (instr.op === "binary" && (instr.fn === "pow" || instr.fn === "mod" || instr.fn === "idiv")) return 30;
  return instr.op === "unary" && heavy.has(instr.fn) ? 20 : 1;
}
