/** @file Signatures and packages as they lie on disk: the library's file, the packages of a project, and TypeScript when a source must be read. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { SourceHost } from "../graph/signatures/scope.ts";
import type { SignatureFile } from "../graph/signatures/signature.ts";
import type { PackageEntry, SymbolHost } from "../graph/symbols.ts";
import { buildDiagnostics as faults } from "./build-diagnostics.ts";

export function symbolHost(packageRoot: string): SymbolHost {
  const texts = new Map<string, string | undefined>();
  return {
    library: readLibrary(packageRoot),
    readFile: (path) => {
      if (!texts.has(path))
        texts.set(path, statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, "utf8") : undefined);
      return texts.get(path);
    },
    resolvePackage: (specifier, fromDir) =>
      specifier.startsWith("fgc/") ? ownPackage(specifier, packageRoot) : findPackage(specifier, fromDir),
    loadTypeScript: () => loadTypeScript(),
  };
}

function readLibrary(packageRoot: string): SignatureFile {
  const path = join(packageRoot, "dist/signatures.json");
  if (!existsSync(path)) throw new DiagnosticError(faults.notBuilt({}, { missing: "dist/signatures.json" }));
  return JSON.parse(readFileSync(path, "utf8")) as SignatureFile;
}

/** ts-morph carries a TypeScript of its own: a second one would cost as much again. Required, not imported: see perf/README, "Start-up". */
function loadTypeScript(): SourceHost["ts"] {
  const { ts } = createRequire(import.meta.url)("ts-morph") as typeof import("ts-morph");
  return ts as unknown as SourceHost["ts"];
}

function ownPackage(specifier: string, packageRoot: string): PackageEntry | undefined {
  const name = specifier.slice("fgc/".length);
  const folder = name === "runtime" ? "runtime" : `stdlib/${name}`;
  const types = join(packageRoot, "dist/types", folder, "index.d.ts");
  return existsSync(types) ? { types } : undefined;
}

interface Manifest {
  readonly types?: string;
  readonly typings?: string;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** The package's folder above `fromDir`, and the declarations that it names. */
function findPackage(specifier: string, fromDir: string): PackageEntry | undefined {
  const parts = specifier.split("/");
  const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const subpath = specifier === name ? "." : `./${specifier.slice(name.length + 1)}`;
  for (let folder = fromDir; ; folder = dirname(folder)) {
    const root = join(folder, "node_modules", name);
    const manifestPath = join(root, "package.json");
    if (existsSync(manifestPath)) {
      const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as Manifest;
      const declared =
        typesOf(manifest.exports?.[subpath]) ?? (subpath === "." ? (manifest.types ?? manifest.typings) : undefined);
      const types = declared === undefined ? undefined : join(root, declared);
      return { types: types !== undefined && existsSync(types) ? types : undefined };
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/** The first `types` condition below an entry of `exports`. */
function typesOf(entry: unknown): string | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const conditions = entry as Record<string, unknown>;
  if (typeof conditions["types"] === "string") return conditions["types"];
  return Object.values(conditions)
    .map(typesOf)
    .find((found) => found !== undefined);
}
