/** @file What the planner lets run side by side, and what it does not. */
import { describe, expect, it } from "vitest";
import type { Program } from "../../program/program.ts";
import { Dependencies } from "./dependencies.ts";
import { type Touch, wholeBuffer } from "./emit/stage.ts";

const temp = (id: number, arenaOffset: number) =>
  ({ id, kind: "temp", dtype: "f32", shape: [16], name: `t${id}`, arenaOffset }) as const;
const program: Program = {
  version: 1,
  name: "test",
  buffers: [temp(0, 0), temp(1, 64), temp(2, 32), { id: 3, kind: "input", dtype: "f32", shape: [16], name: "x" }],
  kernels: [],
  arenaBytes: 128,
};
const touch = (where: Touch["where"], writes: boolean, range: Touch["range"] = [0, 64]): Touch => ({
  where,
  writes,
  range,
});
const noScratch = { start: 0, bytes: 0 };

describe("dependencies", () => {
  it("follow writes to reads, and reads to writes", () => {
    const d = new Dependencies(program);
    expect(d.enter([touch(3, false), touch(0, true)], noScratch, true)).toEqual([]);
    expect(d.enter([touch(3, false), touch(1, true)], noScratch, true)).toEqual([]);
    expect(d.enter([touch(0, false)], noScratch, true)).toEqual([0]);
    expect(d.enter([touch(1, true)], noScratch, true)).toEqual([1]);
    // Stage 2 reads what is written here, and has itself waited for stage 0.
    expect(d.enter([touch(0, true)], noScratch, true)).toEqual([2]);
  });

  it("leave out what a stage waited for has waited for itself", () => {
    const d = new Dependencies(program);
    d.enter([touch(0, true)], noScratch, true);
    expect(d.enter([touch(0, false), touch(1, true)], noScratch, true)).toEqual([0]);
    expect(d.enter([touch(0, false), touch(1, false)], noScratch, true)).toEqual([1]);
    expect(d.enter([touch(0, false), touch(1, false)], noScratch, true)).toEqual([]);
  });

  it("see temporaries that overlap in the arena, by the bytes that are touched", () => {
    const d = new Dependencies(program);
    d.enter([touch(0, true)], noScratch, true); // bytes 0 … 64
    expect(d.enter([touch(2, true, [32, 64])], noScratch, true)).toEqual([]); // bytes 64 … 96
    expect(d.enter([touch(2, true, [0, 8])], noScratch, true)).toEqual([0]); // bytes 32 … 40
  });

  it("see shared scratch memory used again, and not pieces side by side", () => {
    const d = new Dependencies(program);
    const use = (start: number, writes: boolean) =>
      d.enter([touch("scratch", writes, wholeBuffer)], { start, bytes: 64 }, true);
    expect(use(0, true)).toEqual([]);
    expect(use(64, true)).toEqual([]);
    expect(use(0, false)).toEqual([0]);
    expect(use(32, true)).toEqual([2, 1]);
  });

  it("never wait for a stage without work, which nobody finishes", () => {
    const d = new Dependencies(program);
    d.enter([touch(0, true)], noScratch, true);
    expect(d.enter([touch(0, true)], noScratch, false)).toEqual([]);
    expect(d.enter([touch(0, false)], noScratch, true)).toEqual([0]);
  });
});
