/**
 * @file The inner product kernel that matmul and attention stand on: one register tile of C += A·B, and a loop over tiles.
 *
 * A and B are k-major: step k reads `mr` neighbouring floats of A (each splat over a vector) and `4·nv` neighbouring floats of B. How far
 * it is to the next k is a parameter, so packed panels (`mr`, `4·nv`) and rows of a block in place serve alike.
 */
import { call, f32x4, i32, type Local, v128 } from "../asm/code.ts";
import { FunctionBuilder } from "../asm/function.ts";
import type { ModuleBuilder } from "../asm/module.ts";
import type { TileShape } from "./stage.ts";

/**
 * `micro(a, aStep, b, bStep, c, cStride, k, accumulate)`: the tile at `c` becomes A·B, or grows by it. Steps and strides in bytes.
 *
 * Where `unroll` is 1 the registers that are alive in the loop are all that an iteration needs: mr·nv + nv + mr. Engines schedule the
 * loads of all unrolled steps first, so that more of them spill accumulators; `tuning.ts` finds out what this one can take.
 */
export function buildMicro(name: string, { mr, nv, unroll }: TileShape, fma: boolean): FunctionBuilder {
  const f = new FunctionBuilder(name, ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"]);
  const [a, aStep, b, bStep, c, cStride, k, accumulate] = f.params as unknown as readonly Local[] & {
    readonly length: 8;
  };
  const p = { a, aStep, b, bStep, c, cStride, k, accumulate } as Record<string, Local>;
  const local = (key: string): Local => p[key] as Local;
  // Locals start at zero, as the accumulators must.
  const sums = Array.from({ length: mr }, () => Array.from({ length: nv }, () => f.local("v128")));
  const columns = Array.from({ length: nv }, () => f.local("v128"));
  const row = f.local("v128");
  const step = (): void => {
    columns.forEach((column, j) => {
      f.set(column, v128.load(local("b"), j * 16));
    });
    sums.forEach((tileRow, i) => {
      f.set(row, v128.load32_splat(local("a"), i * 4));
      tileRow.forEach((sum, j) => {
        const column = columns[j] as Local;
        f.set(sum, fma ? f32x4.relaxed_madd(row, column, sum) : f32x4.add(f32x4.mul(row, column), sum));
      });
    });
    f.bump(local("a"), local("aStep"));
    f.bump(local("b"), local("bStep"));
  };
  if (unroll > 1) {
    f.while(
      () => i32.ge_s(local("k"), unroll),
      () => {
        for (let u = 0; u < unroll; u++) step();
        f.bump(local("k"), -unroll);
      },
    );
  }
  f.if(local("k"), () =>
    f.doWhile(
      () => {
        step();
        f.bump(local("k"), -1);
      },
      () => local("k"),
    ),
  );
  const store = (add: boolean): void => {
    sums.forEach((tileRow, i) => {
      tileRow.forEach((sum, j) => {
        f.emit(v128.store(local("c"), add ? f32x4.add(v128.load(local("c"), j * 16), sum) : sum, j * 16));
      });
      if (i < mr - 1) f.bump(local("c"), local("cStride"));
    });
  };
  f.if(
    local("accumulate"),
    () => store(true),
    () => store(false),
  );
  return f;
}

/** The operands of a block of tiles; all distances in bytes. */
export interface TileBlock {
  readonly a: Local;
  /** From one tile row's A to the next. */
  readonly aTile: Local | number;
  readonly aStep: Local | number;
  readonly b: Local;
  readonly bTile: Local | number;
  readonly bStep: Local | number;
  readonly c: Local;
  readonly cStride: Local | number;
  readonly rows: Local | number;
  readonly columns: Local | number;
  readonly k: Local | number;
  readonly accumulate: Local | number;
}

/** Calls the micro kernel for each of `rows × columns` tiles; all rows for each column, since B's panel is the larger one to keep in L1. */
export function emitTiles(
  f: FunctionBuilder,
  module: ModuleBuilder,
  shape: TileShape,
  fma: boolean,
  block: TileBlock,
): void {
  const key = `tiles-${shape.mr}x${shape.nv}x${shape.unroll}`;
  const micro = module.once(`micro-${shape.mr}x${shape.nv}x${shape.unroll}`, () => buildMicro("micro", shape, fma));
  const tiles = module.once(key, () => {
    const g = new FunctionBuilder("tiles", new Array<"i32">(12).fill("i32"));
    const at = (index: number): Local => g.param(index);
    const [a, b, c] = [g.local("i32"), g.local("i32"), g.local("i32")];
    const [i, j] = [g.local("i32"), g.local("i32")];
    g.set(b, at(3));
    g.for(j, 0, at(9), 1, () => {
      g.set(a, at(0));
      g.set(c, at(6));
      g.for(i, 0, at(8), 1, () => {
        g.emit(call(micro, a, at(2), b, at(5), c, at(7), at(10), at(11)));
        g.bump(a, at(1));
        g.bump(c, i32.mul(at(7), shape.mr));
      });
      g.bump(b, at(4));
      g.bump(at(6), shape.nv * 16);
    });
    return g;
  });
  const { a, aTile, aStep, b, bTile, bStep, c, cStride, rows, columns, k, accumulate } = block;
  f.emit(call(tiles, a, aTile, aStep, b, bTile, bStep, c, cStride, rows, columns, k, accumulate));
}
