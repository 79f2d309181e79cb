/** @file The samples as examples for documentation: for each code the shortest one, and of its output what has that code. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Example } from "../../compiler/cli/diagnostic-docs.ts";
import { commandOf, filesOf, listSamples, readExpected, type Sample } from "./harness.ts";

export function examples(): ReadonlyMap<string, Example> {
  const found = new Map<string, Example>();
  // The sample without a variant comes first, and is meant to be shown.
  for (const sample of [...listSamples()].sort((a, b) => a.name.length - b.name.length)) {
    if (sample.code === undefined || found.has(sample.code)) continue;
    found.set(sample.code, exampleOf(sample, sample.code));
  }
  return found;
}

/** Longer files hide the point. */
const mostLines = 24;

function exampleOf(sample: Sample, code: string): Example {
  const edits = join(sample.folder, "edits.txt");
  const changed = existsSync(edits) ? [{ name: "edits.diff", text: readFileSync(edits, "utf8") }] : [];
  const files = filesOf(sample).filter(({ text }) => text.split("\n").length <= mostLines);
  return {
    files: [...changed, ...files],
    command: commandOf(sample),
    output: blockOf(readExpected(sample) ?? "", code),
  };
}

/** The first diagnostic of that code. */
function blockOf(output: string, code: string): string {
  const lines = output.split("\n");
  const start = lines.findIndex((line) => line.includes(`[${code}]`));
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line === "" || !/^\s*(?:\d+ \||\||\.\. \||-->|:::|=|\s\S)/.test(line));
  return [lines[start] ?? "", ...(end < 0 ? rest : rest.slice(0, end))].join("\n");
}
