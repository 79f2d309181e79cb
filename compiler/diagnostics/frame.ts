/**
 * @file The lines of a file that a span covers, with marks under what is meant: the body of a printed diagnostic.
 *
 *     12 | layers: !var n_layr          one line: marks under the span
 *        |              ^^^^^^
 *
 *      3 | main: { hidden_size: 256,    several lines: the first, what lies between cut short, the last
 *        |       ^^^^^^^^^^^^^^^^^^^
 *     .. |
 *      9 |     bias: false }
 *        | ^^^^^^^^^^^^^^^^^
 *
 * Marks stand under the text on a terminal: tabs are spaces, wide characters (East Asian, emoji) take two columns, combining ones none, and
 * control characters are shown as symbols, so that no file can paint on the terminal. A long line is cut around its marks.
 */
import { lineStartsOf, positionAt, type SourceFile, type Span } from "../source/span.ts";

/** A line of a frame before the gutter is put before it. */
export type FrameLine =
  | { readonly kind: "text"; readonly line: number; readonly text: string }
  | { readonly kind: "marks"; readonly indent: number; readonly count: number }
  | { readonly kind: "gap" };

/** What a terminal of common width shows beside the gutter. */
const longestLine = 116;
const tabWidth = 4;

export function frameLines(span: Span): readonly FrameLine[] {
  const { file } = span;
  const start = Math.min(Math.max(span.start, 0), file.text.length);
  const end = trimmedEnd(file.text, start, Math.min(Math.max(span.end, start), file.text.length));
  const first = positionAt(file, start).line;
  const last = end > start ? positionAt(file, end - 1).line : first;
  if (last === first) return markedLine(file, first, start, end);
  const lines = [...markedLine(file, first, start, lineRange(file, first)[1])];
  if (last === first + 2) lines.push(...markedLine(file, first + 1, ...contentRange(file, first + 1)));
  else if (last > first + 2) lines.push({ kind: "gap" });
  const [lastStart] = contentRange(file, last);
  return [...lines, ...markedLine(file, last, Math.min(lastStart, end), end)];
}

/** Line ends and blanks at the end of a span are no part of what is meant. */
function trimmedEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start + 1 && /\s/.test(text[at - 1] as string)) at -= 1;
  return at;
}

function lineRange(file: SourceFile, line: number): readonly [start: number, end: number] {
  const starts = lineStartsOf(file);
  const start = starts[line - 1] ?? 0;
  let end = starts[line] ?? file.text.length;
  while (end > start && (file.text[end - 1] === "\n" || file.text[end - 1] === "\r")) end -= 1;
  return [start, end];
}

/** Without the indentation. */
function contentRange(file: SourceFile, line: number): readonly [start: number, end: number] {
  const [start, end] = lineRange(file, line);
  let at = start;
  while (at < end && (file.text[at] === " " || file.text[at] === "\t")) at += 1;
  return [at < end ? at : start, end];
}

function markedLine(file: SourceFile, line: number, start: number, end: number): FrameLine[] {
  const [lineStart, lineEnd] = lineRange(file, line);
  const [from, to] = [Math.min(start, lineEnd), Math.min(Math.max(end, start), lineEnd)];
  // Characters take at least half a column on average, so this much on either side is more than is shown: a line may have megabytes.
  const reach = longestLine * 8;
  const sliceStart = surrogateSafe(file.text, Math.max(lineStart, from - reach));
  const sliceEnd = surrogateSafe(file.text, Math.min(lineEnd, from + reach));
  const before = shown(file.text.slice(sliceStart, from), 0);
  const meant = shown(file.text.slice(from, Math.min(to, sliceEnd)), before.width);
  const after = shown(file.text.slice(Math.min(to, sliceEnd), sliceEnd), before.width + meant.width);
  const count = Math.max(meant.width, 1);
  const text = before.text + meant.text + after.text;
  if (sliceStart === lineStart && sliceEnd === lineEnd && before.width + meant.width + after.width <= longestLine)
    return [
      { kind: "text", line, text },
      { kind: "marks", indent: before.width, count },
    ];
  return cut(line, before, meant, after, sliceStart > lineStart, sliceEnd < lineEnd);
}

/** A window of the line: the marks, what fits before them up to a third, and what fits after them. */
function cut(
  line: number,
  before: Shown,
  meant: Shown,
  after: Shown,
  hasMoreBefore: boolean,
  hasMoreAfter: boolean,
): FrameLine[] {
  const room = longestLine - 2;
  const kept = fromEnd(before, Math.max(Math.floor(room / 3), room - meant.width - after.width));
  const middle = fromStart(meant, room - kept.width);
  const rest = fromStart(after, room - kept.width - middle.width);
  const head = hasMoreBefore || kept.width < before.width ? "…" : "";
  const isCut = middle.width < meant.width || rest.width < after.width || hasMoreAfter;
  return [
    { kind: "text", line, text: `${head}${kept.text}${middle.text}${rest.text}${isCut ? "…" : ""}` },
    { kind: "marks", indent: head.length + kept.width, count: Math.max(middle.width, 1) },
  ];
}

interface Shown {
  readonly text: string;
  readonly width: number;
  /** One for each character as people see it; absent where each is one column wide. */
  readonly cells: readonly { readonly text: string; readonly width: number }[] | undefined;
}

function fromStart({ text, width, cells }: Shown, room: number): Shown {
  if (width <= room) return { text, width, cells };
  if (cells === undefined) return { text: text.slice(0, Math.max(room, 0)), width: Math.max(room, 0), cells };
  return joined(fitting(cells, room));
}

function fromEnd({ text, width, cells }: Shown, room: number): Shown {
  if (width <= room) return { text, width, cells };
  if (cells === undefined) return { text: text.slice(text.length - room), width: room, cells };
  return joined([...fitting([...cells].reverse(), room)].reverse());
}

type Cell = { readonly text: string; readonly width: number };

/** The first of `cells` that fit into `room` columns. */
function fitting(cells: readonly Cell[], room: number): readonly Cell[] {
  let used = 0;
  const end = cells.findIndex((cell) => {
    used += cell.width;
    return used > room;
  });
  return end < 0 ? cells : cells.slice(0, end);
}

function joined(cells: readonly { readonly text: string; readonly width: number }[]): Shown {
  return {
    text: cells.map(({ text }) => text).join(""),
    width: cells.reduce((sum, cell) => sum + cell.width, 0),
    cells,
  };
}

let segmenter: Intl.Segmenter | undefined;

/** Made when a line needs it: its tables take longer to load than a small command runs. */
function graphemes(text: string): Iterable<{ readonly segment: string }> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/** A stretch of a line as the terminal shows it, from column `column` on. */
function shown(text: string, column: number): Shown {
  if (/^[ -~]*$/.test(text)) return { text, width: text.length, cells: undefined };
  let at = column;
  const cells = [...graphemes(text)].flatMap(({ segment }) =>
    // A line end is one grapheme with what it joins; here each control character is its own.
    (/\p{Cc}/u.test(segment) ? [...segment] : [segment]).map((grapheme) => {
      const cell = cellOf(grapheme, at);
      at += cell.width;
      return cell;
    }),
  );
  return joined(cells);
}

function cellOf(grapheme: string, column: number): { readonly text: string; readonly width: number } {
  if (grapheme === "\t") {
    const width = tabWidth - (column % tabWidth);
    return { text: " ".repeat(width), width };
  }
  const text = visible(grapheme);
  return { text, width: graphemeWidth(text) };
}

/** Control characters, and what is no character to see but changes how others are drawn. */
const invisible = /\p{Cc}|[\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Control characters as the symbols that Unicode has for them; what turns the direction of text, as a replacement character. */
export function visible(text: string): string {
  return text.replace(invisible, (character) => {
    const code = character.charCodeAt(0);
    if (character === "\t" || character === "\n") return character;
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/** Of the blocks that terminals draw two columns wide: CJK, Hangul, kana, fullwidth forms. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;

/** Columns that a character takes, with the marks that combine with it. */
export function graphemeWidth(grapheme: string): number {
  if (/^(?:\p{Mn}|\p{Me}|\p{Cf})+$/u.test(grapheme)) return 0;
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(grapheme)) return 2;
  return wide.test(grapheme) ? 2 : 1;
}

function surrogateSafe(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}
