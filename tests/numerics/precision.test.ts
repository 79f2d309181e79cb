/** @file Mixed precision on single functions: values and gradients in 16 bits against the same in f32, and what stays f32. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  attention,
  checkpoint,
  crossEntropy,
  embedding,
  full,
  grad,
  layerNorm,
  linear,
  linearCrossEntropy,
  Parameter,
  type Session,
  type Tensor,
  vjp,
  withPrecision,
} from "../../runtime/index.ts";
import { testDevices } from "./devices.ts";

/** Relative to the largest element: some roundings of 2⁻¹¹ (f16) and 2⁻⁸ (bf16) in a row. */
const tolerance = { f16: 4e-3, bf16: 3e-2 } as const;

/** Numbers without structure, the same on every run. */
function noise(size: number, seed: number, scale = 1): Float32Array {
  return Float32Array.from(
    { length: size },
    (_, i) => scale * Math.sin(seed * 12.9898 + i * 78.233 + Math.cos(i * seed)),
  );
}
const param = (shape: readonly number[], seed: number, scale?: number): Parameter =>
  new Parameter(
    shape,
    noise(
      shape.reduce((a, b) => a * b, 1),
      seed,
      scale,
    ),
    { label: `p${seed}` },
  );

interface Case {
  readonly parameters: readonly Parameter[];
  /** A scalar of the parameters. */
  readonly loss: (parameters: readonly Tensor[]) => Tensor;
}
const labels = { data: Int32Array.of(3, 0, -100, 11, 7, 7, 2, 9), shape: [8], dtype: "i32" } as const;

/** Made anew for each run: a session holds the content of states. */
const cases: Readonly<Record<string, (ids: Tensor) => Case>> = {
  "a biased map and its activation": () => ({
    parameters: [param([5, 12], 1), param([7, 12], 2, 0.3), param([7], 3)],
    loss: ([x, w, b]) => linear(x!, w!, b!).gelu().square().mean(),
  }),
  "a batch times a batch that broadcasts": () => ({
    parameters: [param([2, 3, 5, 8], 1), param([3, 8, 4], 2)],
    loss: ([a, b]) => a!.matmul(b!).tanh().sum(),
  }),
  "a tensor that three products read": () => ({
    parameters: [param([6, 8], 1), param([8, 8], 2, 0.4), param([8, 8], 3, 0.4), param([8, 8], 4, 0.4)],
    loss: ([x, q, k, v]) => {
      const h = layerNorm(x!, undefined, undefined);
      return linear(h, q!).mul(linear(h, k!)).add(linear(h, v!)).square().mean();
    },
  }),
  "attention with grouped heads and trained slopes": () => ({
    parameters: [param([1, 4, 9, 8], 1), param([1, 2, 9, 8], 2), param([1, 2, 9, 8], 3), param([4], 4, 0.1)],
    loss: ([q, k, v, slopes]) => attention(q!, k!, v!, { causal: true, slopes: slopes! }).square().sum(),
  }),
  "attention with a trained mask": () => ({
    parameters: [param([1, 2, 6, 4], 1), param([1, 2, 6, 4], 2), param([1, 2, 6, 4], 3), param([6, 6], 4)],
    loss: ([q, k, v, mask]) => attention(q!, k!, v!, { mask: mask! }).square().sum(),
  }),
  "attention op by op": () => ({
    parameters: [param([2, 6, 4], 1), param([2, 6, 4], 2), param([2, 6, 4], 3)],
    loss: ([q, k, v]) => q!.matmul(k!.transpose(1, 2)).softmax(-1).matmul(v!).square().sum(),
  }),
  "a fused loss by slices, as a mean": (ids) => ({
    parameters: [param([8, 6], 1), param([12, 6], 2), param([12], 3)],
    loss: ([h, w, bias]) => linearCrossEntropy(h!, w!, ids, { bias: bias!, chunkBytes: 160 }),
  }),
  "a table that is the head too": (ids) => ({
    parameters: [param([12, 6], 1)],
    loss: ([table]) => {
      const rows = embedding(table!, ids.maximum(0));
      return crossEntropy(linear(rows.add(rows.tanh()), table!), ids, { reduction: "sum" }).mul(0.1);
    },
  }),
  "a block that is recomputed": () => ({
    parameters: [param([6, 8], 1), param([16, 8], 2, 0.4), param([8, 16], 3, 0.4)],
    loss: ([x, up, down]) =>
      checkpoint((h) => linear(linear(h, up!).silu(), down!).add(h), x!)
        .square()
        .mean(),
  }),
};

describe.each(testDevices)("mixed precision on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  async function gradientsIn(
    name: string,
    compute: "f32" | "f16" | "bf16",
  ): Promise<Readonly<Record<string, Float32Array>>> {
    const run = session.compile(({ ids }: Record<"ids", Tensor>) => {
      const { parameters, loss: lossOf } = cases[name]!(ids);
      const loss = withPrecision({ compute }, () => lossOf(parameters));
      const gradients = grad(loss, parameters);
      for (const gradient of gradients) expect(gradient.dtype).toBe("f32");
      return { loss, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient])) };
    });
    const out = await run({ ids: labels });
    return Object.fromEntries(Object.entries(out).map(([key, { data }]) => [key, Float32Array.from(data)]));
  }

  describe.each(["f16", "bf16"] as const)("%s", (compute) => {
    it.each(Object.keys(cases))("%s", async (name) => {
      const wide = await gradientsIn(name, "f32");
      const narrow = await gradientsIn(name, compute);
      let differs = false;
      for (const [key, values] of Object.entries(wide)) {
        const largest = values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
        for (const [i, value] of values.entries()) {
          const error = Math.abs(narrow[key]![i]! - value);
          expect(error, `${key}[${i}]`).toBeLessThan(tolerance[compute] * largest + 1e-7);
          differs ||= error > 0;
        }
      }
      expect(differs).toBe(true);
    });
  });

  it("a gradient keeps the precision of its product, whatever is in force where it is asked for", async () => {
    const run = session.compile(() => {
      const [x, w] = [param([4, 4], 1), param([4, 4], 2)];
      const inside = withPrecision({ compute: "bf16" }, () => linear(x, w));
      const g = inside.toFloat().detach();
      const outsideScope = vjp([inside], [g], [x, w]);
      const insideScope = withPrecision({ compute: "bf16" }, () => vjp([inside], [g], [x, w]));
      const wide = vjp([linear(x, w)], [g], [x])[0] as Tensor;
      const difference = (a: Tensor, b: Tensor): Tensor => a.sub(b).abs().max();
      return {
        same: difference(outsideScope[0]!, insideScope[0]!).maximum(difference(outsideScope[1]!, insideScope[1]!)),
        other: difference(outsideScope[0]!, wide),
      };
    });
    const { same, other } = await run({});
    expect(same.data[0]).toBe(0);
    expect(other.data[0]).toBeGreaterThan(0);
  });

  it("the gradient of a weight never passes through 16 bits, however many products share the weight", async () => {
    const run = session.compile(() => {
      const w = param([2, 2], 1);
      const x = full([1, 2], 300);
      const y = withPrecision({ compute: "f16" }, () => x.matmul(w).add(x.matmul(w)));
      return { dw: vjp([y], [full([1, 2], 300)], [w])[0] as Tensor };
    });
    // Each product gives 90 000, beyond what f16 holds.
    expect([...(await run({})).dw.data]).toEqual([180_000, 180_000, 180_000, 180_000]);
  });

  it("an inner scope of f32 is f32", async () => {
    const run = session.compile(() => {
      const [x, w] = [param([4, 4], 1), param([4, 4], 2)];
      const plain = linear(x, w);
      const inner = withPrecision({ compute: "f16" }, () => withPrecision({ compute: "f32" }, () => linear(x, w)));
      expect(inner.dtype).toBe("f32");
      return { difference: plain.sub(inner).abs().max() };
    });
    expect((await run({})).difference.data[0]).toBe(0);
  });
});
