/**
 * @file Every kernel kind, option and storage type, alone, on every device: what the reference computes, within the tolerances of
 * `support/tolerances.ts`; the same bits run after run, and on any number of threads.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Device } from "../../runtime/device/device.ts";
import { openDevice as openReference } from "../../runtime/device/reference/index.ts";
import { testDevices } from "../numerics/devices.ts";
import type { Arithmetic } from "../support/tolerances.ts";
import { attentionCases } from "./cases/attention.ts";
import { loopCases } from "./cases/loop.ts";
import { matmulCases } from "./cases/matmul.ts";
import { reduceCases } from "./cases/reduce.ts";
import { rowCases } from "./cases/rows.ts";
import { expectNear, expectSameBits, type Outputs, runOnce, runTwice } from "./compare.ts";
import type { KernelCase } from "./sketch.ts";

const families: readonly (readonly [name: string, arithmetic: Arithmetic, cases: readonly KernelCase[]])[] = [
  ["loop", "elementwise", loopCases],
  ["reduce", "reduction", reduceCases],
  ["matmul", "product", matmulCases],
  ["attention", "attention", attentionCases],
  ["rows", "reduction", rowCases],
];

const reference = openReference();
const expectations = new Map<KernelCase, Promise<Outputs>>();

/** What the reference computes; worked out once for all devices. */
function expected(entry: KernelCase): Promise<Outputs> {
  let outputs = expectations.get(entry);
  if (outputs === undefined) {
    outputs = Promise.resolve(reference).then((device) => runOnce(device, entry.sketch(), entry.name));
    expectations.set(entry, outputs);
  }
  return outputs;
}

it("names its cases apart", () => {
  for (const [, , cases] of families) expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

describe.each(testDevices.filter(({ name }) => name !== "reference"))("kernels on $name", ({ openAll }) => {
  let devices: readonly Device[];
  beforeAll(async () => {
    devices = await openAll();
  });
  afterAll(async () => {
    await Promise.all(devices.map((device) => device.close()));
  });

  describe.each(families)("%s", (_, arithmetic, cases) => {
    it.each(cases.map((entry) => [entry.name, entry] as const))("%s", async (_name, entry) => {
      const sketch = entry.sketch();
      const [first, ...others] = devices as readonly [Device, ...Device[]];
      const [got, again] = await runTwice(first, sketch, entry.name);
      expectNear(got, await expected(entry), sketch, arithmetic);
      expectSameBits(again, got, "the second run");
      for (const other of others)
        expectSameBits(await runOnce(other, sketch, entry.name), got, `${other.info.threads} threads`);
    });
  });
});
