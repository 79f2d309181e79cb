/** @file What one template says of itself: purpose, blocks with their comments and bodies, the templates that it names. Read from its tree; nothing runs. */
import type { Span } from "../source/span.ts";
import type { Block, Body, Expression, Statement, TemplateTree } from "../template/index.ts";
import { reads, statementsOf, visitStatementParts } from "../template/syntax/walk.ts";
import { CommentReader, lineStart } from "./template-comments.ts";

export interface BlockFacts {
  readonly name: string;
  /** The section's header, or the name in the tag. */
  readonly span: Span;
  /** The block around it in the same template. */
  readonly nestedIn: string | undefined;
  readonly doc: string | undefined;
  /** Whether it prints what the template above has there. */
  readonly callsSuper: boolean;
  readonly required: boolean;
  /** Written as a section, `[name]`. */
  readonly isSection: boolean;
  /** As it is written between the opening and the end, the comment at its top left out. */
  readonly body: string;
  /** The body without the blocks in it. */
  readonly ownBody: string;
}

export interface TemplateReference {
  readonly kind: "extends" | "include" | "import";
  /** The name as written; for any other expression its text. */
  readonly target: string;
  /** Computed when the template runs. */
  readonly isDynamic: boolean;
  readonly span: Span;
}

export interface TemplateFacts {
  readonly purpose: string | undefined;
  /** In the order in which they are written. */
  readonly blocks: readonly BlockFacts[];
  readonly references: readonly TemplateReference[];
}

export function factsOf(tree: TemplateTree): TemplateFacts {
  const comments = new CommentReader(tree.file, tree.start, tree.end);
  const blocks: BlockFacts[] = [];
  const visit = (body: Body, nestedIn: string | undefined): void => {
    for (const statement of body) {
      if (statement.kind === "block") blocks.push(blockFacts(statement, nestedIn, comments));
      visit(bodiesOf(statement), statement.kind === "block" ? statement.name : nestedIn);
    }
  };
  visit(tree.body, undefined);
  const references = [...statementsOf(tree.body)].flatMap(referencesOf);
  return { purpose: comments.purpose, blocks, references };
}

function bodiesOf(statement: Statement): Body {
  const inner: Statement[] = [];
  visitStatementParts(statement, { statement: (node) => inner.push(node), expression: () => {}, target: () => {} });
  return inner;
}

function blockFacts(block: Block, nestedIn: string | undefined, comments: CommentReader): BlockFacts {
  return {
    name: block.name,
    span: block.section?.header ?? block.nameSpan,
    nestedIn,
    doc: comments.docOf(block.opening),
    callsSuper: reads(block.body, "super"),
    required: block.required,
    isSection: block.section !== undefined,
    body: bodyText(block, []),
    ownBody: bodyText(block, [...innerBlocks(block.body)]),
  };
}

/** The blocks in a body that no other block of it holds. */
function* innerBlocks(body: Body): Generator<Block> {
  for (const statement of body) {
    if (statement.kind === "block") yield statement;
    else yield* innerBlocks(bodiesOf(statement));
  }
}

/** The lines between the opening and the end of a block, those of some inner blocks left out. */
function bodyText({ opening, span, section }: Block, without: readonly Block[]): string {
  const { file } = span;
  const { text } = file;
  const from = text.startsWith("\r\n", opening.end)
    ? opening.end + 2
    : opening.end + (/[\n\r]/.test(text[opening.end] ?? "") ? 1 : 0);
  let to = span.end;
  if (section === undefined) {
    const word = text.lastIndexOf("endblock", span.end);
    const tag = text.lastIndexOf("{%", word);
    const line = lineStart(file, Math.max(word, 0));
    // A line statement has no delimiter of its own.
    to = /^\s*(--|<<|>>)\s/.test(text.slice(line, word)) ? line : Math.max(tag, from);
  }
  const kept: string[] = [];
  let at = from;
  for (const inner of without) {
    kept.push(text.slice(at, Math.max(at, lineStart(file, inner.span.start))));
    const end = inner.span.end;
    // A section ends with a line, a tag within one.
    const rest = /[^\n\r]*(?:\r\n|\n|\r|$)/y;
    rest.lastIndex = end;
    at = end > from && /[\n\r]/.test(text[end - 1] ?? "") ? end : end + (rest.exec(text)?.[0].length ?? 0);
  }
  const whole = kept.join("") + text.slice(at, Math.max(at, to));
  const lines = whole.split(/\r\n|\n|\r/);
  let first = 0;
  while (/^\s*##/.test(lines[first] ?? "")) first += 1;
  return lines.slice(first).join("\n").replace(/\s+$/, "");
}

function referencesOf(statement: Statement): TemplateReference[] {
  switch (statement.kind) {
    case "extends":
    case "include":
      return namesIn(statement.template).map((name) => ({ kind: statement.kind, ...name }));
    case "import":
    case "from-import":
      return namesIn(statement.template).map((name) => ({ kind: "import", ...name }));
    default:
      return [];
  }
}

function namesIn(expression: Expression): Omit<TemplateReference, "kind">[] {
  const { span } = expression;
  if (expression.kind === "literal" && typeof expression.value === "string")
    return [{ target: expression.value, isDynamic: false, span }];
  if (expression.kind === "list" || expression.kind === "tuple") return expression.items.flatMap(namesIn);
  // `x if a else 'b'` may name either.
  if (expression.kind === "conditional")
    return [...namesIn(expression.value), ...(expression.otherwise === undefined ? [] : namesIn(expression.otherwise))];
  return [{ target: span.file.text.slice(span.start, span.end), isDynamic: true, span }];
}
