/** @file What is constructed, as plain data: nothing that JSON cannot say, nothing without an end, and every view of a buffer as what it shows. */
import { fromData, Parameter } from "fgc/runtime";
import { describe, expect, it } from "vitest";
import { Linear, Module } from "../nn/index.ts";
import { describeValue } from "./describe.ts";

/** As it arrives in the compiler's process. */
const sent = (value: unknown, depth?: number): unknown => JSON.parse(JSON.stringify(describeValue(value, depth)));

describe("values", () => {
  it("plain ones are themselves, others are told in words", () => {
    expect([null, true, 1.5, "x"].map((value) => sent(value))).toEqual(
      [null, true, 1.5, "x"].map((value) => ({ kind: "plain", value })),
    );
    expect([Number.NaN, 10n, undefined, /x+/].map((value) => sent(value))).toEqual(
      ["NaN", "10", "undefined", "/x+/"].map((text) => ({ kind: "other", text })),
    );
    expect(sent("a".repeat(500))).toEqual({ kind: "text", start: "a".repeat(200), length: 500 });
  });

  it("views of a buffer begin where they begin, and have numbers that JSON has not", () => {
    const bytes = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);
    const shown = (view: ArrayBufferView): unknown => (sent(view) as { values: unknown }).values;
    expect(shown(bytes.subarray(2, 5))).toEqual([2, 3, 4]);
    expect(shown(new DataView(bytes.buffer, 4, 3))).toEqual([4, 5, 6]);
    expect(shown(Float32Array.of(0.5, Number.NaN, -Infinity))).toEqual([0.5, "NaN", "-Infinity"]);
    expect(shown(BigInt64Array.of(7n))).toEqual([7]);
    expect(sent(new Float64Array(100))).toMatchObject({
      class: "Float64Array",
      length: 100,
      values: [0, 0, 0, 0, 0, 0],
    });
  });

  it("what has no end is cut: long lists, deep nests, what stands in itself", () => {
    expect(sent(Array.from({ length: 50 }, (_, i) => i))).toMatchObject({ kind: "list", length: 50 });
    expect((sent(Array.from({ length: 50 }, (_, i) => i)) as { items: unknown[] }).items).toHaveLength(20);
    const self: Record<string, unknown> = { name: "me" };
    self["again"] = { inner: self };
    expect(JSON.stringify(sent(self))).toContain('{"kind":"again","class":"","path":""}');
    expect(sent({ a: { b: { c: 1 } } }, 2)).toMatchObject({
      entries: [["a", { entries: [["b", { kind: "deep" }]] }]],
    });
  });

  it("objects have their class, without the underscore that bundlers give", () => {
    class _Thing {
      readonly size = 3;
    }
    expect(sent(new _Thing())).toEqual({
      kind: "object",
      class: "Thing",
      fields: [["size", { kind: "plain", value: 3 }]],
    });
    expect(sent(new Map([["k", 1]]))).toMatchObject({ kind: "mapping", length: 1 });
  });
});

describe("models", () => {
  it("a module is a tree with its counts; parameters have shape and first values", () => {
    class Pair extends Module {
      readonly first = new Linear(2, 3);
      readonly rest = [new Linear(3, 1, { bias: false })];
    }
    const pair = new Pair();
    expect(sent(pair)).toMatchObject({
      kind: "module",
      class: "Pair",
      parameters: 2 * 3 + 3 + 3,
      trainable: 12,
      children: [
        ["first", { class: "Linear", parameters: 9 }],
        ["rest.0", { class: "Linear", parameters: 3 }],
      ],
    });
    const weight = new Parameter([2, 2], Float32Array.of(1, Number.NaN, 3, 4), { label: "w" });
    expect(sent(weight)).toEqual({
      kind: "tensor",
      role: "parameter",
      dtype: "f32",
      shape: [2, 2],
      values: [1, "NaN", 3, 4],
    });
  });

  it("what a program would have to compute has no values", () => {
    expect(sent(fromData([1, 2], [2]).add(1))).toEqual({ kind: "tensor", role: "tensor", dtype: "f32", shape: [2] });
  });
});
