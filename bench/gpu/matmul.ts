/** @file TFLOP/s of products: squares by size, and the shapes of a training step of the 4M model; operands f32 or f16, results checked. */
import type { Device, TypedArray } from "../../runtime/device/device.ts";
import { fromFloat16Bits, toFloat16Bits } from "../../runtime/program/float16.ts";
import type { MatrixAccess } from "../../runtime/program/kernel.ts";
import type { BufferDecl, Program } from "../../runtime/program/program.ts";
import { measure, report, type Setting } from "./measure.ts";
import type { Compute, Options } from "./options.ts";

/** Which operands lie transposed in memory, as BLAS says it: `nt` is an activation times a weight [out, in]. */
type Layout = "nn" | "nt" | "tn";

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly layout: Layout;
}

/** Forward, input gradient and weight gradient of the widest layers of 4M, at 32 rows of 512. */
function trainingProducts(rows: number): readonly Product[] {
  return [
    { m: rows, n: 768, k: 256, layout: "nt" },
    { m: rows, n: 256, k: 768, layout: "nn" },
    { m: 768, n: 256, k: rows, layout: "tn" },
    { m: rows, n: 2000, k: 256, layout: "nt" },
  ];
}

/** Small multiples of 1/8, so that products are exact in either type and sums nearly so. */
const left = (i: number, k: number): number => ((i * 7 + k * 3) % 13) / 8 - 0.75;
const right = (k: number, j: number): number => ((k * 5 + j * 2) % 11) / 8 - 0.625;

/** A matrix as it lies in memory, row by row or column by column. */
function stored(
  rows: number,
  cols: number,
  at: (row: number, col: number) => number,
  transposed: boolean,
  dtype: Compute,
): TypedArray {
  const values = dtype === "f32" ? new Float32Array(rows * cols) : new Uint16Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = at(i, j);
      values[transposed ? j * rows + i : i * cols + j] = dtype === "f32" ? value : toFloat16Bits(value);
    }
  }
  return values;
}

/** `times` products one after another into one result, f16 in f16 out, f32 in f32 out; sums are f32. */
function programOf({ m, n, k, layout }: Product, dtype: Compute, times: number): Program {
  const state = (id: number, name: string, shape: readonly number[]): BufferDecl => ({
    id,
    kind: "state",
    dtype,
    shape,
    name,
  });
  const matrix = (buffer: number, rows: number, cols: number, transposed: boolean): MatrixAccess => ({
    buffer,
    offset: 0,
    rowStride: transposed ? 1 : cols,
    colStride: transposed ? rows : 1,
    batchStrides: [],
  });
  return {
    version: 1,
    name: `product ${m}x${n}x${k}`,
    buffers: [state(0, "a", [m * k]), state(1, "b", [k * n]), state(2, "c", [m, n])],
    kernels: Array.from({ length: times }, () => ({
      kind: "matmul" as const,
      label: "product",
      batch: [],
      m,
      n,
      k,
      a: matrix(0, m, k, layout === "tn"),
      b: matrix(1, k, n, layout === "nt"),
      inputs: [],
      epilogue: [],
      outputs: [{ access: { buffer: 2, offset: 0, strides: [n, 1] }, value: 0 }],
    })),
    arenaBytes: 64,
  };
}

function check(c: TypedArray, { m, n, k }: Product, dtype: Compute): number {
  let worst = 0;
  for (const [i, j] of [
    [0, 0],
    [1 % m, 5 % n],
    [m - 1, n - 1],
    [m >> 1, 17 % n],
    [m >> 2, n >> 1],
  ] as const) {
    let want = 0;
    let size = 0;
    for (let p = 0; p < k; p++) {
      want += left(i, p) * right(p, j);
      size += Math.abs(left(i, p) * right(p, j));
    }
    const bits = c[i * n + j] as number;
    worst = Math.max(worst, Math.abs((dtype === "f32" ? bits : fromFloat16Bits(bits)) - want) / size);
  }
  if (!(worst <= (dtype === "f32" ? 1e-5 : 2e-3))) throw new Error(`product ${m}x${n}x${k} ${dtype}: error ${worst}`);
  return worst;
}

export async function benchMatmul(device: Device, setting: Setting, options: Options): Promise<void> {
  const squares = options.sizes.map((n): Product => ({ m: n, n, k: n, layout: "nn" }));
  const [batch, length] = options.shapes[0] as readonly [number, number];
  for (const dtype of options.dtypes) {
    for (const product of [...squares, ...trainingProducts(batch * length)]) {
      const { m, n, k, layout } = product;
      device.createState("a", dtype, [m * k], stored(m, k, left, layout === "tn", dtype));
      device.createState("b", dtype, [k * n], stored(k, n, right, layout === "nt", dtype));
      device.createState("c", dtype, [m, n]);
      const flop = 2 * m * n * k;
      // Enough work in one run that its submit does not count.
      const times = Math.max(1, Math.min(64, Math.round(2e10 / flop)));
      const loaded = await device.load(programOf(product, dtype, times));
      const ms = await measure(async (count) => {
        for (let i = 1; i < count; i++) (await loaded.start(new Map())).drop();
        await (await loaded.start(new Map())).read();
      }, options);
      const error = check(await device.readState("c"), product, dtype);
      loaded.dispose();
      for (const name of ["a", "b", "c"]) device.dropState(name);
      report(setting, "matmul", { dtype, shape: `${m}x${n}x${k}`, layout }, "TFLOP/s", (flop * times) / 1e12, ms, {
        error,
      });
    }
  }
}
