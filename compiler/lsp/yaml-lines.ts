/**
 * @file The YAML of a template, read from its lines: tags, anchors, aliases, and the call that a key is an argument of.
 *
 * A template is no YAML document until it is rendered, and while somebody types it is often no template either. Lines and their indentation
 * are what is always there.
 */
import { lineStartsOf, type SourceFile, type Span } from "../source/span.ts";
import { positionOf } from "./documents.ts";

export interface Mark {
  readonly kind: "anchor" | "alias" | "spec";
  readonly name: string;
  /** The name alone, without `&` or `*`; of a spec the text between the tag's colon and its `@`. */
  readonly span: Span;
}

const words = "call|singleton|factory|partial|lambda|meta";
/** A spec may be computed: `!singleton:{{ ns.trainer_class }}@trainer`. */
const specTag = new RegExp(`!(?:${words}):((?:\\{\\{.*?\\}\\}|[^\\s@,{}\\[\\]])*)`, "g");
/** An anchor or alias begins a value: behind a key, a dash, a bracket, a comma, a tag, or at the line's start. */
const handle = /(^|[\s[{,:!-])([&*])([A-Za-z_][\w.-]*)/g;

/** Template lines and comments hold no YAML. */
function isYaml(line: string): boolean {
  return !/^\s*(##|--\s|<<\s|>>\s|==\s|=>\s|\{%)/.test(line);
}

/** The part of a line before a YAML comment. */
function withoutComment(line: string): string {
  const at = line.search(/(^|\s)#/);
  return at < 0 ? line : line.slice(0, at);
}

/** The marks of a stretch of a file. */
export function* marksIn(file: SourceFile, from = 0, to = file.text.length): Generator<Mark> {
  for (const start of lineStartsOf(file)) {
    if (start >= to) return;
    const [whole = ""] = file.text.slice(start).split(/[\r\n]/, 1);
    if (start + whole.length < from || !isYaml(whole)) continue;
    const line = withoutComment(whole);
    for (const match of line.matchAll(specTag)) {
      const name = match[1] as string;
      const at = start + match.index + match[0].length - name.length;
      yield { kind: "spec", name, span: { file, start: at, end: at + name.length } };
    }
    const bare = line.replace(/"(?:[^"\\]|\\.)*"|'[^']*'|\{\{.*?\}\}/g, (text) => " ".repeat(text.length));
    for (const match of bare.matchAll(handle)) {
      const name = match[3] as string;
      const at = start + match.index + match[0].length - name.length;
      yield { kind: match[2] === "&" ? "anchor" : "alias", name, span: { file, start: at, end: at + name.length } };
    }
  }
}

export function markAt(file: SourceFile, offset: number): Mark | undefined {
  const { line } = positionOf(file, offset);
  const start = lineStartsOf(file)[line] as number;
  const next = lineStartsOf(file)[line + 1] ?? file.text.length;
  for (const mark of marksIn(file, start, next)) {
    // `&name` and `*name` are hit by their sign too.
    const from = mark.kind === "spec" ? mark.span.start : mark.span.start - 1;
    if (from <= offset && offset <= mark.span.end) return mark;
  }
  return undefined;
}

/** A stretch of a file. */
export interface Stretch {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}

export interface ArgumentPlace {
  /** The constructor that the key is an argument of, as its tag has it. */
  readonly spec: string;
  readonly tag: Span;
  /** The key; empty where none is written yet. */
  readonly name: string;
  readonly span: Span;
  /** Keys of the same call in the same stretch. */
  readonly siblings: readonly string[];
}

const keyLine = /^(\s*)(?:-\s+)?([A-Za-z_][\w-]*)?\s*(:)?/;

/**
 * The argument that the line of `offset` gives, by indentation: the nearest line above that is indented less must carry a call's tag.
 *
 * @param above the texts that stand above the line when the template is rendered, nearest first; the first ends where the line begins
 */
export function argumentAt(file: SourceFile, offset: number, above: readonly Stretch[]): ArgumentPlace | undefined {
  const { start, text } = lineOf(file, offset);
  if (text.trim() !== "" && !isYaml(text)) return undefined;
  const [, spaces = "", name = ""] = keyLine.exec(text) as RegExpExecArray;
  const column = offset - start;
  const indent = text.trim() === "" ? column : spaces.length;
  const siblings: string[] = [];
  for (const stretch of above) {
    for (const line of linesUp(stretch)) {
      if (line.text.trim() === "" || !isYaml(line.text) || /^\s*#/.test(line.text)) continue;
      const [, depth = "", key, colon] = keyLine.exec(line.text) as RegExpExecArray;
      if (depth.length === indent && key !== undefined && colon !== undefined && line.start !== start)
        siblings.push(key);
      if (depth.length >= indent) continue;
      const match = [...line.text.matchAll(specTag)].at(-1);
      if (match === undefined) return undefined;
      const spec = match[1] as string;
      const end = line.start + match.index + match[0].length;
      const at = start + (name === "" ? Math.min(column, text.length) : text.indexOf(name));
      return {
        spec,
        tag: { file: stretch.file, start: line.start + match.index, end },
        name,
        span: { file, start: at, end: at + name.length },
        siblings: [...siblings, ...keysBelow(file, start + text.length, indent)],
      };
    }
  }
  return undefined;
}

interface Line {
  readonly start: number;
  readonly text: string;
}

function lineOf(file: SourceFile, offset: number): Line {
  const start = lineStartsOf(file)[positionOf(file, offset).line] as number;
  return { start, text: file.text.slice(start).split(/[\r\n]/, 1)[0] ?? "" };
}

function* linesUp({ file, start, end }: Stretch): Generator<Line> {
  const starts = lineStartsOf(file);
  for (let index = starts.length - 1; index >= 0; index -= 1) {
    const at = starts[index] as number;
    if (at < start) return;
    if (at < end) yield { start: at, text: file.text.slice(at, end).split(/[\r\n]/, 1)[0] ?? "" };
  }
}

/** Keys of the same call behind a line. */
function keysBelow(file: SourceFile, from: number, indent: number): readonly string[] {
  const keys: string[] = [];
  for (const start of lineStartsOf(file)) {
    if (start <= from) continue;
    const { text } = lineOf(file, start);
    if (/^\s*\[\w+!*\]\s*$/.test(text)) break;
    if (text.trim() === "" || !isYaml(text)) continue;
    const [, depth = "", key, colon] = keyLine.exec(text) as RegExpExecArray;
    if (depth.length < indent) break;
    if (depth.length === indent && key !== undefined && colon !== undefined) keys.push(key);
  }
  return keys;
}
