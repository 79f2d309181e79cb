/**
 * @file A folder for each claim: `input.yaml` is what the user wrote, `expected/` what the stages make of it.
 *
 *     expected/diagnostics.txt    as the terminal shows it; absent where there is nothing to say
 *     expected/graph.txt          the outline; absent where the input has errors
 *
 * `UPDATE=1 npx vitest run tests/graph/samples.test.ts` rewrites `expected/`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { composeConfig, literalText, type YamlFloats } from "../../compiler/config/index.ts";
import { renderDiagnostic } from "../../compiler/diagnostics/render.ts";
import { buildGraphFrom, printGraph } from "../../compiler/graph/index.ts";

const folder = join(import.meta.dirname, "samples");

function compile(name: string): Readonly<Record<string, string | undefined>> {
  const read = (file: string) => readFileSync(join(folder, name, file), "utf8");
  const options = existsSync(join(folder, name, "options.json"))
    ? (JSON.parse(read("options.json")) as { yamlFloats?: YamlFloats })
    : {};
  const rendered = literalText({ path: "input.yaml", text: read("input.yaml") });
  const { root, diagnostics } = composeConfig(rendered);
  const built = root === undefined ? undefined : buildGraphFrom(root, rendered, options.yamlFloats ?? "fgc");
  const all = [...diagnostics, ...(built?.diagnostics ?? [])];
  return {
    "diagnostics.txt":
      all.length === 0 ? undefined : `${all.map((diagnostic) => renderDiagnostic(diagnostic)).join("\n\n")}\n`,
    "graph.txt": built?.graph === undefined ? undefined : printGraph(built.graph, "outline"),
  };
}

describe("samples", () => {
  it.each(readdirSync(folder).sort())("%s", (name) => {
    for (const [file, text] of Object.entries(compile(name))) {
      const path = join(folder, name, "expected", file);
      if (process.env["UPDATE"] === "1") {
        rmSync(path, { force: true });
        mkdirSync(join(folder, name, "expected"), { recursive: true });
        if (text !== undefined) writeFileSync(path, text);
      }
      expect(text, file).toBe(existsSync(path) ? readFileSync(path, "utf8") : undefined);
    }
  });
});
