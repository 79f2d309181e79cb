/** @file `fgc explain-code`: an entry with its example, a stage, all; slips get the nearest. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fgc } from "../cli/memory-host.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/diagnostics.md"), "utf8");
const world = { files: { "/package/docs/diagnostics.md": page } };

describe("fgc explain-code", () => {
  it("prints what a code means, with the example of the documentation", async () => {
    const { code, stdout } = await fgc(world, "explain-code", "types/unknown-argument");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^types\/unknown-argument \(error\)\n\nThe callee has no parameter/);
    expect(stdout).toContain("        lrr: 1.0e-3\n");
    expect(stdout).toContain("    error[types/unknown-argument]: AdamW has no argument 'lrr'\n");
  });

  it("takes a code without its stage", async () => {
    const { stdout } = await fgc(world, "explain-code", "unknown-target");
    expect(stdout).toContain("graph/unknown-target (error)");
    expect(stdout).toContain("link/unknown-target (error)");
  });

  it("lists a stage, or all", async () => {
    const { stdout } = await fgc(world, "explain-code", "config");
    expect(stdout).toMatch(/^config: text to YAML\n {2}config\/syntax +error +The text is not YAML/);
    expect(stdout).not.toContain("types/");
    const all = await fgc(world, "explain-code");
    expect(all.stdout).toContain("types/unknown-argument");
    const json = JSON.parse((await fgc(world, "explain-code", "--json")).stdout) as { code: string; stage: string }[];
    expect(json.find(({ code }) => code === "config/tab")?.stage).toBe("config");
  });

  it("explains without examples where the documentation is missing", async () => {
    const { code, stdout } = await fgc({ files: {} }, "explain-code", "config/tab");
    expect([code, stdout.startsWith("config/tab (error)")]).toEqual([0, true]);
  });

  it("suggests the nearest code", async () => {
    const { code, stderr } = await fgc(world, "explain-code", "unknown-argment");
    expect(code).toBe(2);
    expect(stderr).toContain("did you mean 'types/unknown-argument'?");
  });
});
