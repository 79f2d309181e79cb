/** @file What a session promises on every device: effects, replay, in-place updates, reading and writing states, same bits twice. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  arange,
  dropout,
  fromData,
  hostTensor,
  Parameter,
  randomUniform,
  type Session,
  StateTensor,
  type Tensor,
  uniform,
  updateSlice,
} from "../../runtime/index.ts";
import { testDevices } from "../numerics/devices.ts";

describe.each(testDevices)("a session on $name", (device) => {
  let session: Session;
  beforeEach(async () => {
    session = await device.open();
  });
  afterEach(() => session.close());

  test("reads what a tensor computes to", async () => {
    const { data, shape } = await session.read(fromData([1, 2, 3, 4], [2, 2]).matmul(fromData([1, 0, 0, 2], [2, 2])));
    expect([...data]).toEqual([1, 4, 3, 8]);
    expect(shape).toEqual([2, 2]);
  });

  test("an assignment takes effect after the run, and the function sees the old value", async () => {
    const counter = new StateTensor([], Float32Array.of(1));
    const step = session.compile(() => {
      counter.assign(counter.mul(2));
      return { before: counter.add(0) };
    });
    expect((await step({})).before.data[0]).toBe(1);
    expect((await step({})).before.data[0]).toBe(2);
    expect((await session.read(counter)).data[0]).toBe(4);
    session.write(counter, Float32Array.of(10));
    expect((await step({})).before.data[0]).toBe(10);
  });

  test("states swap, flip and shift through each other without seeing new values", async () => {
    const [a, b] = [new StateTensor([3], Float32Array.of(1, 2, 3)), new StateTensor([3], Float32Array.of(4, 5, 6))];
    const swap = session.compile(() => {
      a.assign(b);
      b.assign(a.flip(0));
      return {};
    });
    await swap({});
    expect([...(await session.read(a)).data]).toEqual([4, 5, 6]);
    expect([...(await session.read(b)).data]).toEqual([3, 2, 1]);
    const turn = session.compile(() => {
      a.assign(a.flip(0).add(a));
      return { sum: a.sum() };
    });
    expect((await turn({})).sum.data[0]).toBe(15);
    expect([...(await session.read(a)).data]).toEqual([10, 10, 10]);
  });

  test("a weight that is updated is still read, old, by what needs it", async () => {
    const w = new Parameter([2, 2], Float32Array.of(1, 2, 3, 4));
    const step = session.compile(({ x }: Record<"x", Tensor>) => {
      const y = x.matmul(w);
      w.assign(w.sub(x.T.matmul(y)));
      return { y, again: y.matmul(w.T) };
    });
    const x = { data: Float32Array.of(1, 1), shape: [1, 2], dtype: "f32" } as const;
    const { y, again } = await step({ x });
    expect([...y.data]).toEqual([4, 6]);
    expect([...again.data]).toEqual([16, 36]);
    expect([...(await session.read(w)).data]).toEqual([-3, -4, -1, -2]);
  });

  test("a slice of a cache is written where the position says", async () => {
    const cache = new StateTensor([2, 4], new Float32Array(8));
    const write = session.compile(({ value, at }: Record<"value" | "at", Tensor>) => {
      const next = updateSlice(cache, value, 1, at);
      cache.assign(next);
      return { total: next.sum() };
    });
    const value = { data: Float32Array.of(1, 2), shape: [2, 1], dtype: "f32" } as const;
    for (const at of [1, 3, 9]) await write({ value, at: { data: Int32Array.of(at), shape: [], dtype: "i32" } });
    expect([...(await session.read(cache)).data]).toEqual([0, 1, 0, 1, 0, 2, 0, 2]);
  });

  test("programs are traced once per signature", async () => {
    const double = session.compile(({ x }: Record<"x", Tensor>) => ({ y: x.mul(2) }));
    await double({ x: 1 });
    await double({ x: 2 });
    await double({ x: hostTensor(Float32Array.of(1, 2)) });
    expect(session.programs()).toHaveLength(2);
  });

  test("random numbers are those of the definition", async () => {
    const draw = session.compile(({ step }: Record<"step", Tensor>) => ({
      u: uniform([3, 5], { seed: 7, counter: step }),
    }));
    const { u } = await draw({ step: { data: Int32Array.of(3), shape: [], dtype: "i32" } });
    expect([...u.data]).toEqual(Array.from({ length: 15 }, (_, i) => randomUniform(7, 3, i)));
  });

  test("dropout keeps the mean and repeats its mask", async () => {
    const run = session.compile(({ step }: Record<"step", Tensor>) => {
      const x = arange(4096, { dtype: "f32" }).mul(0).add(1);
      return { y: dropout(x, 0.25, { seed: 1, counter: step }) };
    });
    const step = { data: Int32Array.of(5), shape: [], dtype: "i32" } as const;
    const first = (await run({ step })).y.data;
    expect((await run({ step })).y.data).toEqual(first);
    const kept = [...first].filter((x) => x !== 0);
    expect(kept.length / first.length).toBeCloseTo(0.75, 1);
    expect(kept[0]).toBeCloseTo(4 / 3, 6);
  });

  test("the same inputs give the same bits, run after run", async () => {
    const x = Float32Array.from({ length: 96 * 130 }, (_, i) => Math.sin(i * 1.7));
    const w = Float32Array.from({ length: 130 * 70 }, (_, i) => Math.cos(i * 0.9));
    const run = session.compile((inputs: Record<"x" | "w", Tensor>) => ({
      y: inputs.x.matmul(inputs.w).softmax(-1).sum(0),
    }));
    const inputs = {
      x: { data: x, shape: [96, 130], dtype: "f32" },
      w: { data: w, shape: [130, 70], dtype: "f32" },
    } as const;
    const first = (await run(inputs)).y.data;
    for (let i = 0; i < 3; i++) expect((await run(inputs)).y.data).toEqual(first);
  });

  test("NaN sorts last, whatever its sign", async () => {
    const bits = Uint32Array.of(0x7fc00000, 0x3f800000, 0xffc00001, 0xc0000000);
    const sort = session.compile(({ x }: Record<"x", Tensor>) => x.sort(0));
    const sorted = await sort({ x: hostTensor(new Float32Array(bits.buffer)) });
    expect([...sorted.indices.data]).toEqual([3, 1, 0, 2]);
    expect([...sorted.values.data]).toEqual([-2, 1, Number.NaN, Number.NaN]);
  });

  test("half precision is storage: it rounds when stored", async () => {
    const { data } = await session.read(
      fromData([1 / 3, 65520, 1e-8], [3])
        .cast("f16")
        .cast("f32"),
    );
    expect([...data]).toEqual([0.333251953125, Number.POSITIVE_INFINITY, 0]);
    const bf16 = await session.read(fromData([1 / 3, 3.4e38], [2]).cast("bf16"));
    expect([...bf16.data]).toEqual([0x3eab, 0x7f80]);
  });
});
