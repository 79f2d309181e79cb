/** @file docs/diagnostics.md is what the catalogues and the samples say, every code has a sample, and no sample a code that is not there. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stages } from "../../compiler/cli/catalogue.ts";
import { writeDocs } from "../../compiler/cli/diagnostic-docs.ts";
import { examples } from "./examples.ts";
import { listSamples, readExpected } from "./harness.ts";

const page = join(import.meta.dirname, "../../docs/diagnostics.md");
const entries = stages.flatMap((stage) => stage.entries);
const codes = new Set(entries.map(({ code }) => code));

/** Codes that no sample can show, and why. */
const withoutSample: Readonly<Record<string, string>> = {
  "link/no-loader": "only a tool that links without opening projects meets it",
  "graph/no-targets": "only a caller of the materializer meets it: commands ask for the target first",
  "graph/not-callable": "only a table of constructors that are no callables has it",
  "cli/not-here": "only the interactive shell meets it; tests/cli",
  "config/too-large": "takes megabytes; tests/diagnostics/bad-input.test.ts",
  "types/emitted-fault": "would be a fault of ours",
  "driver/check-failed": "would be a fault of ours, or a thread that the system ended",
  "asset/recipe-failed": "runs a recipe in a process of its own; tests/e2e",
  "asset/cannot-place": "runs a recipe in a process of its own; tests/e2e",
  "emit/would-overwrite": "takes a build before; tests/e2e",
  "emit/machine-path": "names a folder of this machine; tests/e2e",
  "build/not-built": "takes a copy of fgc without its built parts",
  "build/bundle-failed": "takes a bundler; tests/e2e",
  "build/construct-failed": "constructs in a process of its own; tests/cli",
  "build/unknown-platform": "the command line offers a choice; only a caller of the build meets it",
};

describe("diagnostics", () => {
  it("say what they mean", () => {
    expect(entries.filter(({ doc }) => doc === "").map(({ code }) => code)).toEqual([]);
  });

  it("have a sample each", () => {
    const shown = new Set(listSamples().map(({ code }) => code));
    const missing = [...codes].filter((code) => !shown.has(code) && !Object.hasOwn(withoutSample, code));
    expect(missing).toEqual([]);
  });

  it("of the samples are in a catalogue", () => {
    const printed = listSamples().flatMap((sample) =>
      [...(readExpected(sample) ?? "").matchAll(/^(?:error|warning|info)\[([^\]]+)\]/gm)].map(
        (match) => match[1] as string,
      ),
    );
    expect([...new Set(printed)].filter((code) => !codes.has(code))).toEqual([]);
    expect(Object.keys(withoutSample).filter((code) => !codes.has(code))).toEqual([]);
  });

  it("are documented as they are", () => {
    const text = writeDocs(stages, examples());
    if (process.env["UPDATE"] !== undefined) writeFileSync(page, text);
    expect(existsSync(page) ? readFileSync(page, "utf8") : "").toBe(text);
  });
});
