/** @file Products: every transpose and batch form, small, tall and wide, plain and with code around them. */
import { contiguousStrides } from "../../../runtime/program/dtype.ts";
import type { Access, MatmulKernel, MatrixAccess } from "../../../runtime/program/kernel.ts";
import type { Instr } from "../../../runtime/program/scalar.ts";
import { binary, type KernelCase, load, Sketch, unary } from "../sketch.ts";

interface Operand {
  readonly transposed?: boolean;
  /** Absent: one matrix for the whole batch. */
  readonly batched?: boolean;
  readonly offset?: number;
  /** Elements between the rows. */
  readonly gap?: number;
  readonly dtype?: "f32" | "f16" | "bf16";
}

/** A matrix of `rows × cols` per batch entry in a buffer of its own. */
function matrix(s: Sketch, batch: readonly number[], rows: number, cols: number, operand: Operand): MatrixAccess {
  const { transposed = false, batched = true, offset = 0, gap = 0, dtype = "f32" } = operand;
  const [lines, length] = transposed ? [cols, rows] : [rows, cols];
  const size = lines * (length + gap);
  const count = batched ? batch.reduce((a, b) => a * b, 1) : 1;
  return {
    buffer: s.add("input", dtype, [offset + count * size]),
    offset,
    rowStride: transposed ? 1 : length + gap,
    colStride: transposed ? length + gap : 1,
    batchStrides: batched ? contiguousStrides(batch).map((stride) => stride * size) : batch.map(() => 0),
  };
}

interface Product {
  readonly batch?: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a?: Operand;
  readonly b?: Operand;
  /** Code after the product, with its operands and stores made by `around`; a plain store where absent. */
  readonly around?: (s: Sketch, domain: readonly number[]) => Pick<MatmulKernel, "inputs" | "epilogue" | "outputs">;
}

function product(s: Sketch, { batch = [], m, n, k, a = {}, b = {}, around }: Product): Sketch {
  const domain = [...batch, m, n];
  const operands = { a: matrix(s, batch, m, k, a), b: matrix(s, batch, k, n, b) };
  const code = around?.(s, domain) ?? { inputs: [], epilogue: [], outputs: [{ access: s.output(domain), value: 0 }] };
  return s.push({ kind: "matmul", label: "product", batch, m, n, k, ...operands, ...code });
}

const made = (name: string, seed: number, spec: Product): KernelCase => ({
  name,
  sketch: () => product(new Sketch(seed), spec),
});

/** `(product + bias) · residual`. */
const biasAndResidual: Product["around"] = (s, domain) => {
  const bias: Access = {
    ...s.input(domain.slice(-1)),
    strides: domain.map((_, i) => (i === domain.length - 1 ? 1 : 0)),
  };
  return {
    inputs: [bias, s.input(domain)],
    epilogue: [load(0), load(1), binary("add", 0, 1), binary("mul", 3, 2)],
    outputs: [{ access: s.output(domain), value: 4 }],
  };
};

const shapes: readonly (readonly [m: number, n: number, k: number])[] = [
  [1, 1, 1],
  [5, 7, 3],
  [1, 300, 64],
  [3, 65, 130],
  [300, 2, 33],
  [64, 64, 64],
  [61, 97, 129],
  [130, 40, 800],
  [200, 136, 72],
  [33, 300, 1000],
  [100, 3, 5],
  [17, 24, 16],
];

/** Plain; all transposed with a batch; the weight's transpose; the input's transpose with a shared right side. */
const variants: readonly KernelCase[] = shapes.flatMap(([m, n, k], i) => [
  made(`${m}×${n}×${k}`, 200 + i, { m, n, k }),
  made(`${m}×${n}×${k}, B transposed, bias and residual`, 220 + i, {
    m,
    n,
    k,
    b: { transposed: true },
    around: biasAndResidual,
  }),
  made(`${m}×${n}×${k}, A transposed`, 240 + i, { m, n, k, a: { transposed: true } }),
  made(`${m}×${n}×${k}, batch of 2×3, both transposed`, 260 + i, {
    batch: [2, 3],
    m,
    n,
    k,
    a: { transposed: true },
    b: { transposed: true },
  }),
  made(`${m}×${n}×${k}, batch of 3 with one right side, bias and residual`, 280 + i, {
    batch: [3],
    m,
    n,
    k,
    b: { batched: false },
    around: biasAndResidual,
  }),
]);

const views: readonly KernelCase[] = [
  ...[1, 2, 3].flatMap((offset) =>
    [false, true].map((transposed) =>
      made(`operands that start at ${offset} modulo 4, rows apart, ${transposed ? "transposed" : "as they are"}`, 300, {
        batch: [2],
        m: 36,
        n: 40,
        k: 48,
        a: { offset, gap: offset, transposed },
        b: { offset: 4 - offset, gap: 1, transposed },
      }),
    ),
  ),
  {
    name: "heads side by side: rows of one batch entry lie between those of others",
    sketch: () => {
      const s = new Sketch(310);
      const [batch, heads, length, width] = [2, 4, 19, 12];
      const view = (): MatrixAccess => ({
        buffer: s.add("input", "f32", [batch, length, heads, width]),
        offset: 0,
        rowStride: heads * width,
        colStride: 1,
        batchStrides: [length * heads * width, width],
      });
      const q = view();
      const k = view();
      const transposed = { ...k, rowStride: k.colStride, colStride: k.rowStride };
      const out = s.output([batch, heads, length, length]);
      return s.push({
        kind: "matmul",
        label: "scores",
        batch: [batch, heads],
        m: length,
        n: length,
        k: width,
        a: q,
        b: transposed,
        inputs: [],
        epilogue: [],
        outputs: [{ access: out, value: 0 }],
      });
    },
  },
  {
    name: "rows backwards, columns apart",
    sketch: () => {
      const s = new Sketch(311);
      const [m, n, k] = [20, 30, 25];
      const a = {
        buffer: s.add("input", "f32", [m * k]),
        offset: (m - 1) * k,
        rowStride: -k,
        colStride: 1,
        batchStrides: [],
      };
      const b = {
        buffer: s.add("input", "f32", [k * n * 3]),
        offset: 2,
        rowStride: n * 3,
        colStride: 3,
        batchStrides: [],
      };
      const out: Access = { buffer: s.add("output", "f32", [n, m]), offset: 0, strides: [1, m] };
      return s.push({
        kind: "matmul",
        label: "product",
        batch: [],
        m,
        n,
        k,
        a,
        b,
        inputs: [],
        epilogue: [],
        outputs: [{ access: out, value: 0 }],
      });
    },
  },
  {
    name: "a vector repeated as rows, one matrix on both sides",
    sketch: () => {
      const s = new Sketch(312);
      const [m, n] = [33, 40];
      const buffer = s.add("input", "f32", [n, n]);
      const a = { buffer, offset: 0, rowStride: 0, colStride: 1, batchStrides: [] };
      const b = { buffer, offset: 0, rowStride: n, colStride: 1, batchStrides: [] };
      return s.push({
        kind: "matmul",
        label: "product",
        batch: [],
        m,
        n,
        k: n,
        a,
        b,
        inputs: [],
        epilogue: [],
        outputs: [{ access: s.output([m, n]), value: 0 }],
      });
    },
  },
];

const sizes: readonly KernelCase[] = [
  made("batch of 70,001 small ones", 320, { batch: [70_001], m: 2, n: 3, k: 2 }),
  made("tall: 5000×8×16", 321, { m: 5000, n: 8, k: 16 }),
  made("wide: 8×5000×16", 322, { m: 8, n: 5000, k: 16 }),
  made("deep: 8×8×20000, A transposed", 323, { m: 8, n: 8, k: 20_000, a: { transposed: true } }),
  made("a weight's gradient: 48×64×3000, A transposed", 324, { m: 48, n: 64, k: 3000, a: { transposed: true } }),
  made("one row: 1×700×300, B transposed", 325, { m: 1, n: 700, k: 300, b: { transposed: true } }),
  made("one column: 700×1×300", 326, { m: 700, n: 1, k: 300 }),
  made("one row times one column", 327, { m: 1, n: 1, k: 3000 }),
  made("an outer product", 328, { m: 130, n: 70, k: 1 }),
  made("batch of 6 rows", 329, { batch: [6], m: 1, n: 96, k: 64, b: { transposed: true } }),
  made("nothing to sum: k = 0", 330, { m: 5, n: 6, k: 0 }),
  made("no rows", 331, { m: 0, n: 6, k: 4 }),
  made("an empty batch", 332, { batch: [0, 2], m: 3, n: 6, k: 4 }),
];

const halves: readonly KernelCase[] = (["f16", "bf16"] as const).flatMap((dtype, i) => [
  made(`${dtype} operands, f32 result`, 340 + i, { m: 65, n: 34, k: 96, a: { dtype }, b: { dtype } }),
  made(`${dtype} operands and result, B transposed`, 342 + i, {
    m: 64,
    n: 64,
    k: 64,
    a: { dtype },
    b: { dtype, transposed: true },
    around: (s, domain) => ({ inputs: [], epilogue: [], outputs: [{ access: s.output(domain, dtype), value: 0 }] }),
  }),
  made(`${dtype} on the left, f32 on the right, batch, odd sizes`, 344 + i, {
    batch: [3],
    m: 17,
    n: 21,
    k: 35,
    a: { dtype, transposed: true },
  }),
]);

/** As an optimizer's update rides on the product that makes the gradient: many operands, some of them written again. */
const update: KernelCase = {
  name: "an epilogue of 8 operands and 4 results, some in place",
  sketch: () => {
    const s = new Sketch(350);
    const operandCount = 8;
    const body: Instr[] = Array.from({ length: operandCount }, (_, i) => load(i));
    for (let i = 1; i <= operandCount; i++) body.push(binary("add", i === 1 ? 0 : operandCount + i - 1, i));
    body.push(unary("abs", 2 * operandCount), binary("le", 2 * operandCount + 1, 2 * operandCount));
    return product(s, {
      m: 37,
      n: 45,
      k: 20,
      a: { transposed: true },
      around: (_, domain) => {
        const operands = Array.from({ length: operandCount }, (_x, i) => {
          const copy = i < 3 ? s.output(domain) : s.temp(domain);
          s.loop(domain, [s.input(domain)], [load(0), unary("neg", 0)], { 1: copy });
          return copy;
        });
        const stores = operands.slice(0, 3).map((access, i) => ({ access, value: 2 * operandCount - i }));
        return {
          inputs: operands,
          epilogue: body,
          outputs: [...stores, { access: s.output(domain, "bool"), value: 2 * operandCount + 2 }],
        };
      },
    });
  },
};
const values: readonly KernelCase[] = [
  {
    name: "NaN and infinities stay in their rows and columns",
    sketch: () => {
      const s = product(new Sketch(360), { m: 20, n: 30, k: 40 });
      const [a, b] = [s.inputs.get("b0"), s.inputs.get("b1")] as [Float32Array, Float32Array];
      a[3 * 40 + 7] = NaN;
      a[19 * 40 + 39] = Infinity;
      b[11 * 30 + 5] = -Infinity;
      return s;
    },
  },
  {
    name: "sums that cancel",
    sketch: () => {
      const s = product(new Sketch(361), { m: 16, n: 16, k: 64 });
      const a = s.inputs.get("b0") as Float32Array;
      for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) * 2 ** ((i % 13) - 6);
      return s;
    },
  },
];

export const matmulCases: readonly KernelCase[] = [...variants, ...views, ...sizes, ...halves, update, ...values];
