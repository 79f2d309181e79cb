/**
 * @file Operands of a product as its schedules read them: in blocks of four steps of k by four neighbours (rows of A, columns of B), with
 * vector loads along whichever of the two lies side by side in memory. So A and B, transposed or not, are one kind of thing.
 *
 *     along-k       the steps of one row follow each other            A as it is, B transposed
 *     along-outer   the rows (columns) of one step follow each other  A transposed, B as it is
 *     scattered     anything else, or not aligned to four elements: single loads
 *
 * Rows past the edge repeat the last one, since nobody keeps their products; steps past the end count as zeros on both sides, since what
 * lies there may be NaN.
 */
import type { MatmulKernel, MatrixAccess } from "../../../program/kernel.ts";
import {
  add,
  type BoundArray,
  binary,
  cast,
  compose,
  constant,
  f,
  type KernelBuilder,
  lane,
  lt,
  min,
  mul,
  select,
  splat,
  u,
} from "../build.ts";
import type { Expr } from "../ir.ts";

export type OperandForm = "along-k" | "along-outer" | "scattered";

export interface ProductOperand {
  readonly buffer: number;
  readonly offset: number;
  /** Rows of A, columns of B. */
  readonly outer: number;
  readonly k: number;
  readonly outerStride: number;
  readonly kStride: number;
  readonly batchStrides: readonly number[];
  readonly form: OperandForm;
}

export function operandsOf(kernel: MatmulKernel): { readonly a: ProductOperand; readonly b: ProductOperand } {
  const { a, b, m, n } = kernel;
  return {
    a: operandOf(kernel, a, m, a.rowStride, a.colStride),
    b: operandOf(kernel, b, n, b.colStride, b.rowStride),
  };
}

function operandOf(
  { k, batch }: MatmulKernel,
  { buffer, offset, batchStrides }: MatrixAccess,
  outer: number,
  outerStride: number,
  kStride: number,
): ProductOperand {
  const isAligned = [offset, ...batchStrides.filter((_, i) => (batch[i] as number) > 1)].every(isWhole);
  // A single row has neighbours at any distance.
  const form: OperandForm =
    isAligned && kStride === 1 && (outer === 1 || isWhole(outerStride))
      ? "along-k"
      : isAligned && outerStride === 1 && (k === 1 || isWhole(kStride))
        ? "along-outer"
        : "scattered";
  return { buffer, offset, outer, k, outerStride, kStride, batchStrides, form };
}

const isWhole = (elements: number): boolean => elements % 4 === 0;

/** Does the reader want to see its memory as vectors of four? */
export const wantsVectors = ({ form }: ProductOperand): boolean => form !== "scattered";

/** Where the four neighbours of a block lie, worked out before the loop over k. */
export interface BlockPlace {
  /** In elements, or in vectors of four for the vector forms; one for each neighbour, or one for all. */
  readonly lines: readonly Expr[];
}

export interface ReaderOptions {
  /** May a block start or end past the last row? */
  readonly guardOuter: boolean;
  /** May a block start or end past the last step? */
  readonly guardK: boolean;
}

/** Reads one operand of one batch entry. */
export class OperandReader {
  readonly operand: ProductOperand;
  private readonly k: KernelBuilder;
  private readonly array: BoundArray;
  private readonly base: Expr;
  private readonly options: ReaderOptions;

  /** `batch`: the position on each batch axis. Emits the sum of the batch offsets here. */
  constructor(
    k: KernelBuilder,
    operand: ProductOperand,
    array: BoundArray,
    batch: readonly Expr[],
    options: ReaderOptions,
  ) {
    this.k = k;
    this.operand = operand;
    this.array = array;
    this.options = options;
    const unit = operand.form === "scattered" ? 1 : 4;
    const terms = operand.batchStrides.map((stride, axis) => mul(batch[axis] as Expr, u(stride / unit)));
    this.base = k.let(terms.reduce(add, u(operand.offset / unit)));
  }

  /** What `raw` starts from. */
  rawZero(): Expr {
    return splat(constant(0, this.array.type.scalar), 4);
  }

  /** The block of neighbours `outer` … `outer + 3`; `outer` is a multiple of 4. */
  place(outer: Expr): BlockPlace {
    const { outer: extent, outerStride, form } = this.operand;
    const { k, base } = this;
    const unit = form === "along-k" ? 4 : 1;
    if (form === "along-outer") {
      const quad = binary("shr", outer, u(2));
      return { lines: [k.let(add(base, this.options.guardOuter ? min(quad, u((extent - 1) >>> 2)) : quad))] };
    }
    const stride = u(outerStride / unit);
    if (!this.options.guardOuter) {
      // One address in a register instead of four.
      const line = k.let(add(base, mul(outer, stride)));
      return { lines: [0, 1, 2, 3].map((j) => add(line, mul(u(j), stride))) };
    }
    const first = k.let(outer);
    const inside = [0, 1, 2, 3].map((j) => min(add(first, u(j)), u(extent - 1)));
    return { lines: inside.map((row) => k.let(add(base, mul(row, stride)))) };
  }

  /**
   * The block's elements as they lie in memory, for steps `at` … `at + 3` (`at`: a multiple of 4): four vectors, one per neighbour
   * (along-k) or one per step. Nothing is computed from them yet, so that they may stay in flight: see `steps`.
   */
  raw({ lines }: BlockPlace, at: Expr): readonly Expr[] {
    const { form, kStride, k: extent } = this.operand;
    const { guardK } = this.options;
    if (form === "along-k") {
      const quad = binary("shr", at, u(2));
      const inside = this.k.let(guardK ? min(quad, u((extent - 1) >>> 2)) : quad);
      return lines.map((line) => this.quad(add(line, inside)));
    }
    const unit = form === "along-outer" ? 4 : 1;
    return [0, 1, 2, 3].map((i) => {
      const step = add(at, u(i));
      const along = this.k.let(mul(guardK ? min(step, u(extent - 1)) : step, u(kStride / unit)));
      const [line] = lines as readonly [Expr];
      if (form === "along-outer") return this.quad(add(line, along));
      return compose(lines.map((each) => this.k.loadScalar(this.array, add(each, along))));
    });
  }

  /** What `raw` gave, as it lies in memory, with zeros past the last step. */
  inside(raw: readonly Expr[], at: Expr): readonly Expr[] {
    if (!this.options.guardK) return raw;
    const zero = this.rawZero();
    if (this.operand.form === "along-k") return raw.map((vector) => select(this.lanesInside(at), vector, zero));
    return raw.map((vector, i) => select(lt(add(at, u(i)), u(this.operand.k)), vector, zero));
  }

  /** What `raw` gave, as four vectors of f32, one per step, of the four neighbours; zeros past the last step. */
  steps(raw: readonly Expr[], at: Expr): readonly Expr[] {
    const { k } = this;
    const wide = this.inside(raw, at).map((vector) => k.let(cast(vector, "f32")));
    if (this.operand.form !== "along-k") return wide;
    return [0, 1, 2, 3].map((i) => k.let(compose(wide.map((vector) => lane(vector, i)))));
  }

  /** Where a single row lies, for `row`. */
  line(outer: Expr): Expr {
    const { outer: extent, outerStride, form } = this.operand;
    const row = this.options.guardOuter ? min(outer, u(extent - 1)) : outer;
    if (form === "along-outer") return this.k.let(add(mul(this.base, u(4)), row));
    return this.k.let(add(this.base, mul(row, u(outerStride / (form === "along-k" ? 4 : 1)))));
  }

  /** Four steps of a single row, from `at` (a multiple of 4) on, as f32; zeros past the last step. */
  row(line: Expr, at: Expr): Expr {
    const { form, kStride, k: extent } = this.operand;
    const { guardK } = this.options;
    if (form === "along-k") {
      const quad = binary("shr", at, u(2));
      const vector = cast(this.quad(add(line, guardK ? min(quad, u((extent - 1) >>> 2)) : quad)), "f32");
      return this.k.let(guardK ? select(this.lanesInside(at), vector, splat(f(0), 4)) : vector);
    }
    const elements = [0, 1, 2, 3].map((i) => {
      const step = add(at, u(i));
      const inside = guardK ? min(step, u(extent - 1)) : step;
      const value = cast(this.k.loadScalar(this.array, add(line, mul(inside, u(kStride)))), "f32");
      return guardK ? select(lt(step, u(extent)), value, f(0)) : value;
    });
    return this.k.let(compose(elements));
  }

  private lanesInside(at: Expr): Expr {
    const steps = add(splat(at, 4), compose([0, 1, 2, 3].map((i) => u(i))));
    return lt(steps, splat(u(this.operand.k), 4));
  }

  /** By the vector's index, whatever the binding's type. */
  private quad(index: Expr): Expr {
    if (this.array.type.width === 4) return this.k.load(this.array, index);
    const first = this.k.let(mul(index, u(4)));
    return compose([0, 1, 2, 3].map((i) => this.k.load(this.array, add(first, u(i)))));
  }
}
