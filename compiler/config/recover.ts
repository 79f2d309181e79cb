/**
 * @file Reading on after a syntax error: a text that is no YAML as a whole is read block by block.
 *
 *     model: { hidden_size: 256      this '{' is never closed
 *     optimizer:
 *         lr 1.0e-3                  this line has no ': '
 *     main: *trainer                 read as usual
 *
 * A block begins at a line with a key at the left margin. Quoted text and flow collections may run over such lines, so a block that ends
 * inside of one is tried together with the next ones before it counts as faulty. Of each faulty block the first error is told: what comes
 * after it in the block mostly follows from it.
 */
import { Composer, type Document, isMap, type ParsedNode } from "yaml";
import { type LexFault, type LexState, lexConfig } from "./lex.ts";
import { explainSyntax, type SyntaxFault } from "./syntax-faults.ts";

export interface Composed {
  readonly documents: readonly Document.Parsed[];
  readonly lexFaults: readonly LexFault[];
  /** The first syntax error, where no fault of the lexer explains it. */
  readonly fault: SyntaxFault | undefined;
}

export interface Block extends Composed {
  readonly start: number;
  readonly end: number;
}

/** Composes one stretch of the text. */
export function composePart(text: string, from: number, to: number, state: LexState): Composed {
  const { documents: tokens, faults } = lexConfig(text, from, to, state);
  if (faults.some(({ kind }) => kind === "deep")) return { documents: [], lexFaults: faults, fault: undefined };
  const composer = new Composer({
    version: "1.1",
    schema: "failsafe",
    uniqueKeys: false,
    strict: true,
    logLevel: "silent",
  });
  const documents = withoutStacks(() => [...composer.compose(tokens, true, to)]) as Document.Parsed<ParsedNode>[];
  const errors = documents.flatMap((document) => document.errors);
  // A tab, a stray ':' or a brace that a tag swallowed makes the parser stumble: its own words for that add nothing.
  const explained = faults.some(
    ({ kind, character }) => kind === "tab" || kind === "syntax" || (kind === "tag" && /[[\]{}]/.test(character ?? "")),
  );
  const fault = errors.length === 0 || explained ? undefined : explainSyntax(errors, tokens, text);
  return { documents, lexFaults: faults, fault };
}

export function isSound({ lexFaults, fault }: Composed): boolean {
  return fault === undefined && lexFaults.every(({ kind }) => kind === "tag" || kind === "anchor");
}

/** More would mean that a quote is open: the rest of the text is not worth reading as its content. */
const longestJoin = 4;

/** The blocks of a text that has a syntax error. */
export function composeBlocks(text: string, state: LexState): readonly Block[] {
  const starts = blockStarts(text);
  const blocks: Block[] = [];
  for (let i = 0; i < starts.length; ) {
    const start = starts[i] as number;
    const read = (count: number): Block => {
      const end = starts[i + count] ?? text.length;
      return { start, end, ...composePart(text, start, end, state) };
    };
    let block = read(1);
    let count = 1;
    if (block.fault?.isOpen === true)
      for (let more = 2; more <= longestJoin && i + more <= starts.length; more += 1) {
        const joined = read(more);
        if (!isSound(joined) || !runsOn(joined, starts.slice(i + 1, i + more))) continue;
        [block, count] = [joined, more];
        break;
      }
    blocks.push(block);
    i += count;
  }
  return blocks;
}

/** Whether the lines in between belong to one value: a text that closes where the next block begins is no reason to join. */
function runsOn({ documents }: Composed, inner: readonly number[]): boolean {
  const root = documents[0]?.contents;
  if (!isMap(root)) return false;
  const keys = new Set(root.items.map(({ key }) => (key as ParsedNode | null)?.range[0]));
  return inner.every((start) => !keys.has(start));
}

/** Where blocks begin: lines that have a key at the left margin. What stands before the first key belongs to the first block. */
export function blockStarts(text: string): readonly number[] {
  const keys = [...text.matchAll(/^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[^\s#\-\]}'"%][^\n#]*?):(?=\s|$)/gm)];
  const starts = keys.map(({ index }) => index);
  return starts.length === 0 ? [0] : [0, ...starts.slice(1)];
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
