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
const specTag = new RegExp(`!(?:${words}):([^\\s@,{}\\[\\]]*)`, "g");
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

export interface ArgumentPlace {
  /** The constructor that the key is an argument of. */
  readonly spec: string;
  /** The key; empty where none is written yet. */
  readonly name: string;
  readonly span: Span;
  /** Keys of the same call. */
  readonly siblings: readonly string[];
  /** The cursor stands behind the colon. */
  readonly inValue: boolean;
}

const keyLine = /^(\s*)(?:-\s+)?([A-Za-z_][\w-]*)?\s*(:)?/;

/** The argument that the line of `offset` gives, by indentation: the nearest line above that is indented less must carry a call's tag. */
export function argumentAt(file: SourceFile, offset: number): ArgumentPlace | undefined {
  const starts = lineStartsOf(file);
  const { line, character } = positionOf(file, offset);
  const textOf = (index: number): string => file.text.slice(starts[index] as number).split(/[\r\n]/, 1)[0] ?? "";
  const own = textOf(line);
  if (own.trim() !== "" && !isYaml(own)) return undefined;
  const parsed = keyLine.exec(own) as RegExpExecArray;
  const indent = own.trim() === "" ? character : (parsed[1] as string).length;
  const owner = ownerLine(textOf, line, indent);
  if (owner === undefined) return undefined;
  const spec = [...textOf(owner).matchAll(specTag)].at(-1)?.[1];
  if (spec === undefined) return undefined;
  const siblings: string[] = [];
  for (let at = owner + 1; at < starts.length; at += 1) {
    const text = textOf(at);
    if (text.trim() === "" || !isYaml(text)) continue;
    const sibling = keyLine.exec(text) as RegExpExecArray;
    const depth = (sibling[1] as string).length;
    if (depth < indent) break;
    if (depth === indent && at !== line && sibling[2] !== undefined && sibling[3] !== undefined)
      siblings.push(sibling[2]);
  }
  const name = parsed[2] ?? "";
  const colon = own.indexOf(":");
  const start = (starts[line] as number) + (name === "" ? Math.min(character, own.length) : own.indexOf(name));
  const span = { file, start, end: start + name.length };
  return { spec, name, span, siblings, inValue: colon >= 0 && character > colon };
}

function ownerLine(textOf: (index: number) => string, line: number, indent: number): number | undefined {
  for (let at = line - 1; at >= 0; at -= 1) {
    const text = textOf(at);
    if (text.trim() === "") continue;
    // A section parts what is above from what is below; other template lines stand between keys.
    if (/^\s*\[\w+!*\]\s*$/.test(text)) return undefined;
    if (!isYaml(text) || /^\s*#/.test(text)) continue;
    const depth = (/^\s*/.exec(text)?.[0] ?? "").length;
    if (depth < indent) return at;
  }
  return undefined;
}
