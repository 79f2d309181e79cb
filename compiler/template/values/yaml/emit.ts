/** @file Second half of a YAML dump: nodes to text in flow style, as PyYAML's emitter writes it with an unlimited line width. */
import { codePointLength } from "../code-points.ts";
import type { YamlNode, YamlScalar } from "./represent.ts";
import { resolvePlain } from "./resolve.ts";

/** Keys up to this many characters, tag and anchor included, stand before their colon; longer ones need `? key : value`. */
const simpleKeyLimit = 128;

export function emitFlow(root: YamlNode): string {
  return new FlowEmitter(root).text;
}

class FlowEmitter {
  text = "";
  /** Is the end of the text an opening bracket, after which no space is written? */
  #atOpening = true;
  readonly #anchors: ReadonlyMap<YamlNode, string>;
  readonly #written = new Set<YamlNode>();

  constructor(root: YamlNode) {
    this.#anchors = nameShared(root);
    this.#node(root, 0, false);
  }

  /** Write a token, after a space unless it opens the line or follows a bracket. */
  #token(token: string): void {
    this.text += this.#atOpening ? token : ` ${token}`;
    this.#atOpening = false;
  }

  #node(node: YamlNode, depth: number, isSimpleKey: boolean): void {
    const anchor = this.#anchors.get(node);
    if (anchor !== undefined && this.#written.has(node)) {
      this.#token(`*${anchor}`);
      return;
    }
    if (anchor !== undefined) this.#token(`&${anchor}`);
    this.#written.add(node);
    switch (node.kind) {
      case "scalar":
        this.#scalar(node, depth, isSimpleKey);
        return;
      case "sequence":
        this.#open("[");
        for (const [i, item] of node.items.entries()) {
          if (i > 0) this.text += ",";
          this.#node(item, depth + 1, false);
        }
        this.#close("]");
        return;
      case "mapping":
        this.#open("{");
        for (const [i, [key, value]] of node.entries.entries()) {
          if (i > 0) this.text += ",";
          this.#entry(key, value, depth + 1);
        }
        this.#close("}");
    }
  }

  #open(bracket: string): void {
    this.#token(bracket);
    this.#atOpening = true;
  }
  #close(bracket: string): void {
    this.text += bracket;
    this.#atOpening = false;
  }

  #entry(key: YamlNode, value: YamlNode, depth: number): void {
    if (this.#isSimpleKey(key)) {
      this.#node(key, depth, true);
      this.text += ":";
    } else {
      this.#token("?");
      this.#node(key, depth, false);
      this.#token(":");
    }
    this.#node(value, depth, false);
  }

  #isSimpleKey(key: YamlNode): boolean {
    const anchor = this.#anchors.get(key);
    let length = anchor?.length ?? 0;
    if (anchor !== undefined && this.#written.has(key)) return length < simpleKeyLimit;
    if (key.kind !== "scalar") {
      const items = key.kind === "sequence" ? key.items : key.entries;
      return items.length === 0;
    }
    length += `!!${key.tag}`.length + codePointLength(key.text);
    return length < simpleKeyLimit && key.text !== "" && !analyze(key.text).multiline;
  }

  #scalar({ tag, text }: YamlScalar, depth: number, isSimpleKey: boolean): void {
    const { plainInFlow, plainInBlock, singleQuoted, multiline } = analyze(text);
    const allowed = depth > 0 ? plainInFlow : plainInBlock;
    if (allowed && resolvePlain(text) === tag && !(isSimpleKey && text === "")) {
      this.#token(text);
      return;
    }
    // Quotes make a string of anything; every other type then has to say what it is.
    if (tag !== "str") this.#token(`!!${tag}`);
    const single = singleQuoted && !(isSimpleKey && multiline);
    this.#token(single ? singleQuote(text, depth) : doubleQuote(text));
  }
}

/** Anchors for nodes that occur more than once, numbered in the order in which their second occurrence is met. */
function nameShared(root: YamlNode): ReadonlyMap<YamlNode, string> {
  const seen = new Set<YamlNode>();
  const anchors = new Map<YamlNode, string>();
  const visit = (node: YamlNode): void => {
    if (seen.has(node)) {
      if (!anchors.has(node)) anchors.set(node, `id${String(anchors.size + 1).padStart(3, "0")}`);
      return;
    }
    seen.add(node);
    if (node.kind === "sequence") for (const item of node.items) visit(item);
    if (node.kind === "mapping") for (const entry of node.entries) for (const part of entry) visit(part);
  };
  visit(root);
  return anchors;
}

interface Analysis {
  readonly plainInFlow: boolean;
  readonly plainInBlock: boolean;
  readonly singleQuoted: boolean;
  readonly multiline: boolean;
}

const breaks = "\\n\\x85\\u2028\\u2029";
const blank = `[\\0 \\t\\r${breaks}]`;
const followedByBlank = `(?=${blank}|$)`;

/** What must not begin a plain scalar, anywhere. */
const badStart = new RegExp(`^(?:[#,\\[\\]{}&*!|>'"%@\`]|[?:-]${followedByBlank}|---|\\.\\.\\.)`);
/** What must not stand inside one: a colon before a blank, a hash after one. */
const badInside = new RegExp(`.:${followedByBlank}|${blank}#`, "s");
/** What must not stand in one between brackets. */
const badInFlow = /^[?:]|.[,?[\]{}:]/s;
/** Characters that only double quotes can hold. */
const special = /[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10fffe}]/u;
const breakThenSpace = new RegExp(`[${breaks}] `);
const spaceThenBreak = new RegExp(` [${breaks}]`);
const atEdge = new RegExp(`^[ ${breaks}]|[ ${breaks}]$`);
const anyBreak = new RegExp(`[${breaks}]`);

function analyze(text: string): Analysis {
  if (text === "") return { plainInFlow: false, plainInBlock: true, singleQuoted: true, multiline: false };
  const multiline = anyBreak.test(text);
  const singleQuoted = !special.test(text) && !breakThenSpace.test(text) && !spaceThenBreak.test(text);
  const plainInBlock =
    singleQuoted && !multiline && !atEdge.test(text) && !badStart.test(text) && !badInside.test(text);
  return { plainInFlow: plainInBlock && !badInFlow.test(text), plainInBlock, singleQuoted, multiline };
}

/** A line break is written twice, so that folding gives one back; the next line is indented. */
function singleQuote(text: string, depth: number): string {
  const indent = " ".repeat(2 * (depth + 1));
  const folded = text
    .replaceAll("'", "''")
    .replace(new RegExp(`[${breaks}]+`, "g"), (run) => (run.startsWith("\n") ? `\n${run}` : run) + indent);
  return `'${folded}'`;
}

const escapes: Readonly<Record<string, string>> = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\x85": "N",
  "\xa0": "_",
  "\u2028": "L",
  "\u2029": "P",
};

const needsEscape = /["\\\x85\u2028\u2029\ufeff]|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]/gu;

function doubleQuote(text: string): string {
  const escaped = text.replace(needsEscape, (character) => {
    const short = escapes[character];
    if (short !== undefined) return `\\${short}`;
    const code = character.codePointAt(0)!;
    const hex = code.toString(16).toUpperCase();
    if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
    return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
  return `"${escaped}"`;
}
