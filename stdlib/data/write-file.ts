/** @file Writing files so that a reader, or a crash, never meets half of one. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

/** Write chunks to a file and wait until the disk has them. */
export function writeChunks(path: string, chunks: Iterable<Uint8Array | string>): void {
  const file = openSync(path, "w");
  try {
    for (const chunk of chunks) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The same under a temporary name, which takes the file's place when it is complete. */
export function writeFileWhole(path: string, chunks: Iterable<Uint8Array | string>): void {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    writeChunks(temporary, chunks);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
