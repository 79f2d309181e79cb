/** @file The scopes that editors give the parts of a template: vscode-textmate with the grammar of this repository. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { IGrammar } from "vscode-textmate";

export const repository = resolve(import.meta.dirname, "../..");

export interface ScopedToken {
  readonly line: number;
  readonly start: number;
  readonly text: string;
  /** Without the root's, outer before inner. */
  readonly scopes: readonly string[];
}

export async function loadGrammar(): Promise<(text: string) => readonly ScopedToken[]> {
  const require = createRequire(import.meta.url);
  const textmate = require("vscode-textmate") as typeof import("vscode-textmate");
  const oniguruma = require("vscode-oniguruma") as typeof import("vscode-oniguruma");
  const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM({ instantiator: (imports) => WebAssembly.instantiate(wasm, imports) });
  const path = `${repository}/grammar/template-language.tmLanguage.json`;
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns: string[]) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text: string) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(readFileSync(path, "utf8"), path),
  });
  const grammar = (await registry.loadGrammar("source.yaml.fgc")) as IGrammar;
  return (text) => {
    let state = textmate.INITIAL;
    return text.split("\n").flatMap((line, i) => {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
      state = ruleStack;
      return tokens.map(({ startIndex, endIndex, scopes }) => ({
        line: i,
        start: startIndex,
        text: line.slice(startIndex, endIndex),
        scopes: scopes.slice(1),
      }));
    });
  };
}
