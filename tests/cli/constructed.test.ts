/** @file What `fgc construct` prints: values described in the child, printed by the command line. */
import { describe, expect, it } from "vitest";
import { printDescription } from "../../compiler/cli/constructed.ts";
import { Tensor } from "../../runtime/index.ts";
import { describeValue } from "../../stdlib/inspect/index.ts";
import { Linear, Module } from "../../stdlib/nn/index.ts";

const printed = (value: unknown, depth?: number) => printDescription(describeValue(value, depth));

class Settings {
  lr = 0.001;
  names = ["a", "true", "b c"];
  inner = { deep: { deeper: { deepest: 1 } } };
  missing = undefined;
}
class Stack extends Module {
  layers = [new Linear(4, 2, { bias: false }), new Linear(4, 2, { bias: false }), new Linear(4, 3)];
}

describe("plain data", () => {
  it("is YAML", () => {
    expect(printed({ a: 1, b: ["x", "yes"], c: { d: null }, e: [], f: {}, g: "1" })).toBe(
      '\n  a: 1\n  b: [x, "yes"]\n  c:\n    d: null\n  e: []\n  f: {}\n  g: "1"\n',
    );
    expect(printed([{ a: 1, b: 2 }, [1]])).toBe("\n  - a: 1\n    b: 2\n  - [1]\n");
    expect(printed(10n)).toBe("10\n");
    expect(printed(Number.NaN)).toBe("NaN\n");
  });
  it("is cut where it has no end", () => {
    expect(printed(Array.from({ length: 100 }, (_, i) => i))).toContain("  … 80 more items\n");
    expect(printed("x".repeat(1000))).toContain("1,000 characters");
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    expect(printed({ loop })).toContain("self: (the one at loop)");
  });
});

describe("objects", () => {
  it("show their class and fields, as deep as asked", () => {
    expect(printed(new Settings())).toContain('Settings\n  lr: 0.001\n  names: [a, "true", b c]\n  inner:\n');
    expect(printed(new Settings(), 1)).toContain("  inner: …\n");
    expect(printed(new Float32Array(9))).toBe("Float32Array(9)  [0, 0, 0, 0, 0, 0, …]\n");
    expect(printed(new Set([1, 2]))).toBe("Set  2 items\n  - 1\n  - 2\n");
  });
  it("show functions as they are", () => {
    expect(printed((x: number) => x + 1)).toMatch(/^\(x\) => x \+ 1\n$/);
  });
});

describe("tensors and modules", () => {
  it("show shapes, dtypes, counts, and equal layers once", () => {
    const text = printed(new Stack());
    expect(text).toMatch(/^Stack\(?\)? {2}31 parameters\n/);
    expect(text).toContain("layers.0-1 (2 alike): Linear(in=4, out=2, bias=false)  8 parameters\n");
    expect(text).toMatch(/layers\.2: Linear\(in=4, out=3, bias=true\) {2}15 parameters\n/);
    expect(text).toMatch(/weight: Parameter f32\[2, 4\] {2}\[-?\d/);
    const tensor = new Linear(2, 2).weight.add(1);
    expect(tensor).toBeInstanceOf(Tensor);
    expect(printed(tensor)).toBe("Tensor f32[2, 2]\n");
  });
});
