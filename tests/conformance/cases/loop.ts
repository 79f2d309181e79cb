/** @file Element-wise kernels: every access pattern, every instruction, every storage type. */
import { contiguousStrides, sizeOf } from "../../../runtime/program/dtype.ts";
import type { Access } from "../../../runtime/program/kernel.ts";
import { binary, cast, constant, index, type KernelCase, load, Sketch, unary, where } from "../sketch.ts";

/** Broadcast, flipped and permuted operands over domains of rank 1 to 4, stored as four types. */
const seeded = (seed: number): KernelCase => ({
  name: `arithmetic, broadcast and permuted, seed ${seed}`,
  sketch: () => {
    const s = new Sketch(seed);
    const { draws } = s;
    const domain = Array.from({ length: draws.int(1, 4) }, () => draws.int(1, draws.pick([3, 9, 40])));
    const strides = contiguousStrides(domain);
    const size = sizeOf(domain);
    const dense = s.input(domain);
    const broadcast: Access = { ...s.input([size]), strides: strides.map((stride) => (draws.int(0, 1) ? stride : 0)) };
    const flipped: Access = {
      buffer: s.add("input", "f32", [size]),
      offset: size - 1,
      strides: strides.map((stride) => -stride),
    };
    const order = domain.map((_, i) => i).sort(() => draws.float());
    const permutedStrides = contiguousStrides(order.map((axis) => domain[axis] as number));
    const permuted: Access = {
      buffer: s.add("output", "f32", [size]),
      offset: 0,
      strides: domain.map((_, axis) => permutedStrides[order.indexOf(axis)] as number),
    };
    const body = [
      load(0),
      load(1),
      load(2),
      binary("mul", 0, 1),
      binary("add", 3, 2),
      binary("lt", 0, 1),
      where(5, 4, 2),
      index(domain.length - 1),
      index(0),
      constant(7, "i32"),
      binary("mul", 8, 9),
      binary("add", 7, 10),
      binary("sub", 0, 1), // one rounding, so its storage as bf16 is the same everywhere
    ];
    return s.loop(domain, [dense, broadcast, flipped], body, {
      6: permuted,
      5: s.output(domain, "bool"),
      12: s.output(domain, "bf16"),
      11: s.output(domain, "i32"),
    });
  },
});

/** Windows whose rows start anywhere: no vector of four elements is aligned. */
const misaligned: readonly KernelCase[] = [0, 1, 2, 3].flatMap((offset) =>
  [0, 1, 3].map((gap) => ({
    name: `rows that start at ${offset} modulo 4, ${gap} elements apart`,
    sketch: () => {
      const s = new Sketch(40 + offset * 4 + gap);
      const domain = [5, 24];
      const a = s.window("input", domain, offset, gap);
      const b = s.window("input", domain, 0, 0);
      const half = s.window("input", domain, offset, gap, "f16");
      const flags = s.window("input", domain, offset, gap, "bool");
      const body = [load(0), load(1), load(2), load(3, "bool"), binary("add", 0, 1), where(3, 4, 2), unary("not", 3)];
      return s.loop(domain, [a, b, half, flags], body, {
        5: s.prefilled(s.window("output", domain, offset, gap)),
        6: s.prefilled(s.window("output", domain, 3 - offset, gap, "bool")),
        2: s.prefilled(s.window("output", domain, offset, 1, "f16")),
      });
    },
  })),
);

const indexed: readonly KernelCase[] = [
  {
    name: "rows and columns chosen by indices, clamped ones too",
    sketch: () => {
      const s = new Sketch(5);
      const [rows, cols, count] = [7, 19, 33];
      const table = s.add("input", "f32", [rows, cols]);
      const ids = s.add("input", "i32", [count]);
      const gather: Access = {
        buffer: table,
        offset: 0,
        strides: [0, 1],
        dynamic: [{ index: { buffer: ids, offset: 0, strides: [1, 0] }, scale: cols, extent: rows }],
      };
      const across: Access = {
        buffer: table,
        offset: 0,
        strides: [0, 0],
        dynamic: [{ index: { buffer: ids, offset: 0, strides: [0, 1] }, scale: cols, extent: rows }],
      };
      return s.loop([count, cols], [gather, across], [load(0), load(1), binary("add", 0, 1)], {
        2: s.output([count, cols]),
      });
    },
  },
  ...[-3, 0, 5, 99].map((at) => ({
    name: `a slot of a cache at ${at}: read and written where a scalar says`,
    sketch: () => {
      const s = new Sketch(6);
      const [heads, slots, width] = [3, 8, 10];
      const position = s.scalar(at);
      const slot = { index: { buffer: position, offset: 0, strides: [0, 0] }, scale: width, extent: slots };
      const old: Access = { ...s.input([heads, slots, width]), strides: [slots * width, 1], dynamic: [slot] };
      const cache: Access = {
        ...s.prefilled(s.output([heads, slots, width])),
        strides: [slots * width, 1],
        dynamic: [slot],
      };
      return s.loop([heads, width], [s.input([heads, width]), old], [load(0), load(1), binary("sub", 0, 1)], {
        2: cache,
      });
    },
  })),
  {
    name: "two indices into one table, each with an offset",
    sketch: () => {
      const s = new Sketch(7);
      const [a, b, c, count] = [4, 5, 6, 21];
      const first = s.add("input", "i32", [count + 2]);
      const second = s.add("input", "i32", [count]);
      const table: Access = {
        buffer: s.add("input", "f32", [a * b * c + 3]),
        offset: 3,
        strides: [0, 1],
        dynamic: [
          { index: { buffer: first, offset: 2, strides: [1, 0] }, scale: b * c, extent: a },
          { index: { buffer: second, offset: 0, strides: [1, 0] }, scale: c, extent: b },
        ],
      };
      return s.loop([count, c], [table], [load(0)], { 0: s.output([count, c]) });
    },
  },
];

const types: readonly KernelCase[] = [
  {
    name: "integers, booleans, 16-bit floats, random numbers",
    sketch: () => {
      const s = new Sketch(8);
      const n = 203;
      const inputs = [
        s.input([n], "i32"),
        s.input([n], "i32"),
        s.input([n], "bool"),
        s.input([n], "f16"),
        s.input([n], "bf16"),
      ];
      const body = [
        load(0, "i32"),
        load(1, "i32"),
        load(2, "bool"),
        load(3),
        load(4),
        constant(21, "i32"),
        binary("add", 1, 5), // 1 … 41
        binary("idiv", 0, 6),
        binary("mod", 0, 6),
        unary("not", 2),
        index(0),
        { op: "random", seed: 5, counter: 1, index: 10 } as const,
        binary("mul", 3, 4),
        binary("max", 3, 4),
        cast(12, "i32"),
        binary("mod", 10, 1), // the divisor is 0 or negative at times
        binary("idiv", 10, 1),
        unary("abs", 0),
        unary("neg", 0),
        unary("sign", 0),
        cast(2, "i32"),
        cast(0, "bool"),
        cast(3, "bool"),
        cast(2, "f32"),
        binary("and", 2, 21),
        binary("or", 2, 22),
        constant(123456789, "i32"),
        binary("mul", 26, 0), // wraps
        cast(27, "f32"),
      ];
      const stores: Record<number, Access> = {};
      for (const i of [7, 8, 14, 15, 16, 17, 18, 19, 20, 27]) stores[i] = s.output([n], "i32");
      for (const i of [9, 21, 22, 24, 25]) stores[i] = s.output([n], "bool");
      for (const i of [11, 13, 23, 28]) stores[i] = s.output([n]);
      stores[12] = s.output([n], "f16");
      return s.loop([n], inputs, body, stores);
    },
  },
  {
    name: "random numbers of any seed, counter and index",
    sketch: () => {
      const s = new Sketch(9);
      const n = 500;
      const big = Array.from({ length: n }, (_, i) => Math.imul(i, 0x9e3779b1));
      const inputs = [0, 1, 2].map((turn) =>
        s.set(
          s.input([n], "i32"),
          big.map((x) => (x << turn) ^ turn),
        ),
      );
      const body = [
        load(0, "i32"),
        load(1, "i32"),
        load(2, "i32"),
        { op: "random", seed: 0, counter: 1, index: 2 } as const,
      ];
      return s.loop([n], inputs, body, { 3: s.output([n]) });
    },
  },
  ...(["f16", "bf16"] as const).map((dtype) => ({
    name: `storage as ${dtype}: ties, carries, subnormals, overflow, infinities, NaN`,
    sketch: () => {
      const s = new Sketch(10);
      const steps = [1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 2 - 2 ** -12, 2 - 2 ** -9, 1.001];
      const scales = [1, 2 ** -14, 2 ** -15, 2 ** -24, 2 ** -25, 2 ** -26, 2 ** 15, 2 ** 16, 2 ** 100, 2 ** 127];
      const values = scales.flatMap((scale) => steps.flatMap((step) => [scale * step, -scale * step]));
      values.push(0, -0, Infinity, -Infinity, NaN, 65504, 65519.9, 65520, 3.3895e38, 3.4e38);
      const x = s.set(s.input([values.length]), values);
      return s.loop([values.length], [x], [load(0)], { 0: s.output([values.length], dtype) });
    },
  })),
  ...(["f16", "bf16"] as const).map((dtype) => ({
    name: `every bit pattern of ${dtype}, loaded and stored again`,
    sketch: () => {
      const s = new Sketch(11);
      const patterns = Array.from({ length: 65536 }, (_, i) => i).filter((bits) =>
        // A NaN may change its payload, and bf16's subnormals are those of f32, which a GPU may flush.
        dtype === "f16"
          ? (bits & 0x7fff) <= 0x7c00
          : (bits & 0x7fff) <= 0x7f80 && ((bits & 0x7f80) !== 0 || bits % 0x8000 === 0),
      );
      const x = s.set(s.input([patterns.length], dtype), patterns);
      return s.loop([patterns.length], [x], [load(0)], {
        0: s.output([patterns.length], dtype),
      });
    },
  })),
];

const structure: readonly KernelCase[] = [
  {
    name: "heads before positions",
    sketch: () => {
      const s = new Sketch(4);
      const heads: Access = { buffer: s.add("input", "f32", [2, 4, 32, 64]), offset: 0, strides: [8192, 64, 2048, 1] };
      return s.loop([2, 32, 4, 64], [heads], [load(0)], { 0: s.output([2, 32, 4, 64]) });
    },
  },
  {
    name: "14 operands and 6 results: more than a GPU binds at once by default",
    sketch: () => {
      const s = new Sketch(12);
      const domain = [3, 50];
      // Temporaries: inputs may lie together in one upload.
      const operands = Array.from({ length: 14 }, () => {
        const copy = s.temp(domain);
        s.loop(domain, [s.input(domain)], [load(0), unary("neg", 0)], { 1: copy });
        return copy;
      });
      const sums = operands.slice(1).map((_, i) => binary("add", i === 0 ? 0 : 13 + i, i + 1));
      const stores = [14, 17, 20, 22, 25, 26].map((register) => [register, s.output(domain)] as const);
      return s.loop(domain, operands, [...operands.map((_, i) => load(i)), ...sums], Object.fromEntries(stores));
    },
  },
  {
    name: "results in the place of operands",
    sketch: () => {
      const s = new Sketch(13);
      const domain = [7, 33];
      const [x, y, z] = [s.temp(domain), s.temp(domain), s.temp(domain)];
      s.loop(domain, [s.input(domain)], [load(0), unary("neg", 0)], { 1: x });
      s.loop(domain, [x, s.input(domain)], [load(0), load(1), binary("mul", 0, 1)], { 2: y });
      s.loop(domain, [y, y], [load(0), load(1), binary("add", 0, 1)], { 2: z });
      return s.loop(domain, [z], [load(0), unary("abs", 0)], { 1: s.output(domain) });
    },
  },
  {
    name: "a state buffer of one's own, read and written at once",
    sketch: () => {
      const s = new Sketch(14);
      const out = s.output([300]);
      s.loop([300], [s.input([300])], [load(0)], { 0: out });
      s.loop([300], [out, s.input([300])], [load(0), load(1), binary("sub", 0, 1)], { 2: out });
      return s;
    },
  },
  {
    name: "one buffer filled piece by piece",
    sketch: () => {
      const s = new Sketch(15);
      const out = s.output([5, 37]);
      for (const [at, width] of [
        [0, 1],
        [1, 14],
        [15, 22],
      ] as const)
        s.loop([5, width], [s.input([5, width])], [load(0)], { 0: { ...out, offset: at } });
      return s;
    },
  },
  {
    name: "no element at all, and a scalar",
    sketch: () => {
      const s = new Sketch(16);
      s.loop([0, 5], [s.input([0, 5])], [load(0), unary("neg", 0)], { 1: s.output([0, 5]) });
      return s.loop([], [s.input([])], [load(0), unary("neg", 0)], { 1: s.output([]) });
    },
  },
  {
    name: "rank 7, axes of length 1 between",
    sketch: () => {
      const s = new Sketch(17);
      const domain = [2, 1, 3, 2, 1, 5, 3];
      const reversed: Access = { buffer: s.add("input", "f32", [180]), offset: 0, strides: [1, 7, 2, 6, 11, 12, 60] };
      const body = [load(0), load(1), binary("add", 0, 1), index(3), index(5), binary("mul", 3, 4)];
      return s.loop(domain, [s.input(domain), reversed], body, { 2: s.output(domain), 5: s.output(domain, "i32") });
    },
  },
  {
    // 65,535 is the most that a GPU takes along one axis of a dispatch.
    name: "17,000,003 elements: more workgroups of 256 than one axis of a dispatch has",
    sketch: () => {
      const s = new Sketch(18);
      const n = 17_000_003;
      return s.loop(
        [n],
        [],
        [index(0), constant(7, "i32"), binary("mod", 0, 1), constant(3, "i32"), binary("eq", 2, 3)],
        {
          4: s.output([n], "bool"),
        },
      );
    },
  },
];

export const loopCases: readonly KernelCase[] = [
  ...Array.from({ length: 24 }, (_, seed) => seeded(seed)),
  ...misaligned,
  ...indexed,
  ...types,
  ...structure,
];
