/** @file The text around faults, as `fgc pp --partial` shows it on a terminal. */
import { expect, it } from "vitest";
import { aroundFaults } from "../../compiler/cli/pp/partial-text.ts";
import { writtenLines } from "../../compiler/cli/pp/written-lines.ts";
import { memorySource, TemplateEnvironment, TemplateFault } from "../../compiler/template/index.ts";

function partialText(text: string): string {
  const environment = new TemplateEnvironment({ searchPath: memorySource({ main: text }) });
  try {
    environment.render("main");
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    return aroundFaults(writtenLines(error.partialPieces ?? []), error.diagnostics, false);
  }
  throw new Error("nothing failed");
}

it("shows the expression that failed in its place", () => {
  expect(partialText("a: 1\nb: {{ missing }}\nc: 3\n")).toBe("  1 | a: 1\n> 2 | b: {{ missing }}\n  3 | c: 3\n");
});

it("shows eight lines on both sides, and says that there are more", () => {
  const filler = Array.from({ length: 20 }, (_, i) => `k${i}: ${i}\n`).join("");
  const lines = partialText(`${filler}x: {{ missing }}\n${filler}`).split("\n");
  expect(lines[0]).toBe("    ⋮");
  expect(lines[1]).toBe("  13 | k12: 12");
  expect(lines[9]).toBe("> 21 | x: {{ missing }}");
  expect(lines.at(-2)).toBe("    ⋮");
});

it("marks what stands before a fault that prints nothing", () => {
  expect(partialText("a: 1\n{% set b = missing + 1 %}\nc: 3\n")).toContain("> 1 | a: 1");
});
