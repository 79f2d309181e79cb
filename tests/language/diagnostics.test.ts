/** @file What users see when a template is wrong: one folder per claim, `expected.txt` as the terminal shows it. UPDATE=1 rewrites it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { renderDiagnostic } from "../../compiler/diagnostics/render.ts";
import { TemplateEnvironment, TemplateFault } from "../../compiler/template/index.ts";

const samples = fileURLToPath(new URL("./samples/", import.meta.url));

function diagnosticsOf(folder: string): readonly Diagnostic[] {
  try {
    return new TemplateEnvironment({ searchPath: [`${folder}/templates`] }).render("main.yaml").warnings;
  } catch (error) {
    if (error instanceof TemplateFault) return error.diagnostics;
    throw error;
  }
}

it.each(readdirSync(samples))("%s", (name) => {
  const folder = samples + name;
  const showPath = (path: string): string => path.replace(`${folder}/templates/`, "");
  const lines = diagnosticsOf(folder).flatMap((diagnostic) => renderDiagnostic(diagnostic, { showPath }).split("\n"));
  const text = `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
  const expected = `${folder}/expected.txt`;
  if (process.env["UPDATE"] === "1") writeFileSync(expected, text);
  expect(text).toBe(readFileSync(expected, "utf8"));
});
