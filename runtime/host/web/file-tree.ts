/**
 * @file Files in memory: what a page has instead of a disk. Synchronous, since the library reads and writes so; a store may take pictures of it
 * and bring them to a disk in its own time.
 *
 * A picture holds the bytes themselves, not copies: a file whose bytes are in a picture is copied when it is next written to.
 */
import { dirname, normalize, resolve } from "./path.ts";
import { SystemError } from "./system-error.ts";

interface Folder {
  readonly kind: "folder";
  mtimeMs: number;
}

interface File {
  readonly kind: "file";
  /** Room for more than `size`, so that appending does not copy each time. */
  bytes: Uint8Array<ArrayBuffer>;
  size: number;
  mtimeMs: number;
  /** The bytes are in a picture, or belong to whoever mounted them: not to be written to. */
  frozen: boolean;
  /** Came with the page: no picture holds it. */
  readonly mounted: boolean;
}

export interface Stats {
  readonly size: number;
  readonly mtimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

export interface FolderEntry {
  readonly name: string;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** One file as it was when the picture was taken. */
export interface PicturedFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mtimeMs: number;
}

interface OpenFile {
  readonly file: File;
  position: number;
  readonly appends: boolean;
}

export class FileTree {
  readonly #entries = new Map<string, File | Folder>([["/", { kind: "folder", mtimeMs: 0 }]]);
  readonly #open = new Map<number, OpenFile>();
  #nextHandle = 3;
  /** Times differ, so that the order in which files were written can be told from them. */
  #lastTime = 0;

  /** A file that came from elsewhere, with its folders. `mounted`: it need not be kept, since it comes again. */
  place(path: string, bytes: Uint8Array<ArrayBuffer>, options: { mounted?: boolean; mtimeMs?: number } = {}): void {
    const at = resolve(path);
    this.makeFolder(dirname(at));
    const { mounted = false, mtimeMs = this.#now() } = options;
    this.#entries.set(at, { kind: "file", bytes, size: bytes.length, mtimeMs, frozen: true, mounted });
  }

  /** Every file that did not come with the page, below `folder`. */
  picture(folder = "/"): PicturedFile[] {
    const prefix = folder === "/" ? "/" : `${resolve(folder)}/`;
    const files: PicturedFile[] = [];
    for (const [path, entry] of this.#entries) {
      if (entry.kind !== "file" || entry.mounted || !path.startsWith(prefix)) continue;
      if (!entry.frozen) {
        entry.bytes = entry.bytes.subarray(0, entry.size);
        entry.frozen = true;
      }
      files.push({ path, bytes: entry.bytes, mtimeMs: entry.mtimeMs });
    }
    return files;
  }

  exists(path: string): boolean {
    return this.#entries.has(resolve(path));
  }

  stats(path: string): Stats | undefined {
    const entry = this.#entries.get(resolve(path));
    if (entry === undefined) return undefined;
    const { kind, mtimeMs } = entry;
    const size = entry.kind === "file" ? entry.size : 0;
    return { size, mtimeMs, isFile: () => kind === "file", isDirectory: () => kind === "folder" };
  }

  /** The content, not to be written to. */
  read(path: string): Uint8Array<ArrayBuffer> {
    const { bytes, size } = this.#fileAt(path, "open");
    return bytes.subarray(0, size);
  }

  list(path: string): FolderEntry[] {
    const at = this.#folderAt(path, "scandir");
    const prefix = at === "/" ? "/" : `${at}/`;
    return [...this.#entries]
      .filter(([other]) => other !== "/" && other.startsWith(prefix) && !other.slice(prefix.length).includes("/"))
      .map(([other, { kind }]) => ({
        name: other.slice(prefix.length),
        isFile: () => kind === "file",
        isDirectory: () => kind === "folder",
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** With all folders above it. */
  makeFolder(path: string): void {
    const at = resolve(path);
    const entry = this.#entries.get(at);
    if (entry?.kind === "file") throw new SystemError("EEXIST", "mkdir", path);
    if (entry !== undefined) return;
    const parent = dirname(at);
    if (this.#entries.get(parent)?.kind === "file") throw new SystemError("ENOTDIR", "mkdir", path);
    this.makeFolder(parent);
    this.#entries.set(at, { kind: "folder", mtimeMs: this.#now() });
  }

  /** A file, or a folder with all that is in it; a file takes another's place. */
  rename(from: string, to: string): void {
    const [source, target] = [resolve(from), resolve(to)];
    const entry = this.#entries.get(source);
    if (entry === undefined) throw new SystemError("ENOENT", "rename", from);
    if (source === target) return;
    this.#folderAt(dirname(target), "rename");
    const there = this.#entries.get(target);
    if (there?.kind === "folder" && (entry.kind === "file" || this.list(target).length > 0))
      throw new SystemError(entry.kind === "file" ? "EISDIR" : "ENOTEMPTY", "rename", to);
    if (there?.kind === "file" && entry.kind === "folder") throw new SystemError("ENOTDIR", "rename", to);
    this.#entries.delete(target);
    for (const [path, moved] of [...this.#below(source)]) {
      this.#entries.delete(path);
      this.#entries.set(target + path.slice(source.length), moved);
    }
  }

  remove(path: string, { recursive = false, force = false } = {}): void {
    const at = resolve(path);
    const entry = this.#entries.get(at);
    if (entry === undefined) {
      if (force) return;
      throw new SystemError("ENOENT", "rm", path);
    }
    if (entry.kind === "folder" && !recursive) throw new SystemError("EISDIR", "rm", path);
    for (const [other] of [...this.#below(at)]) this.#entries.delete(other);
  }

  /** @returns a handle for `write` and `close` */
  open(path: string, flags: "r" | "r+" | "w" | "a"): number {
    if (flags === "w" || (flags === "a" && !this.exists(path))) this.#create(path);
    const file = this.#fileAt(path, "open");
    const handle = this.#nextHandle++;
    this.#open.set(handle, { file, position: 0, appends: flags === "a" });
    return handle;
  }

  /** Writes all of `bytes`, at `position` or where the handle stands, and returns their number. */
  write(handle: number, bytes: Uint8Array, position?: number): number {
    const open = this.#handle(handle, "write");
    const at = position ?? (open.appends ? open.file.size : open.position);
    this.#reserve(open.file, at + bytes.length);
    open.file.bytes.set(bytes, at);
    open.file.size = Math.max(open.file.size, at + bytes.length);
    open.file.mtimeMs = this.#now();
    if (position === undefined) open.position = at + bytes.length;
    return bytes.length;
  }

  close(handle: number): void {
    this.#handle(handle, "close");
    this.#open.delete(handle);
  }

  #handle(handle: number, call: string): OpenFile {
    const open = this.#open.get(handle);
    if (open === undefined) throw new SystemError("EBADF", call);
    return open;
  }

  #create(path: string): void {
    const at = resolve(path);
    if (this.#entries.get(at)?.kind === "folder") throw new SystemError("EISDIR", "open", path);
    this.#folderAt(dirname(at), "open", path);
    const empty = { bytes: new Uint8Array(0), size: 0, frozen: false, mounted: false };
    this.#entries.set(at, { kind: "file", mtimeMs: this.#now(), ...empty });
  }

  /** Room for `size` bytes that no picture holds. */
  #reserve(file: File, size: number): void {
    if (!file.frozen && file.bytes.length >= size) return;
    const grown = new Uint8Array(Math.max(size, file.size, file.frozen ? 0 : 2 * file.bytes.length));
    grown.set(file.bytes.subarray(0, file.size));
    file.bytes = grown;
    file.frozen = false;
  }

  #fileAt(path: string, call: string): File {
    const entry = this.#entries.get(resolve(path));
    if (entry === undefined) throw new SystemError("ENOENT", call, path);
    if (entry.kind === "folder") throw new SystemError("EISDIR", call, path);
    return entry;
  }

  #folderAt(path: string, call: string, shown = path): string {
    const at = normalize(resolve(path));
    const entry = this.#entries.get(at);
    if (entry === undefined) throw new SystemError("ENOENT", call, shown);
    if (entry.kind === "file") throw new SystemError("ENOTDIR", call, shown);
    return at;
  }

  *#below(at: string): Generator<[string, File | Folder]> {
    for (const [path, entry] of this.#entries) if (path === at || path.startsWith(`${at}/`)) yield [path, entry];
  }

  #now(): number {
    this.#lastTime = Math.max(Date.now(), this.#lastTime + 0.001);
    return this.#lastTime;
  }
}
