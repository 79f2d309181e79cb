/**
 * @file The tokens of a config text: the lexer and parser of `yaml`, bent to the rules of the language (PyYAML's).
 *
 * `yaml` takes a lexer of the caller's own (see its `Parser`); three of its productions differ from PyYAML's and are replaced:
 *
 *     tag      runs to the next white space, whatever stands in it:   [!call:f, 1]  has the tag `!call:f,`
 *     flow     may be indented less than what holds it
 *     quoted   may be continued on a line that is indented less
 *
 * Needs:   text without control characters (`text.ts`).
 * Leaves:  concrete syntax trees, where every tag is replaced by `!tN`, N being its index in `tags`: `yaml` then has no opinion on it.
 * Faults:  config/tab, config/bad-tag, config/bad-anchor, config/yaml-version, config/too-deep.
 */
import { type CST, Lexer, Parser } from "yaml";
import { maximumNesting, maximumTokens } from "./limits.ts";
import { type ScannedTag, scanTag, type TagHandles } from "./tags.ts";

/** The part of the lexer's state that the replaced productions touch. Private in its type, pinned by tests/graph/lexer.test.ts. */
interface LexerState {
  buffer: string;
  pos: number;
  indentNext: number;
  pushToIndex(index: number, allowEmpty: boolean): Generator<string, number>;
  pushTag(): Generator<string, number>;
  parseFlowCollection(): Generator<string, unknown>;
  parseQuotedScalar(): Generator<string, unknown>;
}

function makeLexer(): Lexer {
  const lexer = new Lexer();
  const state = lexer as unknown as LexerState;
  const { parseFlowCollection, parseQuotedScalar, pushTag } = state;
  state.pushTag = function* () {
    if (this.buffer[this.pos + 1] === "<") return yield* pushTag.call(this);
    let end = this.pos + 1;
    while (end < this.buffer.length && !/[ \t\r\n\u2028\u2029]/.test(this.buffer[end] as string)) end += 1;
    return yield* this.pushToIndex(end, false);
  };
  state.parseFlowCollection = function* () {
    this.indentNext = 0; // the next line outside sets it anew
    return yield* parseFlowCollection.call(this);
  };
  state.parseQuotedScalar = function* () {
    const { indentNext } = this;
    this.indentNext = 0;
    const next = yield* parseQuotedScalar.call(this);
    this.indentNext = indentNext;
    return next;
  };
  return lexer;
}

export interface LexFault {
  readonly kind: "tab" | "tag" | "anchor" | "version" | "syntax" | "deep";
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly character?: string;
  readonly why?: string;
}

export interface LexedConfig {
  readonly documents: readonly CST.Token[];
  /** What the placeholders `!tN` stand for. */
  readonly tags: readonly ScannedTag[];
  readonly faults: readonly LexFault[];
}

/** What parts of one text share: the tags found so far, and the handles that %TAG lines declare. */
export class LexState {
  readonly tags: ScannedTag[] = [];
  handles: TagHandles = new Map();
}

/** Reads `text` from `from` to `to`; offsets are those of the whole text. */
export function lexConfig(text: string, from = 0, to = text.length, state = new LexState()): LexedConfig {
  const lexer = makeLexer();
  const parser = new Parser();
  parser.offset = from;
  const faults: LexFault[] = [];
  const tokens: CST.Token[] = [];
  for (const lexeme of lexer.lex(from === 0 && to === text.length ? text : text.slice(from, to))) {
    // Blanks and plain text may not contain tabs; comments, quoted and block scalars may.
    if (lexeme.includes("\t") && /^[ \t]+$/.test(lexeme)) {
      const start = parser.offset + lexeme.indexOf("\t");
      faults.push({ kind: "tab", start, end: start + 1, text: lexeme });
    }
    for (const token of parser.next(lexeme)) tokens.push(token);
  }
  for (const token of parser.end()) tokens.push(token);
  const walk = new TokenWalk(faults, state);
  const documents = tokens.filter((token) => walk.stream(token));
  return { documents, tags: state.tags, faults };
}

/** Shorter texts cannot have too many tokens for the machine to read them at once. */
const alwaysRead = maximumTokens;

/** Where a text goes beyond what is read of YAML, if it does: an offset. Found without building anything. */
export function tooLargeAt(text: string): number | undefined {
  if (text.length < alwaysRead) return undefined;
  let count = 0;
  let offset = 0;
  for (const lexeme of makeLexer().lex(text)) {
    count += 1;
    if (count > maximumTokens) return Math.min(offset, text.length - 1);
    offset += lexeme.length;
  }
  return undefined;
}

const anchorName = /^[A-Za-z0-9_-]+$/;

/** Reads directives, and visits every token of the documents once. */
class TokenWalk {
  private readonly state: LexState;
  private readonly faults: LexFault[];
  private depth = 0;

  constructor(faults: LexFault[], state: LexState) {
    this.faults = faults;
    this.state = state;
  }

  /** Whether the composer is to see this token of the stream. */
  stream(token: CST.Token): boolean {
    if (token.type === "directive") {
      this.directive(token.source, token.offset);
      return false;
    }
    if (token.type === "document") {
      for (const part of token.start) this.token(part);
      if (token.value !== undefined) this.token(token.value);
      this.state.handles = new Map();
    }
    return true;
  }

  private directive(source: string, offset: number): void {
    const [name, first, second] = source.trim().split(/[ \t]+/);
    const range = { start: offset, end: offset + source.length };
    if (!/^%[A-Za-z0-9_-]/.test(source))
      this.faults.push({
        kind: "syntax",
        ...range,
        text: source,
        why: "a line that begins with '%' is a directive, and this is none",
      });
    if (name === "%YAML" && !/^1\.\d+$/.test(first ?? ""))
      this.faults.push({ kind: "version", ...range, text: first ?? "" });
    if (name !== "%TAG") return;
    if (first === undefined || second === undefined || this.state.handles.has(first))
      this.faults.push({
        kind: "syntax",
        ...range,
        text: source,
        why: `'${source.trim()}' is not a usable %TAG line`,
      });
    else this.state.handles.set(first, second);
  }

  /** `: value` without a key and without a `?` is no pair here. */
  private checkKey({ start, key, sep }: CST.CollectionItem): void {
    const colon = sep?.find((part) => part.type === "map-value-ind");
    if (colon === undefined || (key !== undefined && key !== null)) return;
    // A tag, an anchor or a `?` makes an empty key.
    const hasKey = [...start, ...(sep ?? [])].some(
      (part) => ["explicit-key-ind", "tag", "anchor"].includes(part.type) && part.offset < colon.offset,
    );
    if (hasKey) return;
    const range = { start: colon.offset, end: colon.offset + 1 };
    this.faults.push({ kind: "syntax", ...range, text: ":", why: "nothing stands before this ':'" });
  }

  private token(token: CST.Token | CST.SourceToken): void {
    switch (token.type) {
      case "tag": {
        const scanned = scanTag(token.source, token.offset, this.state.handles);
        if ("fault" in scanned) {
          const range = { start: token.offset, end: token.offset + token.source.length };
          this.faults.push({ kind: "tag", ...range, text: token.source, ...scanned.fault });
        }
        token.source = `!t${this.state.tags.length}`;
        this.state.tags.push("fault" in scanned ? { name: "!", start: token.offset, end: token.offset } : scanned);
        return;
      }
      case "anchor":
      case "alias":
        if (!anchorName.test(token.source.slice(1)))
          this.faults.push({
            kind: "anchor",
            start: token.offset,
            end: token.offset + token.source.length,
            text: token.source.slice(1),
          });
        return;
      case "scalar": {
        const tab = token.source.indexOf("\t");
        if (tab >= 0)
          this.faults.push({ kind: "tab", start: token.offset + tab, end: token.offset + tab + 1, text: token.source });
        return;
      }
      case "block-scalar":
        for (const prop of token.props) this.token(prop);
        return;
      case "block-map":
      case "block-seq":
      case "flow-collection":
        if (this.depth >= maximumNesting) {
          const { offset } = token.type === "flow-collection" ? token.start : token;
          if (!this.faults.some(({ kind }) => kind === "deep"))
            this.faults.push({ kind: "deep", start: offset, end: offset + 1, text: "" });
          return;
        }
        this.depth += 1;
        for (const item of token.items) {
          this.checkKey(item);
          for (const part of item.start) this.token(part);
          if (item.key) this.token(item.key);
          for (const part of item.sep ?? []) this.token(part);
          if (item.value !== undefined) this.token(item.value);
        }
        this.depth -= 1;
        return;
      default:
        return;
    }
  }
}
