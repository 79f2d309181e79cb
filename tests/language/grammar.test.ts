/** @file The files in grammar/ say what the parser does, and Chevrotain finds nothing wrong with the grammar. UPDATE=1 rewrites them. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createLexer } from "../../compiler/template/syntax/parse.ts";
import { TemplateParser } from "../../compiler/template/syntax/template-parser.ts";
import { wordTypes } from "../../compiler/template/syntax/tokens.ts";
import { templateLanguageDiagrams, templateLanguageEbnf } from "../../grammar/generate.ts";
import { lookaheadTable } from "../../grammar/lookahead.ts";

const place = (name: string): URL => new URL(`../../grammar/${name}`, import.meta.url);

function compare(name: string, text: string): void {
  if (process.env["UPDATE"] === "1") writeFileSync(place(name), text);
  expect(readFileSync(place(name), "utf8")).toBe(text);
}

it("template-language.ebnf is up to date", () => compare("template-language.ebnf", templateLanguageEbnf()));

it("template-language.html is up to date", () => compare("template-language.html", templateLanguageDiagrams()));

it("lookahead.json is up to date", () => compare("../compiler/template/syntax/lookahead.json", lookaheadTable()));

it("the editor's grammar knows every word of the language", () => {
  const editor = readFileSync(place("template-language.tmLanguage.json"), "utf8");
  const known = new Set(editor.match(/\w+/g));
  for (const word of wordTypes.keys()) expect(known).toContain(word);
});

it("has no ambiguity that Chevrotain can find", () => {
  // Validation throws. It is skipped in production, since the grammar does not change there.
  expect(() => new TemplateParser({ analysis: "validated" })).not.toThrow();
  expect(createLexer(false).lexerDefinitionErrors).toEqual([]);
});
