/** @file Values by path: what an override may say, and that a change reaches every use of the changed node. */
import { describe, expect, it } from "vitest";
import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { applyOverrides, looksLikeOverride, parseOverride, readValue } from "../../compiler/driver/overrides.ts";
import { printGraph } from "../../compiler/graph/index.ts";

const source = `
.d: &opt !partial:f:AdamW@opt { lr: 0.1, betas: [0.9, 0.95] }
a: [*opt, 1, 2]
b: { opt: *opt, deep: { x: 1 } }
callbacks: !dlist { one: !call:f:one [], two: !call:f:two [] }
main: !call:f:train [*opt, 5]
`;

function outlineAfter(...overrides: string[]): string {
  return printGraph(applyOverrides(readValue(source, "test", "fgc"), overrides, "fgc"), "outline");
}

function codesOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics.map(({ code }) => code);
    throw error;
  }
  return [];
}

describe("an override", () => {
  it("is told from a config's name", () => {
    expect(
      ["a=1", "a.b=c d", "a[2]=x", "~a.b", "callbacks+=!call:f []", "@opt.lr=1", "x=a/b.yaml"].filter(
        (text) => !looksLikeOverride(text),
      ),
    ).toEqual([]);
    expect(["tiny.yaml", "sub/other.yaml", "./a=b.yaml", "plain"].filter(looksLikeOverride)).toEqual([]);
  });
  it("names a place step by step", () => {
    expect(parseOverride("a.b[2].c=x=y")).toMatchObject({
      action: "set",
      path: ["a", "b", "2", "c"],
      valueText: "x=y",
    });
    expect(parseOverride("~a.b")).toMatchObject({ action: "remove", path: ["a", "b"] });
    expect(parseOverride("a+=1")).toMatchObject({ action: "append", path: ["a"], valueText: "1" });
  });
  it("changes a shared node at all its places, by a path to any of them or by its name", () => {
    for (const path of ["opt.lr", "@opt.lr", "b.opt.lr", "main.0.lr"]) {
      const text = outlineAfter(`${path}=3e-4`);
      expect(text).toContain("lr: 0.0003");
      expect(text).not.toContain("lr: 0.1");
      // Still one node.
      expect(text.match(/→ #1/g)).toHaveLength(2);
    }
  });
  it("that leaves out the way to a name is told where the name is", () => {
    const hintOf = (override: string): string | undefined => {
      try {
        applyOverrides(readValue(source, "test", "fgc"), [override], "fgc");
      } catch (error) {
        if (error instanceof DiagnosticError) return error.diagnostics[0]?.hint;
        throw error;
      }
      return undefined;
    };
    expect(hintOf("x=2")).toBe("did you mean 'b.deep.x'?");
    expect(hintOf("lr=1")).toBe("did you mean 'a[0].lr'?");
    expect(hintOf("b.opt.x.y=2")).toBe("`fgc graph --format outline` shows the paths");
    expect(hintOf("a.x=2")).toBe("did you mean 'b.deep.x'?");
    expect(hintOf("callbak.one=2")).toBe("did you mean 'callbacks'?");
  });
  it("sets, adds, replaces and removes", () => {
    expect(outlineAfter("b.deep.y=[1, {z: 2}]")).toContain("y: list");
    expect(outlineAfter("a[1]=!call:f:new []")).toContain("- singleton f:new");
    expect(outlineAfter("opt.betas+=0.99")).toContain("- 0.99");
    expect(outlineAfter("callbacks+=!call:f:three []")).toContain("- singleton f:three");
    expect(outlineAfter("~callbacks[0]")).not.toContain("f:one");
    expect(outlineAfter("~b.deep")).not.toContain("deep");
    expect(outlineAfter("~a", "main.1=7")).toMatch(/^b:[\s\S]* {2}- 7\n$/);
  });
  it("says what is wrong with it", () => {
    expect(codesOf(() => outlineAfter("b.dep.x=1"))).toEqual(["driver/override-path"]);
    expect(codesOf(() => outlineAfter("a[9]=1"))).toEqual(["driver/override-path"]);
    expect(codesOf(() => outlineAfter("~b.none"))).toEqual(["driver/override-path"]);
    expect(codesOf(() => outlineAfter("b.deep+=1"))).toEqual(["driver/not-a-list"]);
    expect(codesOf(() => outlineAfter("a..b=1"))).toEqual(["driver/bad-override"]);
    expect(codesOf(() => outlineAfter("a=[1"))).toEqual(["config/syntax"]);
  });
});
