import { describe, expect, it } from "vitest";
import { gpuSkipReason } from "../../../tests/support/gpu.ts";
import { accumulator, scheduleAddition } from "../../../tests/support/gpu-program.ts";
import { chooseAdapter } from "./adapter.ts";
import { openHost } from "./host.ts";
import { openAdapter } from "./open.ts";

const reason = await gpuSkipReason();
if (reason !== undefined) console.warn(`skipped: ${reason}`);
describe.skipIf(reason !== undefined)("the webgpu device", () => {
  it("runs", async () => {
    const device = await openAdapter(await chooseAdapter(await openHost(), "software"), scheduleAddition);
    console.log(device.info, device.target);
    device.createState("sum", "f32", [5], new Float32Array([1, 2, 3, 4, 5]));
    const p = await device.load(accumulator(5));
    const runs = [];
    for (let i = 0; i < 40; i++)
      runs.push(await p.start(new Map([["x", new Float32Array([1, 2, 3, 4, 5]).fill(1, 1)]])));
    const r = await Promise.all(runs.map((x) => x.read()));
    console.log(r[0], r[39], await device.readState("sum"), device.memory.inUse);
    await device.close();
  });
});
