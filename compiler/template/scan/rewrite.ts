/**
 * @file The line stage and the section stage of the language, over segments that keep their places.
 *
 *     -- set lr = 1 ## why        {% set lr = 1 %}
 *     [optimizer]                 {% block optimizer %}
 *     ...                         ...{{ '\n' }}{% endblock +%}
 *
 * Both stages know nothing of tags, strings, comments or raw text, and work on whole lines. That is part of the language:
 * templates depend on it.
 */
import { isSpace, SPACE, WORD } from "./characters.ts";
import { MappedText, type Section, type Segment } from "./mapped-text.ts";
import type { TemplatePart } from "./sub-templates.ts";

export interface RewriteOptions {
  /** Keep a comment line as an empty tag (so that line numbers hold) instead of deleting the line. */
  readonly preserveLineNumbers: boolean;
}

/** A line under rewriting: its segments, and the range of its line break. */
interface Line {
  readonly segments: Segment[];
  readonly breakStart: number;
  readonly breakEnd: number;
}

/** The text of one part as the lexer reads it. */
export function rewritePart(part: TemplatePart, options: RewriteOptions): MappedText {
  const lines = rewriteSections(part, rewriteLines(part, options));
  const segments: Segment[] = [];
  lines.forEach((line, i) => {
    segments.push(...line.segments);
    if (i === lines.length - 1) return;
    // `\r` and `\r\n` become `\n`: made text, one character that stands for the break.
    const exact = part.file.text.slice(line.breakStart, line.breakEnd) === "\n";
    segments.push({ text: "\n", start: line.breakStart, end: line.breakEnd, exact });
  });
  return new MappedText(part.file, segments);
}

const commentLine = new RegExp(`^[${SPACE}]*##`);
const statementLine = new RegExp(`^[${SPACE}]*(--|<<|>>|==|=>)[${SPACE}]`);

/** What the marks of line statements become, around the rest of the line. */
const statements: Readonly<Record<string, readonly [before: string, after: string]>> = {
  "--": ["{% ", " %}"],
  "<<": ["{%- ", " %}"],
  ">>": ["{% ", " -%}"],
  "==": ["{{ ", " }}"],
  // As text, so that the filter binds to the last operand only.
  "=>": ["{{ ", " | trim('\\n') }}"],
};

function rewriteLines(part: TemplatePart, options: RewriteOptions): Line[] {
  const source = part.file.text;
  const lines: Line[] = [];
  const breaks = /\r\n|\n|\r/g;
  breaks.lastIndex = part.start;
  for (let start = part.start; ; ) {
    const found = breaks.exec(source);
    const end = found === null || found.index >= part.end ? part.end : found.index;
    const last = end === part.end;
    const breakEnd = last ? end : Math.min(part.end, breaks.lastIndex);
    const segments = rewriteLine(source, start, end, options);
    if (segments !== undefined) lines.push({ segments, breakStart: end, breakEnd });
    if (last) return lines;
    start = breakEnd;
  }
}

/** The segments of one line; undefined where the line is to vanish with its newline. */
function rewriteLine(source: string, start: number, end: number, options: RewriteOptions): Segment[] | undefined {
  const line = source.slice(start, end);
  const exact = (from: number, to: number): Segment => ({
    text: source.slice(from, to),
    start: from,
    end: to,
    exact: true,
  });
  const hashes = commentLine.exec(line);
  if (hashes !== null) {
    if (!options.preserveLineNumbers) return undefined;
    const rest = start + hashes[0].length;
    return [
      { text: "{# ", start, end: rest, exact: false },
      exact(rest, end),
      { text: " #}", start: end, end, exact: false },
    ];
  }
  const stop = start + lengthWithoutComment(line);
  const mark = statementLine.exec(stop === end ? line : source.slice(start, stop));
  if (mark === null) return [exact(start, stop)];
  const [before, after] = statements[mark[1] as string] as readonly [string, string];
  const rest = start + mark[0].length;
  const markStart = rest - 1 - (mark[1] as string).length;
  return [
    { text: before, start: markStart, end: rest - 1, exact: false, made: { kind: "statement-start" } },
    exact(rest, stop),
    { text: after, start: stop, end: stop, exact: false, made: { kind: "statement-end" } },
  ];
}

/** Length of the line without its last comment: one whitespace character, two or more hashes, anything. */
function lengthWithoutComment(line: string): number {
  for (let i = line.lastIndexOf("##"); i > 0; i = line.lastIndexOf("##", i - 1)) {
    if (isSpace(line[i - 1] as string)) return i - 1;
  }
  return line.length;
}

const header = new RegExp(`^([${SPACE}]*)\\[([${WORD}]+)(!*)\\][${SPACE}]*$`, "u");

interface OpenSection extends Section {
  readonly indent: number;
  readonly trimmed: boolean;
}

function rewriteSections(part: TemplatePart, lines: readonly Line[]): Line[] {
  const { file } = part;
  const out: Line[] = [];
  const open: OpenSection[] = [];

  /** Close the innermost section at the end of the last line written. */
  const close = (): void => {
    const { name, header, trimmed } = open.pop() as OpenSection;
    const line = out.at(-1) as Line;
    const at = line.breakStart;
    const blank = line.segments.every((segment) => segment.text === "");
    const text = `${blank ? "" : "{{ '\\n' }}"}{% endblock +%}${trimmed ? "{% endfilter %}" : ""}`;
    line.segments.push({
      text,
      start: at,
      end: at,
      exact: false,
      made: { kind: "section-end", section: { name, header } },
    });
  };

  for (const line of lines) {
    const match = headerOf(line);
    if (match === undefined) {
      out.push(line);
      continue;
    }
    const { indent, name, trimmed, nameStart, start, end } = match;
    while (open.length > 0 && (open.at(-1) as OpenSection).indent >= indent) close();
    const section: Section = { name, header: { file, start: start + indent, end } };
    const nameEnd = nameStart + name.length;
    const made = { kind: "section-start", section } as const;
    const before = trimmed ? "{% filter trim %}{% block " : "{% block ";
    out.push({
      ...line,
      segments: [
        { text: before, start: start + indent, end: nameStart, exact: false, made },
        { text: name, start: nameStart, end: nameEnd, exact: true },
        { text: " %}", start: nameEnd, end, exact: false, made },
      ],
    });
    open.push({ ...section, indent, trimmed });
  }
  while (open.length > 0) close();
  return out;
}

interface Header {
  readonly indent: number;
  readonly name: string;
  readonly trimmed: boolean;
  readonly nameStart: number;
  readonly start: number;
  readonly end: number;
}

/** A header is a line of the user's own text: rewritten lines begin with a brace. */
function headerOf(line: Line): Header | undefined {
  const [segment] = line.segments;
  if (line.segments.length !== 1 || segment === undefined || !segment.text.includes("[")) return undefined;
  const match = header.exec(segment.text);
  if (match === null) return undefined;
  const [, space, name, marks] = match as unknown as [string, string, string, string];
  const indent = [...space].length;
  const nameStart = segment.start + space.length + 1;
  const end = nameStart + name.length + marks.length + 1;
  return { indent, name, trimmed: marks !== "", nameStart, start: segment.start, end };
}
