/** @file What a dispatch costs: a Program of many tiny kernels, each waiting for the one before. */
import type { Device } from "../../runtime/device/device.ts";
import { contiguousStrides } from "../../runtime/program/dtype.ts";
import type { Program } from "../../runtime/program/program.ts";
import { measure, report, type Setting } from "./measure.ts";
import type { Options } from "./options.ts";

const count = 300;

/** x ← −x, `count` times. */
function chain(elements: number): Program {
  const access = { buffer: 0, offset: 0, strides: contiguousStrides([elements]) };
  return {
    version: 1,
    name: "dispatches",
    buffers: [{ id: 0, kind: "state", dtype: "f32", shape: [elements], name: "x" }],
    kernels: Array.from({ length: count }, () => ({
      kind: "loop" as const,
      label: "negate",
      domain: [elements],
      inputs: [access],
      body: [{ op: "load", access: 0, dtype: "f32" } as const, { op: "unary", fn: "neg", a: 0 } as const],
      outputs: [{ access, value: 1 }],
    })),
    arenaBytes: 64,
  };
}

export async function benchDispatch(device: Device, setting: Setting, options: Options): Promise<void> {
  const elements = 1024;
  device.createState("x", "f32", [elements], new Float32Array(elements).fill(1));
  const loaded = await device.load(chain(elements));
  const finish = async (): Promise<void> => void (await (await loaded.start(new Map())).read());
  const together = await measure(async (n) => {
    for (let i = 1; i < n; i++) (await loaded.start(new Map())).drop();
    await finish();
  }, options);
  const alone = await measure(async (n) => {
    for (let i = 0; i < n; i++) await finish();
  }, options);
  loaded.dispose();
  device.dropState("x");
  const facts = { dtype: "f32", shape: `${count} of ${elements}` };
  const perDispatch = (ms: readonly number[]): { usPerDispatch: number } => ({
    usPerDispatch: (1000 * Math.min(...ms)) / count,
  });
  report(setting, "dispatch", { ...facts, waits: "rarely" }, "dispatches/s", count, together, perDispatch(together));
  report(setting, "dispatch", { ...facts, waits: "after each run" }, "dispatches/s", count, alone, perDispatch(alone));
}
