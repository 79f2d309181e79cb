/** @file Gradients against central differences, where no golden vector reaches: compositions, masks, checkpoints, slopes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  attention,
  checkpoint,
  concat,
  fromData,
  grad,
  HostRandom,
  layerNorm,
  linearCrossEntropy,
  rmsNorm,
  type Session,
  type Tensor,
  updateSlice,
  vjp,
  where,
} from "../../runtime/index.ts";

type Fn = (x: Tensor) => Tensor;

const x0 = new HostRandom(3).fill([48], (r) => r.normal());

/** Functions of an [2, 4, 6] tensor of values around 0, smooth within a few thousandths of them. */
const functions: Readonly<Record<string, Fn>> = {
  prod: (x) => x.add(1).prod(-1),
  "prod with a zero": (x) => x.mul(fromData([0, 1, 1, 1, 1, 1], [6])).prod(-1),
  "softmax of a slice": (x) =>
    x
      .slice([null, { start: 1 }, { start: 0, step: 2 }])
      .softmax(1)
      .square(),
  "flip, pad and stride": (x) =>
    x
      .flip([0, 2])
      .pad(
        [
          [0, 1],
          [1, 0],
          [2, 3],
        ],
        0.5,
      )
      .slice([null, { step: 2 }, { start: -1, stop: 0, step: -3 }])
      .exp(),
  "rotate halves": (x) =>
    concat([x.slice([null, null, { start: 3 }]).neg(), x.slice([null, null, { stop: 3 }])], -1).mul(x),
  "layer norm without parameters": (x) => layerNorm(x, undefined, undefined).pow(3),
  "rms norm twice": (x) => rmsNorm(rmsNorm(x, undefined, 1e-5).add(x), undefined, 1e-5).tanh(),
  variance: (x) => x.variance([0, 2]).log(),
  "sort and topk": (x) =>
    x
      .topk(3, 1)
      .values.mul(fromData([1, 2, 3], [3, 1]))
      .add(x.sort(1).values.narrow(1, 0, 3)),
  "cumsum backwards": (x) => x.flip(1).cumsum(1).sin(),
  "gather and scatter": (x) => {
    const ids = fromData(Int32Array.of(1, 0, 1, 3), [4]);
    return x
      .scatterAdd(1, ids.reshape([1, 4, 1]).expand([2, 4, 6]), x.square())
      .indexSelect(2, fromData(Int32Array.of(5, 5, 0), [3]))
      .sigmoid();
  },
  "power of powers": (x) => x.abs().add(0.5).pow(x.mul(0.5)).pow(1.7),
  "where and clamp": (x) => where(x.gt(0.1), x.clamp({ max: 0.9 }), x.mul(3)).softplus(),
  "attention with slopes and a window": (x) => {
    const q = x.reshape([1, 2, 4, 6]);
    return attention(q, q.mul(0.5), q.cos(), { causal: true, window: 3, slopes: fromData([0.5, 0.25], [2]) });
  },
  "attention with a trained mask": (x) => {
    const mask = x.slice([null, null, { stop: 4 }]);
    return attention(fromData(x0, [1, 2, 4, 6]), x.reshape([1, 2, 4, 6]).sin(), x.reshape([1, 2, 4, 6]), {
      mask,
      causal: true,
    });
  },
  "fused cross-entropy by chunks": (x) =>
    linearCrossEntropy(
      x.reshape([8, 6]),
      x.reshape([8, 6]).sin(),
      fromData(Int32Array.of(0, 1, -100, 3, 4, 5, 6, 7), [8]),
      { chunkBytes: 100 },
    ),
  "matmul of views": (x) =>
    x
      .transpose(0, 1)
      .matmul(x.permute([1, 2, 0]))
      .square()
      .sum(0),
  "repeat, outer, mean": (x) =>
    x
      .repeatInterleave(2, 1)
      .mean([0, 2])
      .unsqueeze(1)
      .mul(x.slice([0, 0]))
      .norm(),
};

describe("gradients by central differences", () => {
  let session: Session;
  beforeAll(async () => {
    const { openSession } = await import("../../runtime/index.ts");
    session = await openSession({ device: "reference" });
  });
  afterAll(() => session.close());

  const random = new HostRandom(11);
  const shape = [2, 4, 6];
  const x = random.fill(shape, (r) => 0.7 * r.normal());
  const direction = random.fill(shape, (r) => r.normal());

  test.each(Object.entries(functions))("%s", async (name, fn) => {
    const weights = (y: Tensor): Tensor =>
      fromData(
        new HostRandom(5).fill(y.shape, (r) => r.normal()),
        y.shape,
      );
    const run = session.compile(
      (inputs: Record<"x", Tensor>) => {
        const y = fn(inputs.x);
        const total = y.mul(weights(y)).sum();
        return { total, gradient: grad(total, [inputs.x])[0] as Tensor };
      },
      { name },
    );
    const at = (t: number) => ({
      x: { data: x.map((value, i) => value + t * (direction[i] as number)), shape, dtype: "f32" as const },
    });
    const { gradient } = await run(at(0));
    const slope = [...gradient.data].reduce((sum, g, i) => sum + g * (direction[i] as number), 0);
    const h = 2e-3;
    const value = async (t: number): Promise<number> => (await run(at(t))).total.data[0] as number;
    const measured =
      (8 * ((await value(h)) - (await value(-h))) - ((await value(2 * h)) - (await value(-2 * h)))) / (12 * h);
    expect(Math.abs(slope - measured), `${slope} by the rules, ${measured} measured`).toBeLessThan(
      2e-3 * (1 + Math.abs(measured)),
    );
  });

  test("a checkpointed function has the gradients of the plain one, and recomputes", async () => {
    const block = (v: Tensor): Tensor => v.matmul(v.transpose(1, 2)).tanh().matmul(v);
    const run = session.compile((inputs: Record<"x", Tensor>) => {
      const plain = block(block(inputs.x)).square().sum();
      const saved = checkpoint(block, checkpoint(block, inputs.x)).square().sum();
      return { plain: grad(plain, [inputs.x])[0] as Tensor, saved: grad(saved, [inputs.x])[0] as Tensor };
    });
    const { plain, saved } = await run({ x: { data: x, shape, dtype: "f32" } });
    expect(saved.data).toEqual(plain.data);
  });

  test("what is unconnected gets zeros, and caches have no gradient", async () => {
    const a = fromData([1, 2], [2]);
    const b = fromData([3, 4], [2]);
    const [zero] = grad(a.sum(), [b]) as [Tensor];
    expect([...(await session.read(zero)).data]).toEqual([0, 0]);
    expect(() => grad(updateSlice(a, b.narrow(0, 0, 1), 0, 0).sum(), [a])).toThrow(/caches are for inference/);
    expect(() => vjp([a], [b.narrow(0, 0, 1)], [a])).toThrow(/output 0 is \[2\]/);
  });
});
