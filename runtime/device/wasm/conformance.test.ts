/**
 * @file Hand-written Programs, one kernel kind at a time, in shapes drawn from seeds: the wasm device on 1 and on 4 threads against the
 * reference device, and the two thread counts against each other bit for bit.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contiguousStrides, type DType, type Shape, sizeOf } from "../../program/dtype.ts";
import type { Access, AttentionDims, Kernel } from "../../program/kernel.ts";
import type { BufferDecl, Program } from "../../program/program.ts";
import { randomBits } from "../../program/random.ts";
import type { Instr, UnaryOp } from "../../program/scalar.ts";
import type { Device, TypedArray } from "../device.ts";
import { openDevice as openReference } from "../reference/index.ts";
import { openDevice as openWasm } from "./index.ts";

/** Draws that depend on nothing but the seed. */
class Draws {
  private count = 0;
  private readonly seed: number;
  constructor(seed: number) {
    this.seed = seed;
  }
  int(low: number, high: number): number {
    return low + ((randomBits(this.seed, 0, this.count++) >>> 8) % (high - low + 1));
  }
  float(): number {
    return ((randomBits(this.seed, 1, this.count++) >>> 8) / 2 ** 24) * 2 - 1;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }
}

function filled<A extends TypedArray>(array: A, next: () => number): A {
  for (let i = 0; i < array.length; i++) array[i] = next();
  return array;
}

/** Collects buffers while kernels are written down. */
class Sketch {
  readonly buffers: BufferDecl[] = [];
  readonly kernels: Kernel[] = [];
  readonly inputs = new Map<string, TypedArray>();
  private readonly draws: Draws;
  constructor(draws: Draws) {
    this.draws = draws;
  }
  add(kind: BufferDecl["kind"], dtype: DType, shape: Shape): number {
    const id = this.buffers.length;
    const name = `b${id}`;
    this.buffers.push({ id, kind, dtype, shape, name });
    if (kind === "input") {
      const size = sizeOf(shape);
      const make = { f32: Float32Array, i32: Int32Array, bool: Uint8Array, f16: Uint16Array, bf16: Uint16Array }[dtype];
      this.inputs.set(
        name,
        filled(new make(size), () => this.element(dtype)),
      );
    }
    return id;
  }
  private element(dtype: DType): number {
    switch (dtype) {
      case "f32":
        return this.draws.float();
      case "i32":
        return this.draws.int(-20, 20);
      case "bool":
        return this.draws.int(0, 1);
      case "bf16":
        return (this.draws.int(0, 1) << 15) | this.draws.int(0x3c00, 0x4080);
      case "f16":
        return (this.draws.int(0, 1) << 15) | this.draws.int(0, 0x4400);
    }
  }
  /** A contiguous access. */
  whole(buffer: number): Access {
    return { buffer, offset: 0, strides: contiguousStrides((this.buffers[buffer] as BufferDecl).shape) };
  }
  input(shape: Shape, dtype: DType = "f32"): Access {
    return this.whole(this.add("input", dtype, shape));
  }
  output(shape: Shape, dtype: DType = "f32"): Access {
    return this.whole(this.add("output", dtype, shape));
  }
  program(name: string): Program {
    return { version: 1, name, buffers: this.buffers, kernels: this.kernels, arenaBytes: 64 };
  }
}

let reference: Device;
let one: Device;
let four: Device;
beforeAll(async () => {
  [reference, one, four] = await Promise.all([openReference(), openWasm({ threads: 1 }), openWasm({ threads: 4 })]);
});
afterAll(async () => {
  await Promise.all([one.close(), four.close()]);
});

async function runOn(device: Device, sketch: Sketch, name: string): Promise<ReadonlyMap<string, TypedArray>> {
  const loaded = await device.load(sketch.program(name));
  const result = await (await loaded.start(sketch.inputs)).read();
  loaded.dispose();
  return result;
}

async function check(sketch: Sketch, name: string, tolerance = 2e-6): Promise<void> {
  const want = await runOn(reference, sketch, name);
  const got = await runOn(one, sketch, name);
  const again = await runOn(four, sketch, name);
  for (const [output, expected] of want) {
    const values = got.get(output) as TypedArray;
    const largest = Array.from(expected as ArrayLike<number>).reduce(
      (most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most),
      1e-30,
    );
    for (let i = 0; i < expected.length; i++) {
      const [w, g] = [expected[i] as number, values[i] as number];
      const fine =
        Object.is(w, g) ||
        w === g ||
        (Number.isNaN(w) && Number.isNaN(g)) ||
        Math.abs(w - g) <= tolerance * (Math.abs(w) + largest);
      if (!fine) expect.fail(`${name}: ${output}[${i}] is ${g}, the reference has ${w}`);
    }
    expect(
      Buffer.compare(bytesOf(values), bytesOf(again.get(output) as TypedArray)),
      `${name}: 1 and 4 threads differ in ${output}`,
    ).toBe(0);
  }
}

const bytesOf = (array: TypedArray): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const load = (access: number, dtype: "f32" | "i32" | "bool" = "f32"): Instr => ({ op: "load", access, dtype });

describe("loop", () => {
  for (let seed = 0; seed < 24; seed++) {
    it(`arithmetic, broadcast and permuted, seed ${seed}`, async () => {
      const draws = new Draws(seed);
      const s = new Sketch(draws);
      const domain = Array.from({ length: draws.int(1, 4) }, () => draws.int(1, draws.pick([3, 9, 40])));
      const strides = contiguousStrides(domain);
      const size = sizeOf(domain);
      const dense = s.input(domain);
      const broadcast: Access = {
        ...s.input([size]),
        strides: strides.map((stride) => (draws.int(0, 1) ? stride : 0)),
      };
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
      const mask = s.output(domain, "bool");
      const rounded = s.output(domain, "bf16");
      const positions = s.output(domain, "i32");
      s.kernels.push({
        kind: "loop",
        label: "test",
        domain,
        inputs: [dense, broadcast, flipped],
        body: [
          load(0),
          load(1),
          load(2),
          { op: "binary", fn: "mul", a: 0, b: 1 },
          { op: "binary", fn: "add", a: 3, b: 2 },
          { op: "binary", fn: "lt", a: 0, b: 1 },
          { op: "where", cond: 5, a: 4, b: 2 },
          { op: "index", axis: domain.length - 1 },
          { op: "index", axis: 0 },
          { op: "const", value: 7, dtype: "i32" },
          { op: "binary", fn: "mul", a: 8, b: 9 },
          { op: "binary", fn: "add", a: 7, b: 10 },
        ],
        outputs: [
          { access: permuted, value: 6 },
          { access: mask, value: 5 },
          { access: rounded, value: 6 },
          { access: positions, value: 11 },
        ],
      });
      await check(s, `loop ${domain.join("x")}`);
    });
  }

  it("many outer points before a middle axis", async () => {
    const s = new Sketch(new Draws(4));
    const input = s.add("input", "f32", [2, 4, 32, 64]);
    const heads: Access = { buffer: input, offset: 0, strides: [8192, 64, 2048, 1] };
    s.kernels.push({
      kind: "loop",
      label: "heads",
      domain: [2, 32, 4, 64],
      inputs: [heads],
      body: [load(0)],
      outputs: [{ access: s.output([2, 32, 4, 64]), value: 0 }],
    });
    await check(s, "heads");
  });

  it("rows chosen by indices, and clamped ones", async () => {
    const s = new Sketch(new Draws(5));
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
    const out = s.output([count, cols]);
    s.kernels.push({
      kind: "loop",
      label: "gather",
      domain: [count, cols],
      inputs: [gather, across],
      body: [load(0), load(1), { op: "binary", fn: "add", a: 0, b: 1 }],
      outputs: [{ access: out, value: 2 }],
    });
    await check(s, "gather");
  });

  it("integers, booleans, 16-bit floats, random numbers", async () => {
    const s = new Sketch(new Draws(6));
    const n = 203;
    const [a, b, m, h, w] = [
      s.input([n], "i32"),
      s.input([n], "i32"),
      s.input([n], "bool"),
      s.input([n], "f16"),
      s.input([n], "bf16"),
    ];
    const outs = [
      s.output([n], "i32"),
      s.output([n], "i32"),
      s.output([n], "bool"),
      s.output([n]),
      s.output([n], "f16"),
      s.output([n]),
      s.output([n], "i32"),
    ];
    s.kernels.push({
      kind: "loop",
      label: "mixed",
      domain: [n],
      inputs: [a, b, m, h, w],
      body: [
        load(0, "i32"),
        load(1, "i32"),
        load(2, "bool"),
        load(3),
        load(4),
        { op: "const", value: 21, dtype: "i32" },
        { op: "binary", fn: "add", a: 1, b: 5 }, // 1 … 41
        { op: "binary", fn: "idiv", a: 0, b: 6 },
        { op: "binary", fn: "mod", a: 0, b: 6 },
        { op: "unary", fn: "not", a: 2 },
        { op: "index", axis: 0 },
        { op: "random", seed: 5, counter: 1, index: 10 },
        { op: "binary", fn: "mul", a: 3, b: 4 },
        { op: "binary", fn: "max", a: 3, b: 4 },
        { op: "cast", a: 12, to: "i32" },
      ],
      outputs: [7, 8, 9, 11, 12, 13, 14].map((value, i) => ({ access: outs[i] as Access, value })),
    });
    await check(s, "mixed");
  });

  for (const fn of [
    "exp",
    "log",
    "log1p",
    "expm1",
    "sqrt",
    "rsqrt",
    "reciprocal",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "erf",
    "floor",
    "ceil",
    "round",
    "neg",
    "abs",
    "sign",
  ] as const satisfies readonly UnaryOp[]) {
    it(`${fn}, extremes included`, async () => {
      const s = new Sketch(new Draws(7));
      const extremes = [
        0,
        -0,
        1,
        -1,
        0.5,
        -0.5,
        1.5,
        2.5,
        Infinity,
        -Infinity,
        NaN,
        1e-40,
        -1e-40,
        3e38,
        -3e38,
        88.7,
        89,
        -87,
        -104,
        1e-8,
        100.5,
        -1e5,
        1e10,
        700000,
        2e4,
      ];
      const access = s.input([512]);
      const data = s.inputs.get("b0") as Float32Array;
      data.forEach((x, i) => {
        data[i] = extremes[i] ?? x * [1, 10, 0.01][i % 3]!;
      });
      s.kernels.push({
        kind: "loop",
        label: fn,
        domain: [512],
        inputs: [access],
        body: [load(0), { op: "unary", fn, a: 0 }],
        outputs: [{ access: s.output([512]), value: 1 }],
      });
      const want = (await runOn(reference, s, fn)).get("b1") as Float32Array;
      const got = (await runOn(one, s, fn)).get("b1") as Float32Array;
      want.forEach((w, i) => {
        const g = got[i] as number;
        const fine =
          Object.is(w, g) ||
          w === g ||
          (Number.isNaN(w) && Number.isNaN(g)) ||
          Math.abs(w - g) <= 4e-7 * Math.abs(w) + 1e-45 ||
          (Math.abs(w) < 1e-38 && Math.abs(g) < 1e-37);
        if (!fine) expect.fail(`${fn}(${data[i]}) is ${g}, not ${w}`);
      });
    });
  }
});

describe("reduce", () => {
  for (let seed = 0; seed < 24; seed++) {
    it(`sum, max, min, product along and across, seed ${seed}`, async () => {
      const draws = new Draws(100 + seed);
      const s = new Sketch(draws);
      const domain = Array.from({ length: draws.int(1, 3) }, () => draws.int(1, draws.pick([3, 9, 70])));
      const innerRank = draws.int(1, domain.length);
      const order = seed % 2 === 0 ? domain.map((_, i) => i) : domain.map((_, i) => domain.length - 1 - i);
      const stored = contiguousStrides(order.map((axis) => domain[axis] as number));
      const size = sizeOf(domain);
      const input: Access = {
        buffer: s.add("input", "f32", [size]),
        offset: 0,
        strides: domain.map((_, axis) => stored[order.indexOf(axis)] as number),
      };
      const outer = domain.slice(0, domain.length - innerRank);
      const row = (): Access => {
        const access = s.output(outer);
        return { ...access, strides: [...access.strides, ...new Array<number>(innerRank).fill(0)] };
      };
      s.kernels.push({
        kind: "reduce",
        label: "test",
        domain,
        innerRank,
        inputs: [input],
        phases: [
          {
            body: [load(0)],
            reduce: [
              { op: "max", value: 0 },
              { op: "min", value: 0 },
            ],
            rowBody: [{ op: "binary", fn: "sub", a: 0, b: 1 }],
            outputs: [],
            rowOutputs: [{ access: row(), value: 2 }],
          },
          {
            body: [load(0), { op: "binary", fn: "sub", a: 3, b: 0 }, { op: "unary", fn: "exp", a: 4 }],
            reduce: [
              { op: "sum", value: 5 },
              { op: "prod", value: 3 },
            ],
            rowBody: [],
            outputs: [],
            rowOutputs: [
              { access: row(), value: 3 },
              { access: row(), value: 4 },
            ],
          },
          {
            body: [
              load(0),
              { op: "binary", fn: "sub", a: 5, b: 0 },
              { op: "unary", fn: "exp", a: 6 },
              { op: "binary", fn: "div", a: 7, b: 3 },
            ],
            reduce: [],
            rowBody: [],
            outputs: [{ access: s.output(domain), value: 8 }],
            rowOutputs: [],
          },
        ],
      });
      await check(s, `reduce ${domain.join("x")} inner ${innerRank}`, 1e-5);
    });
  }

  for (const [outer, inner] of [
    [[], [100003]],
    [[3], [50, 1021]],
    [[], [7, 20000]],
  ] as const) {
    it(`long rows ${[...outer, "|", ...inner].join(" ")}`, async () => {
      const s = new Sketch(new Draws(9));
      const domain = [...outer, ...inner];
      const out = s.output(outer);
      const input = s.input(domain);
      s.kernels.push({
        kind: "reduce",
        label: "norm",
        domain,
        innerRank: inner.length,
        inputs: [input],
        phases: [
          {
            body: [load(0), { op: "binary", fn: "mul", a: 0, b: 0 }],
            reduce: [
              { op: "sum", value: 1 },
              { op: "max", value: 0 },
            ],
            rowBody: [
              { op: "unary", fn: "sqrt", a: 0 },
              { op: "binary", fn: "add", a: 2, b: 1 },
            ],
            outputs: [],
            rowOutputs: [{ access: { ...out, strides: [...out.strides, ...inner.map(() => 0)] }, value: 3 }],
          },
        ],
      });
      await check(s, "norm");
    });
  }
});

describe("matmul", () => {
  const shapes = [
    [1, 1, 1],
    [5, 7, 3],
    [1, 300, 64],
    [3, 65, 130],
    [300, 2, 33],
    [64, 64, 64],
    [61, 97, 129],
    [130, 40, 800],
    [256, 256, 256],
    [33, 500, 1000],
    [100, 3, 5],
    [17, 24, 16],
  ] as const;
  for (const [index, [m, n, k]] of shapes.entries()) {
    for (const variant of [0, 1, 2, 3]) {
      it(`${m}×${n}×${k}, variant ${variant}`, async () => {
        const draws = new Draws(200 + index * 4 + variant);
        const s = new Sketch(draws);
        const batch = variant === 3 ? [2, 3] : variant === 2 ? [3] : [];
        const transposeA = variant % 2 === 1;
        const transposeB = variant >= 1;
        const matrix = (rows: number, cols: number, transposed: boolean, batched: boolean) => {
          const buffer = s.add("input", "f32", [...(batched ? batch : []), rows, cols]);
          const strides = batched ? contiguousStrides([...batch, rows * cols]).slice(0, -1) : batch.map(() => 0);
          return {
            buffer,
            offset: 0,
            rowStride: transposed ? 1 : cols,
            colStride: transposed ? rows : 1,
            batchStrides: strides,
          };
        };
        const a = matrix(m, k, transposeA, true);
        const b = matrix(k, n, transposeB, variant === 3);
        const out = s.output([...batch, m, n]);
        const plain = variant === 0 || variant === 3;
        const bias: Access = { ...s.input([n]), strides: [...batch.map(() => 0), 0, 1] };
        const residual = s.input([...batch, m, n]);
        s.kernels.push({
          kind: "matmul",
          label: "test",
          batch,
          m,
          n,
          k,
          a,
          b,
          inputs: plain ? [] : [bias, residual],
          epilogue: plain
            ? []
            : [load(0), load(1), { op: "binary", fn: "add", a: 0, b: 1 }, { op: "binary", fn: "mul", a: 3, b: 2 }],
          outputs: [{ access: out, value: plain ? 0 : 4 }],
        });
        await check(s, `matmul ${m}x${n}x${k}`, 1e-5);
      });
    }
  }
});

describe("attention", () => {
  interface Case {
    readonly dims: AttentionDims;
    readonly causal?: boolean;
    readonly window?: number;
    readonly mask?: "bool" | "f32";
    readonly slopes?: boolean;
    readonly kvLength?: number;
    readonly interleaved?: boolean;
  }
  const dims = (
    batch: number,
    heads: number,
    kvHeads: number,
    queries: number,
    keys: number,
    headDim: number,
  ): AttentionDims => ({ batch, heads, kvHeads, queries, keys, headDim });
  const cases: readonly Case[] = [
    { dims: dims(2, 4, 4, 128, 128, 64), causal: true },
    { dims: dims(1, 4, 2, 37, 37, 16), causal: true, interleaved: true },
    { dims: dims(2, 3, 1, 70, 70, 20), causal: true, window: 9 },
    { dims: dims(1, 2, 2, 10, 45, 8), causal: true },
    { dims: dims(2, 2, 2, 33, 50, 6), mask: "bool" },
    { dims: dims(1, 2, 1, 33, 33, 12), mask: "f32", causal: true },
    { dims: dims(2, 4, 4, 40, 40, 32), causal: true, slopes: true },
    { dims: dims(1, 2, 2, 300, 300, 32), causal: true },
    { dims: dims(2, 4, 2, 1, 77, 64), causal: true, kvLength: 50 },
    { dims: dims(1, 4, 4, 3, 90, 10), causal: true, kvLength: 41, window: 20 },
    { dims: dims(1, 2, 2, 8, 64, 16), causal: true, kvLength: 30 },
  ];
  for (const [index, entry] of cases.entries()) {
    it(`case ${index}: ${JSON.stringify(entry)}`, async () => {
      const s = new Sketch(new Draws(300 + index));
      const { batch, heads, kvHeads, queries, keys, headDim } = entry.dims;
      const tensor = (kind: "input" | "output", h: number, t: number): Access => {
        const access = s.whole(s.add(kind, "f32", [batch, h, t, headDim]));
        // [B, T, H, d] in memory, as projections leave it
        return entry.interleaved ? { ...access, strides: [t * h * headDim, headDim, h * headDim, 1] } : access;
      };
      const [q, k, v] = [
        tensor("input", heads, queries),
        tensor("input", kvHeads, keys),
        tensor("input", kvHeads, keys),
      ];
      const out = tensor("output", heads, queries);
      const lse = s.output([batch, heads, queries]);
      const mask =
        entry.mask === undefined
          ? undefined
          : { ...s.input([batch, queries, keys], entry.mask), strides: [queries * keys, 0, keys, 1] };
      const slopes = entry.slopes ? s.input([heads]) : undefined;
      const common = {
        label: "test",
        dims: entry.dims,
        scale: 1 / Math.sqrt(headDim),
        masking: { causal: entry.causal ?? false, ...(entry.window === undefined ? {} : { window: entry.window }) },
        q,
        k,
        v,
        out,
        lse,
        ...(mask === undefined ? {} : { mask }),
        ...(slopes === undefined ? {} : { slopes }),
      };
      let kvLength: number | undefined;
      if (entry.kvLength !== undefined) {
        kvLength = s.add("input", "i32", []);
        s.inputs.set(`b${kvLength}`, Int32Array.of(entry.kvLength));
      }
      s.kernels.push({ kind: "attention", ...common, ...(kvLength === undefined ? {} : { kvLength }) });
      if (kvLength === undefined) {
        const dout = tensor("input", heads, queries);
        const [dq, dk, dv] = [
          tensor("output", heads, queries),
          tensor("output", kvHeads, keys),
          tensor("output", kvHeads, keys),
        ];
        const dslopes = entry.slopes ? { dslopes: s.output([heads]) } : {};
        s.kernels.push({ kind: "attentionBackward", ...common, dout, dq, dk, dv, ...dslopes });
      }
      await check(s, `attention ${index}`, 1e-5);
    });
  }
});

describe("the rest", () => {
  it("scatterAdd adds repeated rows in order and skips indices outside", async () => {
    for (const [rows, cols, count] of [
      [9, 40, 100],
      [5, 3, 20],
      [50, 256, 64],
    ] as const) {
      const s = new Sketch(new Draws(400 + cols));
      s.kernels.push({
        kind: "scatterAdd",
        label: "test",
        rows,
        cols,
        count,
        index: s.input([count], "i32"),
        src: s.input([count, cols]),
        out: s.output([rows, cols]),
      });
      await check(s, "scatterAdd");
    }
  });
  it("cumsum, argmax, argmin, sort", async () => {
    for (const domain of [[1], [5, 33], [3, 4, 17], [100, 7]]) {
      for (const dtype of ["f32", "i32"] as const) {
        const s = new Sketch(new Draws(500 + domain.length));
        const input = s.input(domain, dtype);
        const short = (): Access => {
          const access = s.output(domain.slice(0, -1), "i32");
          return { ...access, strides: [...access.strides, 0] };
        };
        s.kernels.push({ kind: "cumsum", label: "c", domain, input, output: s.output(domain, dtype) });
        s.kernels.push({ kind: "argreduce", label: "a", op: "max", domain, input, output: short() });
        s.kernels.push({ kind: "argreduce", label: "b", op: "min", domain, input, output: short() });
        for (const descending of [false, true]) {
          s.kernels.push({
            kind: "sort",
            label: "s",
            descending,
            domain,
            input,
            values: s.output(domain, dtype),
            indices: s.output(domain, "i32"),
          });
        }
        await check(s, `rows ${domain.join("x")} ${dtype}`);
      }
    }
  });
});
