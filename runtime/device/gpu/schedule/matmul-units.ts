/**
 * @file The product on matrix units (subgroup matrices): tiles of both operands pass through shared memory as in `matmul-tile`, each subgroup multiplies a
 * part of the tile as several unit-sized matrices whose f32 sums it keeps, and the sums go back through shared memory to the epilogue.
 *
 * - Operands lie in shared memory as they do in global memory (`[neighbour][k]` or `[k][neighbour]`), in vectors of four: a matrix is loaded row-major or
 *   column-major, so nothing is transposed. Lines are padded by 16 bytes: eight lines of 16 bytes, what a matrix load reads at once, then lie in
 *   different banks (lines of 32 + 8 halves are 20 banks apart, of 128 + 8 halves 4), and stay aligned to 16 bytes, which Vulkan asks for.
 * - Only units with f32 sums serve: sums in f16 would lose what training needs. A unit for f32 takes narrower operands, too, which are widened on their way.
 * - Which part of the tile a subgroup owns follows from `localIndex / width`, so the width must be one number: the hardware's only one (NVIDIA, Apple), or
 *   where a module may ask for it (AMD, Intel) the widest, of which Dawn wants workgroups to be multiples. Where neither holds, the plain tiles run.
 */
import { type ArrayRef, add, builtin, cast, div, type KernelBuilder, mul, rem, u, vec } from "../build.ts";
import type { Expr, LocalId, ScalarType } from "../ir.ts";
import type { GpuTarget, MatrixUnit } from "../target.ts";
import { type BlockLayout, pipeline, TileLoader, type TileSide } from "./matmul-loader.ts";
import type { OperandForm, OperandReader } from "./matmul-operand.ts";
import type { ProductSink, SumQuad } from "./matmul-sink.ts";

export interface UnitShape {
  readonly unit: MatrixUnit;
  /** Lanes of a subgroup. */
  readonly width: number;
  /** The driver would choose another width unasked. */
  readonly isWidthAsked: boolean;
  readonly bm: number;
  readonly bn: number;
  /** Subgroups of a workgroup: rows and columns of them. */
  readonly down: number;
  readonly across: number;
  readonly bk: number;
  readonly buffers: 1 | 2;
}

/**
 * The unit that serves operands of these scalar types, if the target has one whose sums are f32: one that takes them as they are, or one for
 * f32, to which they are widened on their way (Apple's only ones with f32 sums). The largest has the fewest loads.
 */
export function unitFor(
  { subgroups, matrixUnits }: GpuTarget,
  scalars: readonly ScalarType[],
): Pick<UnitShape, "unit" | "width" | "isWidthAsked"> | undefined {
  if (subgroups === undefined) return undefined;
  const { min, max, isFixable = false } = subgroups;
  if (min !== max && !isFixable) return undefined;
  const isNative = ({ input }: MatrixUnit): boolean => scalars.every((scalar) => scalar === input);
  const size = ({ m, n, k }: MatrixUnit): number => m * n * k;
  const [unit] = matrixUnits
    .filter((each) => each.result === "f32" && (each.input === "f32" || isNative(each)))
    .sort((a, b) => Number(isNative(b)) - Number(isNative(a)) || size(b) - size(a));
  return unit === undefined ? undefined : { unit, width: max, isWidthAsked: min !== max };
}

export const unitThreads = ({ width, down, across }: UnitShape): number => width * down * across;

/** Vectors of four in 16 bytes. */
const paddingOf = ({ input }: MatrixUnit): number => (input === "f16" ? 2 : 1);

/** Vectors from one line of shared memory to the next. */
const lineOf = (form: OperandForm, extent: number, bk: number, unit: MatrixUnit): number =>
  (form === "along-k" ? bk : extent) / 4 + paddingOf(unit);

const bufferOf = (form: OperandForm, extent: number, bk: number, unit: MatrixUnit): number =>
  lineOf(form, extent, bk, unit) * (form === "along-k" ? extent : bk);

/** Bytes that results may take on their way through shared memory, if more than one matrix at a time is to go. */
const mostStageBytes = 8 * 1024;

/** Matrices of a row of them that pass through at a time: the epilogue is written out once for each time. */
function stagedUnits(shape: UnitShape): number {
  const across = partColumns(shape) / shape.unit.n;
  for (let count = across; count > 1; count--)
    if (across % count === 0 && stageLength(shape, count) * 16 <= mostStageBytes) return count;
  return 1;
}

/** In vectors. Without padding: once per tile, so that two buffers of 128 × 128 tiles fit into 48 KiB with it. */
const stageLine = ({ unit }: UnitShape, count: number): number => (count * unit.n) / 4;

const stageLength = (shape: UnitShape, count: number): number =>
  shape.down * shape.across * shape.unit.m * stageLine(shape, count);

export function unitSharedBytes(shape: UnitShape, forms: readonly [OperandForm, OperandForm]): number {
  const { unit, bm, bn, bk, buffers } = shape;
  const vectorBytes = unit.input === "f16" ? 8 : 16;
  const operands = bufferOf(forms[0], bm, bk, unit) + bufferOf(forms[1], bn, bk, unit);
  return buffers * operands * vectorBytes + stageLength(shape, stagedUnits(shape)) * 16;
}

export interface UnitInput {
  readonly shape: UnitShape;
  readonly a: OperandReader;
  readonly b: OperandReader;
  readonly firstRow: Expr;
  readonly firstColumn: Expr;
  readonly begin: Expr;
  readonly end: Expr;
}

export function emitUnits(k: KernelBuilder, input: UnitInput, sink: ProductSink): void {
  const { shape, a, b, begin, end } = input;
  const { unit, bm, bn, bk, buffers } = shape;
  if (shape.isWidthAsked) k.fixSubgroupSize(shape.width);
  const side = (reader: OperandReader, extent: number, first: Expr): TileSide => {
    const length = buffers * bufferOf(reader.operand.form, extent, bk, unit);
    return { reader, extent, first, array: k.shared(vec(unit.input, 4), length) };
  };
  const sides = [side(a, bm, input.firstRow), side(b, bn, input.firstColumn)] as const;
  const stage = k.shared(vec("f32", 4), stageLength(shape, stagedUnits(shape)));
  const loader = new TileLoader(k, bk, sides, lineLayout(k, shape));
  const owned = ownPart(k, shape);
  const multiply = new UnitMultiplier(k, shape, sides, owned);
  pipeline(k, loader, { begin, end, bk, buffers }, (buffer) => multiply.emit(buffer));
  storeSums(k, shape, multiply.sums, stage, owned, input, sink);
}

/** The subgroup's number, and its part of the tile. */
interface OwnPart {
  readonly subgroup: Expr;
  readonly row: Expr;
  readonly column: Expr;
}

const partRows = ({ bm, down }: UnitShape): number => bm / down;
const partColumns = ({ bn, across }: UnitShape): number => bn / across;

function ownPart(k: KernelBuilder, shape: UnitShape): OwnPart {
  const subgroup = k.let(div(builtin("localIndex"), u(shape.width)));
  return {
    subgroup,
    row: k.let(mul(div(subgroup, u(shape.across)), u(partRows(shape)))),
    column: k.let(mul(rem(subgroup, u(shape.across)), u(partColumns(shape)))),
  };
}

/** Vectors, line after line as in global memory. */
function lineLayout(k: KernelBuilder, { unit, bk }: UnitShape): BlockLayout {
  const line = ({ reader, extent }: TileSide): number => lineOf(reader.operand.form, extent, bk, unit);
  return {
    deal: (block, side) => {
      if (side.reader.operand.form === "along-k") return [div(block, u(bk / 4)), rem(block, u(bk / 4))];
      return [rem(block, u(side.extent / 4)), div(block, u(side.extent / 4))];
    },
    target: (side, quad, group) => {
      const [slow, fast] = side.reader.operand.form === "along-k" ? [quad, group] : [group, quad];
      return add(mul(slow, u(4 * line(side))), fast);
    },
    bufferLength: (side) => bufferOf(side.reader.operand.form, side.extent, bk, unit),
    put: (side, first, raw, at) => {
      side.reader.inside(raw, at).forEach((value, i) => {
        k.set(side.array, add(first, u(i * line(side))), cast(value, unit.input));
      });
    },
  };
}

class UnitMultiplier {
  readonly sums: readonly (readonly LocalId[])[];
  private readonly k: KernelBuilder;
  private readonly shape: UnitShape;
  private readonly sides: readonly [TileSide, TileSide];
  private readonly starts: readonly [Expr, Expr];
  private readonly left: readonly LocalId[];
  private readonly right: readonly LocalId[];

  constructor(k: KernelBuilder, shape: UnitShape, sides: readonly [TileSide, TileSide], owned: OwnPart) {
    this.k = k;
    this.shape = shape;
    this.sides = sides;
    this.starts = [owned.row, owned.column];
    const { unit } = shape;
    const [down, across] = [partRows(shape) / unit.m, partColumns(shape) / unit.n];
    const many = <T>(count: number, make: () => T): readonly T[] => Array.from({ length: count }, make);
    const { m, n, input: component } = unit;
    this.left = many(down, () => k.matrix({ role: "left", component, rows: m, cols: unit.k }));
    this.right = many(across, () => k.matrix({ role: "right", component, rows: unit.k, cols: n }));
    this.sums = many(down, () => many(across, () => k.matrix({ role: "result", component: "f32", rows: m, cols: n })));
  }

  /** Adds the products of one buffer. */
  emit(buffer: Expr): void {
    const { k, shape, sides } = this;
    const { unit, bk } = shape;
    const firsts = sides.map((side, s) => {
      const { form } = side.reader.operand;
      const line = lineOf(form, side.extent, bk, unit);
      const start = this.starts[s] as Expr;
      const within = form === "along-k" ? mul(start, u(line)) : div(start, u(4));
      return k.let(add(mul(buffer, u(bufferOf(form, side.extent, bk, unit))), within));
    });
    for (let step = 0; step < bk; step += unit.k) {
      this.load(this.left, sides[0], firsts[0] as Expr, step, unit.m);
      this.load(this.right, sides[1], firsts[1] as Expr, step, unit.n);
      this.left.forEach((left, i) => {
        this.right.forEach((right, j) => {
          k.matrixMultiplyAdd((this.sums[i] as readonly LocalId[])[j] as LocalId, left, right);
        });
      });
    }
  }

  private load(matrices: readonly LocalId[], side: TileSide, first: Expr, step: number, extent: number): void {
    const { form } = side.reader.operand;
    const stride = lineOf(form, side.extent, this.shape.bk, this.shape.unit);
    const isAlongK = form === "along-k";
    matrices.forEach((id, i) => {
      const offset = isAlongK ? i * extent * stride + step / 4 : step * stride + (i * extent) / 4;
      this.k.matrixLoad(id, {
        array: { shared: side.array.id },
        offset: add(first, u(offset)),
        stride,
        // A's rows are neighbours, B's columns are.
        columnMajor: side === this.sides[0] ? !isAlongK : isAlongK,
      });
    });
  }
}

/** A few matrices of sums at a time: to the subgroup's own place in shared memory, and from there four columns to a lane. */
function storeSums(
  k: KernelBuilder,
  shape: UnitShape,
  sums: readonly (readonly LocalId[])[],
  stage: ArrayRef,
  owned: OwnPart,
  { firstRow, firstColumn }: UnitInput,
  sink: ProductSink,
): void {
  const { unit, width } = shape;
  const count = stagedUnits(shape);
  const stride = stageLine(shape, count);
  const first = k.let(mul(owned.subgroup, u(unit.m * stride)));
  const own = k.let(rem(builtin("localIndex"), u(width)));
  const quads = (count * unit.n) / 4;
  const [top, side] = [k.let(add(firstRow, owned.row)), k.let(add(firstColumn, owned.column))];
  sums.forEach((line, i) => {
    for (let j = 0; j < line.length; j += count) {
      line.slice(j, j + count).forEach((id, c) => {
        const offset = add(first, u((c * unit.n) / 4));
        k.matrixStore(id, { array: { shared: stage.id }, offset, stride, columnMajor: false });
      });
      k.barrier();
      const quadAt = (at: Expr): SumQuad => {
        const [row, quad] = [k.let(div(at, u(quads))), k.let(rem(at, u(quads)))];
        return {
          row: k.let(add(top, add(row, u(i * unit.m)))),
          column: k.let(add(side, add(mul(quad, u(4)), u(j * unit.n)))),
          sums: k.let(k.get(stage, add(first, add(mul(row, u(stride)), quad)))),
        };
      };
      if ((unit.m * quads) % width === 0) {
        const rounds = Array.from({ length: (unit.m * quads) / width }, (_, round) => add(own, u(round * width)));
        sink.quads(rounds.map((at) => quadAt(k.let(at))));
      } else k.for(own, u(unit.m * quads), u(width), (at) => sink.quads([quadAt(at)]));
      k.barrier();
    }
  });
}
