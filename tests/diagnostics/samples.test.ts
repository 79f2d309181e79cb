/**
 * @file What the terminal shows for each sample of `samples/` (see harness.ts).
 *
 * `UPDATE=1 npx vitest run tests/diagnostics/samples.test.ts` rewrites expected.txt; `-t STAGE/NAME` runs some.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listSamples, readExpected, runSample, writeExpected } from "./harness.ts";

let root = "";
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "fgc-samples-")));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("samples", () => {
  it.each(listSamples().map((sample) => [sample.name, sample] as const))("%s", async (_, sample) => {
    const shown = await runSample(sample, root);
    // A fault of fgc's own is nothing to expect.
    expect(shown).not.toContain("exit 70");
    if (process.env["UPDATE"] !== undefined) writeExpected(sample, shown);
    expect(shown).toBe(readExpected(sample));
    // A sample that no longer shows its own code proves nothing.
    if (sample.code !== undefined) expect(shown).toContain(sample.code);
  });
});
