/**
 * @file Mutated configs through every stage from YAML to types: each gives a graph or errors with places in the text, never an exception.
 *
 * `FUZZ_CASES=100000 npx vitest run tests/diagnostics/fuzz.test.ts` runs more; a failure prints the text.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { composeConfig } from "../../compiler/config/compose.ts";
import { gapMark, literalText } from "../../compiler/config/rendered.ts";
import { type Diagnostic, DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { renderDiagnostic } from "../../compiler/diagnostics/render.ts";
import { buildGraphFrom } from "../../compiler/graph/build.ts";
import { canonicalGraph } from "../../compiler/graph/canonical.ts";
import { wellKnownSpecs } from "../../compiler/graph/import-map.ts";
import { printGraph } from "../../compiler/graph/index.ts";
import { printIR, runPasses } from "../../compiler/graph/passes/index.ts";
import { testSymbols } from "../passes/support.ts";
import { filesOf, listSamples } from "./harness.ts";

const cases = Number(process.env["FUZZ_CASES"] ?? 1000);
const symbols = testSymbols();

/** What configs are made of, whole and broken. */
const pieces = [
  ...[gapMark, `#${gapMark}\n`],
  ..."[]{}:,&*!|>%@`#'\"?-\\~<=\n\t \r\0\u0085\u2028\ufeff\ud83d\u{1f642}",
  ...[
    "\n  ",
    "\n    ",
    "\n- ",
    ": ",
    " - ",
    "---\n",
    "...\n",
    "%TAG ! !x\n",
    "<<: *a",
    "&a ",
    "*a",
    "&b ",
    "*b",
    "!call:fgc/nn:Norm",
  ],
  ...[
    "!partial:fgc/nn:Norm@n ",
    "!singleton:named_list ",
    "!var x",
    "!list:@l ",
    "!dlist ",
    "!dict ",
    "!tuple ",
    "!meta:fgc/compiler:modelModule ",
  ],
  ...[
    "!factory:fgc/nn:Block ",
    "!!int ",
    "!!set ",
    "!!omap ",
    "!call:getitem [ *a, 0 ]",
    "!call:constructor []",
    "__proto__: 1",
    "constructor: {}",
  ],
  ...[
    "!call:forgather:from_project { project_dir: p }",
    "latent_args: ",
    "args: ",
    "kwargs: ",
    "arg0: ",
    "1e-4",
    "2026-01-01",
    ".nan",
    "null",
    "\nmain: ",
  ],
];

const seeds = [
  ...listSamples()
    .filter(({ stage }) => ["config", "graph", "types", "several", "link"].includes(stage))
    .flatMap((sample) => filesOf(sample).filter(({ name }) => name === "config.yaml"))
    .map(({ text }) => text),
  readFileSync(join(import.meta.dirname, "../passes/samples/arguments-go-where-the-signature-says/input.yaml"), "utf8"),
].filter((text) => text.length < 4000);

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40)),
  insert: fc.oneof(
    fc.constant(""),
    fc.constantFrom(...pieces),
    fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((parts) => parts.join("")),
  ),
});

function mutate(text: string, edits: readonly Edit[]): string {
  return edits.reduce((mutated, { at, remove, insert }) => {
    const start = Math.floor(at * mutated.length);
    return mutated.slice(0, start) + insert + mutated.slice(start + remove);
  }, text);
}

function takeThrough(text: string): void {
  const hasGaps = text.includes(gapMark);
  const rendered = { ...literalText({ path: "config.yaml", text }), hasGaps };
  const found: Diagnostic[] = [];
  const composed = composeConfig(rendered);
  found.push(...composed.diagnostics);
  const hasErrors = () => found.some(({ severity }) => severity === "error");
  if (!hasGaps || hasErrors()) expect(composed.root === undefined).toBe(hasErrors());
  if (composed.partial !== undefined) {
    const built = buildGraphFrom(composed.partial, rendered, "fgc");
    found.push(...built.diagnostics);
    if (built.graph === undefined) expect(hasErrors()).toBe(true);
    const isPartial = hasGaps || composed.root === undefined || built.graph === undefined;
    const project = { projectDir: "/project", importMap: wellKnownSpecs, variables: new Map() };
    const { root } = runPasses(built.partial, {
      report: (diagnostic) => void found.push(diagnostic),
      isPartial,
      project,
      loadProject: () => ({ root: built.partial, environment: project, diagnostics: [] }),
      overrides: [],
      symbols,
      namePolicy: "named",
      allowFreeVariables: false,
      variableUses: new Map(),
    });
    expect(root === undefined).toBe(hasGaps || hasErrors());
    if (root !== undefined) printIR(root, (path) => path);
    if (!isPartial) {
      for (const format of ["yaml", "outline", "repr"] as const) printGraph(built.partial, format);
      JSON.stringify(canonicalGraph(built.partial));
    }
  }
  for (const diagnostic of found) {
    const { span } = diagnostic;
    if (span === undefined) throw new Error(`${diagnostic.code} has no place`);
    expect(span.start).toBeGreaterThanOrEqual(0);
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    expect(span.end).toBeLessThanOrEqual(span.file.text.length + 3);
    expect(renderDiagnostic(diagnostic)).not.toContain("undefined'");
  }
}

describe("mutated configs", () => {
  it(`give a graph or diagnostics with places (${cases} cases)`, { timeout: 3_600_000 }, () => {
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 }), (seed, edits) => {
        const text = mutate(seed, edits);
        try {
          takeThrough(text);
        } catch (error) {
          if (error instanceof DiagnosticError) return;
          throw new Error(`${String(error)}\n--- with\n${JSON.stringify(text)}`, { cause: error });
        }
      }),
      { numRuns: cases, seed: Number(process.env["FUZZ_SEED"] ?? 1), endOnFailure: true },
    );
  });
});
