/** @file A rendered text line by line, each with the places that wrote it. */
import { type Origin, startOf } from "../../source/span.ts";
import type { Piece } from "../../template/index.ts";

/** A part of a line that one place wrote. */
export interface Segment {
  readonly text: string;
  readonly origin: Origin;
  /** Something that failed should stand here. */
  readonly isGap?: true;
}

export interface WrittenLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** In order; none where the line is empty and nothing wrote it. */
  readonly segments: readonly Segment[];
  /** The place that wrote the first character that is no blank; of an empty line, its end. */
  readonly origin: Origin | undefined;
}

export function writtenLines(pieces: readonly Piece[]): readonly WrittenLine[] {
  const lines: WrittenLine[] = [];
  let segments: Segment[] = [];
  let breakOrigin: Origin | undefined;
  const close = (): void => {
    const text = segments.map((segment) => segment.text).join("");
    const inked = segments.find((segment) => segment.text.trim() !== "") ?? segments[0];
    lines.push({ number: lines.length + 1, text, segments, origin: inked?.origin ?? breakOrigin });
    segments = [];
    breakOrigin = undefined;
  };
  for (const { text, origin, isGap } of pieces) {
    if (isGap) segments.push({ text: "", origin, isGap });
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      addSegment(segments, text, from, at, origin);
      breakOrigin = cut(text, at, at + 1, origin);
      close();
      from = at + 1;
    }
    addSegment(segments, text, from, text.length, origin);
  }
  close();
  return lines;
}

function addSegment(segments: Segment[], text: string, from: number, to: number, origin: Origin): void {
  if (to > from) segments.push({ text: text.slice(from, to), origin: cut(text, from, to, origin) });
}

/** The narrowest place for a part of a piece; what an expression printed has the expression for all of it. */
function cut(text: string, from: number, to: number, origin: Origin): Origin {
  const { span, stack } = origin;
  const isVerbatim = span.end - span.start === text.length && span.file.text.startsWith(text, span.start);
  if (!isVerbatim || (from === 0 && to === text.length)) return origin;
  return { span: { file: span.file, start: span.start + from, end: span.start + to }, stack };
}

/** The lines of templates that wrote a line, the first one first. */
export function writersOf({ segments, origin }: WrittenLine): readonly Origin[] {
  const found = new Map<string, Origin>();
  const inked = segments.filter(({ text }) => text.trim() !== "").map((segment) => segment.origin);
  for (const writer of [...(origin === undefined ? [] : [origin]), ...inked]) {
    const { file } = writer.span;
    const key = `${file.path}:${startOf(writer.span).line}`;
    if (!found.has(key)) found.set(key, writer);
  }
  return [...found.values()];
}

/** For programs: `{line, file, sourceLine, block, chain}` for each line. */
export function lineMap(lines: readonly WrittenLine[]) {
  return lines.map(({ number, origin }) => {
    const { span, stack } = origin ?? nowhere;
    return {
      line: number,
      file: span.file.path,
      sourceLine: startOf(span).line,
      block: stack.findLast(({ kind }) => kind === "block")?.name,
      chain: stack.map((frame) => ({
        kind: frame.kind,
        name: frame.name,
        file: frame.span.file.path,
        line: startOf(frame.span).line,
      })),
    };
  });
}

const nowhere: Origin = { span: { file: { path: "", text: "" }, start: 0, end: 0 }, stack: [] };
