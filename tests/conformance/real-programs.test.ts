/**
 * @file Every kernel of a real training step, alone, on every device: random inputs in, the reference's results out.
 *
 * A whole program hides a wrong kernel behind the ones after it; here the failing kernel names itself. Buffers that a kernel only reads become inputs,
 * those that it writes state with the same content before on every device: it may read them too, or write a part of them.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Device, TypedArray } from "../../runtime/device/device.ts";
import { openDevice as openReference } from "../../runtime/device/reference/index.ts";
import { openDevice as openWasm } from "../../runtime/device/wasm/index.ts";
import { openSession } from "../../runtime/index.ts";
import { accessesOf } from "../../runtime/program/accesses.ts";
import { sizeOf } from "../../runtime/program/dtype.ts";
import type { Kernel } from "../../runtime/program/kernel.ts";
import { type BufferDecl, type Program, programVersion } from "../../runtime/program/program.ts";
import { makeMiniTraining } from "./mini-training.ts";

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
function fill(buffer: BufferDecl, seed: number): TypedArray {
  const size = sizeOf(buffer.shape);
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
  if (buffer.dtype === "i32") return Int32Array.from({ length: size }, () => Math.floor(next() * 8));
  if (buffer.dtype === "bool") return Uint8Array.from({ length: size }, () => (next() < 0.5 ? 0 : 1));
  return Float32Array.from({ length: size }, () => next() * 2 - 0.9);
}

describe("kernels of a training step", () => {
  let reference: Device;
  let wasm: Device;
  let program: Program;
  beforeAll(async () => {
    reference = await openReference();
    wasm = await openWasm({ threads: 2 });
    const session = await openSession({ device: "reference" });
    await makeMiniTraining(session);
    program = session.programs()[0] as Program;
    await session.close();
  });
  afterAll(async () => {
    await reference.close();
    await wasm.close();
  });

  it("agree with the reference, one by one", async () => {
    const wrong: string[] = [];
    for (const [i, kernel] of program.kernels.entries()) {
      const alone = isolate(program, kernel);
      const inputs = new Map(
        alone.buffers
          .filter(({ kind }) => kind === "input")
          .map((buffer) => [buffer.name, fill(buffer, 7 + buffer.id)]),
      );
      const states = alone.buffers.filter(({ kind }) => kind === "state");
      const run = async (device: Device) => {
        for (const state of states)
          device.createState(state.name, state.dtype, state.shape, fill(state, 99 + state.id));
        const loaded = await device.load(alone);
        (await loaded.start(inputs)).drop();
        loaded.dispose();
        const results = new Map<string, TypedArray>();
        for (const { name } of states) {
          results.set(name, await device.readState(name));
          device.dropState(name);
        }
        return results;
      };
      const want = await run(reference);
      const got = await run(wasm);
      for (const [name, expected] of want) {
        const actual = got.get(name) as TypedArray;
        let largest = 0;
        for (const value of expected) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
        const at = expected.findIndex(
          (value, j) =>
            !Object.is(value, actual[j]) &&
            !(Math.abs(value - (actual[j] as number)) <= 1e-5 * largest + 1e-5 * Math.abs(value)),
        );
        if (at >= 0)
          wrong.push(
            `kernel ${i} ${kernel.kind} ${kernel.label}: ${name}[${at}] is ${actual[at]}, not ${expected[at]}`,
          );
      }
    }
    expect(wrong).toEqual([]);
  });
});
