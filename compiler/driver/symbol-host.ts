/** @file Signatures and packages as they lie on disk: the library's file, the packages of a project, and TypeScript when a source must be read. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { SourceHost } from "../graph/signatures/scope.ts";
import type { SignatureFile } from "../graph/signatures/signature.ts";
import type { ModuleMemory, PackageEntry, SymbolHost } from "../graph/symbols.ts";
import { buildDiagnostics as faults } from "./build-diagnostics.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { Host } from "./host.ts";
import { packageBuildId } from "./manifest.ts";
import { StoredModules } from "./module-memory.ts";

export function symbolHost(host: Host): SymbolHost {
  const { files, packageRoot } = host;
  return {
    library: readLibrary(host),
    readFile: (path) => files.readText(path),
    listFiles: (folder) => files.list(folder).flatMap(({ name, isDirectory }) => (isDirectory ? [] : [name])),
    resolvePackage: (specifier, fromDir) =>
      specifier.startsWith("fgc/") ? ownPackage(files, specifier, packageRoot) : findPackage(files, specifier, fromDir),
    loadTypeScript: () => loadTypeScript(),
    memory: memoryOf(host),
  };
}

/** Many configs of one process name the same modules. */
const memories = new Map<string, ModuleMemory>();

function memoryOf(host: Host): ModuleMemory {
  const folder = join(cacheFolder(host), "signatures");
  let memory = memories.get(folder);
  if (memory === undefined) {
    memory = new StoredModules(folder, packageBuildId(host.packageRoot));
    memories.set(folder, memory);
  }
  return memory;
}

let library: { readonly text: string; readonly signatures: SignatureFile } | undefined;

function readLibrary({ files, packageRoot }: Host): SignatureFile {
  const text = files.readText(join(packageRoot, "dist/signatures.json"));
  if (text === undefined) throw new DiagnosticError(faults.notBuilt({}, { missing: "dist/signatures.json" }));
  if (library?.text !== text) library = { text, signatures: JSON.parse(text) as SignatureFile };
  return library.signatures;
}

/** ts-morph carries a TypeScript of its own: a second one would cost as much again. Required, not imported: see perf/README, "Start-up". */
function loadTypeScript(): SourceHost["ts"] {
  const { ts } = createRequire(import.meta.url)("ts-morph") as typeof import("ts-morph");
  return ts as unknown as SourceHost["ts"];
}

function ownPackage(files: Host["files"], specifier: string, packageRoot: string): PackageEntry | undefined {
  const name = specifier.slice("fgc/".length);
  const folder = name === "runtime" ? "runtime" : `stdlib/${name}`;
  const types = join(packageRoot, "dist/types", folder, "index.d.ts");
  return files.readText(types) === undefined ? undefined : { types };
}

interface Manifest {
  readonly types?: string;
  readonly typings?: string;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** The package's folder above `fromDir`, and the declarations that it names. */
function findPackage(files: Host["files"], specifier: string, fromDir: string): PackageEntry | undefined {
  const parts = specifier.split("/");
  const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const subpath = specifier === name ? "." : `./${specifier.slice(name.length + 1)}`;
  for (let folder = fromDir; ; folder = dirname(folder)) {
    const root = join(folder, "node_modules", name);
    const text = files.readText(join(root, "package.json"));
    if (text !== undefined) {
      const manifest = JSON.parse(text) as Manifest;
      const declared =
        typesOf(manifest.exports?.[subpath]) ?? (subpath === "." ? (manifest.types ?? manifest.typings) : undefined);
      const types = declared === undefined ? undefined : join(root, declared);
      return { types: types !== undefined && files.readText(types) !== undefined ? types : undefined };
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
