/**
 * @file Attention on GPUs: every option with every other, storage types, views and sizes, on the interpreter of the kernel IR (which takes races, missing
 * barriers and indices out of range for errors) and, where there is one, on the software adapter, against the reference.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNear, expectSameBits, numbersOf, runOnce, runTwice } from "../../../../tests/conformance/compare.ts";
import { Sketch } from "../../../../tests/conformance/sketch.ts";
import { gpuSkipReason } from "../../../../tests/support/gpu.ts";
import { contextFor, interpretProgram, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import type { DType } from "../../../program/dtype.ts";
import type { Access, AttentionDims, AttentionKernel } from "../../../program/kernel.ts";
import type { Device, TypedArray } from "../../device.ts";
import { openDevice } from "../../reference/index.ts";
import { chooseAdapter } from "../../webgpu/adapter.ts";
import { openHost } from "../../webgpu/host.ts";
import { openAdapter } from "../../webgpu/open.ts";
import type { GpuTarget, MatrixUnit, ScheduledKernel } from "../target.ts";
import { scheduleKernel } from "./index.ts";

const reference = openDevice();

interface Spec {
  readonly dims: Partial<AttentionDims>;
  readonly causal?: boolean;
  readonly window?: number;
  /** `finite`: rows of nothing but −3.4e38, and others. `infinite`: −∞ here and there, and one whole row. */
  readonly mask?: "bool" | "f32" | "finite" | "infinite";
  readonly documents?: boolean;
  readonly slopes?: boolean;
  readonly kvLength?: number;
  readonly dtype?: DType;
  /** How q, k, v and the rest lie: one tensor each; [B, T, H, d]; q, k, v cut from one product; rows with a gap, from an odd element on. */
  readonly layout?: "plain" | "interleaved" | "fused" | "odd";
  readonly backward?: boolean;
}

function dimsOf({ dims }: Spec): AttentionDims {
  return { batch: 1, heads: 2, kvHeads: 1, queries: 21, keys: 21, headDim: 8, ...dims };
}

function sketchOf(spec: Spec, seed = 5): Sketch {
  const s = new Sketch(seed);
  const dims = dimsOf(spec);
  const { batch, heads, kvHeads, queries, keys, headDim } = dims;
  const { dtype = "f32", layout = "plain" } = spec;
  const tensor = (kind: "input" | "output", h: number, t: number): Access => {
    if (layout === "odd") {
      const row = headDim + 1;
      const buffer = s.add(kind, dtype, [1 + batch * h * t * row]);
      const access = { buffer, offset: 1, strides: [h * t * row, t * row, row, 1] };
      return kind === "output" ? s.prefilled(access) : access;
    }
    const access = s.whole(s.add(kind, dtype, [batch, h, t, headDim]));
    return layout === "interleaved" ? { ...access, strides: [t * h * headDim, headDim, h * headDim, 1] } : access;
  };
  const fused = (kind: "input" | "output"): [Access, Access, Access] => {
    const row = (heads + 2 * kvHeads) * headDim;
    const buffer = s.add(kind, dtype, [batch, keys, row]);
    const part = (offset: number): Access => ({ buffer, offset, strides: [keys * row, headDim, row, 1] });
    return [part(0), part(heads * headDim), part((heads + kvHeads) * headDim)];
  };
  const three = (kind: "input" | "output"): [Access, Access, Access] =>
    layout === "fused"
      ? fused(kind)
      : [tensor(kind, heads, queries), tensor(kind, kvHeads, keys), tensor(kind, kvHeads, keys)];
  const [q, k, v] = three("input");
  const [out, lse] = [tensor("output", heads, queries), s.output([batch, heads, queries])];
  const common: AttentionKernel = {
    kind: "attention",
    label: "attention",
    dims,
    scale: 1 / Math.sqrt(headDim),
    masking: { causal: spec.causal ?? false, ...(spec.window === undefined ? {} : { window: spec.window }) },
    ...{ q, k, v, out, lse },
    ...(spec.mask === undefined ? {} : { mask: maskOf(s, spec.mask, dims) }),
    ...(spec.documents ? { firstKey: firstKeys(s, dims) } : {}),
    ...(spec.slopes ? { slopes: s.input([heads]) } : {}),
    ...(spec.kvLength === undefined ? {} : { kvLength: s.scalar(spec.kvLength) }),
  };
  s.push(common);
  if (spec.backward === false) return s;
  const dout = tensor("input", heads, queries);
  const [dq, dk, dv] = three("output");
  const dslopes = spec.slopes ? { dslopes: s.output([heads]) } : {};
  return s.push({ ...common, kind: "attentionBackward", dout, dq, dk, dv, ...dslopes });
}

function maskOf(s: Sketch, kind: NonNullable<Spec["mask"]>, { batch, queries, keys }: AttentionDims): Access {
  const strides = [queries * keys, 0, keys, 1];
  const access = s.input([batch, queries, keys], kind === "bool" ? "bool" : "f32");
  const data = s.inputs.get(`b${access.buffer}`) as TypedArray;
  const low = kind === "finite" ? -3.4028234663852886e38 : Number.NEGATIVE_INFINITY;
  if (kind === "finite" || kind === "infinite")
    for (let i = 0; i < data.length; i++) if (i < keys || i % 3 === 0) data[i] = low;
  return { ...access, strides };
}

/** Documents of 7 for half of the heads' batch entries, of all lengths; for each query the position where its document begins. */
function firstKeys(s: Sketch, { batch, queries, keys }: AttentionDims): Access {
  const starts = Array.from({ length: batch * queries }, (_, i) => {
    const position = (i % queries) + keys - queries;
    return Math.floor(position / 7) * 7 - (i % queries === 3 ? 50 : 0);
  });
  return { ...s.set(s.input([batch, queries], "i32"), starts), strides: [queries, 0, 1, 0] };
}

function expectWithinLimits(scheduled: readonly ScheduledKernel[], { limits }: GpuTarget): void {
  for (const { dispatches } of scheduled)
    for (const { module, operands, grid } of dispatches) {
      const shared = module.shared.reduce(
        (sum, { type, length }) => sum + length * type.width * (type.scalar === "f16" ? 2 : 4),
        0,
      );
      expect(shared).toBeLessThanOrEqual(limits.sharedBytes);
      expect(module.workgroupSize).toBeLessThanOrEqual(limits.invocations);
      expect(operands.length).toBeLessThanOrEqual(limits.bindings);
      expect(Math.max(...grid)).toBeLessThanOrEqual(limits.workgroups);
    }
}

async function check(spec: Spec, target: GpuTarget = syntheticTarget()): Promise<readonly ScheduledKernel[]> {
  const s = sketchOf(spec);
  const want = await runOnce(await reference, s, "attention");
  const { outputs, scheduled } = interpretProgram(s.program("attention"), s.inputs, target, scheduleKernel);
  expectWithinLimits(scheduled, target);
  expectNear(outputs, want, s, "attention");
  return scheduled;
}

const bools = [false, true];
const plain = syntheticTarget({ f16: false });
const small: GpuTarget = {
  limits: { sharedBytes: 16_384, invocations: 128, bindings: 8, workgroups: 65_535 },
  f16: false,
  matrixUnits: [],
};

describe("attention on the interpreter", () => {
  describe.each(
    bools.flatMap((causal) => [undefined, 6].flatMap((window) => bools.map((slopes) => ({ causal, window, slopes })))),
  )("%o", ({ causal, window, slopes }) => {
    const masking = { causal, slopes, ...(window === undefined ? {} : { window }) };
    describe.each([undefined, 15, 0])("kvLength %s", (length) => {
      const cache = length === undefined ? {} : { kvLength: length };
      it.each([{}, { mask: "bool" }, { mask: "infinite", documents: true }, { documents: true }] as const)(
        "%o",
        async (more) => {
          // many queries, and few
          await check({ dims: { queries: 19, keys: 30, headDim: 6 }, ...masking, ...cache, ...more }, small);
          await check({ dims: { heads: 6, kvHeads: 2, queries: 3, keys: 30 }, ...masking, ...cache, ...more });
        },
      );
    });
  });

  it.each([1, 2, 3, 4, 7, 16, 20, 33, 64, 80, 96, 128, 160, 200, 256])("heads of %i", async (headDim) => {
    await check({ dims: { headDim, queries: 18, keys: 18 }, causal: true });
    await check({ dims: { headDim, queries: 18, keys: 18, heads: 1 }, causal: true, slopes: true }, small);
    await check({ dims: { headDim, queries: 2, keys: 70 }, causal: true, backward: false });
    await check({ dims: { headDim, queries: 4, keys: 70, heads: 3 }, backward: false }, small);
  });

  it.each(["plain", "interleaved", "fused", "odd"] as const)("views: %s", async (layout) => {
    for (const headDim of [8, 6]) {
      await check({ dims: { heads: 4, kvHeads: 2, batch: 2, headDim }, causal: true, layout });
      await check({ dims: { heads: 4, kvHeads: 2, queries: 5, keys: 5, headDim }, causal: true, layout }, small);
    }
  });

  describe.each(["f16", "bf16"] as const)("%s", (dtype) => {
    it.each([
      { name: "stored as such", target: syntheticTarget() },
      { name: "rounded in f32", target: plain },
    ])("$name", async ({ target }) => {
      for (const layout of ["plain", "fused"] as const) {
        await check({ dims: { headDim: 16 }, dtype, causal: true, layout }, target);
        await check({ dims: { headDim: 7 }, dtype, layout }, target);
        await check({ dims: { queries: 6, keys: 6 }, dtype, layout }, target);
      }
    });
  });

  it.each([{ subgroups: { min: 8, max: 32 } }, { subgroups: { min: 64, max: 64 } }, { subgroups: { min: 4, max: 4 } }])(
    "%o",
    async (offer) => {
      await check({ dims: { headDim: 40 }, causal: true, slopes: true }, syntheticTarget(offer));
      await check({ dims: { queries: 2, keys: 90 }, causal: true }, syntheticTarget(offer));
    },
  );

  it.each([
    { dims: { queries: 20, keys: 20 } },
    { dims: { queries: 4, keys: 20 } },
    { dims: { queries: 1, keys: 300, heads: 4 } },
  ])("all that can be bound at once, with 8 bindings: %o", async ({ dims }) => {
    const all = { causal: true, window: 12, mask: "f32", documents: true, slopes: true } as const;
    await check({ dims, ...all, kvLength: dims.keys - 1 }, small);
  });

  it("masks without a visible key, or with nothing but very large negative numbers", async () => {
    for (const queries of [18, 3]) {
      await check({ dims: { queries, keys: 18 }, mask: "infinite" });
      // A logarithm of −3.4e38 is kept as that of −7e29, for the kernels' own use: the sums are what counts.
      const s = sketchOf({ dims: { queries, keys: 18 }, mask: "finite" });
      const want = await runOnce(await reference, s, "attention");
      const { outputs } = interpretProgram(s.program("attention"), s.inputs, small, scheduleKernel);
      const compared = s.buffers.filter(({ kind, shape }) => kind === "output" && shape.length === 4);
      const only = { ...s, buffers: compared } as Sketch;
      expectNear(outputs, want, only, "attention");
    }
  });

  it("nothing to do", async () => {
    await check({ dims: { queries: 0, keys: 5 } });
    await check({ dims: { queries: 5, keys: 0 } });
    await check({ dims: { queries: 20, keys: 0 }, slopes: true });
    await check({ dims: { batch: 0 }, slopes: true });
  });

  it("NaN reaches the result, and only rows that see it", async () => {
    const s = sketchOf({ dims: { heads: 1, queries: 20, keys: 20 }, causal: true });
    (s.inputs.get("b1") as Float32Array)[10 * 8] = Number.NaN;
    const { outputs } = interpretProgram(s.program("attention"), s.inputs, small, scheduleKernel);
    const out = outputs.get("b3") as Float32Array;
    const isNan = Array.from({ length: 20 }, (_, t) => Number.isNaN(out[t * 8] as number));
    expect(isNan).toEqual(Array.from({ length: 20 }, (_, t) => t >= 10));
  });
});

describe("attention on matrix units", () => {
  const unit = (m: number, n: number, k: number): MatrixUnit => ({ m, n, k, input: "f16", result: "f32" });
  /** Weights pass through f16 before the second product: 2^-11 of the largest each, besides the rounding of results. */
  async function checkUnits(spec: Spec, target: GpuTarget): Promise<void> {
    const s = sketchOf({ dtype: "f16", ...spec });
    const want = await runOnce(await reference, s, "attention");
    const { outputs, scheduled } = interpretProgram(s.program("attention"), s.inputs, target, scheduleKernel);
    expectWithinLimits(scheduled, target);
    scheduled.forEach(({ dispatches }, i) => {
      if (s.kernels[i]?.kind !== "loop") expect(dispatches.some(({ module }) => module.uses.matrixUnits)).toBe(true);
    });
    for (const { name, dtype } of s.buffers.filter(({ kind }) => kind === "output")) {
      const [got, expected] = [outputs, want].map((run) => Array.from(numbersOf(run.get(name), dtype)));
      const finite = (expected as number[]).filter(Number.isFinite).map(Math.abs);
      const allowed = 2 ** -9 * Math.max(...finite, 2 ** -6);
      (expected as number[]).forEach((value, i) => {
        if (Object.is(value, got?.[i])) return;
        expect(Math.abs((got?.[i] as number) - value), `${name}[${i}]`).toBeLessThanOrEqual(allowed);
      });
    }
  }

  describe.each([
    { units: unit(16, 16, 16), width: 32 },
    { units: unit(16, 8, 16), width: 64 },
    { units: unit(8, 8, 8), width: 16 },
  ])("%o", ({ units, width }) => {
    const target = syntheticTarget({ matrixUnits: [units], subgroups: { min: width, max: width } });
    it.each<Spec>([
      { dims: { headDim: 16, queries: 33, keys: 33 }, causal: true },
      { dims: { headDim: 48, heads: 4, kvHeads: 2, queries: 20, keys: 70 } },
      { dims: { headDim: 32, queries: 70, keys: 70 }, causal: true, window: 20, documents: true, slopes: true },
      { dims: { headDim: 64, queries: 40, keys: 40 }, mask: "infinite", layout: "fused" },
      { dims: { headDim: 16, queries: 40, keys: 40 }, causal: true, kvLength: 30, mask: "bool", layout: "odd" },
    ])("%o", (spec) => checkUnits(spec, target));
  });

  it("four subgroups to a workgroup", async () => {
    const target = syntheticTarget({ matrixUnits: [unit(16, 16, 16)] });
    await checkUnits({ dims: { batch: 64, queries: 34, keys: 34, kvHeads: 2, headDim: 16 }, causal: true }, target);
  });

  it("in 16 KiB and with 8 bindings", async () => {
    const target = syntheticTarget({
      matrixUnits: [unit(16, 16, 16)],
      limits: { ...small.limits, invocations: 256 },
    });
    const all = { causal: true, window: 12, mask: "f32", documents: true, slopes: true } as const;
    await checkUnits({ dims: { headDim: 32, queries: 20, keys: 20 }, ...all, kvLength: 19 }, target);
  });

  it("not for other operands or heads", async () => {
    const target = syntheticTarget({ matrixUnits: [unit(16, 16, 16)] });
    for (const spec of [{ dims: { headDim: 16 } }, { dims: { headDim: 24 }, dtype: "f16" }] as const) {
      const scheduled = await check(spec, target);
      for (const { dispatches } of scheduled)
        for (const { module } of dispatches) expect(module.uses.matrixUnits).toBe(false);
    }
  });
});

describe("which kernels", () => {
  const s = sketchOf({ dims: {}, causal: true, backward: false });
  const kernelsOf = (dims: Partial<AttentionDims>, target = syntheticTarget()): ScheduledKernel => {
    const kernel = { ...(s.kernels[0] as AttentionKernel), dims: dimsOf({ dims }) };
    const scheduled = scheduleKernel(kernel, contextFor(s.program("attention"), target));
    expectWithinLimits([scheduled], target);
    return scheduled;
  };

  it("decoding splits long keys among workgroups, unless there are heads enough", () => {
    const [split, join] = kernelsOf({ heads: 8, kvHeads: 8, queries: 1, keys: 4096, headDim: 64 }).dispatches;
    expect(split?.grid).toEqual([512, 1, 1]);
    expect(join).toBeDefined();
    const many = kernelsOf({ batch: 64, heads: 16, kvHeads: 16, queries: 1, keys: 1024, headDim: 64 });
    expect(many.dispatches.length).toBe(1);
    expect(many.scratch).toEqual([]);
  });

  it("many workgroups get large tiles, few get small ones", () => {
    const rows = (dims: Partial<AttentionDims>, target?: GpuTarget): number => {
      const { queries = 0, heads = 0, batch = 1 } = dims;
      const { grid } = kernelsOf(dims, target).dispatches[0] as { grid: readonly number[] };
      return Math.round((queries * heads * batch) / (grid[0] as number));
    };
    const large = { batch: 32, heads: 8, kvHeads: 8, queries: 512, keys: 512 };
    const roomy = syntheticTarget({
      limits: { sharedBytes: 49_152, invocations: 1024, bindings: 10, workgroups: 65_535 },
    });
    expect(rows({ ...large, headDim: 64 }, roomy)).toBe(64);
    expect(rows({ ...large, headDim: 64 })).toBe(32);
    expect(rows({ ...large, headDim: 64 }, small)).toBe(32);
    expect(rows({ ...large, batch: 1, headDim: 64 })).toBe(32);
    expect(rows({ batch: 1, heads: 4, kvHeads: 4, queries: 128, keys: 128, headDim: 64 })).toBe(8);
  });
});

const reason = await gpuSkipReason();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)("attention on the software adapter", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openAdapter(await chooseAdapter(await openHost(), "software"));
  });
  afterAll(() => device.close());

  it.each<[string, Spec]>([
    [
      "tiles of 64 × 16",
      { dims: { batch: 32, heads: 2, kvHeads: 2, queries: 65, keys: 65, headDim: 16 }, causal: true },
    ],
    [
      "tiles of 32 × 32",
      { dims: { batch: 32, heads: 2, kvHeads: 2, queries: 33, keys: 33, headDim: 64 }, causal: true, slopes: true },
    ],
    [
      "long sequences",
      { dims: { heads: 2, queries: 1000, keys: 1000, headDim: 16 }, causal: true, window: 100, documents: true },
    ],
    [
      "f16, fused",
      {
        dims: { heads: 4, kvHeads: 2, queries: 40, keys: 40, headDim: 32 },
        causal: true,
        dtype: "f16",
        layout: "fused",
      },
    ],
    ["bf16, odd", { dims: { queries: 40, keys: 40, headDim: 10 }, causal: true, dtype: "bf16", layout: "odd" }],
    [
      "decoding over 5000 keys",
      {
        dims: { heads: 8, kvHeads: 2, queries: 1, keys: 5000, headDim: 64 },
        kvLength: 4321,
        causal: true,
        backward: false,
      },
    ],
    [
      "few queries, f16",
      { dims: { heads: 8, kvHeads: 2, queries: 5, keys: 300, headDim: 20 }, dtype: "f16", causal: true },
    ],
    ["a cache of one key", { dims: { queries: 20, keys: 64 }, kvLength: 1, causal: true }],
  ])("%s", async (_, spec) => {
    const s = sketchOf(spec);
    const [got, again] = await runTwice(device, s, "attention");
    expectNear(got, await runOnce(await reference, s, "attention"), s, "attention");
    expectSameBits(again, got, "the second run");
  });
});
