/**
 * @file Contents of files and folders as hashes. A build asks for the same files several times (three assets may read one data set, the manifest
 * lists them all), and a watching process again with each round: a file whose size and times stay is not read again.
 */
import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "./output.ts";

interface Known {
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly size: number;
  readonly ino: number;
  readonly hash: string;
}

const known = new Map<string, Known>();

/** Clocks of file systems are coarse: a file that was written just now may be written again without its times telling. */
const settledAfterMs = 2000;

/** Of a file or of all files in a folder; of nothing, the empty text. */
export function hashOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return "";
  if (stats.isFile()) return hashOfFile(path, stats);
  const names = readdirSync(path).sort();
  return sha256(JSON.stringify(names.map((name) => [name, hashOf(join(path, name))])));
}

function hashOfFile(path: string, { mtimeMs, ctimeMs, size, ino }: Stats): string {
  const before = known.get(path);
  if (before?.mtimeMs === mtimeMs && before.ctimeMs === ctimeMs && before.size === size && before.ino === ino)
    return before.hash;
  const hash = sha256(readFileSync(path));
  if (Date.now() - Math.max(mtimeMs, ctimeMs) > settledAfterMs) known.set(path, { mtimeMs, ctimeMs, size, ino, hash });
  return hash;
}
