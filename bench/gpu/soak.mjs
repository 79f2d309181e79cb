/** @file Bundles and runs `soak.ts` with exposed garbage collection: `node bench/gpu/soak.mjs [FLAGS]`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../lib/bundle.mjs";

const folder = mkdtempSync(join(tmpdir(), "fgc-soak-"));
try {
  const script = await bundle("gpu/soak.ts", join(folder, "soak.mjs"));
  const { status } = spawnSync(process.execPath, ["--expose-gc", script, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
