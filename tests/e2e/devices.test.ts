/** @file The built command line asks the built runtime: `fgc devices`, from a folder without any project. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cli, run } from "./support.ts";

it("lists what this machine has, the devices that are always there among it", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "fgc-devices-"));
  try {
    const { code, stdout } = await run(cli, ["devices", "--json"], { cwd, env: process.env });
    expect(code).toBe(0);
    const { devices } = JSON.parse(stdout) as { devices: { name: string; available: boolean; reason?: string }[] };
    expect(devices.map(({ name }) => name)).toEqual(["webgpu", "wasm", "tfjs", "reference"]);
    for (const { name, available, reason } of devices) {
      if (name === "wasm" || name === "reference") expect([name, available]).toEqual([name, true]);
      if (!available) expect(reason).toMatch(/./);
    }
    const text = (await run(cli, ["devices"], { cwd, env: process.env })).stdout;
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  } finally {
    rmSync(cwd, { recursive: true });
  }
});
