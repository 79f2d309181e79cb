/** @file The real host: what it says of files, and that a command runs on it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CliHost } from "../../compiler/cli/host.ts";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { runCommandLine } from "../../compiler/cli/run.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fgc-cli-"));
  mkdirSync(join(folder, "forgather_workspace"));
  mkdirSync(join(folder, "project/templates/configs"), { recursive: true });
  writeFileSync(join(folder, "project/meta.yaml"), "name: Real\n");
  writeFileSync(join(folder, "project/templates/configs/a.yaml"), "x: 1\n");
  symlinkSync(join(folder, "project/templates"), join(folder, "project/linked"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the host of a Node process", () => {
  it("tells absence from a fault", () => {
    const { files } = nodeHost();
    expect(files.readText(join(folder, "nothing"))).toBeUndefined();
    expect(files.readText(folder)).toBeUndefined();
    expect(files.isDirectory(join(folder, "project"))).toBe(true);
    expect(files.list(join(folder, "nothing"))).toEqual([]);
  });
  it("takes a link for what it points at, and sorts", () => {
    expect(nodeHost().files.list(join(folder, "project"))).toEqual([
      { name: "linked", isDirectory: true },
      { name: "meta.yaml", isDirectory: false },
      { name: "templates", isDirectory: true },
    ]);
  });
  it("runs a command", async () => {
    let stdout = "";
    const stream = {
      isTerminal: false,
      write: (text: string) => {
        stdout += text;
      },
    };
    const host: CliHost = { ...nodeHost(), stdout: stream };
    expect(await runCommandLine(["-p", join(folder, "project"), "pp"], host)).toBe(0);
    expect(stdout).toBe("x: 1");
  });
});
