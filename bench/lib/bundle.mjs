/** @file Benchmarks in TypeScript as one file each, so that they run from the sources, and on machines that have nothing but Node. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Bundles `bench/ENTRY` into `outfile`. Packages that are loaded if present stay outside. */
export async function bundle(entry, outfile) {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [join(root, "bench", entry)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    tsconfig: join(root, "tsconfig.json"),
    external: ["webgpu", "@tensorflow/*"],
    logLevel: "warning",
  });
  return outfile;
}
