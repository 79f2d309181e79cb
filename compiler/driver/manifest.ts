/** @file `manifest.json`: what a bundle was made from and what it consists of, by content. Enough to rebuild it bit for bit, and to see that there is no need to. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "./output.ts";

export interface Manifest {
  readonly format: "fgc-manifest/1";
  readonly config: string;
  readonly fgc: { readonly version: string; readonly build: string };
  /** Everything that decides the result beside the inputs: variables, overrides, flags of the build. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly seed: number | null;
  /** Templates, sources and data, by path relative to the project. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly assets: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

export const manifestName = "manifest.json";

export function readManifest(outDir: string, name = manifestName): Manifest | undefined {
  const path = join(outDir, name);
  if (!existsSync(path)) return undefined;
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Manifest;
    return value.format === "fgc-manifest/1" ? value : undefined;
  } catch {
    return undefined;
  }
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** What the same inputs would give: two builds with equal keys need not both run. */
export function buildKey({
  config,
  fgc,
  request,
  inputs,
}: Pick<Manifest, "config" | "fgc" | "request" | "inputs">): string {
  return sha256(JSON.stringify([config, fgc, request, sorted(inputs)]));
}

export function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Identifies the compiler and the library together. */
export function packageBuildId(packageRoot: string): string {
  const path = join(packageRoot, "dist/build-id");
  return existsSync(path) ? readFileSync(path, "utf8").trim() : "unbuilt";
}
