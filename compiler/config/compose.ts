/**
 * @file Text → config tree: composes the one YAML document of a config.
 *
 *     a: &x [1]
 *     b: *x                 both values are the same sequence node
 *
 * Leaves:  a tree without aliases, anchors or comments; `undefined` where the text had errors.
 * Faults:  config/syntax and the other codes of `diagnostics.ts`. All tag, anchor and tab faults are reported; of plain syntax
 *          errors only the first, since the later ones mostly follow from it.
 */
import { Composer, isAlias, isMap, isPair, isScalar, isSeq, type Range, Scalar } from "yaml";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import { configDiagnostics as faults } from "./diagnostics.ts";
import { type LexFault, lexConfig } from "./lex.ts";
import { originOfRange, type RenderedText } from "./rendered.ts";
import type { ScannedTag } from "./tags.ts";
import type { ConfigNode, ConfigPair, ConfigScalar } from "./tree.ts";

export interface ComposeResult {
  readonly root: ConfigNode | undefined;
  /** Where aliases stand in the text: in the tree they are the nodes that they mean. */
  readonly aliases: readonly AliasPlace[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface AliasPlace {
  readonly start: number;
  readonly end: number;
  readonly target: ConfigNode;
}

export function composeConfig(rendered: RenderedText): ComposeResult {
  const diagnostics: Diagnostic[] = [];
  const place = (start: number, end: number) => {
    const { span, stack } = originOfRange(rendered, start, end);
    return { span, chain: stack };
  };
  const text = normalize(rendered.text);
  for (const match of text.matchAll(controlCharacters)) {
    diagnostics.push(faults.controlCharacter(place(match.index, match.index + 1), { code: match[0].charCodeAt(0) }));
  }
  if (diagnostics.length > 0) return { root: undefined, aliases: [], diagnostics };

  const lexed = lexConfig(text);
  diagnostics.push(...lexed.faults.map((fault) => lexDiagnostic(fault, place(fault.start, fault.end))));
  const composer = new Composer({
    version: "1.1",
    schema: "failsafe",
    uniqueKeys: false,
    strict: true,
    logLevel: "silent",
  });
  const documents = withoutStacks(() => [...composer.compose(lexed.documents, true, text.length)]);
  const error = documents.flatMap((document) => document.errors).sort((a, b) => a.pos[0] - b.pos[0])[0];
  if (error !== undefined && diagnostics.length === 0) {
    const [start, end] = error.pos;
    diagnostics.push(faults.syntax(place(start, Math.max(end, start + 1)), explain(error.code, error.message)));
  }
  const second = documents[1];
  if (second !== undefined) diagnostics.push(faults.severalDocuments(place(second.range[0], second.range[0] + 3), {}));
  if (diagnostics.length > 0) return { root: undefined, aliases: [], diagnostics };

  const reader = new TreeReader(lexed.tags, text, (start, end, make) => diagnostics.push(make(place(start, end))));
  const root = reader.read(documents[0]?.contents ?? null, 0);
  for (const tag of lexed.tags) {
    const character = /[,[\]]+$/.exec(tag.name)?.[0];
    if (character !== undefined && !tag.name.includes("[", 1) === !character.includes("["))
      diagnostics.push(faults.flowTag(place(tag.start, tag.end), { tag: tag.name, character }));
  }
  return { root: reader.failed ? undefined : root, aliases: reader.aliases, diagnostics };
}

/** `yaml` makes an error object for every tag, since it knows none of them: where it was made is of no interest, and costly to find out. */
function withoutStacks<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/g;

/** Same length, so that offsets stay: lone carriage returns and U+0085 end a line for YAML 1.1, and `yaml` knows neither. */
function normalize(text: string): string {
  return text.replace(/\r(?!\n)|\u0085/g, "\n");
}

type Place = { readonly span: NonNullable<Diagnostic["span"]>; readonly chain: Diagnostic["chain"] };

function lexDiagnostic(fault: LexFault, place: Place): Diagnostic {
  switch (fault.kind) {
    case "tab":
      return faults.tab(place, {});
    case "tag":
      return faults.badTag(place, { tag: fault.text, character: fault.character, why: fault.why });
    case "anchor":
      return faults.badAnchor(place, { name: fault.text });
    case "version":
      return faults.yamlVersion(place, { version: fault.text });
    case "syntax":
      return faults.syntax(place, { message: fault.why ?? "this is not understood" });
  }
}

/** The messages that people meet most, in their terms; the others as `yaml` words them. */
function explain(code: string, message: string): { message: string; hint?: string | undefined } {
  const first = (message.split("\n")[0] as string).replace(/ at line \d+, column \d+:?$/, "").replace(/[:.]$/, "");
  switch (code) {
    case "BLOCK_AS_IMPLICIT_KEY":
      return { message: "a second ': ' on one line", hint: "quote the text that contains ': '" };
    case "MULTILINE_IMPLICIT_KEY":
      return {
        message: "a key and its ':' must stand on one line",
        hint: "is a ':' missing on the line before, or the indentation wrong?",
      };
    case "BAD_SCALAR_START":
      return { message: first, hint: "quote the text" };
    case "BAD_INDENT":
      return { message: first, hint: "compare the indentation with the lines above: `fgc pp` prints the text" };
    default:
      return { message: first };
  }
}

type Report = (start: number, end: number, make: (place: Place) => Diagnostic) => void;

/** Turns the nodes of `yaml` into ours: resolves tags and aliases. */
class TreeReader {
  failed = false;
  readonly aliases: AliasPlace[] = [];
  private readonly anchors = new Map<string, ConfigNode | "open">();
  private readonly tags: readonly ScannedTag[];
  private readonly text: string;
  private readonly report: Report;

  constructor(tags: readonly ScannedTag[], text: string, report: Report) {
    this.tags = tags;
    this.text = text;
    this.report = report;
  }

  /** `after` is where an absent node would stand. */
  read(node: unknown, after: number): ConfigNode {
    if (isAlias(node)) return this.alias(node.source, rangeOf(node));
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return emptyScalar(after);
    const [valueStart, end] = rangeOf(node) ?? [after, after];
    const tag = node.tag?.startsWith("!t") ? this.tags[Number(node.tag.slice(2))] : undefined;
    const start = tag?.start ?? valueStart;
    if (node.anchor !== undefined) this.define(node.anchor, start, end);
    let read: ConfigNode;
    if (isScalar(node)) {
      const plain = node.type === undefined || node.type === Scalar.PLAIN;
      read = { kind: "scalar", start, end: Math.max(end, tag?.end ?? 0), tag, text: this.scalarText(node, end), plain };
    } else if (isSeq(node)) {
      read = { kind: "sequence", start, end, tag, items: node.items.map((item) => this.read(item, end)) };
    } else {
      const pairs = node.items
        .filter((item) => isPair(item))
        .map((item): ConfigPair => {
          const key = this.read(item.key, valueStart);
          return { key, value: this.read(item.value, key.end) };
        });
      read = { kind: "mapping", start, end, tag, pairs };
    }
    if (node.anchor !== undefined) this.anchors.set(node.anchor, read);
    return read;
  }

  private scalarText(node: Scalar, end: number): string {
    const value = String(node.value ?? "");
    const isBlock = node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED;
    // A block that the end of the text cuts off has no final newline, unless it says so.
    return isBlock && end === this.text.length && !this.text.endsWith("\n") ? value.replace(/\n$/, "") : value;
  }

  private define(name: string, start: number, end: number): void {
    if (this.anchors.has(name)) this.fail(start, end, (place) => faults.duplicateAnchor(place, { name }));
    this.anchors.set(name, "open");
  }

  private alias(name: string, range: Range | undefined): ConfigNode {
    const [start, end] = range ?? [0, 0];
    const target = this.anchors.get(name);
    if (target === "open") this.fail(start, end, (place) => faults.recursiveAlias(place, { name }));
    else if (target !== undefined) {
      this.aliases.push({ start, end, target });
      return target;
    } else {
      const later = new RegExp(`&${name}(?![\\w-])`).test(this.text.slice(end));
      const known = [...this.text.matchAll(/&([\w-]+)/g)].map((match) => match[1] as string);
      this.fail(start, end, (place) => faults.undefinedAlias(place, { name, nearest: nearest(name, known), later }));
    }
    return emptyScalar(start);
  }

  private fail(start: number, end: number, make: (place: Place) => Diagnostic): void {
    this.failed = true;
    this.report(start, end, make);
  }
}

function rangeOf(node: { range?: Range | null | undefined }): Range | undefined {
  return node.range ?? undefined;
}

function emptyScalar(at: number): ConfigScalar {
  return { kind: "scalar", start: at, end: at, tag: undefined, text: "", plain: true };
}
