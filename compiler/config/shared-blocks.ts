/**
 * @file The blocks that configs of one process have in common, composed once.
 *
 *     optimizer: &optimizer !partial:fgc/optim:AdamW      the same lines in fifty configs of a project:
 *         lr: 1.0e-3                                      one syntax tree, put at fifty places
 *
 * Lexing and composing take most of the time from text to graph. A block (a key at the left margin with what is indented below it) means the same wherever it
 * stands: trees are kept by the block's text, with places counted from its start. Only sound texts are taken apart: where a block is no YAML by itself, because a
 * quote runs over its end for instance, the text is read as a whole, and so every fault is found there.
 */
import { isMap, type Range } from "yaml";
import { LexState } from "./lex.ts";
import { blockStarts, type Composed, composePart, isSound } from "./recover.ts";
import type { ScannedTag } from "./tags.ts";

/** A stretch of text with the pairs of the mapping that it is. */
export interface SharedBlock {
  readonly start: number;
  readonly items: readonly unknown[];
  /** Of the mapping. Its places and those of the tags count from the block's start. */
  readonly range: readonly [start: number, end: number];
  readonly tags: readonly ScannedTag[];
}

type Kept = Omit<SharedBlock, "start"> | "unsound";

/** Where one text is all that is read, taking it apart only costs: a command reads a meta file, a config, and perhaps another project. */
const textsBeforeSharing = 4;
/** Characters of blocks that are kept: their trees are some fifty times as large. */
const mostProven = 2e6;
const mostRecent = 0.3e6;

/** Begins anew when it is full. */
class BlockStore {
  readonly #blocks = new Map<string, Kept>();
  readonly #most: number;
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(text: string): Kept | undefined {
    return this.#blocks.get(text);
  }

  set(text: string, block: Kept): void {
    if (this.#blocks.has(text)) return;
    this.#size += text.length;
    if (this.#size > this.#most) {
      this.#blocks.clear();
      this.#size = text.length;
    }
    this.#blocks.set(text, block);
  }
}

export class BlockMemory {
  /** Met more than once. */
  readonly #proven = new BlockStore(mostProven);
  /** Most blocks are one config's own, and never met again. */
  readonly #recent = new BlockStore(mostRecent);
  #texts = 0;
  readonly #before: number;

  /** @param before how many texts are read as a whole first */
  constructor(before = textsBeforeSharing) {
    this.#before = before;
  }

  /** The blocks of a text; undefined where it is to be read as a whole. */
  blocksOf(text: string): readonly SharedBlock[] | undefined {
    this.#texts += 1;
    if (this.#texts <= this.#before) return undefined;
    // Documents and directives are matters of the whole text.
    if (/^(?:---|\.\.\.|%)/m.test(text)) return undefined;
    const starts = [...blockStarts(text)];
    // What stands above the first key is mostly the config's own name, and the time.
    starts[0] = /^(?: *(?:#[^\n]*)?\n)*/.exec(text)?.[0].length ?? 0;
    if (starts[0] >= (starts[1] ?? text.length)) return undefined;
    const blocks: SharedBlock[] = [];
    for (const [i, start] of starts.entries()) {
      const block = this.#block(text.slice(start, starts[i + 1] ?? text.length));
      if (block === "unsound") return undefined;
      blocks.push({ start, ...block });
    }
    return blocks;
  }

  #block(text: string): Kept {
    const known = this.#proven.get(text) ?? this.#recent.get(text);
    if (known !== undefined) {
      this.#proven.set(text, known);
      return known;
    }
    const state = new LexState();
    const block = readBlock(composePart(text, 0, text.length, state), state);
    this.#recent.set(text, block);
    return block;
  }
}

function readBlock(composed: Composed, { tags }: LexState): Kept {
  const [document, second] = composed.documents;
  const contents = document?.contents;
  const isPlain = composed.lexFaults.length === 0 && isSound(composed) && second === undefined;
  // A tag or an anchor would be the whole text's.
  if (!isPlain || !isMap(contents) || contents.tag !== undefined || contents.anchor !== undefined) return "unsound";
  // So is a remark on a tag that swallowed what follows it.
  if (tags.some(({ name }) => /[,[\]]$/.test(name))) return "unsound";
  const [start, end] = contents.range as Range;
  return { items: contents.items, range: [start, end], tags };
}
