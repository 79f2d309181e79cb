/**
 * @file The grammar of the template language as text and as diagrams, made from the parser itself.
 *
 * `UPDATE=1 npx vitest run tests/language/grammar.test.ts` writes the files; without UPDATE that test says whether they are up to date.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ISerializedGast } from "chevrotain";
import { TemplateParser } from "../compiler/template/syntax/template-parser.ts";
import { wordTypes } from "../compiler/template/syntax/tokens.ts";

/** The shape of Chevrotain's serialized grammar, as far as it is read here. */
interface Production extends ISerializedGast {
  readonly name?: string;
  readonly label?: string;
  readonly definition?: Production[];
  readonly separator?: Production;
}

const preamble = `The grammar of the template language, made from its parser by grammar/generate.ts. Do not edit.

Notation: W3C EBNF. 'x' is text, UPPER is a token of the lexical part at the end, the rest are rules.

Three stages come before the grammar and know nothing of it (compiler/template/scan):
  1. A file is cut into templates at lines of the form  # --- name ---
  2. Lines:   ## text  is a comment;   -- x  is {% x %};   << x  is {%- x %};   >> x  is {% x -%};
              == x  is {{ x }};   => x  is {{ x | trim('\\n') }}
  3. [name] on a line of its own opens {% block name %}, [name!] wraps that in {% filter trim %}; both are closed before
     the next header of the same or a lesser indentation, and at the end.

A word such as 'if' is a NAME wherever only a NAME can stand.`;

const lexical: Readonly<Record<string, string>> = {
  TEXT: "everything up to the next '{{', '{%' or '{#'; comments '{#' ... '#}' are skipped",
  RAW_OPEN: "'{%' ('-' | '+')? 'raw' '-'? '%}'",
  RAW_TEXT: "everything up to RAW_CLOSE",
  RAW_CLOSE: "'{%' ('-' | '+')? 'endraw' ('-' | '+')? '%}', then a newline, which goes",
  TAG_OPEN: "'{%' ('-' | '+')?; '-' removes the whitespace before it",
  TAG_CLOSE: "'%}' and a newline, which goes; '-%}' and all whitespace after it; '+%}', which keeps the newline",
  PRINT_OPEN: "'{{' ('-' | '+')?; '-' removes the whitespace before it",
  PRINT_CLOSE: "'}}'; '-}}' and all whitespace after it; inside brackets two '}'",
  NAME: "an identifier as Unicode defines it, or '_' first",
  INTEGER: "decimal without leading zeros, '0x', '0o', '0b'; single '_' between digits",
  FLOAT: "digits, then a fraction, an exponent ('e'), or both",
  STRING: "single or double quotes, escapes as in Python, newlines allowed",
};

const upperOf = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();

function terminal(name: string, label: string): string {
  const upper = upperOf(name);
  if (upper in lexical) return upper;
  return wordTypes.has(label) || !/[A-Za-z]/.test(label) ? `'${label}'` : upper;
}

/** One production; `tight` where a repetition mark follows, so that sequences and choices need brackets. */
function print(production: Production, tight = false): string {
  const parts = production.definition ?? [];
  const sequence = (): string => parts.map((part) => print(part)).join(" ");
  const grouped = (text: string, single: boolean): string => (single ? text : `(${text})`);
  const repeated = (mark: string): string => {
    const [only] = parts;
    return parts.length === 1 && only !== undefined
      ? `${print(only, true)}${mark}`
      : `${grouped(sequence(), false)}${mark}`;
  };
  switch (production.type) {
    case "Terminal":
      return terminal(production.name ?? "", production.label ?? "");
    case "NonTerminal":
      return production.name ?? "";
    case "Option":
      return repeated("?");
    case "Repetition":
      return repeated("*");
    case "RepetitionMandatory":
      return repeated("+");
    case "RepetitionWithSeparator": {
      const item = sequence();
      const separator = print(production.separator as Production);
      return `(${item} (${separator} ${item})*)?`;
    }
    case "Alternation":
      return grouped(parts.map((part) => print(part)).join(" | "), false);
    default:
      return tight ? grouped(sequence(), parts.length === 1) : sequence();
  }
}

/** A rule whose body is one choice is written with an alternative on each line. */
function printRule({ name = "", definition = [] }: Production): string {
  const [only] = definition;
  if (definition.length === 1 && only?.type === "Alternation") {
    const alternatives = (only.definition ?? []).map((alternative) => print(alternative));
    return `${name} ::= ${alternatives.join(`\n${" ".repeat(name.length + 3)}| `)}`;
  }
  return `${name} ::= ${definition.map((part) => print(part)).join(" ")}`;
}

function serialized(): Production[] {
  const rules = new TemplateParser({ analysis: "chevrotain" }).getSerializedGastProductions() as Production[];
  // From the whole to the parts: each rule after the one that mentions it first.
  const byName = new Map(rules.map((rule) => [rule.name ?? "", rule]));
  const ordered = new Set<Production>();
  const queue = ["template"];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const rule = byName.get(name);
    if (rule === undefined || ordered.has(rule)) continue;
    ordered.add(rule);
    queue.push(...mentioned(rule));
  }
  return [...ordered];
}

function mentioned({ type, name = "", definition = [] }: Production): string[] {
  return type === "NonTerminal" ? [name] : definition.flatMap(mentioned);
}

export function templateLanguageEbnf(): string {
  const rules = serialized().map(printRule);
  const tokens = Object.entries(lexical).map(([name, text]) => `${name} ::= /* ${text} */`);
  return `/*\n${preamble}\n*/\n\n${rules.join("\n\n")}\n\n/* Lexical part */\n\n${tokens.join("\n")}\n`;
}

/** Railroad diagrams in one file that needs no network: Chevrotain's own drawing scripts are in it. */
export function templateLanguageDiagrams(): string {
  const folder = join(dirname(createRequire(import.meta.url).resolve("chevrotain")), "../../diagrams");
  const read = (name: string): string => readFileSync(join(folder, name), "utf8").trimEnd();
  const scripts = ["vendor/railroad-diagrams.js", "src/diagrams_builder.js", "src/diagrams_behavior.js", "src/main.js"];
  // Patterns are of no use in a diagram, and a closing script tag in one would end the page.
  const grammar = JSON.stringify(serialized(), (key, value: unknown) => (key === "pattern" ? undefined : value));
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>The template language</title>
<style>
body { background-color: hsl(30, 20%, 95%); font-family: sans-serif; }
${read("diagrams.css")}
</style>
<h1>The template language</h1>
<p>Made from the parser by grammar/generate.ts. Drawn with the scripts of <a href="https://chevrotain.io">Chevrotain</a> (Apache-2.0)
and railroad-diagrams by Tab Atkins (CC0). Line statements and sections become tags before this grammar is applied.</p>
<div id="diagrams" align="center"></div>
${scripts.map((name) => `<script>\n${read(name)}\n</script>`).join("\n")}
<script>
main.drawDiagramsFromSerializedGrammar(${grammar.replaceAll("</", "<\\/")}, document.getElementById("diagrams"));
</script>
</html>
`;
}
