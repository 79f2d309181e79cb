/**
 * @file Every kernel of real training steps, alone, on every device: random inputs in, the reference's results out.
 *
 * A whole program hides a wrong kernel behind the ones after it; here the failing kernel names itself. Buffers that a kernel only reads become inputs,
 * those that it writes state with the same content before on every device: it may read them too, or write a part of them.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Device, TypedArray } from "../../runtime/device/device.ts";
import { openDevice as openReference } from "../../runtime/device/reference/index.ts";
import { openSession } from "../../runtime/index.ts";
import { accessesOf } from "../../runtime/program/accesses.ts";
import { sizeOf } from "../../runtime/program/dtype.ts";
import { toBfloat16Bits, toFloat16Bits } from "../../runtime/program/float16.ts";
import type { Kernel } from "../../runtime/program/kernel.ts";
import { type BufferDecl, type Program, programVersion } from "../../runtime/program/program.ts";
import { testDevices } from "../numerics/devices.ts";
import type { Arithmetic } from "../support/tolerances.ts";
import { firstDifference, numbersOf } from "./compare.ts";
import { type MiniTrainingOptions, makeMiniTraining } from "./mini-training.ts";

/** A program with one kernel. */
function isolate(program: Program, kernel: Kernel): Program {
  const accesses = accessesOf(kernel);
  const written = new Set(accesses.filter((access) => access.isWrite).map((access) => access.buffer));
  const used = new Set(accesses.map((access) => access.buffer));
  const buffers: BufferDecl[] = program.buffers.map(({ id, dtype, shape, kind, data }): BufferDecl => {
    const name = `b${id}`;
    if (kind === "const" && data !== undefined && used.has(id)) return { id, kind, dtype, shape, name, data };
    if (!used.has(id)) return { id, kind: "temp", dtype: "f32", shape: [], name, arenaOffset: 0 };
    return { id, kind: written.has(id) ? "state" : "input", dtype, shape, name };
  });
  return { version: programVersion, name: kernel.label, buffers, kernels: [kernel], arenaBytes: 64 };
}

/** Numbers of moderate size; indices small enough for every table. */
function fill({ dtype, shape }: BufferDecl, seed: number): TypedArray {
  const length = sizeOf(shape);
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
  const number = () => next() * 2 - 0.9;
  switch (dtype) {
    case "i32":
      return Int32Array.from({ length }, () => Math.floor(next() * 8));
    case "bool":
      return Uint8Array.from({ length }, () => (next() < 0.5 ? 0 : 1));
    case "f16":
      return Uint16Array.from({ length }, () => toFloat16Bits(number()));
    case "bf16":
      return Uint16Array.from({ length }, () => toBfloat16Bits(number()));
    case "f32":
      return Float32Array.from({ length }, number);
  }
}

const arithmeticOf: Readonly<Record<Kernel["kind"], Arithmetic>> = {
  loop: "elementwise",
  reduce: "reduction",
  matmul: "product",
  attention: "attention",
  attentionBackward: "attention",
  scatterAdd: "reduction",
  cumsum: "reduction",
  argreduce: "elementwise",
  sort: "elementwise",
};

/** What each buffer that the kernel writes holds afterwards. */
async function run(device: Device, alone: Program): Promise<ReadonlyMap<string, TypedArray>> {
  const states = alone.buffers.filter(({ kind }) => kind === "state");
  const inputs = alone.buffers.filter(({ kind }) => kind === "input");
  for (const state of states) device.createState(state.name, state.dtype, state.shape, fill(state, 99 + state.id));
  try {
    const loaded = await device.load(alone);
    (await loaded.start(new Map(inputs.map((buffer) => [buffer.name, fill(buffer, 7 + buffer.id)])))).drop();
    const results = new Map<string, TypedArray>();
    for (const { name } of states) results.set(name, await device.readState(name));
    loaded.dispose();
    return results;
  } finally {
    for (const { name } of states) device.dropState(name);
  }
}

async function programOf(options: MiniTrainingOptions): Promise<Program> {
  const session = await openSession({ device: "reference" });
  await makeMiniTraining(session, 1, options);
  const program = session.programs()[0] as Program;
  await session.close();
  return program;
}

const reference = openReference();

describe.each(testDevices.filter(({ name }) => name !== "reference"))(
  "kernels of a training step on $name",
  ({ openAll }) => {
    let devices: readonly Device[];
    beforeAll(async () => {
      devices = await openAll();
    });
    afterAll(async () => {
      await Promise.all(devices.map((device) => device.close()));
    });

    it.each([
      ["f32", {}],
      ["f32, activations recomputed", { checkpoint: true }],
      ["f16", { compute: "f16" }],
      ["bf16", { compute: "bf16" }],
    ] as const)("%s: one by one", async (_, options) => {
      const program = await programOf(options);
      const wrong: string[] = [];
      for (const [i, kernel] of program.kernels.entries()) {
        const alone = isolate(program, kernel);
        const want = await run(await reference, alone);
        const got = await run(devices.at(-1) as Device, alone);
        for (const { name, dtype } of alone.buffers.filter(({ kind }) => kind === "state")) {
          const [expected, actual] = [numbersOf(want.get(name), dtype), numbersOf(got.get(name), dtype)];
          const at = firstDifference(actual, expected, dtype, arithmeticOf[kernel.kind]);
          if (at < 0) continue;
          const where = `kernel ${i} ${kernel.kind} ${kernel.label}: ${name}[${at}]`;
          wrong.push(`${where} is ${actual[at]}, not ${expected[at]}`);
        }
      }
      expect(wrong).toEqual([]);
    });
  },
);
