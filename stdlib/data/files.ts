/** @file Reading the files of a dataset: found by name, pattern, folder or package; checked to be text. */
import { isUtf8 } from "node:buffer";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join, relative, resolve } from "node:path";
import { recordInput } from "../build/record-input.ts";
import { UserError } from "../faults.ts";
import { findFiles, isPattern } from "./glob.ts";

export interface FileSelection {
  /** Files or patterns (`data/*.txt`, any depth with two stars), relative to the folder. */
  files?: string | readonly string[];
  /** Folder to look in. Default: the project's folder, or the package's. */
  dir?: string;
  /** An npm package of the project whose folder is meant. */
  package?: string;
  /** Folder within the package. */
  subfolder?: string;
}

/** The project's folder: what the builder says, else where the program runs. */
const projectFolder = () => process.env["FGC_PROJECT_DIR"] ?? process.cwd();

/** Paths of the selected files, in a fixed order, each once. */
export function selectFiles(selection: FileSelection, defaultPattern: string): string[] {
  const { files = defaultPattern } = selection;
  const base = resolve(selection.package === undefined ? projectFolder() : packageFolder(selection.package));
  const folder = resolve(base, selection.dir ?? ".", selection.subfolder ?? ".");
  const found = (typeof files === "string" ? [files] : files).flatMap((file) => {
    if (isPattern(file)) return isAbsolute(file) ? findFiles("/", file) : findFiles(folder, file);
    const path = resolve(folder, file);
    if (existsSync(path) && statSync(path).isDirectory()) return findFiles(path, defaultPattern);
    if (!existsSync(path))
      throw new UserError("data/file-not-found", `no such file: ${displayPath(path)}`, { kind: "outside" });
    return [path];
  });
  if (found.length === 0) {
    throw new UserError("data/no-files", `no file matches ${JSON.stringify(files)} in ${displayPath(folder)}`, {
      kind: "outside",
    });
  }
  return [...new Set(found)];
}

/**
 * The folder of an npm package that the project can use. The module resolver is not asked for a file of it: packages that restrict
 * their exports hide even package.json.
 */
function packageFolder(name: string): string {
  const require = createRequire(join(projectFolder(), "package.json"));
  for (const modules of require.resolve.paths(name) ?? []) {
    const folder = join(modules, name);
    if (existsSync(join(folder, "package.json"))) return folder;
  }
  throw new UserError(
    "data/package-not-found",
    `package "${name}" is not installed for ${displayPath(projectFolder())}`,
    {
      hint: `npm install ${name}`,
      kind: "outside",
    },
  );
}

/** The text of a file: not empty, and UTF-8 (a byte order mark is dropped). */
export function readTextFile(path: string): string {
  recordInput(path);
  const bytes = readFileSync(path);
  const text = isUtf8(bytes) ? new TextDecoder().decode(bytes) : undefined;
  if (text === undefined) {
    const { offset, line } = firstInvalidByte(bytes);
    throw new UserError(
      "data/invalid-utf8",
      `${displayPath(path)} is not UTF-8: byte ${offset} (line ${line}) is 0x${bytes[offset]!.toString(16).padStart(2, "0")}`,
      {
        hint: "convert the file, for example: iconv -f ISO-8859-1 -t UTF-8",
      },
    );
  }
  if (text.trim() === "") {
    throw new UserError("data/empty-file", `${displayPath(path)} is empty`, {
      hint: "remove it, or leave it out of the pattern",
    });
  }
  return text;
}

/** A path as the user would write it. */
export function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== "" && !short.startsWith("..") ? short : path;
}

/** Where the first malformed sequence begins. @source Unicode 16, table 3-7, "Well-Formed UTF-8 Byte Sequences" */
export function firstInvalidByte(bytes: Uint8Array): { offset: number; line: number } {
  let line = 1;
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at]!;
    if (lead === 0x0a) line++;
    const length = sequenceLength(bytes, at, lead);
    if (length === 0) break;
    at += length;
  }
  return { offset: at, line };
}

/** Bytes of the well-formed sequence at `at`, 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number, lead: number): number {
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i];
    if (byte === undefined || byte < (i === 1 ? lowest : 0x80) || byte > (i === 1 ? highest : 0xbf)) return 0;
  }
  return length;
}
