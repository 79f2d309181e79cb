/** @file Texts read block by block, from blocks that earlier texts left, mean what they mean when they are read as a whole: the same tree, places and faults. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { composeConfig } from "../../compiler/config/compose.ts";
import { literalText } from "../../compiler/config/rendered.ts";
import { BlockMemory } from "../../compiler/config/shared-blocks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

function composed(text: string, memory: BlockMemory): unknown {
  const { root: tree, diagnostics, aliases, anchors } = composeConfig(literalText({ path: "t", text }), memory);
  const at = ({ start, end }: { start: number; end: number }) => [start, end];
  return JSON.parse(
    JSON.stringify({
      tree: tree ?? null,
      diagnostics: diagnostics.map(({ code, message, span }) => [code, message, span?.start, span?.end]),
      aliases: aliases.map(({ start, end, target }) => [start, end, at(target)]),
      anchors: anchors.map(({ name, origin }) => [name, at(origin.span)]),
    }),
  ) as unknown;
}

const whole = (text: string) => composed(text, new BlockMemory(Number.POSITIVE_INFINITY));

/** Every text of the samples and of the vectors, as far as they are here. */
function texts(): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (/\.ya?ml$/.test(entry.name)) found.push(readFileSync(path, "utf8"));
      else if (/^graph-.*\.json$|^realistic\.json$/.test(entry.name)) strings(JSON.parse(readFileSync(path, "utf8")));
    }
  };
  const strings = (value: unknown): void => {
    if (typeof value === "string") {
      if (value.includes(":")) found.push(value);
    } else if (typeof value === "object" && value !== null) Object.values(value).forEach(strings);
  };
  walk(join(root, "tests/graph/samples"));
  walk(join(root, "examples"));
  try {
    walk(join(root, "../shared/vectors/language"));
  } catch {
    console.warn("../shared/vectors is not here: only our own samples are compared");
  }
  return found;
}

describe("blocks shared by texts", () => {
  it("all samples and vectors, in one memory", () => {
    const memory = new BlockMemory(0);
    const all = texts();
    let shared = 0;
    for (const text of [...all, ...all]) {
      if (memory.blocksOf(text) !== undefined) shared += 1;
      expect(composed(text, memory)).toEqual(whole(text));
    }
    expect(shared).toBeGreaterThan(100);
  });

  it("lines that may or may not belong together", () => {
    const line = fc.constantFrom(
      ...[
        "a: 1",
        "b: &x [1, 2]",
        "c: *x",
        "  d: !call:f",
        "  - e",
        "f: 'open",
        "g' : 2",
        'h: "q',
        'i: r"',
        "j: |",
        "  text",
      ],
      ...[
        "",
        "# remark",
        "k: [1,",
        "l: 2]",
        "m: { n: 1",
        "}",
        "? o",
        ": p",
        "---",
        "- q",
        "s: !t[1]",
        "t:",
        "  u: *x",
        "v: >-",
        " w",
        "\tx: 1",
      ],
    );
    const memory = new BlockMemory(0);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const text = `${lines.join("\n")}\n`;
        expect(composed(text, memory)).toEqual(whole(text));
      }),
      { numRuns: 3000 },
    );
  });
});
