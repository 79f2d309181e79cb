/** @file What is special about the tfjs device: no tensor is leaked, faults leave states alone, orders keep their order, packages that are missing are named. */
import * as tfjs from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loopCases } from "../../../tests/conformance/cases/loop.ts";
import { reduceCases } from "../../../tests/conformance/cases/reduce.ts";
import { rowCases } from "../../../tests/conformance/cases/rows.ts";
import { expectNear, runTwice } from "../../../tests/conformance/compare.ts";
import { makeMiniTraining } from "../../../tests/conformance/mini-training.ts";
import { binary, constant, index, load, Sketch, unary } from "../../../tests/conformance/sketch.ts";
import { openSession } from "../../index.ts";
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from "../../program/float16.ts";
import type { Program } from "../../program/program.ts";
import { randomUniform } from "../../program/random.ts";
import type { DeviceUnavailableError } from "../errors.ts";
import { openDevice as openReference } from "../reference/index.ts";
import type { Tensor, TfOver } from "./api.ts";
import { openBackend } from "./backend.ts";
import { TfjsDevice } from "./tfjs-device.ts";
import { findTraits, type Traits } from "./traits.ts";

const cpu = "@tensorflow/tfjs-backend-cpu";

/** The type check is the test: `api.ts` says what the package is. */
const api: TfOver<tfjs.Tensor> = tfjs;
const _asTensor = (tensor: tfjs.Tensor): Tensor => tensor;

/** A backend that gets nothing right, and that one has to wait for. */
const pessimistic: Traits = {
  productsWrap: false,
  quotientsExact: false,
  integersExact: true,
  extremesKeepNaN: false,
  reductionsKeepNaN: false,
  sumsAccurate: false,
  accurate: { log1p: false, expm1: false, erf: false, sigmoid: false, pow: false },
  multipliesTransposed: false,
  scattersInOrder: false,
  readsAtOnce: false,
};

async function openWith(traits?: Traits): Promise<TfjsDevice> {
  const backend = await openBackend(cpu);
  return new TfjsDevice(backend, traits ?? (await findTraits(backend.tf)));
}

/** state += draw(counter), counter += 1; the draw needs the counter on the host, which makes the run wait on a backend with a queue. */
function drawing(device: TfjsDevice): Program {
  const s = new Sketch(1);
  const state = s.whole(s.add("state", "f32", [6]));
  const counter = { ...s.whole(s.add("state", "i32", [])), strides: [0] };
  s.loop(
    [6],
    [state, counter],
    [
      constant(7, "i32"),
      load(1, "i32"),
      index(0),
      { op: "random", seed: 0, counter: 1, index: 2 },
      load(0),
      binary("add", 3, 4),
    ],
    { 5: state },
  );
  s.loop([1], [counter], [load(0, "i32"), constant(1, "i32"), binary("add", 0, 1)], { 2: counter });
  device.createState("b0", "f32", [6]);
  device.createState("b1", "i32", []);
  return s.program("drawing");
}

const sumsOf = (start: number, from: number, to: number): number[] =>
  Array.from({ length: 6 }, (_, i) => {
    let sum = start;
    for (let counter = from; counter < to; counter++) sum = Math.fround(randomUniform(7, counter, i) + sum);
    return sum;
  });

describe("tensors", () => {
  it("are all released: their number is level over 100 training steps, and none is left in the end", async () => {
    await openBackend(cpu);
    const before = api.memory().numTensors;
    const session = await openSession({ device: "tfjs", adapter: cpu, onNotice: () => {} });
    const levels: number[] = [];
    await makeMiniTraining(session);
    await session.close();
    expect(api.memory().numTensors).toBe(before);
    const device = await openWith();
    const program = await device.load(drawing(device));
    for (let run = 0; run < 100; run++) {
      const started = await program.start(new Map());
      if (run % 2 === 0) started.drop();
      else await started.read();
      levels.push(api.memory().numTensors);
    }
    expect(new Set(levels).size).toBe(1);
    program.dispose();
    await device.close();
    expect(api.memory().numTensors).toBe(before);
  });
});

describe.each([
  ["at once", undefined],
  ["after a wait", pessimistic],
])("a device that answers %s", (_, traits) => {
  let device: TfjsDevice;
  beforeEach(async () => {
    device = await openWith(traits);
  });
  afterEach(() => device.close());

  it("does runs, writes and reads in the order in which they were asked for", async () => {
    const program = await device.load(drawing(device));
    const runs = [program.start(new Map()), program.start(new Map())];
    const first = device.readState("b0");
    device.writeState("b0", new Float32Array(6).fill(10));
    runs.push(program.start(new Map()));
    const second = device.readState("b0");
    expect([...(await first)]).toEqual(sumsOf(0, 0, 2));
    expect([...(await second)]).toEqual(sumsOf(10, 2, 3));
    for (const run of await Promise.all(runs)) run.drop();
  });

  it("leaves the states as they were when a run fails, and goes on", async () => {
    const program = await device.load(drawing(device));
    (await program.start(new Map())).drop();
    await device.readState("b0"); // what tells that the first run is over is released by then
    const add = device.tf.add;
    const before = api.memory().numTensors;
    let calls = 0;
    Object.assign(device.tf, {
      add: () => {
        throw new Error(`OOM when allocating tensor, call ${++calls}`);
      },
    });
    await expect(program.start(new Map())).rejects.toThrow(/^program drawing: loop: OOM/);
    Object.assign(device.tf, { add });
    expect(api.memory().numTensors).toBe(before);
    expect([...(await device.readState("b0"))]).toEqual(sumsOf(0, 0, 1));
    (await program.start(new Map())).drop();
    expect([...(await device.readState("b0"))]).toEqual(sumsOf(0, 0, 2));
  });
});

describe("on a backend that gets nothing right", () => {
  const reference = openReference();
  /** Large shapes show nothing more here, and the reference takes its time over them. */
  const isSmall = ({ name }: { name: string }): boolean => !/\d{5}|\d,\d{3}/.test(name);
  describe.each([
    ["loop", "elementwise", loopCases],
    ["reduce", "reduction", reduceCases],
    ["rows", "reduction", rowCases],
  ] as const)("%s", (_, arithmetic, cases) => {
    it.each(cases.filter(isSmall).map((entry) => [entry.name, entry] as const))("%s", async (name, entry) => {
      const device = await openWith(pessimistic);
      const sketch = entry.sketch();
      const [want] = await runTwice(await reference, sketch, name);
      const [got] = await runTwice(device, sketch, name);
      expectNear(got, want, sketch, arithmetic);
      await device.close();
    });
  });
});

describe("16-bit floats", () => {
  it.each([
    ["f16", toFloat16Bits, fromFloat16Bits],
    ["bf16", toBfloat16Bits, fromBfloat16Bits],
  ] as const)("%s is rounded as the host rounds it", async (dtype, toBits, fromBits) => {
    // Every 16-bit number, what lies halfway to the next, and a little to either side of that.
    const numbers: number[] = [Number.NaN, 3.4e38, -3.4e38, 1e-44, -1e-44];
    for (let bits = 0; bits < 0x8000; bits += 7) {
      const [a, b] = [fromBits(bits), fromBits(bits + 1)];
      const middle = Math.fround((a + b) / 2);
      for (const x of [a, middle, middle * (1 + 2 ** -22), middle * (1 - 2 ** -22)]) numbers.push(x, -x);
    }
    const data = Float32Array.from(numbers);
    const s = new Sketch(3);
    const x = s.set(s.input([data.length]), data);
    s.loop([data.length], [x], [load(0)], { 0: s.output([data.length], dtype) });
    const device = await openWith();
    const [got] = await runTwice(device, s, dtype);
    const isNaNBits = (bits: number): boolean => Number.isNaN(fromBits(bits));
    const wrong = [...(got.get("b1") as Uint16Array)].flatMap((bits, i) => {
      const wanted = toBits(data[i] as number);
      return bits === wanted || (isNaNBits(bits) && isNaNBits(wanted)) ? [] : [`${data[i]}: ${bits}, not ${wanted}`];
    });
    expect(wrong).toEqual([]);
    await device.close();
  });
});

describe("integers", () => {
  const extremes = [0, 1, -1, 2, -2, 7, -7, 65535, 65536, 123456789, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1];
  it.each([
    ["as the backend has them", undefined],
    ["composed", pessimistic],
  ])("wrap and round down, %s", async (_, traits) => {
    const s = new Sketch(4);
    const n = extremes.length;
    const [a, b] = [s.set(s.input([n], "i32"), extremes), s.set(s.input([n], "i32"), extremes)];
    const pairs = [
      { ...a, strides: [1, 0] },
      { ...b, strides: [0, 1] },
    ];
    const results = () => s.output([n, n], "i32");
    s.loop(
      [n, n],
      pairs,
      [load(0, "i32"), load(1, "i32"), binary("mul", 0, 1), binary("idiv", 0, 1), binary("mod", 0, 1), unary("abs", 0)],
      { 2: results(), 3: results(), 4: results(), 5: results() },
    );
    const device = await openWith(traits);
    const [want] = await runTwice(await openReference(), s, "integers");
    const [got] = await runTwice(device, s, "integers");
    for (const [name, values] of want) expect([...(got.get(name) ?? [])], name).toEqual([...values]);
    await device.close();
  });
});

describe("finding TensorFlow.js", () => {
  const failure = async (adapter: string): Promise<DeviceUnavailableError> =>
    openBackend(adapter).then(
      () => expect.fail("it opened"),
      (error: DeviceUnavailableError) => error,
    );

  it("says what to install, and what works without", async () => {
    const { name, message, hint, isInstalled } = await failure("node-gpu");
    expect(name).toBe("DeviceUnavailableError");
    expect(message).toBe("the npm package '@tensorflow/tfjs-node-gpu' is not installed");
    expect(hint).toMatch(/npm install @tensorflow\/tfjs-node-gpu.*wasm and webgpu need no TensorFlow/);
    expect(isInstalled).toBe(false);
  });

  it("names the backends when it is asked for another", async () => {
    const { message, hint } = await failure("metal");
    expect(message).toBe("tfjs has no backend 'metal'");
    expect(hint).toContain("node-gpu, node, webgpu, wasm, cpu, webgl");
  });

  it("takes short names and packages, and says when what it finds is slow", async () => {
    for (const name of ["cpu", "tfjs-backend-cpu", cpu]) expect((await openBackend(name)).packageName).toBe(cpu);
    const { packageName, notices } = await openBackend("");
    expect(packageName).toBe(cpu);
    expect(notices.join()).toContain("@tensorflow/tfjs-node is many times faster");
  });
});
