/** @file Reductions: in phases, along and across memory, of rows from one element to hundreds of thousands. */
import { contiguousStrides, sizeOf } from "../../../runtime/program/dtype.ts";
import type { Access, ReducePhase } from "../../../runtime/program/kernel.ts";
import { binary, cast, constant, index, type KernelCase, load, perRow, Sketch, unary } from "../sketch.ts";

const none = { reduce: [], rowBody: [], outputs: [], rowOutputs: [] } as const;
const phase = (parts: Partial<ReducePhase> & Pick<ReducePhase, "body">): ReducePhase => ({ ...none, ...parts });

/** Softmax with its statistics, by rows or by columns of what is stored. */
const seeded = (seed: number): KernelCase => ({
  name: `softmax in three phases, seed ${seed}`,
  sketch: () => {
    const s = new Sketch(100 + seed);
    const { draws } = s;
    const domain = Array.from({ length: draws.int(1, 3) }, () => draws.int(1, draws.pick([3, 9, 70])));
    const innerRank = draws.int(1, domain.length);
    const order = seed % 2 === 0 ? domain.map((_, i) => i) : domain.map((_, i) => domain.length - 1 - i);
    const stored = contiguousStrides(order.map((axis) => domain[axis] as number));
    const input: Access = {
      buffer: s.add("input", "f32", [sizeOf(domain)]),
      offset: 0,
      strides: domain.map((_, axis) => stored[order.indexOf(axis)] as number),
    };
    const row = (): Access => perRow(s.output(domain.slice(0, domain.length - innerRank)), innerRank);
    return s.push({
      kind: "reduce",
      label: "softmax",
      domain,
      innerRank,
      inputs: [input],
      phases: [
        phase({
          body: [load(0)],
          reduce: [
            { op: "max", value: 0 },
            { op: "min", value: 0 },
          ],
          rowBody: [binary("sub", 0, 1)],
          rowOutputs: [{ access: row(), value: 2 }],
        }),
        phase({
          body: [load(0), binary("sub", 3, 0), unary("exp", 4)],
          reduce: [
            { op: "sum", value: 5 },
            { op: "prod", value: 3 },
          ],
          rowOutputs: [
            { access: row(), value: 3 },
            { access: row(), value: 4 },
          ],
        }),
        phase({
          body: [load(0), binary("sub", 5, 0), unary("exp", 6), binary("div", 7, 3)],
          outputs: [{ access: s.output(domain), value: 8 }],
        }),
      ],
    });
  },
});

/** Root of the sum of squares, plus the largest: one phase, two reductions, any window of memory. */
function norms(s: Sketch, input: Access, outer: readonly number[], inner: readonly number[]): Sketch {
  return s.push({
    kind: "reduce",
    label: "norm",
    domain: [...outer, ...inner],
    innerRank: inner.length,
    inputs: [input],
    phases: [
      phase({
        body: [load(0), binary("mul", 0, 0)],
        reduce: [
          { op: "sum", value: 1 },
          { op: "max", value: 0 },
        ],
        rowBody: [unary("sqrt", 0), binary("add", 2, 1)],
        rowOutputs: [{ access: perRow(s.output(outer), inner.length), value: 3 }],
      }),
    ],
  });
}

const sizes: readonly (readonly [outer: readonly number[], inner: readonly number[]])[] = [
  [[], [100_003]],
  [[], [1_048_579]],
  [[3], [50, 1021]],
  [[], [7, 20_000]],
  [[70_001], [3]],
  [[70_001], [1]],
  [
    [300, 250],
    [2, 2],
  ],
  [[5], [257]],
  [[64], [64]],
  [
    [9, 2],
    [1, 33, 1],
  ],
];

const shapes: readonly KernelCase[] = sizes.map(([outer, inner]) => ({
  name: `norms of [${outer.join(", ")}] rows of [${inner.join(", ")}]`,
  sketch: () => {
    const s = new Sketch(9);
    return norms(s, s.input([...outer, ...inner]), outer, inner);
  },
}));

const views: readonly KernelCase[] = [
  ...[1, 2, 3].map((offset) => ({
    name: `rows that start at ${offset} modulo 4`,
    sketch: () => {
      const s = new Sketch(20 + offset);
      return norms(s, s.window("input", [11, 64], offset, offset), [11], [64]);
    },
  })),
  {
    name: "backwards, from the last element",
    sketch: () => {
      const s = new Sketch(24);
      const input: Access = { buffer: s.add("input", "f32", [6 * 130]), offset: 6 * 130 - 1, strides: [-130, -1] };
      return norms(s, input, [6], [130]);
    },
  },
  {
    name: "the first axis, with a broadcast one: sums of a bias's gradient",
    sketch: () => {
      const s = new Sketch(25);
      const input: Access = { buffer: s.add("input", "f32", [500, 37]), offset: 0, strides: [0, 1, 37] };
      return norms(s, input, [2, 37], [500]);
    },
  },
  {
    name: "nothing to reduce, and no rows",
    sketch: () => {
      const s = new Sketch(26);
      const total = (outer: readonly number[], inner: readonly number[]): void => {
        s.push({
          kind: "reduce",
          label: "sum",
          domain: [...outer, ...inner],
          innerRank: inner.length,
          inputs: [s.input([...outer, ...inner])],
          phases: [
            phase({
              body: [load(0)],
              reduce: [{ op: "sum", value: 0 }],
              rowOutputs: [{ access: perRow(s.output(outer), inner.length), value: 0 }],
            }),
          ],
        });
      };
      total([3], [0]);
      total([0], [3]);
      return s;
    },
  },
];

const values: readonly KernelCase[] = [
  {
    name: "integers and booleans: sums that wrap, any and all",
    sketch: () => {
      const s = new Sketch(27);
      const rows = 20;
      const width = 43;
      const numbers = s.input([rows, width], "i32");
      const big = s.set(
        s.input([rows, width], "i32"),
        Array.from({ length: rows * width }, (_, i) => Math.imul(i, 0x9e3779b1)),
      );
      const flags = s.input([rows, width], "bool");
      const row = (): Access => perRow(s.output([rows], "i32"), 1);
      return s.push({
        kind: "reduce",
        label: "integers",
        domain: [rows, width],
        innerRank: 1,
        inputs: [numbers, big, flags],
        phases: [
          phase({
            body: [load(0, "i32"), load(1, "i32"), load(2, "bool"), cast(2, "i32")],
            reduce: [
              { op: "sum", value: 1 },
              { op: "max", value: 0 },
              { op: "min", value: 1 },
              { op: "sum", value: 3 },
            ],
            rowOutputs: [0, 1, 2, 3].map((value) => ({ access: row(), value })),
          }),
          phase({
            body: [load(0, "i32"), binary("eq", 4, 1), cast(5, "i32")],
            reduce: [{ op: "sum", value: 6 }],
            outputs: [{ access: s.output([rows, width], "bool"), value: 5 }],
            rowOutputs: [{ access: row(), value: 4 }],
          }),
        ],
      });
    },
  },
  {
    name: "NaN and infinities: they reach the row's result, and no other row's",
    sketch: () => {
      const s = new Sketch(28);
      const width = 70;
      const input = s.input([8, width]);
      const data = s.inputs.get(`b${input.buffer}`) as Float32Array;
      for (const [row, column, value] of [
        [1, 0, NaN],
        [2, 69, NaN],
        [3, 31, Infinity],
        [4, 5, -Infinity],
        [5, 64, Infinity],
        [5, 65, -Infinity],
      ] as const)
        data[row * width + column] = value;
      const row = (): Access => perRow(s.output([8]), 1);
      return s.push({
        kind: "reduce",
        label: "extremes",
        domain: [8, width],
        innerRank: 1,
        inputs: [input],
        phases: [
          phase({
            body: [load(0)],
            reduce: (["sum", "max", "min", "prod"] as const).map((op) => ({ op, value: 0 })),
            rowOutputs: [0, 1, 2, 3].map((value) => ({ access: row(), value })),
          }),
        ],
      });
    },
  },
  {
    name: "16-bit rows in, 16-bit rows out: a norm in half precision",
    sketch: () => {
      const s = new Sketch(29);
      const domain = [13, 50];
      const gain: Access = { ...s.input([50], "f16"), strides: [0, 1] };
      return s.push({
        kind: "reduce",
        label: "rms norm",
        domain,
        innerRank: 1,
        inputs: [s.input(domain, "f16"), gain, s.input(domain, "bf16")],
        phases: [
          phase({
            body: [load(0), load(2), binary("add", 0, 1), binary("mul", 2, 2)],
            reduce: [{ op: "sum", value: 3 }],
            rowBody: [constant(50), binary("div", 0, 1), constant(1e-5), binary("add", 2, 3), unary("rsqrt", 4)],
            rowOutputs: [{ access: perRow(s.output([13], "f16"), 1), value: 5 }],
          }),
          phase({
            body: [load(0), load(2), load(1), binary("add", 6, 7), binary("mul", 9, 5), binary("mul", 10, 8)],
            outputs: [
              { access: s.output(domain, "f16"), value: 11 },
              { access: s.output(domain, "bf16"), value: 11 },
            ],
          }),
        ],
      });
    },
  },
  {
    name: "the label's logit picked by an index, where the row is overwritten: cross-entropy",
    sketch: () => {
      const s = new Sketch(30);
      const [rows, classes] = [17, 91];
      const logits = s.temp([rows, classes]);
      s.loop([rows, classes], [s.input([rows, classes])], [load(0), unary("neg", 0)], { 1: logits });
      const labels = s.add("input", "i32", [rows]);
      s.inputs.set(
        `b${labels}`,
        Int32Array.from({ length: rows }, (_, i) => (i * 7) % classes),
      );
      const pick: Access = {
        buffer: logits.buffer,
        offset: 0,
        strides: [classes, 0],
        dynamic: [{ index: { buffer: labels, offset: 0, strides: [1, 0] }, scale: 1, extent: classes }],
      };
      const label: Access = { buffer: labels, offset: 0, strides: [1, 0] };
      const gradient = s.temp([rows, classes]);
      s.push({
        kind: "reduce",
        label: "cross-entropy",
        domain: [rows, classes],
        innerRank: 1,
        inputs: [logits, pick, label],
        phases: [
          phase({ body: [load(0)], reduce: [{ op: "max", value: 0 }] }),
          phase({
            body: [load(0), binary("sub", 1, 0), unary("exp", 2)],
            reduce: [{ op: "sum", value: 3 }],
            rowBody: [load(1), unary("log", 1), binary("add", 3, 0), binary("sub", 4, 2)],
            rowOutputs: [{ access: perRow(s.output([rows]), 1), value: 5 }],
          }),
          phase({
            body: [
              load(0),
              binary("sub", 6, 0),
              unary("exp", 7),
              binary("div", 8, 1),
              index(1),
              load(2, "i32"),
              binary("eq", 10, 11),
              cast(12, "f32"),
              binary("sub", 9, 13),
            ],
            outputs: [{ access: gradient, value: 14 }],
          }),
        ],
      });
      return s.loop([rows, classes], [gradient], [load(0), unary("neg", 0)], { 1: s.output([rows, classes]) });
    },
  },
  {
    name: "ten operands and four results of a row",
    sketch: () => {
      const s = new Sketch(31);
      const domain = [6, 90];
      const operands = Array.from({ length: 10 }, () => {
        const copy = s.temp(domain);
        s.loop(domain, [s.input(domain)], [load(0), unary("neg", 0)], { 1: copy });
        return copy;
      });
      const sums = operands.slice(1).map((_, i) => binary("add", i === 0 ? 0 : 9 + i, i + 1));
      return s.push({
        kind: "reduce",
        label: "many",
        domain,
        innerRank: 1,
        inputs: operands,
        phases: [
          phase({
            body: [...operands.map((_, i) => load(i)), ...sums],
            reduce: [
              { op: "sum", value: 18 },
              { op: "max", value: 12 },
            ],
            outputs: [
              { access: s.output(domain), value: 15 },
              { access: s.output(domain), value: 18 },
            ],
            rowOutputs: [0, 1].map((value) => ({ access: perRow(s.output([6]), 1), value })),
          }),
        ],
      });
    },
  },
];

export const reduceCases: readonly KernelCase[] = [
  ...Array.from({ length: 24 }, (_, seed) => seeded(seed)),
  ...shapes,
  ...views,
  ...values,
];
