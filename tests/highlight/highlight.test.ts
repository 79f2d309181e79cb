/** @file Colours: only where a terminal shows them, and nothing of the text is lost. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Highlighter, loadHighlighter } from "../../compiler/cli/highlight/highlighter.ts";
import { highlightAnsi, highlightHtml } from "../../compiler/cli/highlight/print.ts";

const repository = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(repository, path), "utf8");
const controlStart = "\u001b";
const withoutColors = (text: string) => text.replaceAll(new RegExp(`${controlStart}\\[[\\d;]*m`, "g"), "");

let template: Highlighter;
let config: Highlighter;
beforeAll(async () => {
  template = await loadHighlighter(repository, "template");
  config = await loadHighlighter(repository, "config");
});

describe("highlighting", () => {
  it("keeps every character", () => {
    for (const path of [
      "examples/tutorials/tiny_llama/templates/project.yaml",
      "templatelib/base/config_type.yaml",
      "templatelib/base/inc/formatting.jinja",
      "tests/grammar/samples/inline.yaml",
    ])
      for (const highlighter of [template, config]) {
        const text = read(path);
        expect(withoutColors(highlightAnsi(highlighter, text))).toBe(text);
        const page = highlightHtml(highlighter, text, path);
        const code = page.slice(page.indexOf("<code>") + 6, page.lastIndexOf("</code>"));
        const plain = code
          .replace(/<[^>]*>/g, "")
          .replaceAll("&lt;", "<")
          .replaceAll("&gt;", ">")
          .replaceAll("&quot;", '"')
          .replaceAll("&amp;", "&");
        expect(plain).toBe(`${text.replace(/\n$/, "")}\n`);
      }
  });
  it("colours the parts of a template", () => {
    const [line = []] = [...template.lines('lr: {{ lr | default(1e-3) }} # "x"')];
    expect(line.filter(({ text }) => text.trim() !== "").map(({ text, style }) => [text.trim(), style])).toEqual([
      ["lr", "key"],
      [":", "punctuation"],
      ["{{", "mark"],
      ["lr", "variable"],
      ["|", "operator"],
      ["default", "filter"],
      ["(", "punctuation"],
      ["1e-3", "number"],
      [")", "punctuation"],
      ["}}", "mark"],
      ['# "x"', "comment"],
    ]);
  });
  it("takes what templates have printed for plain YAML", () => {
    const [line = []] = [...config.lines("-- x: &a !call:fgc/nn:Linear@l [ 1, *b ]")];
    expect(line.map(({ style }) => style)).not.toContain("mark");
    expect(line.find(({ style }) => style === "constructor")?.text).toBe("fgc/nn:Linear");
  });
  it("a comment within a quoted text is none", () => {
    const lines = [...config.lines('a: "one\n# two"\nb: 1')];
    expect(lines[1]?.map(({ style }) => style)).toEqual(["string"]);
  });
});
