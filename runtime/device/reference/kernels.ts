/** @file The kernels as plain loops. Sums are kept in f64, so that what other devices are compared with is the better number. */
import type { DType } from "../../program/dtype.ts";
import type {
  ArgReduceKernel,
  CumsumKernel,
  Kernel,
  LoopKernel,
  MatmulKernel,
  MatrixAccess,
  ReduceKernel,
  ScatterAddKernel,
  SortKernel,
  Store,
} from "../../program/kernel.ts";
import { type ReduceOp, registerTypes } from "../../program/scalar.ts";
import { runAttention, runAttentionBackward } from "./attention.ts";
import { type Buffer, type Buffers, forEachPoint, read, readElement, write } from "./buffers.ts";
import { compileBody } from "./scalar.ts";

export function runKernel(kernel: Kernel, buffers: Buffers): void {
  const run = runners[kernel.kind] as (kernel: Kernel, buffers: Buffers) => void;
  run(kernel, buffers);
}

const runners: { readonly [K in Kernel["kind"]]: (kernel: Extract<Kernel, { kind: K }>, buffers: Buffers) => void } = {
  loop: runLoop,
  reduce: runReduce,
  matmul: runMatmul,
  attention: runAttention,
  attentionBackward: runAttentionBackward,
  scatterAdd: runScatterAdd,
  cumsum: runCumsum,
  argreduce: runArgReduce,
  sort: runSort,
};

function runLoop(kernel: LoopKernel, buffers: Buffers): void {
  const body = compileBody(kernel.body, kernel.inputs, buffers);
  const registers: number[] = [];
  forEachPoint(kernel.domain, (point) => {
    body(registers, point);
    store(kernel.outputs, registers, point, buffers);
  });
}

function store(
  stores: readonly Store[],
  registers: readonly number[],
  point: ArrayLike<number>,
  buffers: Buffers,
): void {
  for (const { access, value } of stores) write(buffers, access, point, registers[value] as number);
}

const reducers = {
  sum: { start: 0, combine: (a: number, b: number) => a + b },
  max: { start: Number.NEGATIVE_INFINITY, combine: Math.max },
  min: { start: Number.POSITIVE_INFINITY, combine: Math.min },
  prod: { start: 1, combine: (a: number, b: number) => a * b },
} satisfies Record<ReduceOp, { start: number; combine: (a: number, b: number) => number }>;

function runReduce(kernel: ReduceKernel, buffers: Buffers): void {
  const outerRank = kernel.domain.length - kernel.innerRank;
  const inner = kernel.domain.slice(outerRank);
  const phases = phaseTypes(kernel).map(({ rowBefore, rowTypes }, i) => {
    const phase = kernel.phases[i] as ReduceKernel["phases"][number];
    return {
      ...phase,
      rowBefore,
      element: compileBody(phase.body, kernel.inputs, buffers, rowBefore),
      row: compileBody(phase.rowBody, kernel.inputs, buffers, rowTypes),
      rowTypes,
    };
  });
  forEachPoint(kernel.domain.slice(0, outerRank), (outer) => {
    const rowPoint = [...outer, ...inner.map(() => 0)];
    let rows: number[] = [];
    for (const phase of phases) {
      const totals = phase.reduce.map(({ op }) => reducers[op].start);
      const registers = [...rows];
      const pending: (() => void)[] = [];
      forEachPoint(
        inner,
        (point) => {
          phase.element(registers, point);
          phase.reduce.forEach(({ op, value }, i) => {
            totals[i] = reducers[op].combine(totals[i] as number, registers[value] as number);
          });
          if (phase.outputs.length > 0) {
            const at = Array.from(point);
            const values = phase.outputs.map(({ value }) => registers[value] as number);
            pending.push(() =>
              phase.outputs.forEach(({ access }, i) => void write(buffers, access, at, values[i] as number)),
            );
          }
        },
        outer,
      );
      for (const flush of pending) flush();
      rows = [
        ...rows,
        ...totals.map((total, i) => (phase.rowTypes[rows.length + i] === "f32" ? Math.fround(total) : total | 0)),
      ];
      phase.row(rows, rowPoint);
      store(phase.rowOutputs, rows, rowPoint, buffers);
    }
  });
}

/** Per phase: the types of the row registers before it, and of those with its own reductions. */
export function phaseTypes(kernel: ReduceKernel): { rowBefore: readonly DType[]; rowTypes: readonly DType[] }[] {
  let known: readonly DType[] = [];
  return kernel.phases.map((phase) => {
    const rowBefore = known;
    const element = registerTypes(phase.body, rowBefore);
    const rowTypes = [...rowBefore, ...phase.reduce.map(({ value }) => element[value] as DType)];
    known = registerTypes(phase.rowBody, rowTypes);
    return { rowBefore, rowTypes };
  });
}

function runMatmul(kernel: MatmulKernel, buffers: Buffers): void {
  const { m, n, k, a, b } = kernel;
  const epilogue = compileBody(kernel.epilogue, kernel.inputs, buffers, ["f32"]);
  const rows = (batch: readonly number[]): Float64Array => gather(a, batch, m, k, a.rowStride, a.colStride, buffers);
  const columns = (batch: readonly number[]): Float64Array => gather(b, batch, n, k, b.colStride, b.rowStride, buffers);
  const results: { point: number[]; registers: number[] }[] = [];
  forEachPoint(kernel.batch, (batchPoint) => {
    const batch = Array.from(batchPoint);
    const left = rows(batch);
    const right = columns(batch);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += (left[i * k + p] as number) * (right[j * k + p] as number);
        const point = [...batch, i, j];
        const registers = [Math.fround(sum)];
        epilogue(registers, point);
        results.push({ point, registers });
      }
    }
  });
  for (const { point, registers } of results) store(kernel.outputs, registers, point, buffers);
}

/** `count` vectors of `length` elements of one matrix of a batch, each contiguous. */
function gather(
  matrix: MatrixAccess,
  batch: readonly number[],
  count: number,
  length: number,
  step: number,
  stride: number,
  buffers: Buffers,
): Float64Array {
  const buffer = buffers[matrix.buffer] as Buffer;
  const start = matrix.batchStrides.reduce(
    (at, batchStride, axis) => at + batchStride * (batch[axis] as number),
    matrix.offset,
  );
  return Float64Array.from({ length: count * length }, (_, at) =>
    readElement(buffer, start + Math.floor(at / length) * step + (at % length) * stride),
  );
}

function runScatterAdd({ rows, cols, count, index, src, out }: ScatterAddKernel, buffers: Buffers): void {
  const sums = new Float64Array(rows * cols);
  for (let i = 0; i < count; i++) {
    const row = read(buffers, index, [i]);
    if (row < 0 || row >= rows) continue;
    for (let j = 0; j < cols; j++) sums[row * cols + j] = (sums[row * cols + j] as number) + read(buffers, src, [i, j]);
  }
  forEachPoint([rows, cols], (point) =>
    write(buffers, out, point, sums[(point[0] as number) * cols + (point[1] as number)] as number),
  );
}

/** The lines of a domain along its last axis: one reader and writer of positions per line. */
function forEachLine(domain: readonly number[], visit: (at: (i: number) => number[], length: number) => void): void {
  forEachPoint(domain.slice(0, -1), (outer) => visit((i) => [...outer, i], domain[domain.length - 1] as number));
}

function runCumsum({ domain, input, output }: CumsumKernel, buffers: Buffers): void {
  forEachLine(domain, (at, length) => {
    let sum = 0;
    for (let i = 0; i < length; i++) {
      sum += read(buffers, input, at(i));
      write(buffers, output, at(i), sum);
    }
  });
}

/** The first NaN wins, as in PyTorch. */
function runArgReduce({ op, domain, input, output }: ArgReduceKernel, buffers: Buffers): void {
  forEachLine(domain, (at, length) => {
    let best = 0;
    for (let i = 1; i < length; i++) {
      const candidate = read(buffers, input, at(i));
      const champion = read(buffers, input, at(best));
      if (Number.isNaN(champion)) break;
      if (Number.isNaN(candidate) || (op === "max" ? candidate > champion : candidate < champion)) best = i;
    }
    write(buffers, output, at(0), best);
  });
}

/** NaN counts as larger than infinity, as in PyTorch. */
function runSort({ descending, domain, input, values, indices }: SortKernel, buffers: Buffers): void {
  forEachLine(domain, (at, length) => {
    const line = Array.from({ length }, (_, i) => read(buffers, input, at(i)));
    const compare = (x: number, y: number): number =>
      Number.isNaN(x) || Number.isNaN(y)
        ? Number(Number.isNaN(x)) - Number(Number.isNaN(y))
        : x < y
          ? -1
          : x > y
            ? 1
            : 0;
    const sign = descending ? -1 : 1;
    const order = line.map((_, i) => i).sort((i, j) => sign * compare(line[i] as number, line[j] as number));
    order.forEach((from, i) => {
      write(buffers, values, at(i), line[from] as number);
      write(buffers, indices, at(i), from);
    });
  });
}
