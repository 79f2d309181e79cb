/** @file Package build: the library's sources → `dist/signatures.json`. The extractor is the compiler's own, bundled on the fly. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const require = createRequire(import.meta.url);

/** @param {{ root: string, entries: Record<string, string>, outfile: string }} options  entries: `fgc/NAME` → path of its index.ts */
export async function writeSignatures({ root, entries, outfile }) {
  const { SignatureExtractor } = await loadExtractor(root, dirname(outfile));
  const extractor = new SignatureExtractor({
    ts: require("typescript"),
    read: (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
    resolve: (specifier, fromPath) => {
      if (specifier.startsWith("fgc/")) return entries[specifier.slice("fgc/".length)];
      return specifier.startsWith(".") ? resolve(dirname(fromPath), specifier) : undefined;
    },
  });
  const modules = {};
  for (const [name, path] of Object.entries(entries)) modules[`fgc/${name}`] = extractor.module(path);
  // Whoever reads it meanwhile sees the old file or the new one.
  const fresh = `${outfile}.${process.pid}.tmp`;
  writeFileSync(fresh, `${JSON.stringify({ format: "fgc-signatures/1", modules })}\n`);
  renameSync(fresh, outfile);
}

async function loadExtractor(root, folder) {
  const outfile = join(folder, `.extract-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, "compiler/graph/signatures/extract.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "warning",
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile, { force: true });
  }
}
