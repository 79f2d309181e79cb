/** @file Documents open in an editor: their texts, which stand before the files on disk, and places in them as the protocol counts them. */
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Location, Position, Range } from "vscode-languageserver";
import type { Host } from "../driver/host.ts";
import { lineIndexAt, lineStartsOf, type SourceFile, type Span } from "../source/span.ts";

/** The texts of open documents, by path. */
export class OpenDocuments {
  readonly #texts = new Map<string, string>();

  get paths(): readonly string[] {
    return [...this.#texts.keys()];
  }

  text(path: string): string | undefined {
    return this.#texts.get(path);
  }

  set(path: string, text: string): void {
    this.#texts.set(path, text);
  }

  delete(path: string): void {
    this.#texts.delete(path);
  }
}

/** The host's files with the open documents laid over them; a document that was never saved lies in its folder all the same. */
export function overlayHost(host: Host, documents: OpenDocuments): Host {
  const { files } = host;
  const isBelow = (folder: string) => (path: string) => path.startsWith(`${folder}/`);
  return {
    ...host,
    files: {
      readText: (path) => documents.text(path) ?? files.readText(path),
      invalidByte: (path) => (documents.text(path) === undefined ? files.invalidByte?.(path) : undefined),
      isDirectory: (path) => files.isDirectory(path) || documents.paths.some(isBelow(path)),
      list: (path) => {
        const entries = files.list(path);
        const unsaved = documents.paths
          .filter((document) => dirname(document) === path)
          .map((document) => document.slice(path.length + 1))
          .filter((name) => !entries.some((entry) => entry.name === name));
        if (unsaved.length === 0) return entries;
        const all = [...entries, ...unsaved.map((name) => ({ name, isDirectory: false }))];
        return all.sort((a, b) => (a.name < b.name ? -1 : 1));
      },
      writeText: (path, text) => files.writeText(path, text),
    },
  };
}

export function pathOfUri(uri: string): string | undefined {
  return uri.startsWith("file:") ? fileURLToPath(uri) : undefined;
}

export function uriOfPath(path: string): string {
  return pathToFileURL(path).href;
}

/** Lines count from 0, characters in UTF-16 units. */
export function positionOf(file: SourceFile, offset: number): Position {
  const line = lineIndexAt(file, offset);
  return { line, character: Math.max(0, offset - (lineStartsOf(file)[line] as number)) };
}

/** A character behind a line's end means its end. */
export function offsetOf(file: SourceFile, { line, character }: Position): number {
  const starts = lineStartsOf(file);
  if (line >= starts.length) return file.text.length;
  const start = starts[Math.max(0, line)] as number;
  const next = starts[line + 1] ?? file.text.length + 1;
  let end = next - 1;
  if (file.text.startsWith("\r\n", end - 1)) end -= 1;
  return Math.min(start + character, Math.max(start, end));
}

export function rangeOf({ file, start, end }: Span): Range {
  return { start: positionOf(file, start), end: positionOf(file, end) };
}

export function locationOf(span: Span): Location {
  return { uri: uriOfPath(span.file.path), range: rangeOf(span) };
}

/** The line that `offset` is in, without its break. */
export function lineAt(file: SourceFile, offset: number): { readonly start: number; readonly text: string } {
  const start = lineStartsOf(file)[positionOf(file, offset).line] as number;
  const [text = ""] = file.text.slice(start).split(/[\r\n]/, 1);
  return { start, text };
}
