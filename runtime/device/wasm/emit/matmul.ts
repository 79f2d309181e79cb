/**
 * @file Emit `matmul` kernels. Stage 1 packs B into panels; stage 2 works on ranges of rows (or, where there are few rows, of columns):
 * it packs its rows of A block by block and multiplies them with all panels, k in blocks that keep a panel of B in the first-level
 * cache. Products of few rows take `matvec.ts`.
 */
import { bytesPerElement } from "../../../program/dtype.ts";
import type { MatmulKernel, MatrixAccess } from "../../../program/kernel.ts";
import { foldBatch, productOverNothing, transposeProduct } from "../../../program/product.ts";
import { call, f32x4, i32, type Local, type Operand, select, v128 } from "../asm/code.ts";
import { FunctionBuilder } from "../asm/function.ts";
import { EpilogueEmitter } from "./epilogue.ts";
import { emitLoop, touchesOf } from "./loop.ts";
import { rangeOf } from "./loops.ts";
import { batchTerms } from "./matmul-shape.ts";
import { emitMatvec, isMatvec } from "./matvec.ts";
import { emitTiles } from "./micro.ts";
import { type FloatType, packPanel } from "./pack.ts";
import { type EmitContext, type EmittedKernel, type KernelFunction, type Touch, wholeBuffer } from "./stage.ts";

/**
 * Steps of k per block: a panel of 8 columns is then 16 KiB, half of a first-level cache. Up to half more is left whole rather than cut:
 * each cut adds the products up in memory, and packs A anew for each strip of columns where there is an epilogue.
 */
const blockSteps = 512;
const wholeSteps = 768;
/** Rows of A per block, about: with 512 steps of k 96 KiB, in the second-level cache. */
const blockRows = 48;
/** Rows of A that a thread takes at least, so that it does not read all of B for too little. */
const grainRows = 12;
/** Panels of B that a thread packs at least. */
const packGrain = 2;
/** Columns of the product kept in scratch memory until the epilogue runs. */
const scratchColumns = 384;

/** What the stages of one product agree on. */
interface Plan {
  readonly kernel: MatmulKernel;
  readonly mr: number;
  readonly nr: number;
  readonly rowPanels: number;
  readonly columnPanels: number;
  readonly batches: number;
  /** Does B differ between batches? */
  readonly batchedB: boolean;
  readonly kBlock: number;
  readonly kBlocks: number;
  readonly byRows: boolean;
  /** The product goes straight to its place: no epilogue, rows of f32. */
  readonly direct: boolean;
}

export function emitMatmul(original: MatmulKernel, context: EmitContext): EmittedKernel {
  if (original.k === 0) return emitLoop(productOverNothing(original), context);
  // A tall product of few columns is the transpose of a flat one of few rows.
  const folded = foldBatch(original);
  const kernel = folded.n < 8 && folded.m > folded.n ? transposeProduct(folded) : folded;
  if (isMatvec(kernel, context)) return emitMatvec(kernel, context);
  const shape = context.micro.gemm;
  const [mr, nr] = [shape.mr, shape.nv * 4];
  const batches = kernel.batch.reduce((size, extent) => size * extent, 1);
  const kBlocks = kernel.k <= wholeSteps ? 1 : Math.ceil(kernel.k / blockSteps);
  const rowPanels = Math.ceil(kernel.m / mr);
  const plan: Plan = {
    kernel,
    mr,
    nr,
    rowPanels,
    columnPanels: Math.ceil(kernel.n / nr),
    batches,
    batchedB: kernel.b.batchStrides.some((stride, i) => stride !== 0 && (kernel.batch[i] as number) > 1),
    kBlocks,
    kBlock: Math.ceil(kernel.k / kBlocks / 4) * 4,
    byRows: batches * rowPanels >= 32,
    direct: isDirect(kernel, context),
  };
  const pack = context.define((target) => emitPackB(target, plan, context));
  const multiply = context.define((target) => emitMultiply(target, plan, context));
  const { columnPanels } = plan;
  const panelBytes = kernel.k * nr * 4;
  const panels = (plan.batchedB ? batches : 1) * columnPanels;
  const scratch = (writes: boolean): Touch => ({ where: "scratch", writes, range: wholeBuffer });
  const operand = (matrix: MatrixAccess): Touch => ({ where: matrix.buffer, writes: false, range: wholeBuffer });
  const axes = [...kernel.batch, kernel.m, kernel.n].map((extent, axis) => ({ extent, members: [axis] }));
  return {
    stages: [
      { ...pack, touches: [operand(kernel.b), scratch(true)] },
      {
        ...multiply,
        touches: [
          operand(kernel.a),
          scratch(false),
          ...touchesOf(
            kernel.inputs,
            kernel.outputs.map((output) => output.access),
            context,
            (access, dtype) => rangeOf(access, bytesPerElement[dtype], axes),
          ),
        ],
      },
    ],
    sharedScratchBytes: panels * panelBytes + 64,
    threadScratchBytes: scratchLayout(plan).bytes,
  };
}

function isDirect(kernel: MatmulKernel, context: EmitContext): boolean {
  const [output, ...more] = kernel.outputs;
  return (
    output !== undefined &&
    more.length === 0 &&
    output.value === 0 &&
    context.dtypes[output.access.buffer] === "f32" &&
    output.access.strides.at(-1) === 1 &&
    (output.access.dynamic?.length ?? 0) === 0
  );
}

function emitPackB(target: KernelFunction, plan: Plan, context: EmitContext): void {
  const { f } = target;
  const { kernel, nr, columnPanels } = plan;
  const { b } = kernel;
  const dtype = context.dtypes[b.buffer] as FloatType;
  const bytes = bytesPerElement[dtype];
  const base = target.bind(b.buffer, b.offset * bytes);
  const scratch = target.sharedScratch();
  const { begin, end } = target.share((plan.batchedB ? plan.batches : 1) * columnPanels, packGrain);
  const unit = f.local("i32");
  const panel = f.local("i32");
  f.for(unit, begin, end, 1, () => {
    f.set(panel, i32.rem_u(unit, columnPanels));
    let source: Operand = i32.add(base, i32.mul(panel, nr * b.colStride * bytes));
    if (plan.batchedB)
      source = i32.add(source, batchTerms(f, i32.div_u(unit, columnPanels), kernel.batch, b.batchStrides, bytes));
    const left = f.let("i32", i32.sub(kernel.n, i32.mul(panel, nr)));
    const count = select(left, nr, i32.lt_s(left, nr));
    const layout = { dtype, width: nr, stride: b.colStride * bytes, step: b.rowStride * bytes };
    packPanel(f, context.module, layout, source, count, kernel.k, i32.add(scratch, i32.mul(unit, kernel.k * nr * 4)));
  });
}

/** A thread's scratch memory: a packed block of A, then a block of the product (or the strips of its edges). */
function scratchLayout(plan: Plan): {
  readonly blockPanels: number;
  readonly product: number;
  readonly productPanels: number;
  readonly bytes: number;
} {
  const blockPanels = Math.min(plan.rowPanels, Math.max(1, Math.floor(blockRows / plan.mr)));
  const product = Math.ceil((blockPanels * plan.mr * plan.kBlock * 4 + 64) / 64) * 64;
  const productPanels = plan.direct
    ? plan.columnPanels
    : Math.min(plan.columnPanels, Math.max(1, Math.floor(scratchColumns / plan.nr)));
  const productBytes = plan.direct
    ? Math.max(blockPanels * plan.mr * plan.nr, plan.mr * plan.columnPanels * plan.nr) * 4
    : blockPanels * plan.mr * productPanels * plan.nr * 4;
  return { blockPanels, product, productPanels, bytes: product + productBytes + 64 };
}

function emitMultiply(target: KernelFunction, plan: Plan, context: EmitContext): void {
  const { f } = target;
  const { kernel, batches, rowPanels, columnPanels, byRows, mr, nr } = plan;
  const { a } = kernel;
  const layout = scratchLayout(plan);
  const panelBytes = kernel.k * nr * 4;
  const aType = context.dtypes[a.buffer] as FloatType;
  const aBytes = bytesPerElement[aType];
  const aBase = target.bind(a.buffer, a.offset * aBytes);
  const packedB = target.sharedScratch();
  const packedA = target.threadScratch();
  const product = f.let("i32", i32.add(packedA, layout.product));
  const output = kernel.outputs[0];
  const direct =
    plan.direct && output !== undefined
      ? { strides: output.access.strides, base: target.bind(output.access.buffer, output.access.offset * 4) }
      : undefined;
  const epilogue =
    direct === undefined ? new EpilogueEmitter(target, kernel, context, layout.productPanels * nr) : undefined;

  const perBatch = byRows ? rowPanels : columnPanels;
  const units = batches * perBatch;
  // By columns, each piece packs all of A.
  const grain = byRows ? Math.ceil(grainRows / mr) : Math.max(1, units >> 3);
  const { begin, end } = target.share(units, grain);
  const at = f.let("i32", begin);
  const [batch, from, to, aBatch, bBatch] = [
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
  ];
  const [row, rows, column, columns, k, steps] = [
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
  ];
  const rowEnd = f.local("i32");
  const columnEnd = f.local("i32");
  const outBatch = f.local("i32");

  const packA = (): void => {
    const panel = f.local("i32");
    f.for(panel, 0, rows, 1, () => {
      const first = f.let("i32", i32.mul(i32.add(row, panel), mr));
      const source = i32.add(i32.add(aBatch, i32.mul(first, a.rowStride * aBytes)), i32.mul(k, a.colStride * aBytes));
      const left = f.let("i32", i32.sub(kernel.m, first));
      const panelLayout = { dtype: aType, width: mr, stride: a.rowStride * aBytes, step: a.colStride * aBytes };
      packPanel(
        f,
        context.module,
        panelLayout,
        source,
        select(left, mr, i32.lt_s(left, mr)),
        steps,
        i32.add(packedA, i32.mul(panel, i32.mul(steps, mr * 4))),
      );
    });
  };
  const tiles = (
    rowPanel: Operand,
    rowCount: Operand,
    columnPanel: Operand,
    columnCount: Operand,
    c: Operand,
    cStride: number,
    accumulate: Operand = i32.ne(k, 0),
  ): void => {
    const offset = f.let("i32", i32.mul(steps, mr * 4));
    emitTiles(f, context.module, context.micro.gemm, context.fma, {
      a: f.let("i32", i32.add(packedA, i32.mul(rowPanel, offset))),
      aTile: offset,
      aStep: mr * 4,
      b: f.let("i32", i32.add(i32.add(bBatch, i32.mul(columnPanel, panelBytes)), i32.mul(k, nr * 4))),
      bTile: panelBytes,
      bStep: nr * 4,
      c: f.let("i32", c),
      cStride,
      rows: f.let("i32", rowCount),
      columns: f.let("i32", columnCount),
      k: steps,
      accumulate: f.let("i32", accumulate),
    });
  };
  const forBlocksOfK = (body: () => void): void => {
    f.for(k, 0, kernel.k, plan.kBlock, () => {
      const left = f.let("i32", i32.sub(kernel.k, k));
      f.set(steps, select(left, plan.kBlock, i32.lt_s(left, plan.kBlock)));
      body();
    });
  };

  f.while(
    () => i32.lt_s(at, end),
    () => {
      f.set(batch, i32.div_u(at, perBatch));
      f.set(from, i32.sub(at, i32.mul(batch, perBatch)));
      const inBatch = f.let("i32", i32.sub(i32.mul(i32.add(batch, 1), perBatch), at));
      const mine = f.let("i32", i32.sub(end, at));
      const take = f.let("i32", select(inBatch, mine, i32.lt_s(inBatch, mine)));
      f.set(to, i32.add(from, take));
      f.bump(at, take);
      f.set(aBatch, i32.add(aBase, batchTerms(f, batch, kernel.batch, a.batchStrides, aBytes)));
      f.set(bBatch, plan.batchedB ? i32.add(packedB, i32.mul(batch, columnPanels * panelBytes)) : packedB);
      if (direct !== undefined)
        f.set(outBatch, i32.add(direct.base, batchTerms(f, batch, kernel.batch, direct.strides.slice(0, -2), 4)));
      epilogue?.enterBatch(batch);
      const [rowFrom, rowTo] = byRows ? [from, to] : [0, rowPanels];
      f.set(column, byRows ? 0 : from);
      f.set(columnEnd, byRows ? columnPanels : to);
      f.set(rowEnd, rowTo);
      const columnFrom = f.let("i32", column);
      f.for(row, rowFrom, rowEnd, layout.blockPanels, () => {
        const left = f.let("i32", i32.sub(rowEnd, row));
        f.set(rows, select(left, layout.blockPanels, i32.lt_s(left, layout.blockPanels)));
        if (direct !== undefined) {
          const rowBytes = (direct.strides.at(-2) ?? 0) * 4;
          forBlocksOfK(() => {
            packA();
            const edge = { rows: kernel.m % mr, columns: kernel.n % nr };
            const lastRows = f.let("i32", i32.and(edge.rows > 0 ? 1 : 0, i32.eq(i32.add(row, rows), rowPanels)));
            const lastColumn = f.let("i32", i32.and(edge.columns > 0 ? 1 : 0, i32.eq(columnEnd, columnPanels)));
            const fullRows = f.let("i32", i32.sub(rows, lastRows));
            const fullColumns = f.let("i32", i32.sub(i32.sub(columnEnd, columnFrom), lastColumn));
            const c = f.let(
              "i32",
              i32.add(i32.add(outBatch, i32.mul(row, mr * rowBytes)), i32.mul(columnFrom, nr * 4)),
            );
            tiles(0, fullRows, columnFrom, fullColumns, c, rowBytes);
            const copy = copyTileFunction(context);
            const strip = (source: number, destination: Operand, height: Operand, width: Operand): void =>
              f.emit(call(copy, product, source, destination, rowBytes, height, width, i32.ne(k, 0)));
            // Edges go through scratch memory, where a whole tile may be written; the copy adds up the blocks of k.
            if (edge.columns > 0)
              f.if(lastColumn, () => {
                tiles(0, fullRows, columnPanels - 1, 1, product, nr * 4, 0);
                const destination = i32.add(
                  i32.add(outBatch, i32.mul(row, mr * rowBytes)),
                  (columnPanels - 1) * nr * 4,
                );
                strip(nr * 4, destination, i32.mul(fullRows, mr), edge.columns);
              });
            if (edge.rows > 0)
              f.if(lastRows, () => {
                const count = f.let("i32", i32.sub(columnEnd, columnFrom));
                tiles(fullRows, 1, columnFrom, count, product, columnPanels * nr * 4, 0);
                const destination = i32.add(
                  i32.add(outBatch, (rowPanels - 1) * mr * rowBytes),
                  i32.mul(columnFrom, nr * 4),
                );
                const width = f.let("i32", i32.sub(i32.mul(count, nr), i32.mul(lastColumn, nr - edge.columns)));
                strip(columnPanels * nr * 4, destination, edge.rows, width);
              });
          });
          return;
        }
        f.set(steps, plan.kBlock);
        if (plan.kBlocks === 1) {
          f.set(k, 0);
          f.set(steps, kernel.k);
          packA();
        }
        f.set(column, columnFrom);
        f.while(
          () => i32.lt_s(column, columnEnd),
          () => {
            const columnsLeft = f.let("i32", i32.sub(columnEnd, column));
            f.set(columns, select(columnsLeft, layout.productPanels, i32.lt_s(columnsLeft, layout.productPanels)));
            const multiply = (): void => tiles(0, rows, column, columns, product, layout.productPanels * nr * 4);
            if (plan.kBlocks === 1) multiply();
            else
              forBlocksOfK(() => {
                packA();
                multiply();
              });
            epilogue?.emit(product, i32.mul(row, mr), i32.mul(rows, mr), i32.mul(column, nr), i32.mul(columns, nr));
            f.bump(column, columns);
          },
        );
      });
    },
  );
}

/** `copy(source, sourceStride, target, targetStride, rows, columns, add)` for the edges of a product. */
function copyTileFunction(context: EmitContext): number {
  return context.module.once("copy-tile", () => {
    const f = new FunctionBuilder("copyTile", new Array<"i32">(7).fill("i32"));
    const at = (index: number): Local => f.param(index);
    const [r, left, from, to] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const run = (add: boolean): void =>
      f.for(r, 0, at(4), 1, () => {
        f.set(from, at(0));
        f.set(to, at(2));
        f.set(left, at(5));
        f.while(
          () => i32.ge_s(left, 4),
          () => {
            f.emit(v128.store(to, add ? f32x4.add(v128.load(to), v128.load(from)) : v128.load(from)));
            f.bump(from, 16);
            f.bump(to, 16);
            f.bump(left, -4);
          },
        );
        f.while(
          () => left,
          () => {
            const one = v128.load32_zero(from);
            f.emit(v128.store32_lane(to, add ? f32x4.add(v128.load32_zero(to), one) : one, 0));
            f.bump(from, 4);
            f.bump(to, 4);
            f.bump(left, -1);
          },
        );
        f.bump(at(0), at(1));
        f.bump(at(2), at(3));
      });
    f.if(
      at(6),
      () => run(true),
      () => run(false),
    );
    return f;
  });
}
