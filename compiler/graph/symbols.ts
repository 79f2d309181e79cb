/**
 * @file What a module exports and takes: the standard library from its signature file, a project's modules and npm packages from their
 * sources, each read when it is first named.
 */

import { SignatureExtractor } from "./signatures/extract.ts";
import type { SourceHost } from "./signatures/scope.ts";
import type { ExportSignature, ModuleSignature, SignatureFile } from "./signatures/signature.ts";

export interface SymbolHost {
  readonly library: SignatureFile;
  readFile(path: string): string | undefined;
  /** Names of the files in a folder: to tell which one was probably meant. */
  listFiles?(folder: string): readonly string[];
  /** Where a package's import leads, declarations first: `fgc/nn` and npm packages. Absent: there is none. */
  resolvePackage(specifier: string, fromDir: string): PackageEntry | undefined;
  /** The TypeScript API; loading it takes a third of a second, so only when a source must be read. */
  loadTypeScript(): SourceHost["ts"];
  /** Modules read for earlier tables. */
  readonly memory?: ModuleMemory;
}

/** What was read of modules before, for earlier tables and by earlier processes. */
export interface ModuleMemory {
  /** What is known of the module at `path`, if all that it was read from is as it was. */
  find(path: string, read: (file: string) => string | undefined): KnownModule | undefined;
  keep(path: string, known: KnownModule): void;
}

export interface KnownModule {
  /** What it exports; absent where there is no such module. */
  readonly signature: ModuleSignature | undefined;
  /** The files which that was read from; undefined for those that were looked for and are not there. */
  readonly texts: ReadonlyMap<string, string | undefined>;
}

export interface PackageEntry {
  /** Declarations or a TypeScript source; absent where a package has only JavaScript. */
  readonly types: string | undefined;
}

export class SymbolTable {
  readonly host: SymbolHost;
  readonly #extractors = new Map<string, ModuleSignature | undefined>();
  readonly #sources = new Set<string>();

  constructor(host: SymbolHost) {
    this.host = host;
  }

  get libraryModules(): readonly string[] {
    return Object.keys(this.host.library.modules);
  }

  /** Source files of projects that were read for signatures: inputs of the build. */
  get sources(): readonly string[] {
    return [...this.#sources].sort();
  }

  library(module: string): ModuleSignature | undefined {
    return own(this.host.library.modules, module);
  }

  /** The exports of a source file. */
  file(path: string): ModuleSignature | undefined {
    if (!this.#extractors.has(path)) this.#extractors.set(path, this.#extract(path));
    return this.#extractors.get(path);
  }

  /** Of a resolved symbol: absent where a package tells nothing about itself. */
  signature(module: string, isFile: boolean, exportName: string, projectDir: string): ExportSignature | undefined {
    if (isFile) return own(this.file(module)?.exports, exportName);
    const library = this.library(module);
    if (library !== undefined) return own(library.exports, exportName);
    const types = this.host.resolvePackage(module, projectDir)?.types;
    return types === undefined ? undefined : own(this.file(types)?.exports, exportName);
  }

  #extract(path: string): ModuleSignature | undefined {
    const { host } = this;
    const kept = host.memory?.find(path, (file) => host.readFile(file));
    if (kept !== undefined) {
      this.#noteSources([...kept.texts].flatMap(([file, text]) => (text === undefined ? [] : [file])));
      return kept.signature;
    }
    const missing = new Set<string>();
    const exists = (file: string): boolean => {
      const isThere = host.readFile(file) !== undefined;
      if (!isThere) missing.add(file);
      return isThere;
    };
    const folderOf = (from: string): string => from.slice(0, from.lastIndexOf("/"));
    const extractor = new SignatureExtractor({
      ts: host.loadTypeScript(),
      read: (file) => host.readFile(file),
      resolve: (specifier, from) => {
        if (!specifier.startsWith(".")) return host.resolvePackage(specifier, folderOf(from))?.types;
        const base = normalize(`${folderOf(from)}/${specifier}`);
        return sourceCandidates(base).find(exists);
      },
    });
    const signature = extractor.module(path);
    this.#noteSources(extractor.paths);
    const texts = new Map([path, ...extractor.paths, ...missing].map((file) => [file, host.readFile(file)] as const));
    host.memory?.keep(path, { signature, texts });
    return signature;
  }

  #noteSources(paths: Iterable<string>): void {
    for (const file of paths) if (!file.includes("/node_modules/") && !file.endsWith(".d.ts")) this.#sources.add(file);
  }
}

/** Names come from configs: `constructor` is a name like any other. */
function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** The files that an import of `base` may mean, as TypeScript tries them. */
export function sourceCandidates(base: string): readonly string[] {
  const stem = base.replace(/\.(py|[cm]?[jt]s|d\.ts)$/, "");
  const folder = stem.slice(0, stem.lastIndexOf("/") + 1);
  const kebab = folder + stem.slice(folder.length).replaceAll("_", "-");
  const stems = kebab === stem ? [stem] : [stem, kebab];
  return [
    ...new Set([
      base,
      ...stems.flatMap((name) => [
        `${name}.ts`,
        `${name}.mts`,
        `${name}.d.ts`,
        `${name}.mjs`,
        `${name}.js`,
        `${name}/index.ts`,
      ]),
    ]),
  ];
}

/** `a/./b/../c` → `a/c`. */
export function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && (part !== "" || parts.length === 0)) parts.push(part);
  }
  return parts.join("/");
}
