/**
 * @file Text → config tree: composes the one YAML document of a config.
 *
 *     a: &x [1]
 *     b: *x                 both values are the same sequence node
 *
 * Leaves:  a tree without aliases, anchors or comments. Where the text had errors, `root` is absent and `partial` holds what could be read,
 *          with a faulty scalar in the place of what could not: later stages go on with it, and say nothing of what follows.
 * Faults:  config/syntax and the other codes of `diagnostics.ts`: all tag, anchor, alias and tab faults, and of every block at the left
 *          margin the first syntax error (see `recover.ts`).
 */
import { isMap } from "yaml";
import type { Diagnostic, Place } from "../diagnostics/diagnostic.ts";
import type { Origin, Span } from "../source/span.ts";
import { configDiagnostics as faults } from "./diagnostics.ts";
import { type LexFault, LexState, tooLargeAt } from "./lex.ts";
import { maximumNesting } from "./limits.ts";
import { type AliasPlace, faultyScalar, TreeReader } from "./read-tree.ts";
import { type Block, composeBlocks, composePart, isSound } from "./recover.ts";
import { gapMark, originOfRange, type RenderedText } from "./rendered.ts";
import { BlockMemory, type SharedBlock } from "./shared-blocks.ts";
import type { SyntaxFault } from "./syntax-faults.ts";
import type { ConfigNode, ConfigPair } from "./tree.ts";

/** An anchor of the text and where it is defined. */
export interface ConfigAnchor {
  readonly name: string;
  readonly origin: Origin;
}

export type { AliasPlace };

export interface ComposeResult {
  /** Absent where there were errors. */
  readonly root: ConfigNode | undefined;
  /** What could be read; absent where nothing could. */
  readonly partial: ConfigNode | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Where aliases stand in the text: in the tree they are the nodes that they mean. */
  readonly aliases: readonly AliasPlace[];
  /** In the order of the text. */
  readonly anchors: readonly ConfigAnchor[];
}

type PlaceMaker = (start: number, end: number) => Place & { readonly span: Span };

/** Trees of blocks are pure functions of their text, so all configs of a process can share them. */
const processMemory = new BlockMemory();

/** @param memory the blocks of earlier texts */
export function composeConfig(rendered: RenderedText, memory = processMemory): ComposeResult {
  const diagnostics: PlacedDiagnostic[] = [];
  const place: PlaceMaker = (start, end) => {
    const { span, stack } = originOfRange(rendered, start, end);
    return { span, chain: stack };
  };
  const report = (at: number, diagnostic: Diagnostic): void => void diagnostics.push({ at, diagnostic });
  const text = normalize(rendered.text, (at, code) => report(at, faults.controlCharacter(place(at, at + 1), { code })));
  const tooLarge = tooLargeAt(text);
  if (tooLarge !== undefined) {
    const megabytes = (text.length / 1e6).toFixed(1);
    const diagnostic = faults.tooLarge(place(tooLarge, tooLarge + 1), { megabytes });
    return { root: undefined, partial: undefined, diagnostics: [diagnostic], aliases: [], anchors: [] };
  }
  const hasGap = (start: number, end: number): boolean =>
    rendered.hasGaps === true && text.slice(start, end).includes(gapMark);
  const shared = rendered.hasGaps === true ? undefined : memory.blocksOf(text);
  if (shared !== undefined) return readShared(shared, text, place, diagnostics);
  const state = new LexState();
  const whole = composePart(text, 0, text.length, state);
  const blocks = isSound(whole) ? undefined : blocksOf(text, whole);
  const lexState = blocks === undefined ? state : blocks.state;
  for (const part of blocks?.parts ?? [{ ...whole, start: 0, end: text.length }]) {
    // Where text is missing, whether the rest is YAML says nothing.
    const isWhole = !hasGap(part.start, part.end);
    const told = part.lexFaults.filter(({ kind, start, end }) =>
      kind === "tab" || kind === "syntax" ? isWhole : !hasGap(start, end),
    );
    for (const { at, diagnostic } of lexDiagnostics(told, text, place)) report(at, diagnostic);
    if (part.fault !== undefined && isWhole) report(part.fault.start, syntaxDiagnostic(part.fault, place));
    const second = part.documents[1];
    if (second !== undefined && part.fault === undefined && isWhole)
      report(second.range[0], faults.severalDocuments(place(second.range[0], second.range[0] + 3), {}));
  }
  const reader = new TreeReader({
    tags: lexState.tags,
    text,
    place,
    report: (diagnostic) => report(text.length, diagnostic),
    gap: rendered.hasGaps === true ? gapMark : undefined,
  });
  const isTooMuch = (blocks?.parts ?? [whole]).some(({ lexFaults }) => lexFaults.some(({ kind }) => kind === "deep"));
  const read = isTooMuch
    ? undefined
    : blocks === undefined
      ? reader.read(whole.documents[0]?.contents ?? null, 0)
      : readBlocks(blocks.parts, reader, text);
  reader.finish();
  const partial = read !== undefined && reader.isUncertain ? { ...read, faulty: true as const } : read;
  for (const tag of lexState.tags) {
    const character = /[,[\]]+$/.exec(tag.name)?.[0];
    if (
      character !== undefined &&
      !hasGap(tag.start, tag.end) &&
      !tag.name.includes("[", 1) === !character.includes("[")
    )
      report(tag.start, faults.flowTag(place(tag.start, tag.end), { tag: tag.name, character }));
  }
  return finish(reader, partial, diagnostics, place);
}

type PlacedDiagnostic = { readonly at: number; readonly diagnostic: Diagnostic };

/** The same for a text whose blocks are sound, each by itself. */
function readShared(
  blocks: readonly SharedBlock[],
  text: string,
  place: PlaceMaker,
  diagnostics: PlacedDiagnostic[],
): ComposeResult {
  const report = (diagnostic: Diagnostic): void => void diagnostics.push({ at: text.length, diagnostic });
  const reader = new TreeReader({ tags: [], text, place, report });
  const pairs = blocks.flatMap(({ items, tags, start }) => reader.pairsOf(items, tags, start));
  reader.finish();
  const [first, last] = [blocks[0], blocks.at(-1)];
  const start = first === undefined ? 0 : first.start + first.range[0];
  const end = last === undefined ? text.length : last.start + last.range[1];
  const root: ConfigNode = { kind: "mapping", start, end, tag: undefined, pairs };
  return finish(reader, root, diagnostics, place);
}

function finish(
  reader: TreeReader,
  partial: ConfigNode | undefined,
  diagnostics: readonly PlacedDiagnostic[],
  place: PlaceMaker,
): ComposeResult {
  const found = [...diagnostics].sort((a, b) => a.at - b.at).map(({ diagnostic }) => diagnostic);
  const failed = found.some(({ severity }) => severity === "error");
  return {
    root: failed ? undefined : partial,
    // What is nested too deep was cut off, and the rest may still be more than later stages can hold.
    partial: reader.isTooDeep ? undefined : partial,
    diagnostics: found,
    aliases: reader.aliases,
    anchors: reader.definitions.map(({ name, start, end }) => ({ name, origin: lazily(place, start, end) })),
  };
}

function lazily(place: PlaceMaker, start: number, end: number): Origin {
  let found: ReturnType<PlaceMaker> | undefined;
  const find = (): ReturnType<PlaceMaker> => {
    found ??= place(start, end);
    return found;
  };
  return {
    get span() {
      return find().span;
    },
    get stack() {
      return find().chain ?? [];
    },
  };
}

/** The parts of a text with errors. A text that is no mapping, or whose fault shows in no block alone, is one part. */
function blocksOf(text: string, whole: ReturnType<typeof composePart>): { parts: readonly Block[]; state: LexState } {
  const state = new LexState();
  const asOne = (): { parts: readonly Block[]; state: LexState } => {
    const again = new LexState();
    return { parts: [{ ...composePart(text, 0, text.length, again), start: 0, end: text.length }], state: again };
  };
  if (whole.lexFaults.some(({ kind }) => kind === "deep" || kind === "version")) return asOne();
  const parts = composeBlocks(text, state);
  return parts.every(isSound) ? asOne() : { parts, state };
}

/** The entries of all blocks as one mapping; a block that could not be read gives its key, if it has one. */
function readBlocks(blocks: readonly Block[], reader: TreeReader, text: string): ConfigNode | undefined {
  const pairs: ConfigPair[] = [];
  for (const block of blocks) {
    const contents = block.documents[0]?.contents;
    if (isSound(block) && isMap(contents)) {
      pairs.push(...reader.pairs(contents, block.start));
      continue;
    }
    const slice = text.slice(block.start, block.end);
    reader.assume(
      [...slice.matchAll(/&([\w-]+)/g)].map((match) => match[1] as string),
      block.start,
    );
    const key = /^(?:#.*\n|\s*\n|---.*\n)*(["']?)([^\s#][^\n]*?)\1:(?=\s|$)/.exec(slice);
    if (key === null) continue;
    const start = block.start + key[0].length - (key[2] as string).length - 2 * (key[1] as string).length;
    const name: ConfigNode = {
      kind: "scalar",
      start,
      end: block.start + key[0].length - 1,
      tag: undefined,
      text: key[2] as string,
      plain: false,
    };
    pairs.push({ key: name, value: faultyScalar(start) });
  }
  if (pairs.length === 0) return undefined;
  return { kind: "mapping", start: 0, end: text.length, tag: undefined, pairs };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/g;

/** Enough to see what is going on: a binary file holds thousands. */
const mostControlCharacters = 5;

/** Same length, so that offsets stay: lone carriage returns and U+0085 end a line for YAML 1.1, and `yaml` knows neither. Control characters become blanks. */
function normalize(text: string, report: (at: number, code: number) => void): string {
  let count = 0;
  return text.replace(/\r(?!\n)|\u0085/g, "\n").replace(controlCharacters, (character, at: number) => {
    count += 1;
    if (count <= mostControlCharacters) report(at, character.charCodeAt(0));
    return " ";
  });
}

function syntaxDiagnostic({ start, end, message, hint, label }: SyntaxFault, place: PlaceMaker): Diagnostic {
  const labels = label === undefined ? undefined : [{ span: place(label.start, label.end).span, text: label.text }];
  return faults.syntax({ ...place(start, end), ...(labels === undefined ? {} : { labels }) }, { message, hint });
}

/** Tabs are told once for each part, with their number: a file indented with tabs is one slip. */
function* lexDiagnostics(
  found: readonly LexFault[],
  text: string,
  place: PlaceMaker,
): Generator<{ readonly at: number; readonly diagnostic: Diagnostic }> {
  const tabs = found.filter(({ kind }) => kind === "tab");
  const tabLines = new Set(tabs.map(({ start }) => text.lastIndexOf("\n", start)));
  for (const fault of found) {
    if (fault.kind === "tab" && fault !== tabs[0]) continue;
    // A tab in the indentation makes the parser see keys where there are none.
    if (fault.kind === "syntax" && tabs.length > 0) continue;
    yield {
      at: fault.start,
      diagnostic: lexDiagnostic(fault, place(fault.start, fault.end), tabLines.size - 1),
    };
  }
}

function lexDiagnostic(fault: LexFault, place: Place, otherTabs: number): Diagnostic {
  switch (fault.kind) {
    case "tab":
      return faults.tab(place, { others: otherTabs });
    case "tag":
      return faults.badTag(place, { tag: fault.text, character: fault.character, why: fault.why });
    case "anchor":
      return faults.badAnchor(place, { name: fault.text });
    case "version":
      return faults.yamlVersion(place, { version: fault.text });
    case "deep":
      return faults.tooDeep(place, { most: maximumNesting });
    case "syntax":
      return faults.syntax(place, { message: fault.why ?? "this is not understood" });
  }
}
