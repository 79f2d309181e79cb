/** @file `node:fs` in a page: the synchronous functions that the library uses, over the one tree of files of the page. */
import { FileTree, type FolderEntry, type Stats } from "./file-tree.ts";
import { resolve } from "./path.ts";
import { SystemError } from "./system-error.ts";

/** The page's files. */
export const files = new FileTree();

type Encoding = "utf8" | "utf-8" | { readonly encoding: "utf8" | "utf-8" };

export const existsSync = (path: string): boolean => files.exists(path);

export function statSync(path: string, options: { throwIfNoEntry?: boolean } = {}): Stats | undefined {
  const stats = files.stats(path);
  if (stats === undefined && options.throwIfNoEntry !== false) throw new SystemError("ENOENT", "stat", path);
  return stats;
}

export function readFileSync(path: string): Uint8Array<ArrayBuffer>;
export function readFileSync(path: string, encoding: Encoding): string;
export function readFileSync(path: string, encoding?: Encoding): Uint8Array<ArrayBuffer> | string {
  const bytes = files.read(path);
  // A copy: the caller may write to it.
  return encoding === undefined ? bytes.slice() : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

export function readdirSync(path: string): string[];
export function readdirSync(path: string, options: { withFileTypes: true }): FolderEntry[];
export function readdirSync(path: string, options?: { withFileTypes: true }): string[] | FolderEntry[] {
  const entries = files.list(path);
  return options?.withFileTypes === true ? entries : entries.map(({ name }) => name);
}

export function mkdirSync(path: string, options: { recursive?: boolean } = {}): void {
  if (options.recursive !== true && files.exists(path)) throw new SystemError("EEXIST", "mkdir", path);
  files.makeFolder(path);
}

export const rmSync = (path: string, options?: { recursive?: boolean; force?: boolean }): void =>
  files.remove(path, options);
export const unlinkSync = (path: string): void => files.remove(path);
export const renameSync = (from: string, to: string): void => files.rename(from, to);
export const realpathSync = (path: string): string => resolve(path);

export const openSync = (path: string, flags: "r" | "r+" | "w" | "a"): number => files.open(path, flags);
export const closeSync = (handle: number): void => files.close(handle);
/** Memory has nothing to wait for; what is kept beyond it is the store's business. */
export const fsyncSync = (): void => {};

export function writeSync(
  handle: number,
  data: Uint8Array | string,
  offset = 0,
  length?: number,
  position?: number | null,
): number {
  const bytes = bytesOf(data);
  return files.write(
    handle,
    bytes.subarray(offset, length === undefined ? undefined : offset + length),
    position ?? undefined,
  );
}

export const writeFileSync = (path: string, data: Uint8Array | string): void => write(path, "w", data);
export const appendFileSync = (path: string, data: Uint8Array | string): void => write(path, "a", data);

function write(path: string, flags: "w" | "a", data: Uint8Array | string): void {
  const handle = files.open(path, flags);
  files.write(handle, bytesOf(data));
  files.close(handle);
}

const bytesOf = (data: Uint8Array | string): Uint8Array =>
  typeof data === "string" ? new TextEncoder().encode(data) : data;
