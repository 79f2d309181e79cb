/** @file From a template's part to its syntax tree: scan, lex, parse, check. Every fault is a diagnostic at the user's own place. */
import type { Lexer } from "chevrotain";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { TemplateFault, templateDiagnostics } from "../diagnostics.ts";
import { type RewriteOptions, rewritePart } from "../scan/rewrite.ts";
import type { TemplatePart } from "../scan/sub-templates.ts";
import type { TemplateTree } from "./ast.ts";
import { collectBlocks } from "./blocks.ts";
import { characterNamed } from "./character-names.ts";
import { createLexer, lex } from "./lex.ts";
import { type KnownNames, unknownNames } from "./names.ts";
import { parseBody } from "./recover.ts";
import { Repairs } from "./repairs.ts";
import { TemplateParser } from "./template-parser.ts";

export { createLexer } from "./lex.ts";

let machinery: { readonly lexer: Lexer; readonly parser: TemplateParser } | undefined;

/** One lexer and one parser serve the process: building them is the costly part, and they keep nothing between parses. */
function lexerAndParser(): { readonly lexer: Lexer; readonly parser: TemplateParser } {
  machinery ??= { lexer: createLexer(true), parser: new TemplateParser({ nameToCharacter: characterNamed }) };
  return machinery;
}

/** The tree of a template. Where it has faults, `damage` lists them all, and the tree is what could be made of the rest. */
export function parseTemplate(
  name: string,
  part: TemplatePart,
  options: RewriteOptions,
  known: KnownNames,
): TemplateTree {
  const repairs = new Repairs();
  const empty = { name, file: part.file, start: part.start, end: part.end, body: [], blocks: new Map() };
  try {
    const { lexer, parser } = lexerAndParser();
    const source = rewritePart(part, options);
    const body = parseBody(parser, source, lex(lexer, source, repairs), repairs);
    for (const diagnostic of unknownNames(body, known)) repairs.report(diagnostic);
    const blocks = collectBlocks(body, (fault) => repairs.refuse(fault));
    return { ...empty, body, blocks, damage: repairs.damage };
  } catch (error) {
    // The tree can be walked no deeper than the engine's stack.
    if (!(error instanceof RangeError)) throw error;
    const span = { file: part.file, start: part.start, end: part.start };
    repairs.report(templateDiagnostics.syntax({ span }, { message: `'${name}' is nested too deeply` }));
    repairs.giveUp();
    return { ...empty, damage: repairs.damage };
  }
}

/** A template's tree where it has no fault. */
export function requireSound(tree: TemplateTree): TemplateTree {
  if (tree.damage === undefined) return tree;
  const [first, ...more] = tree.damage.diagnostics as [Diagnostic, ...Diagnostic[]];
  throw new TemplateFault("syntax", first, ...more);
}
