/**
 * @file `fgc explain`, `fgc diff`, `fgc pp`: a project as a user wrote it, a command, and what the terminal showed.
 *
 *     samples/COMMAND/NAME/     the name says what the sample shows; files as in tests/diagnostics/harness.ts
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runSample, type Sample } from "../diagnostics/harness.ts";

const folder = join(import.meta.dirname, "samples");
const root = mkdtempSync(join(tmpdir(), "fgc-provenance-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const samples = readdirSync(folder).flatMap((stage) =>
  readdirSync(join(folder, stage)).map(
    (name): Sample => ({ name: `${stage}/${name}`, stage, code: undefined, folder: join(folder, stage, name) }),
  ),
);

describe("samples", () => {
  it.each(samples.map((sample) => [sample.name, sample] as const))("%s", async (_, sample) => {
    const shown = await runSample(sample, root);
    const path = join(sample.folder, "expected.txt");
    if (process.env["UPDATE"] === "1") writeFileSync(path, shown);
    expect(shown).toBe(readFileSync(path, "utf8"));
  });
});
