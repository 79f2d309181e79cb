/**
 * @file YAML's syntax errors in the words of people who write configs: where the slip is, not where the parser gave up.
 *
 *     lr 1.0              ':' is missing           (the parser: "Implicit keys need to be on a single line")
 *     betas: [ 0.9        this '[' is never closed (the parser complains at the end of the text)
 */
import type { CST } from "yaml";
import { indentationOf, lineAbove, lineAt, type TextLine } from "./text-lines.ts";

/** An error as `yaml` reports it. */
export interface ParserError {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, number];
}

export interface SyntaxFault {
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint?: string;
  /** A quote or bracket is open at the end: what comes next may belong to it. */
  readonly isOpen?: true;
  readonly label?: { readonly start: number; readonly end: number; readonly text: string };
}

/** The fault behind the first of `errors`, which came of `tokens`. */
export function explainSyntax(errors: readonly ParserError[], tokens: readonly CST.Token[], text: string): SyntaxFault {
  const [first] = [...errors].sort((a, b) => a.pos[0] - b.pos[0]);
  if (first === undefined) throw new Error("there is no error to explain");
  const open = firstUnclosed(tokens, first.pos[0]);
  return open ?? (explainers[first.code] ?? inParsersWords)(first, text);
}

type Explainer = (error: ParserError, text: string) => SyntaxFault;

const explainers: Readonly<Record<string, Explainer>> = {
  BLOCK_AS_IMPLICIT_KEY: (error, text) => {
    if (error.message.startsWith("A block sequence")) return misplacedItem(lineAt(text, error.pos[0] + 1), text);
    const line = lineAt(text, error.pos[0]);
    const rest = text.slice(error.pos[0], line.end);
    const colon = rest.search(/:(?:\s|$)/);
    if (colon < 0) return tooDeep(error, text);
    return {
      start: error.pos[0] + colon,
      end: error.pos[0] + colon + 1,
      message: "a second ': ' on one line",
      hint: "quote the text that contains ': '",
    };
  },
  MULTILINE_IMPLICIT_KEY: (error, text) => missingColon(lineAt(text, error.pos[0]), text),
  BAD_INDENT: (error, text) => {
    if (error.message.startsWith("All ")) return unevenIndentation(error, text);
    return {
      ...inParsersWords(error, text),
      hint: "compare the indentation with the lines above: `fgc pp` prints the text",
    };
  },
  MISSING_CHAR: (error, text) => {
    const [start, end] = error.pos;
    const { message } = error;
    if (message.startsWith("Implicit map keys")) {
      return text[start] === "-" ? misplacedItem(lineAt(text, start), text) : missingColon(lineAt(text, start), text);
    }
    if (message.startsWith("Comments"))
      return {
        start,
        end: start + 1,
        message: "a space is missing before this '#'",
        hint: "or quote the text that contains it",
      };
    if (message.startsWith("Tags and anchors"))
      return { start, end: Math.max(end, start + 1), message: "a space is missing between the tag or anchor and this" };
    if (message.startsWith("Missing ,"))
      return { start, end: Math.max(end, start + 1), message: "a ',' is missing before this" };
    return inParsersWords(error, text);
  },
  BLOCK_IN_FLOW: (error, text) => {
    // `{x: 1 y: 2}`: the text up to the second colon was read as one key.
    const slice = text.slice(error.pos[0], error.pos[1]);
    const second = /\s([^\s:]+:)/.exec(slice);
    if (second === null) return { ...inParsersWords(error, text), hint: "is a ',' or a closing bracket missing?" };
    const start = error.pos[0] + second.index + 1;
    return { start, end: start + (second[1] as string).length - 1, message: "a ',' is missing before this key" };
  },
  BAD_SCALAR_START: (error) => {
    const character = /character (.)/u.exec(error.message)?.[1] ?? /start with .*(\S)/u.exec(error.message)?.[1] ?? "";
    return {
      start: error.pos[0],
      end: error.pos[0] + 1,
      message: `a bare text cannot begin with '${character}'`,
      hint: "quote the text",
    };
  },
  BAD_DQ_ESCAPE: (error, text) => {
    const written = text.slice(error.pos[0], error.pos[0] + 2);
    return {
      start: error.pos[0],
      end: error.pos[0] + 2,
      message: `'${written}' means nothing in a double-quoted text`,
      hint: `double the backslash ('\\${written}'), or use single quotes`,
    };
  },
  UNEXPECTED_TOKEN: (error, text) => {
    const [start, end] = error.pos;
    const slice = text.slice(start, Math.max(end, start + 1));
    if (/^[\]}]/.test(slice)) return { start, end: start + 1, message: `nothing opens this '${slice[0]}'` };
    if (slice === ",") return { start, end, message: "a ',' too many" };
    if (error.message.endsWith("at node end"))
      return {
        start,
        end: Math.max(end, start + 1),
        message: "this stands behind a value that is complete already",
        hint: "quote the whole text, or put this on a line of its own",
      };
    return inParsersWords(error, text);
  },
  MULTIPLE_TAGS: (error) => range(error, "a value has one tag at most"),
  MULTIPLE_ANCHORS: (error) => range(error, "a value has one anchor at most"),
  ALIAS_PROPS: (error) => ({
    ...range(error, "an alias stands for a value as it is: it takes no tag and no anchor of its own"),
    hint: "put the tag or anchor where the value is defined",
  }),
};

function range({ pos: [start, end] }: ParserError, message: string): SyntaxFault {
  return { start, end: Math.max(end, start + 1), message };
}

function inParsersWords(error: ParserError, _text: string): SyntaxFault {
  const line = (error.message.split("\n")[0] as string).replace(/ at line \d+, column \d+:?$/, "");
  return range(error, line.replace(/[:.]$/, ""));
}

/** A bracket or quote that is open at the end: everything that the parser complains about after it follows from it. */
function firstUnclosed(tokens: readonly CST.Token[], before: number): SyntaxFault | undefined {
  const stack: (CST.Token | null | undefined)[] = [...tokens].reverse();
  while (stack.length > 0) {
    const token = stack.pop();
    if (!token || token.offset > before) continue;
    if (token.type === "flow-collection") {
      const open = token.start.source;
      if (!token.end.some(({ type }) => type === "flow-map-end" || type === "flow-seq-end"))
        return {
          start: token.start.offset,
          end: token.start.offset + 1,
          message: `this '${open}' is never closed`,
          isOpen: true,
        };
    }
    if (token.type === "double-quoted-scalar" || token.type === "single-quoted-scalar") {
      const { source, offset } = token;
      const quote = source[0] as string;
      if (source.length === 1 || !isClosed(source, quote)) {
        const lineEnd = source.search(/[\r\n]/);
        return {
          start: offset,
          end: offset + (lineEnd < 0 ? source.length : lineEnd),
          message: `this ${quote === '"' ? "double" : "single"} quote is never closed`,
          isOpen: true,
          hint:
            quote === "'"
              ? "in a single-quoted text a quote is written twice: 'it''s'"
              : 'in a double-quoted text a quote is written as \\"',
        };
      }
    }
    if (token.type === "document") stack.push(token.value);
    if (token.type === "block-map" || token.type === "block-seq" || token.type === "flow-collection")
      for (const item of [...token.items].reverse()) stack.push(item.value, item.key);
  }
  return undefined;
}

function isClosed(source: string, quote: string): boolean {
  if (!source.endsWith(quote)) return false;
  const marks = quote === "'" ? /'+$/ : /(\\*)"$/;
  const found = marks.exec(source.slice(1));
  // An even number of single quotes, or a quote behind an odd number of backslashes, stands for itself.
  return quote === "'" ? (found?.[0].length ?? 0) % 2 === 1 : (found?.[1]?.length ?? 0) % 2 === 0;
}

function missingColon(line: TextLine, text: string): SyntaxFault {
  const content = text.slice(line.start, line.end);
  const start = line.start + indentationOf(content);
  const glued = /^\s*[^\s:#]+:(?=\S)/.exec(content);
  if (glued !== null)
    return { start, end: line.start + glued[0].length + 1, message: "a space is missing after this ':'" };
  return {
    start,
    end: line.start + content.trimEnd().length,
    message: "this line has no ': ', and stands among the entries of a mapping",
    hint: "write KEY: VALUE, or indent it below the text that it continues",
  };
}

/** A line below `key: value` that is indented deeper and has a key itself. */
function tooDeep(error: ParserError, text: string): SyntaxFault {
  const above = lineAt(text, error.pos[0]);
  let line = lineAt(text, Math.min(above.next, text.length));
  while (line.next < text.length && text.slice(line.start, line.end).trim() === "") line = lineAt(text, line.next);
  const key = keyOf(line, text);
  const aboveKey = keyOf(above, text);
  const [depth, aboveDepth] = [line, above].map(({ start, end }) => indentationOf(text.slice(start, end)));
  return {
    ...key,
    message: `${named(key, text)} is indented deeper than ${named(aboveKey, text)}, which has a value already`,
    hint: `indent both alike: by ${spaces(aboveDepth as number)}, not ${depth}`,
    label: { ...aboveKey, text: "the line above" },
  };
}

function unevenIndentation(error: ParserError, text: string): SyntaxFault {
  // The parser points at the line's end or at its last blank.
  let line = lineAt(text, error.pos[0]);
  if (text.slice(line.start, line.end).trim() === "") line = lineAt(text, Math.min(line.next, text.length));
  const depth = indentationOf(text.slice(line.start, line.end));
  const key = keyOf(line, text);
  for (let above = lineAbove(text, line); above !== undefined; above = lineAbove(text, above)) {
    const content = text.slice(above.start, above.end);
    if (content.trim() === "" || content.trimStart().startsWith("#")) continue;
    const other = indentationOf(content);
    if (other > depth) {
      const aboveKey = keyOf(above, text);
      return {
        ...key,
        message: `${named(key, text)} is indented by ${spaces(depth)}, and ${named(aboveKey, text)} above it by ${other}`,
        hint: "entries of one mapping begin at the same column",
        label: { ...aboveKey, text: `indented by ${other}` },
      };
    }
    break;
  }
  return { ...key, message: `the indentation of ${named(key, text)} matches no line above it` };
}

function misplacedItem(line: TextLine, text: string): SyntaxFault {
  const content = text.slice(line.start, line.end);
  const depth = indentationOf(content);
  const start = line.start + depth;
  for (let above = lineAbove(text, line); above !== undefined; above = lineAbove(text, above)) {
    const other = text.slice(above.start, above.end);
    if (other.trim() === "" || other.trimStart().startsWith("#")) continue;
    if (!other.trimStart().startsWith("- ")) break;
    return {
      start,
      end: start + 1,
      message: `this item is indented by ${spaces(depth)}, and the one above it by ${indentationOf(other)}`,
      hint: "the items of one list begin at the same column",
    };
  }
  return {
    start,
    end: start + 1,
    message: "a list item stands among the entries of a mapping",
    hint: "indent the items of a list below their key, or remove the dash",
  };
}

/** The range of a line's key, or of its whole content where it has none. */
function keyOf({ start, end }: TextLine, text: string): { start: number; end: number } {
  const content = text.slice(start, end).trimEnd();
  const indentation = indentationOf(content);
  const key = /^(?:- +)*([^\s:#][^:#]*?):(?:\s|$)/.exec(content.slice(indentation));
  const from = start + indentation;
  return { start: from, end: key === null ? start + content.length : from + key[0].replace(/:\s?$/, "").length };
}

function named({ start, end }: { start: number; end: number }, text: string): string {
  const content = text.slice(start, end);
  return content === "" || content.length > 40 ? "this line" : `'${content}'`;
}

function spaces(count: number): string {
  return `${count} space${count === 1 ? "" : "s"}`;
}
