/** @file Kernels along rows: scatter-add, running sums, positions of extremes, sorting. */
import type { DType } from "../../../runtime/program/dtype.ts";
import type { Access } from "../../../runtime/program/kernel.ts";
import { type KernelCase, perRow, Sketch } from "../sketch.ts";

const scatters: readonly (readonly [
  name: string,
  rows: number,
  cols: number,
  count: number,
  at: (i: number) => number,
])[] = [
  ["rows drawn at random, some outside", 9, 40, 100, (i) => ((i * 37) % 23) - 7],
  ["narrow rows", 5, 3, 20, (i) => (i * 3) % 5],
  ["wide rows", 50, 256, 64, (i) => (i * i) % 50],
  ["all into one row", 7, 33, 500, () => 4],
  ["all outside", 7, 33, 10, (i) => (i % 2 === 0 ? -1 - i : 7 + i)],
  ["each row once, backwards", 64, 17, 64, (i) => 63 - i],
  ["an embedding's gradient", 2000, 24, 512, (i) => (i * i * 7) % 2000],
  ["one column", 1000, 1, 3000, (i) => (i * 7919) % 1000],
  ["nothing to add", 6, 5, 0, () => 0],
  ["70,001 rows", 70_001, 2, 40, (i) => (i * 1987) % 70_001],
];

const scatterAdd: readonly KernelCase[] = [
  ...scatters.map(([name, rows, cols, count, at], i) => ({
    name: `scatterAdd: ${name}`,
    sketch: () => {
      const s = new Sketch(500 + i);
      const index = s.set(
        s.input([count], "i32"),
        Array.from({ length: count }, (_, position) => at(position)),
      );
      const [src, out] = [s.input([count, cols]), s.output([rows, cols])];
      return s.push({ kind: "scatterAdd", label: "scatter", rows, cols, count, index, src, out });
    },
  })),
  {
    name: "scatterAdd: views of larger buffers",
    sketch: () => {
      const s = new Sketch(515);
      const [rows, cols, count] = [6, 10, 30];
      const index: Access = { buffer: s.add("input", "i32", [3 * count + 1]), offset: 1, strides: [3] };
      const src: Access = { buffer: s.add("input", "f32", [cols * count + 2]), offset: 2, strides: [1, count] };
      const out = s.output([rows, cols]);
      return s.push({ kind: "scatterAdd", label: "scatter", rows, cols, count, index, src, out });
    },
  },
];

/** Running sums, extremes and both sorts of one input. */
function alongRows(s: Sketch, domain: readonly number[], dtype: DType, input: Access): Sketch {
  const position = (): Access => perRow(s.output(domain.slice(0, -1), "i32"), 1);
  s.push(
    { kind: "cumsum", label: "cumsum", domain, input, output: s.output(domain, dtype) },
    { kind: "argreduce", label: "argmax", op: "max", domain, input, output: position() },
    { kind: "argreduce", label: "argmin", op: "min", domain, input, output: position() },
  );
  for (const descending of [false, true]) {
    const [values, indices] = [s.output(domain, dtype), s.output(domain, "i32")];
    s.push({ kind: "sort", label: "sort", descending, domain, input, values, indices });
  }
  return s;
}

const domains: readonly (readonly number[])[] = [
  [1],
  [5, 33],
  [3, 4, 17],
  [100, 7],
  [2, 1025],
  [1, 4099],
  [70_001, 3],
  [6, 64],
  [3, 256],
];

const lines: readonly KernelCase[] = [
  ...domains.flatMap((domain, i) =>
    (["f32", "i32"] as const).map((dtype) => ({
      name: `cumsum, argmax, argmin, sort of ${dtype} [${domain.join(", ")}]`,
      sketch: () => {
        const s = new Sketch(520 + i);
        return alongRows(s, domain, dtype, s.input(domain, dtype));
      },
    })),
  ),
  {
    name: "cumsum of 1,000,003 elements; their extremes",
    sketch: () => {
      const s = new Sketch(540);
      const domain = [1_000_003];
      const input = s.input(domain);
      const position = (): Access => perRow(s.output([], "i32"), 1);
      return s.push(
        { kind: "cumsum", label: "cumsum", domain, input, output: s.output(domain) },
        { kind: "argreduce", label: "argmax", op: "max", domain, input, output: position() },
        { kind: "argreduce", label: "argmin", op: "min", domain, input, output: position() },
      );
    },
  },
  {
    name: "sort of a vocabulary: 32,000 elements",
    sketch: () => {
      const s = new Sketch(541);
      const domain = [2, 32_000];
      const [values, indices] = [s.output(domain), s.output(domain, "i32")];
      return s.push({ kind: "sort", label: "sort", descending: true, domain, input: s.input(domain), values, indices });
    },
  },
  {
    name: "columns, backwards",
    sketch: () => {
      const s = new Sketch(542);
      const input: Access = { buffer: s.add("input", "f32", [50 * 9]), offset: 50 * 9 - 1, strides: [-1, -9] };
      return alongRows(s, [9, 50], "f32", input);
    },
  },
  {
    name: "equal elements keep their order, the first is the extreme",
    sketch: () => {
      const s = new Sketch(543);
      const values = Array.from({ length: 4 * 90 }, (_, i) => (i * 5) % 3);
      return alongRows(s, [4, 90], "f32", s.set(s.input([4, 90]), values));
    },
  },
  {
    name: "zeros of both signs, infinities",
    sketch: () => {
      const s = new Sketch(544);
      const values = [0, -0, 1, -1, Infinity, -Infinity, 3e38, -3e38, 0, -0, Infinity, 2];
      const domain = [2, 6];
      const input = s.set(s.input(domain), values);
      const position = (): Access => perRow(s.output([2], "i32"), 1);
      s.push(
        { kind: "argreduce", label: "argmax", op: "max", domain, input, output: position() },
        { kind: "argreduce", label: "argmin", op: "min", domain, input, output: position() },
      );
      const [sorted, indices] = [s.output(domain), s.output(domain, "i32")];
      return s.push({ kind: "sort", label: "sort", descending: false, domain, input, values: sorted, indices });
    },
  },
  {
    name: "NaN: the first wins an extreme, and all count as the largest of a sort",
    sketch: () => {
      const s = new Sketch(545);
      const domain = [3, 40];
      const input = s.input(domain);
      const data = s.inputs.get(`b${input.buffer}`) as Float32Array;
      for (const at of [5, 17, 40 + 39, 80]) data[at] = NaN;
      const position = (): Access => perRow(s.output([3], "i32"), 1);
      s.push(
        { kind: "argreduce", label: "argmax", op: "max", domain, input, output: position() },
        { kind: "argreduce", label: "argmin", op: "min", domain, input, output: position() },
      );
      for (const descending of [false, true]) {
        const [values, indices] = [s.output(domain), s.output(domain, "i32")];
        s.push({ kind: "sort", label: "sort", descending, domain, input, values, indices });
      }
      return s;
    },
  },
];

export const rowCases: readonly KernelCase[] = [...scatterAdd, ...lines];
