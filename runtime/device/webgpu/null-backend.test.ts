/** @file Over Dawn's back end `null`, which validates and computes nothing, and has 512 MiB: a real shortage of memory, and features that no software driver has. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accumulator, scheduleAddition } from "../../../tests/support/gpu-program.ts";
import { chooseAdapter } from "./adapter.ts";
import type { WebGpuDevice } from "./device.ts";
import { openHost } from "./host.ts";
import { openAdapter } from "./open.ts";

process.env["FGC_DAWN_FLAGS"] = "backend=null";
const reason = await openHost().then(
  () => undefined,
  (error: Error) => error.message,
);
if (reason !== undefined) console.warn(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)("on the null back end", () => {
  let device: WebGpuDevice;

  beforeAll(async () => {
    device = await openAdapter(await chooseAdapter(await openHost()), { schedule: scheduleAddition });
  });

  afterAll(() => device.close());

  it("16-bit floats are stored as such, subgroups are known", () => {
    expect(device.target).toMatchObject({ f16: true, subgroups: { min: 4, max: 128 } });
    expect(device.info).toMatchObject({ adapter: "Null backend", features: ["f16", "subgroups of 4–128"] });
    expect(device.formats.of("f16")).toEqual({ scalar: "f16", bytes: 2 });
  });

  it("a shortage is told by the state that found no room, and memory is there again when states go", async () => {
    const size = 25 << 20; // 100 MiB
    const ids = ["a", "b", "c", "d", "e", "f"];
    for (const id of ids) device.createState(id, "f32", [size]);
    for (const id of ids.slice(0, 4)) await device.turns.take(() => device.states.place([id], new Map()));
    await expect(
      device.turns.take(() => device.states.place(["e", "f"], new Map([["f", "layers.5.weight"]]))),
    ).rejects.toMatchObject({
      name: "OutOfMemoryError",
      message: `no GPU memory for state layers.5.weight [${size}] f32: 100 MiB, with 500 MiB in use by this program`,
    });
    for (const id of ids.slice(0, 3)) device.dropState(id);
    await device.turns.take(() => device.states.place(["e", "f"], new Map()));
    for (const id of ids.slice(3)) device.dropState(id);
    expect(device.memory.inUse).toBe(0);
  });

  it("a training loop goes on when the collector takes what it can", async () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    device.createState("sum", "f32", [64]);
    const program = await device.load(accumulator(64));
    const x = new Map([["x", new Float32Array(64)]]);
    for (let i = 0; i < 2000; i++) {
      const run = await program.start(x);
      if (i % 16 === 0) await run.read();
      else run.drop();
      if (i % 500 === 0) gc();
    }
    program.dispose();
  });
});
