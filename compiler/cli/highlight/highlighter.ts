/**
 * @file Colours for templates and configs, by the TextMate grammar that editors use (grammar/template-language.tmLanguage.json).
 *
 * The regular expressions are Oniguruma's, as WebAssembly: loading both takes some 30 ms, so only a terminal or a page asks for it.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { IGrammar, IRawGrammar, StateStack } from "vscode-textmate";
import { type Style, styleOf } from "./styles.ts";

/** A template as it is written, or a config as templates print it: YAML without anything to compute. */
export type Language = "template" | "config";

export interface StyledText {
  readonly text: string;
  readonly style: Style | undefined;
}

export interface Highlighter {
  /** The lines of a text, each without its break. */
  lines(text: string): Iterable<readonly StyledText[]>;
}

const scopeName = "source.yaml.fgc";

/** @param packageRoot the folder of the installed package, which has the grammar */
export async function loadHighlighter(packageRoot: string, language: Language): Promise<Highlighter> {
  // Not by `import`: these are big CommonJS modules whose names Node does not find.
  const require = createRequire(import.meta.url);
  const textmate = require("vscode-textmate") as typeof import("vscode-textmate");
  const oniguruma = require("vscode-oniguruma") as typeof import("vscode-oniguruma");
  const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
  // Given the bytes alone it would ask whether they are a Response, for which Node loads its whole HTTP client.
  await oniguruma.loadWASM({ instantiator: (imports) => WebAssembly.instantiate(wasm, imports) });
  const path = join(packageRoot, "grammar/template-language.tmLanguage.json");
  const raw = textmate.parseRawGrammar(readFileSync(path, "utf8"), path);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns: string[]) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text: string) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async (name) => (name === scopeName ? (language === "config" ? withoutTemplates(raw) : raw) : null),
  });
  const grammar = await registry.loadGrammar(scopeName);
  if (grammar === null) throw new Error(`${path} is no grammar`);
  return new GrammarHighlighter(grammar, textmate.INITIAL);
}

/** Fewer patterns to try on each line: what templates have printed holds nothing of theirs. */
function withoutTemplates(raw: IRawGrammar): IRawGrammar {
  const yaml = raw.repository["yaml"];
  return {
    ...raw,
    patterns: yaml === undefined ? raw.patterns : [yaml],
    repository: Object.assign({}, raw.repository, { inline: { patterns: [] } }),
  };
}

class GrammarHighlighter implements Highlighter {
  readonly #grammar: IGrammar;
  readonly #initial: StateStack;
  constructor(grammar: IGrammar, initial: StateStack) {
    this.#grammar = grammar;
    this.#initial = initial;
  }

  *lines(text: string): Generator<readonly StyledText[]> {
    let state = this.#initial;
    for (const line of text.split("\n")) {
      // Many lines of a config; no grammar is needed to tell.
      if (line.trim() === "") {
        yield [{ text: line, style: undefined }];
        continue;
      }
      if (state.depth === this.#initial.depth && /^\s*# ?[^{#]*$/.test(line) && !/^#\s*-{3,}/.test(line)) {
        yield [{ text: line, style: "comment" }];
        continue;
      }
      const { tokens, ruleStack } = this.#grammar.tokenizeLine(line, state);
      state = ruleStack;
      yield joined(
        tokens.map(({ startIndex, endIndex, scopes }) => ({
          text: line.slice(startIndex, endIndex),
          style: styleOf(scopes),
        })),
      );
    }
  }
}

/** Neighbours of one style as one. */
function joined(parts: readonly StyledText[]): readonly StyledText[] {
  const made: StyledText[] = [];
  for (const part of parts) {
    const last = made.at(-1);
    if (last !== undefined && last.style === part.style)
      made[made.length - 1] = { text: last.text + part.text, style: part.style };
    else made.push(part);
  }
  return made;
}
