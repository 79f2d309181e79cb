/** @file Files, on a host that has them: the one place of the runtime that touches `node:fs`, so that another host can replace it. */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the bundle that calls, from its `import.meta.url`: where assets and outputs are looked for. */
export function bundleRoot(importMetaUrl: string): string {
  return dirname(fileURLToPath(importMetaUrl));
}

export type FileContent = string | Uint8Array | Iterable<Uint8Array>;

/**
 * Writes the whole file or leaves the old one: into a file beside it, to the disk, then renamed. Folders are made as needed.
 */
export function writeFileAtomic(path: string, content: FileContent): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.${process.pid}.${Date.now().toString(36)}.tmp`);
  try {
    const file = openSync(temporary, "w");
    try {
      for (const chunk of chunksOf(content)) writeWhole(file, chunk);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function chunksOf(content: FileContent): Iterable<Uint8Array> {
  if (typeof content === "string") return [new TextEncoder().encode(content)];
  return content instanceof Uint8Array ? [content] : content;
}

/** One call may write less than it was given. */
function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
}

/** Text in UTF-8; anything else is an error that names the file. A byte order mark is dropped. */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TypeError(`${path} is not text in UTF-8`);
  }
}

/** SHA-256 in hexadecimal. */
export function hashBytes(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
