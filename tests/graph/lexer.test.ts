/** @file Pins the three productions of `yaml`'s lexer that the language replaces: an update of the package that breaks them shows here first. */
import { describe, expect, it } from "vitest";
import { type ConfigNode, composeConfig, literalText } from "../../compiler/config/index.ts";

function compose(text: string): unknown {
  const { root, diagnostics } = composeConfig(literalText({ path: "t.yaml", text }));
  return root === undefined ? diagnostics.map(({ code }) => code) : plain(root);
}

function plain(node: ConfigNode): unknown {
  const value =
    node.kind === "scalar"
      ? node.text
      : node.kind === "sequence"
        ? node.items.map(plain)
        : Object.fromEntries(node.pairs.map(({ key, value: v }) => [String(plain(key)), plain(v)]));
  return node.tag === undefined ? value : { [node.tag.name]: value };
}

describe("the lexer", () => {
  it("ends a tag at white space only", () => {
    expect(compose("[!call:f, 1]")).toEqual([{ "!call:f,": "1" }]);
    expect(compose("a: !call:m:f[0] [1]")).toEqual({ a: { "!call:m:f[0]": ["1"] } });
    expect(compose("a: {b: !call:f}")).toContain("config/bad-tag");
  });
  it("lets flow collections stand left of what holds them", () => {
    expect(compose("a:\n  b: [\n1,\n 2\n]\n  c: {\nd: 1\n}\n")).toEqual({ a: { b: ["1", "2"], c: { d: "1" } } });
  });
  it("lets quoted text go on left of what holds it", () => {
    expect(compose("a:\n    b: \"x\n y\"\n    c: 'p\n\nq'\n")).toEqual({ a: { b: "x y", c: "p\nq" } });
  });
  it("keeps the indentation of what follows a flow collection", () => {
    expect(compose("a:\n  b: [1,\n2]\n  c: x\n    y\nd: 1\n")).toEqual({ a: { b: ["1", "2"], c: "x y" }, d: "1" });
  });
  it("does not add a newline that the text does not have", () => {
    expect(compose("a: |\n  x\n  y")).toEqual({ a: "x\ny" });
    expect(compose("a: |\n  x\n  y\n")).toEqual({ a: "x\ny\n" });
  });
});
