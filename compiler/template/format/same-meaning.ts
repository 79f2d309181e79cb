/**
 * @file Whether two templates mean the same: equal trees, places left out.
 *
 * Two things may differ, for they reach no output: how a text is cut into pieces (a section that ends with an empty line
 * prints that line, one that does not prints a newline of its own), and text at the top of a template after its `extends`.
 */
import type { Body, Statement, TemplateTree } from "../syntax/ast.ts";

export function sameMeaning(a: TemplateTree, b: TemplateTree): boolean {
  return meaningOf(a) === meaningOf(b);
}

/** A text that is equal for templates that mean the same. */
export function meaningOf({ body }: TemplateTree): string {
  let inherits = false;
  const top = body.filter((statement) => {
    if (statement.kind === "extends") inherits = true;
    return !inherits || writtenText(statement) === undefined;
  });
  return JSON.stringify(plainBody(top));
}

/** What a statement prints whatever happens: text, and the newline that ends a section. */
function writtenText(statement: Statement): string | undefined {
  if (statement.kind === "text") return statement.runs.map(({ text }) => text).join("");
  if (statement.kind !== "print" || statement.expressions.length !== 1) return undefined;
  const [expression] = statement.expressions;
  return expression?.kind === "literal" && expression.value === "\n" ? "\n" : undefined;
}

function plainBody(body: Body): unknown[] {
  const parts: unknown[] = [];
  let text = "";
  const flush = (): void => {
    if (text !== "") parts.push(text);
    text = "";
  };
  for (const statement of body) {
    const written = writtenText(statement);
    if (written !== undefined) {
      text += written;
      continue;
    }
    flush();
    parts.push(plain(statement));
  }
  flush();
  return parts;
}

const places = new Set(["span", "nameSpan", "opening", "section"]);

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return { int: String(value) };
  if (typeof value === "number") return { float: Object.is(value, -0) ? "-0" : String(value) };
  if (Array.isArray(value)) return value.every(isStatement) && value.length > 0 ? plainBody(value) : value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, part]) => !places.has(key) && part !== undefined)
      .map(([key, part]) => [key, plain(part)]),
  );
}

const statementKinds: ReadonlySet<string> = new Set<Statement["kind"]>([
  ...([
    "text",
    "print",
    "if",
    "for",
    "block",
    "extends",
    "include",
    "import",
    "from-import",
    "macro",
    "call-block",
  ] as const),
  ...(["assign", "assign-block", "with", "filter-block", "autoescape"] as const),
]);

function isStatement(value: unknown): value is Statement {
  return typeof value === "object" && value !== null && "kind" in value && statementKinds.has(String(value.kind));
}
