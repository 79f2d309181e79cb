/**
 * @file The TextMate grammar: the scopes of sample templates, token by token, and its agreement with our own lexer on all templates of the package.
 *
 * UPDATE=1 rewrites the `.scopes` files; read the diff.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TokenType } from "chevrotain";
import { beforeAll, describe, expect, it } from "vitest";
import { positionAt } from "../../compiler/source/span.ts";
import { rewritePart } from "../../compiler/template/scan/rewrite.ts";
import { splitFile } from "../../compiler/template/scan/sub-templates.ts";
import { createLexer } from "../../compiler/template/syntax/parse.ts";
import * as t from "../../compiler/template/syntax/tokens.ts";
import { loadGrammar, repository, type ScopedToken } from "./scopes.ts";

let tokenize: Awaited<ReturnType<typeof loadGrammar>>;
beforeAll(async () => {
  tokenize = await loadGrammar();
});

const samples = join(import.meta.dirname, "samples");

function printScopes(text: string): string {
  const tokens = tokenize(text);
  return text
    .split("\n")
    .flatMap((line, i) => [
      `> ${line}`.trimEnd(),
      ...tokens
        .filter((token) => token.line === i && token.text.trim() !== "")
        .map(({ text: part, scopes }) => `    ${JSON.stringify(part.trim()).padEnd(24)} ${scopes.join(" ") || "-"}`),
    ])
    .join("\n");
}

describe("scopes of samples", () => {
  for (const name of readdirSync(samples).filter((file) => file.endsWith(".yaml"))) {
    it(name, () => {
      const path = join(samples, name.replace(".yaml", ".scopes"));
      const printed = `${printScopes(readFileSync(join(samples, name), "utf8").trimEnd())}\n`;
      if (process.env["UPDATE"] === "1") writeFileSync(path, printed);
      expect(printed).toBe(existsSync(path) ? readFileSync(path, "utf8") : "");
    });
  }
});

function* templates(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "output_models" && entry.name !== "node_modules" && entry.name !== "tmp")
        yield* templates(path);
    } else if (/\.(?:yaml|jinja)$/.test(entry.name)) yield path;
  }
}

/** What the grammar must call a token of ours; undefined where it may choose. */
function expectedScope(type: TokenType, before: TokenType | undefined): RegExp | undefined {
  if (before === t.TagOpen) return /^keyword\.control/;
  if (type === t.Str) return /^string\.quoted/;
  if (type === t.Integer || type === t.Float) return /^constant\.numeric/;
  if (before === t.Pipe) return /^support\.function\.filter/;
  if (type === t.Pipe) return /^keyword\.operator\.filter/;
  return undefined;
}

describe("agrees with the lexer", () => {
  const lexer = createLexer(true);
  for (const folder of ["templatelib", "examples"])
    it(`on every template of ${folder}/`, () => {
      for (const path of templates(join(repository, folder))) {
        const file = { path, text: readFileSync(path, "utf8") };
        const scoped = tokenize(file.text);
        for (const part of splitFile(file)) {
          const source = rewritePart(part, { preserveLineNumbers: true });
          const { tokens } = lexer.tokenize(source.text);
          for (const [i, token] of tokens.entries()) {
            const made = source.madeAt(token.startOffset)?.kind;
            const expected = expectedScope(token.tokenType, tokens[i - 1]?.tokenType);
            if (expected === undefined || (made !== undefined && made !== "statement-start")) continue;
            // The word of a section's block is the header's.
            if (source.madeAt(tokens[i - 1]?.startOffset ?? 0)?.kind === "section-start") continue;
            const at = positionAt(file, source.span(token.startOffset, t.endOf(token)).start);
            const found = tokenAt(scoped, at.line - 1, at.column - 1);
            expect(
              found?.scopes.some((scope) => expected.test(scope)),
              `${path}:${at.line}:${at.column} ${token.image} is ${found?.scopes.join(" ")}`,
            ).toBe(true);
          }
        }
      }
    });
});

function tokenAt(tokens: readonly ScopedToken[], line: number, column: number): ScopedToken | undefined {
  return tokens.find(
    (token) => token.line === line && token.start <= column && column < token.start + token.text.length,
  );
}
