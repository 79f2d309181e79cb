/** @file Cut a file into its main part and its sub-templates, by the raw text alone. */
import type { SourceFile, Span } from "../../source/span.ts";
import { SPACE, WORD } from "./characters.ts";

/** A template's own stretch of a file. */
export interface TemplatePart {
  /** The marker's name; undefined for the main part, which has the file's. */
  readonly name: string | undefined;
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
  /** The marker's name in the file. */
  readonly marker?: Span | undefined;
}

// `# --- name ---` between two newlines. `\s` may span lines, and only `\n` counts: the cut comes before newlines are unified.
const marker = new RegExp(`\\n#[${SPACE}]*-{3,}[${SPACE}]*([${WORD}./]+)[${SPACE}]*-{3,}\\n`, "gu");

/** The parts of `file` in order; the first is the main part. */
export function splitFile(file: SourceFile): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let name: string | undefined;
  let place: Span | undefined;
  let start = 0;
  // Most files have no marker, and its pattern is the costliest of the scan.
  if (file.text.includes("\n#")) {
    for (const match of file.text.matchAll(marker)) {
      parts.push({ name, file, start, end: match.index, marker: place });
      name = match[1] as string;
      const at = match.index + match[0].indexOf(name);
      place = { file, start: at, end: at + name.length };
      start = match.index + match[0].length;
    }
  }
  parts.push({ name, file, start, end: file.text.length, marker: place });
  return parts;
}
