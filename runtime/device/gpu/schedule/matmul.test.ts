/**
 * @file Products for GPUs that are not at hand, run by the interpreter of the kernel IR (which knows 16-bit floats, matrix units and wide subgroups, and
 * takes races, missing barriers and indices out of range for errors), against the reference; and which schedule is chosen for what.
 * What every device must do with products is in `tests/conformance`.
 */
import { describe, expect, it } from "vitest";
import { expectNear, expectSameBits, runOnce } from "../../../../tests/conformance/compare.ts";
import { binary, load, Sketch, unary } from "../../../../tests/conformance/sketch.ts";
import { contextFor, interpretProgram, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import type { DType } from "../../../program/dtype.ts";
import type { Access, MatmulKernel, MatrixAccess } from "../../../program/kernel.ts";
import type { Instr } from "../../../program/scalar.ts";
import { openDevice } from "../../reference/index.ts";
import type { GpuTarget, MatrixUnit } from "../target.ts";
import { scheduleKernel } from "./index.ts";
import { scheduleChoice, scheduleMatmul } from "./matmul.ts";
import { candidatesFor, chooseProduct } from "./matmul-choice.ts";

const reference = openDevice();

interface Spec {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch?: number;
  readonly dtype?: DType;
  readonly rightDtype?: DType;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Elements between the lines of A and of B. */
  readonly gap?: number;
  readonly around?: (s: Sketch, domain: readonly number[]) => Pick<MatmulKernel, "inputs" | "epilogue" | "outputs">;
}

function sketchOf(seed: number, spec: Spec): Sketch {
  const s = new Sketch(seed);
  const { m, n, k, batch, dtype = "f32", rightDtype = dtype, gap = 0 } = spec;
  const batchAxes = batch === undefined ? [] : [batch];
  const matrix = (rows: number, cols: number, transposed: boolean, type: DType): MatrixAccess => {
    const [lines, length] = transposed ? [cols, rows + gap] : [rows, cols + gap];
    const size = lines * length;
    return {
      buffer: s.add("input", type, [(batch ?? 1) * size]),
      offset: 0,
      rowStride: transposed ? 1 : length,
      colStride: transposed ? length : 1,
      batchStrides: batch === undefined ? [] : [size],
    };
  };
  const a = matrix(m, k, spec.transposeA ?? false, dtype);
  const b = matrix(k, n, spec.transposeB ?? false, rightDtype);
  const domain = [...batchAxes, m, n];
  const code = spec.around?.(s, domain) ?? {
    inputs: [],
    epilogue: [],
    outputs: [{ access: s.output(domain), value: 0 }],
  };
  return s.push({ kind: "matmul", label: "product", batch: batchAxes, m, n, k, a, b, ...code });
}

async function check(spec: Spec, target: GpuTarget, seed = 7): Promise<readonly string[]> {
  const s = sketchOf(seed, spec);
  const program = s.program("product");
  const want = await runOnce(await reference, s, "product");
  const { outputs, scheduled } = interpretProgram(program, s.inputs, target, scheduleKernel);
  expectNear(outputs, want, s, "product");
  expectSameBits(interpretProgram(program, s.inputs, target, scheduleKernel).outputs, outputs, "the second run");
  return scheduled.flatMap(({ dispatches }) =>
    dispatches.map(({ module }) => (module.uses.matrixUnits ? "units" : module.uses.subgroups ? "subgroups" : "plain")),
  );
}

const unit = (m: number, n: number, k: number, input: "f16" | "f32" = "f16"): MatrixUnit => ({
  m,
  n,
  k,
  input,
  result: "f32",
});
const transposes = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB })),
);

/** `gelu`-like code with a bias along columns, a residual, and a result in 16 bits beside the f32 one. */
const heavy: NonNullable<Spec["around"]> = (s, domain) => {
  const bias: Access = {
    ...s.input(domain.slice(-1)),
    strides: domain.map((_, i) => (i === domain.length - 1 ? 1 : 0)),
  };
  const body: Instr[] = [
    load(0),
    binary("add", 0, 1),
    unary("erf", 2),
    unary("tanh", 3),
    unary("exp", 4),
    load(1),
    binary("add", 5, 6),
  ];
  return {
    inputs: [bias, s.input(domain)],
    epilogue: body,
    outputs: [
      { access: s.output(domain), value: 7 },
      { access: s.output(domain, "f16"), value: 7 },
    ],
  };
};

describe("every tile", () => {
  const limitsWith = (sharedBytes: number): GpuTarget["limits"] => ({ ...syntheticTarget().limits, sharedBytes });
  const targets: readonly (readonly [string, "f32" | "f16", GpuTarget])[] = [
    ["48 KiB of shared memory", "f32", syntheticTarget({ limits: limitsWith(49_152) })],
    ["32 KiB", "f32", syntheticTarget()],
    ["16 KiB", "f32", syntheticTarget({ limits: limitsWith(16_384) })],
    ["units, 32 KiB", "f16", syntheticTarget({ matrixUnits: [unit(16, 16, 16)] })],
    ["units, 48 KiB", "f16", syntheticTarget({ matrixUnits: [unit(16, 8, 16)], limits: limitsWith(49_152) })],
  ];
  const seen = new Set<string>();
  const transposed = transposes.filter(({ transposeA, transposeB }) => transposeA !== transposeB);
  for (const [name, dtype, target] of targets) {
    const size = {
      m: 1,
      n: 1,
      k: 1,
      batch: [],
      forms: ["along-k", "along-k"] as const,
      scalars: [dtype, dtype] as const,
    };
    for (const candidate of candidatesFor(size, target)) {
      const { bm, bn, bk, sharedBytes } = candidate;
      const shape = `${bm}×${bn} by ${bk}, ${sharedBytes} bytes`;
      if (seen.has(shape)) continue;
      seen.add(shape);
      it(`${name}: ${shape}`, async () => {
        for (const [i, spec] of transposed.entries())
          for (const [splits, k] of [
            [1, 2 * bk],
            [2, 3 * bk - 2],
          ] as const) {
            const s = sketchOf(i, { m: bm + 6, n: bn + 9 * i + 4, k, dtype, ...spec });
            const want = await runOnce(await reference, s, "product");
            const { outputs } = interpretProgram(s.program("product"), s.inputs, target, (kernel, context) =>
              scheduleChoice(kernel as MatmulKernel, context, candidate.choose(splits), false),
            );
            expectNear(outputs, want, s, "product");
          }
      });
    }
  }
});

describe("products on matrix units", () => {
  for (const [m, n, k] of [
    [16, 16, 16],
    [16, 8, 16],
    [8, 8, 8],
    [8, 16, 16],
  ] as const)
    describe.each(transposes)(`${m}×${n}×${k}, %o`, (transposed) => {
      const target = syntheticTarget({ matrixUnits: [unit(m, n, k)] });
      it("whole tiles", async () => {
        expect(await check({ m: 64, n: 64, k: 64, dtype: "f16", ...transposed }, target)).toEqual(["units"]);
      });
      it("edges on all sides", async () => {
        expect(await check({ m: 44, n: 52, k: 36, dtype: "f16", ...transposed }, target)).toEqual(["units"]);
        expect(await check({ m: 33, n: 39, k: 45, dtype: "f16", ...transposed }, target)).toEqual(["units"]);
      });
    });

  it("a batch, with heavy code after it", async () => {
    const target = syntheticTarget({ matrixUnits: [unit(16, 16, 16)] });
    expect(await check({ m: 36, n: 40, k: 32, batch: 3, dtype: "f16", around: heavy }, target)).toEqual(["units"]);
  });

  it("in f32, where the hardware has that", async () => {
    const target = syntheticTarget({ matrixUnits: [unit(8, 8, 8, "f32")] });
    expect(await check({ m: 48, n: 40, k: 64, transposeB: true }, target)).toEqual(["units"]);
    expect(await check({ m: 48, n: 40, k: 64, dtype: "f16" }, target)).toEqual(["units"]);
    expect(await check({ m: 47, n: 40, k: 63, dtype: "f16", rightDtype: "f32" }, target)).toEqual(["units"]);
  });

  it("not where the width of a subgroup is open, where sums would be f16, or where the operands differ", async () => {
    const spec: Spec = { m: 32, n: 32, k: 32, dtype: "f16" };
    const units = [unit(16, 16, 16)];
    expect(await check(spec, syntheticTarget({ matrixUnits: units, subgroups: { min: 16, max: 32 } }))).toEqual([
      "plain",
    ]);
    expect(await check(spec, syntheticTarget({ matrixUnits: [{ ...unit(16, 16, 16), result: "f16" }] }))).toEqual([
      "plain",
    ]);
    expect(await check({ ...spec, rightDtype: "f32" }, syntheticTarget({ matrixUnits: units }))).toEqual(["plain"]);
  });

  it("asks for the width where the driver has several", async () => {
    const target = syntheticTarget({
      matrixUnits: [unit(16, 16, 16)],
      subgroups: { min: 32, max: 64, isFixable: true },
    });
    const spec: Spec = { m: 40, n: 40, k: 48, dtype: "f16" };
    expect(await check(spec, target)).toEqual(["units"]);
    const s = sketchOf(1, spec);
    const [dispatch] = scheduleMatmul(s.kernels[0] as MatmulKernel, contextFor(s.program("wide"), target)).dispatches;
    expect(dispatch?.module.subgroupSize).toBe(64);
  });

  it("splits k", async () => {
    const target = syntheticTarget({ matrixUnits: [unit(16, 16, 16)] });
    expect(await check({ m: 24, n: 20, k: 2000, dtype: "f16", transposeA: true }, target)).toEqual(["units", "plain"]);
  });
});

describe("products of 16-bit operands without units", () => {
  it.each(transposes)("%o", async (transposed) => {
    await check({ m: 36, n: 40, k: 24, dtype: "f16", ...transposed }, syntheticTarget());
    await check({ m: 37, n: 42, k: 23, dtype: "f16", gap: 1, ...transposed }, syntheticTarget());
    await check({ m: 36, n: 40, k: 24, dtype: "f16", rightDtype: "f32", ...transposed }, syntheticTarget());
    await check({ m: 36, n: 40, k: 24, dtype: "bf16", rightDtype: "f16", ...transposed }, syntheticTarget());
  });
});

describe("products of few rows", () => {
  for (const subgroups of [undefined, { min: 4, max: 4 }, { min: 32, max: 64 }])
    it.each(transposes)(`subgroups of ${subgroups?.min ?? "none"}, %o`, async (transposed) => {
      const { subgroups: _, ...plain } = syntheticTarget();
      const target = subgroups === undefined ? plain : { ...plain, subgroups };
      for (const dtype of ["f32", "f16"] as const) {
        await check({ m: 1, n: 96, k: 256, dtype, ...transposed }, target);
        await check({ m: 5, n: 33, k: 70, dtype, ...transposed }, target);
        await check({ m: 2, n: 20, k: 5000, dtype, ...transposed }, target);
        await check({ m: 70, n: 3, k: 64, dtype, batch: 2, ...transposed }, target);
      }
    });
});

describe("the epilogue", () => {
  it("is a loop where it is heavy, and knows its edges", async () => {
    await check({ m: 70, n: 66, k: 20, around: heavy }, syntheticTarget());
    await check({ m: 35, n: 67, k: 20, batch: 2, around: heavy }, syntheticTarget());
  });

  it("updates states in place, several of them", async () => {
    const s = new Sketch(11);
    const [m, n, k] = [36, 44, 50];
    const states = [0, 1, 2].map(() => s.output([m, n]));
    for (const state of states) s.loop([m, n], [s.input([m, n])], [load(0)], { 0: state });
    const [a, b] = [s.input([k, m]), s.input([k, n])];
    s.push({
      kind: "matmul",
      label: "update",
      batch: [],
      m,
      n,
      k,
      a: { buffer: a.buffer, offset: 0, rowStride: 1, colStride: m, batchStrides: [] },
      b: { buffer: b.buffer, offset: 0, rowStride: n, colStride: 1, batchStrides: [] },
      inputs: states,
      epilogue: [load(0), load(1), load(2), binary("add", 0, 1), binary("add", 4, 2), binary("mul", 5, 3)],
      outputs: states.map((access, i) => ({ access, value: 4 + i })),
    });
    const want = await runOnce(await reference, s, "update");
    const { outputs } = interpretProgram(s.program("update"), s.inputs, syntheticTarget(), scheduleKernel);
    expectNear(outputs, want, s, "product");
  });

  it("waits for all sums where it overwrites an operand", async () => {
    const s = new Sketch(12);
    const n = 40;
    const state = s.output([n, n]);
    s.loop([n, n], [s.input([n, n])], [load(0)], { 0: state });
    const matrix = { buffer: state.buffer, offset: 0, rowStride: n, colStride: 1, batchStrides: [] };
    s.push({
      kind: "matmul",
      label: "square",
      batch: [],
      m: n,
      n,
      k: n,
      a: matrix,
      b: matrix,
      inputs: [],
      epilogue: [],
      outputs: [{ access: state, value: 0 }],
    });
    const want = await runOnce(await reference, s, "square");
    const { outputs } = interpretProgram(s.program("square"), s.inputs, syntheticTarget(), scheduleKernel);
    expectNear(outputs, want, s, "product");
  });

  it("has a dispatch of its own where one would bind too much", () => {
    const s = sketchOf(13, { m: 40, n: 40, k: 40, around: heavy });
    const target = syntheticTarget();
    const few = { ...target, limits: { ...target.limits, bindings: 5 } };
    const kernel = s.kernels[0] as MatmulKernel;
    const counts = scheduleMatmul(kernel, contextFor(s.program("many"), few)).dispatches.map(
      ({ operands }) => operands.length,
    );
    expect(counts).toEqual([3, 5]);
  });
});

describe("the choice", () => {
  const { matrixUnits: _, ...rest } = syntheticTarget();
  const choose = (m: number, n: number, k: number, batch: readonly number[] = []): string => {
    const choice = chooseProduct(
      { m, n, k, batch, forms: ["along-k", "along-outer"], scalars: ["f32", "f32"] },
      { ...rest, matrixUnits: [] },
    );
    return choice.kind === "blocks" ? "blocks" : `${choice.shape.bm}×${choice.shape.bn}/${choice.splits}`;
  };

  it("takes large tiles where there are enough of them", () => {
    expect(choose(4096, 4096, 4096)).toBe("128×128/1");
    expect(choose(2048, 2048, 2048)).toBe("128×128/1");
    expect(choose(1024, 1024, 1024)).toBe("64×64/1");
  });

  it("splits k where there are too few", () => {
    expect(choose(256, 256, 16_384)).toMatch(/\/\d\d$/);
    expect(choose(64, 64, 64)).toMatch(/\/1$/);
  });

  it("leaves outer products and tiny matrices to single invocations", () => {
    expect(choose(4096, 4096, 1)).toBe("blocks");
    expect(choose(4, 4, 4, [1000])).toBe("blocks");
  });
});
