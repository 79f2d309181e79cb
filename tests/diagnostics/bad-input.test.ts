/** @file Configs that are too much: each gives a diagnostic in bounded time, and no stage overflows, explodes or hangs. */
import { describe, expect, it } from "vitest";
import { composeConfig } from "../../compiler/config/compose.ts";
import { literalText } from "../../compiler/config/rendered.ts";
import { buildGraphFrom } from "../../compiler/graph/build.ts";
import { canonicalGraph } from "../../compiler/graph/canonical.ts";
import { printGraph } from "../../compiler/graph/index.ts";

function codesOf(text: string): readonly string[] {
  const rendered = literalText({ path: "config.yaml", text });
  const composed = composeConfig(rendered);
  const built = composed.partial === undefined ? undefined : buildGraphFrom(composed.partial, rendered, "fgc");
  if (composed.root !== undefined && built?.graph !== undefined) {
    for (const format of ["yaml", "outline", "repr"] as const) printGraph(built.graph, format);
    JSON.stringify(canonicalGraph(built.graph));
  }
  return [...new Set([...composed.diagnostics, ...(built?.diagnostics ?? [])].map(({ code }) => code))];
}

const lines = (count: number, line: (i: number) => string): string =>
  `${Array.from({ length: count }, (_, i) => line(i)).join("\n")}\n`;

describe("a config", () => {
  it("of aliases of aliases is refused where it would be written out", () => {
    const list = `a0: &a0 [x, x]\n${lines(40, (i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)}`;
    expect(codesOf(list)).toEqual(["graph/alias-bomb"]);
    const dict = `a0: &a0 {x: 1}\n${lines(40, (i) => `a${i + 1}: &a${i + 1} {p: *a${i}, q: *a${i}}`)}`;
    expect(codesOf(dict)).toEqual(["graph/alias-bomb"]);
  });

  it("of nodes of nodes is fine: they are shared", () => {
    const calls = `a0: &a0 {x: 1}\n${lines(40, (i) => `a${i + 1}: &a${i + 1} !call:f [ *a${i}, *a${i} ]`)}`;
    expect(codesOf(calls)).toEqual([]);
  });

  it("that merges the same mapping over and over stays as small as what it holds", () => {
    const merged = `a0: &a0 {x: 1}\n${lines(60, (i) => `a${i + 1}: &a${i + 1}\n  <<: [*a${i}, *a${i}]\n  k${i}: 1`)}`;
    expect(codesOf(merged)).toEqual([]);
  });

  it("may be as deep as every stage can hold, and no deeper", () => {
    expect(codesOf(`a: ${"[".repeat(249)}${"]".repeat(249)}\n`)).toEqual([]);
    expect(codesOf(`a: ${"[".repeat(10_000)}${"]".repeat(10_000)}\n`)).toEqual(["config/too-deep"]);
    expect(codesOf(`a:\n${"- ".repeat(10_000)}x\n`)).toEqual(["config/too-deep"]);
    expect(codesOf(`k0: &k0 [1]\n${lines(2_000, (i) => `k${i + 1}: &k${i + 1} [ *k${i} ]`)}`)).toEqual([
      "config/too-deep",
    ]);
  });

  it("may have long lists and many arguments", () => {
    expect(codesOf(`a:\n${lines(100_000, (i) => `- ${i}`)}`)).toEqual([]);
    expect(codesOf(`a: !call:f\n${lines(20_000, (i) => `  k${i}: ${i}`)}`)).toEqual([]);
  });

  it("of ten megabytes is refused at once where it is dense, and read where it is text", () => {
    expect(codesOf(lines(150_000, (i) => `key_${i}: !call:fgc/optim:AdamW { lr: 0.001, betas: [0.9, 0.95] }`))).toEqual(
      ["config/too-large"],
    );
    expect(codesOf(`a: |\n${lines(200_000, () => "  the quick brown fox jumps over the lazy dog again")}`)).toEqual([]);
  });

  it("has keys named as JavaScript's own", () => {
    const text = "__proto__: { x: 1 }\nconstructor: { toString: 2 }\nmain: !dict { hasOwnProperty: 3, __proto__: 4 }\n";
    expect(codesOf(text)).toEqual([]);
    const rendered = literalText({ path: "config.yaml", text });
    const { root } = composeConfig(rendered);
    const { graph } = buildGraphFrom(root!, rendered, "fgc");
    expect(JSON.stringify(canonicalGraph(graph!))).toContain('"__proto__":{"x":1},"constructor":{"toString":2}');
  });

  it("may begin with an empty line, whatever is wrong below it", () => {
    expect(codesOf("\nmain: \n&*b\n  elf: &shelf 1\n")).toContain("config/syntax");
    expect(codesOf("\n  a: 1\n b: 2\n")).toEqual(["config/syntax"]);
    expect(codesOf("\n  - 1\n- 2\n")).toContain("config/syntax");
  });

  it("that is a binary file is told in a few lines", () => {
    const bytes = lines(5_000, (i) => String.fromCharCode((i * 7919) % 256, (i * 104_729) % 256));
    expect(codesOf(bytes)).toContain("config/control-character");
  });
});
