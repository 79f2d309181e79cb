/**
 * @file Contents of files and folders as hashes. A build asks for the same files several times (three assets may read one data set, the manifest
 * lists them all), and a watching process again with each round: a file whose size and times stay is not read again. What is known so is kept
 * between processes too, in the user's cache folder, as Git keeps it in its index.
 */
import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { sha256, writeAtomic } from "./output.ts";

interface Known {
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly size: number;
  readonly ino: number;
  readonly hash: string;
}

const known = new Map<string, Known>();
/** Not yet in the kept file. */
let isChanged = false;
const loaded = new Set<string>();

/** Data sets come in thousands of files, and not in hundreds of thousands. */
const mostKept = 20_000;
const format = "fgc-hashes/1";
type Row = readonly [path: string, mtimeMs: number, ctimeMs: number, size: number, ino: number, hash: string];

/** Takes over what an earlier process kept in `path`. */
export function loadHashes(path: string): void {
  if (loaded.has(path)) return;
  loaded.add(path);
  try {
    const kept = JSON.parse(readFileSync(path, "utf8")) as { format: string; rows: readonly Row[] };
    if (kept.format !== format) return;
    for (const [file, mtimeMs, ctimeMs, size, ino, hash] of kept.rows)
      if (!known.has(file)) known.set(file, { mtimeMs, ctimeMs, size, ino, hash });
  } catch {
    // None, or none that can be read: files are read instead.
  }
}

/** The latest ones are kept. Where that is not possible, the next process reads files again. */
export function saveHashes(path: string): void {
  if (!isChanged) return;
  const rows = [...known]
    .slice(-mostKept)
    .map(([file, { mtimeMs, ctimeMs, size, ino, hash }]): Row => [file, mtimeMs, ctimeMs, size, ino, hash]);
  try {
    writeAtomic(path, JSON.stringify({ format, rows }));
    isChanged = false;
  } catch {}
}

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
  if (Date.now() - Math.max(mtimeMs, ctimeMs) > settledAfterMs) {
    known.delete(path);
    known.set(path, { mtimeMs, ctimeMs, size, ino, hash });
    isChanged = true;
  }
  return hash;
}
