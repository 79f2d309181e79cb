/** @file From a template's part to its syntax tree: scan, lex, parse, check. Every fault is a diagnostic at the user's own place. */
import { Lexer } from "chevrotain";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { TemplateFault, templateDiagnostics } from "../diagnostics.ts";
import type { MappedText } from "../scan/mapped-text.ts";
import { type RewriteOptions, rewritePart } from "../scan/rewrite.ts";
import type { TemplatePart } from "../scan/sub-templates.ts";
import type { Body, TemplateTree } from "./ast.ts";
import { collectBlocks } from "./blocks.ts";
import { characterNamed } from "./character-names.ts";
import { explainLexing, explainParsing } from "./explain.ts";
import { type KnownNames, unknownNames } from "./names.ts";
import { SyntaxFault } from "./syntax-fault.ts";
import { TemplateParser } from "./template-parser.ts";
import { lexerDefinition } from "./tokens.ts";

let machinery: { readonly lexer: Lexer; readonly parser: TemplateParser } | undefined;

/** One lexer and one parser serve the process: building them is the costly part, and they keep nothing between parses. */
function lexerAndParser(): { readonly lexer: Lexer; readonly parser: TemplateParser } {
  machinery ??= { lexer: createLexer(true), parser: new TemplateParser({ nameToCharacter: characterNamed }) };
  return machinery;
}

export function createLexer(skipValidations: boolean): Lexer {
  return new Lexer(lexerDefinition, { positionTracking: "onlyOffset", skipValidations, safeMode: false });
}

/** @throws TemplateFault of kind `syntax`, with every fault found. */
export function parseTemplate(
  name: string,
  part: TemplatePart,
  options: RewriteOptions,
  known: KnownNames,
): TemplateTree {
  const source = rewritePart(part, options);
  try {
    const body = parseBody(source);
    const unknown = unknownNames(body, known);
    if (unknown.length > 0) throw faultOf(unknown);
    return { name, file: part.file, start: part.start, end: part.end, body, blocks: collectBlocks(body) };
  } catch (error) {
    if (error instanceof RangeError) {
      const span = { file: part.file, start: part.start, end: part.start };
      throw new TemplateFault(
        "syntax",
        templateDiagnostics.syntax({ span }, { message: `'${name}' is nested too deeply` }),
      );
    }
    if (!(error instanceof SyntaxFault)) throw error;
    throw new TemplateFault("syntax", diagnosticOf(error));
  }
}

function diagnosticOf(fault: SyntaxFault): Diagnostic {
  return templateDiagnostics.syntax(
    { span: fault.span, labels: fault.labels },
    { message: fault.message, hint: fault.hint },
  );
}

function parseBody(source: MappedText): Body {
  const { lexer, parser } = lexerAndParser();
  const { tokens, errors } = lexer.tokenize(source.text);
  const lexical = explainLexing(source, tokens, errors);
  if (lexical.length > 0) throw faultOf(lexical);
  const { body, error } = parser.parse(source, tokens);
  if (body === undefined) throw faultOf([explainParsing(source, tokens, error)]);
  return body;
}

function faultOf(diagnostics: readonly Diagnostic[]): TemplateFault {
  const [first, ...more] = diagnostics as [Diagnostic, ...Diagnostic[]];
  return new TemplateFault("syntax", first, ...more);
}
