/** @file From a failure to a fault: its place, the way there, and what was likely meant. */
import type { Place } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import type { Frame as SourceFrame, Span } from "../../source/span.ts";
import { templateDiagnostics as faults, TemplateFault } from "../diagnostics.ts";
import type { Expression } from "../syntax/ast.ts";
import { visitExpressionParts } from "../syntax/walk.ts";
import { type NearNames, PoisonedUse, TemplateError } from "../values/index.ts";
import { visible } from "../visible.ts";
import type { Frame } from "./scope.ts";

/** `error` as a fault at `place`. Faults that have a place already pass unchanged. */
export function locate(error: unknown, place: Expression | Span, frame: Frame): unknown {
  if (error instanceof PoisonedUse) return error;
  if (error instanceof TemplateFault) return withChain(error, frame);
  const expression = "kind" in place ? place : undefined;
  const span = expression?.span ?? (place as Span);
  const at = { span, chain: frame.stack };
  if (error instanceof RangeError) {
    // The engine's own limits: its stack, or the size of a text or an int. (No regular expression: there may be no stack for one.)
    if (!error.message.startsWith("Maximum call stack")) {
      return new TemplateFault("overflow", faults.evaluation(at, { message: "the result is too large" }));
    }
    return new TemplateFault("recursion", faults.recursion(beginning(at), { message: "this nests too deeply" }));
  }
  if (!(error instanceof TemplateError)) return error;
  const { kind, near } = error;
  const message = visible(error.message);
  const close =
    near &&
    (nearest(near.wanted, near.known, near.wanted.length <= 3 ? 1 : undefined) ??
      nearest(near.wanted, near.unlikely ?? [], 1));
  const hint = close === undefined ? listed(near) : `did you mean '${close}'?`;
  switch (kind) {
    case "undefined": {
      const name = near?.wanted ?? "";
      const known = message === `'${name}' is undefined` ? elsewhere.get(name) : undefined;
      const culprit = expression === undefined ? span : (findOperand(expression, name) ?? span);
      return new TemplateFault(
        kind,
        faults.undefinedVariable(
          { ...at, span: culprit, labels: lineMeantToSet(name, culprit) },
          { message, hint: known ?? hint, name },
        ),
      );
    }
    case "security":
      return new TemplateFault(kind, faults.security(at, { message, hint }));
    case "recursion":
      return new TemplateFault(kind, faults.recursion(beginning(at), { message, hint }));
    case "syntax":
      return new TemplateFault(kind, faults.syntax(at, { message, hint }));
    default:
      return new TemplateFault(kind, faults.evaluation(at, { message, hint }));
  }
}

/** Names that Python or YAML has, and what stands for them here. */
const elsewhere = new Map([
  ...["null", "NULL", "Null", "nil"].map((name) => [name, "the language's word is 'none'"] as const),
  ["TRUE", "the language's word is 'true'"],
  ["FALSE", "the language's word is 'false'"],
  ["enumerate", "in a loop, 'loop.index0' counts"],
  ["len", "there is a filter: x|length"],
  ["str", "there is a filter: x|string"],
  ["sorted", "there is a filter: x|sort"],
  ["reversed", "there is a filter: x|reverse"],
  ...["int", "float", "list", "sum", "max", "min", "abs", "round", "map"].map(
    (name) => [name, `there is a filter: x|${name}`] as const,
  ),
]);

/** A line that says `set name` and is text, since its mark is missing or wrong. */
function lineMeantToSet(name: string, { file }: Span): readonly { readonly span: Span; readonly text: string }[] {
  if (!/^\w+$/.test(name)) return [];
  const found = new RegExp(`^[ \\t]*((?:--?)?set[ \\t]+${name}[ \\t]*=.*)$`, "m").exec(file.text);
  if (found === null) return [];
  const start = found.index + found[0].length - (found[1] as string).length;
  const span = { file, start, end: start + (found[1] as string).trimEnd().length };
  return [{ span, text: "this line is text: a statement begins with '-- '" }];
}

/** All names, where they are few enough to be read. */
function listed(near: NearNames | undefined): string | undefined {
  if (near?.listed === undefined || near.known.length === 0 || near.known.length > 8) return undefined;
  return `${near.listed} ${near.known.map((name) => `'${name}'`).join(", ")}`;
}

/** The first steps of an endless way say all of it. */
function beginning({ span, chain }: { span: Span; chain: readonly SourceFrame[] }): Place {
  return { span, chain: chain.slice(0, 6) };
}

/** A syntax fault knows no chain: it was found while loading. */
function withChain(fault: TemplateFault, frame: Frame): TemplateFault {
  const [first, ...more] = fault.diagnostics;
  if (first === undefined || first.chain !== undefined || frame.stack.length === 0) return fault;
  return new TemplateFault(fault.kind, { ...first, chain: frame.stack }, ...more);
}

/** The part of an expression that names `name`: what an undefined value in it came from. */
function findOperand(expression: Expression, name: string): Span | undefined {
  if (expression.kind === "name" && expression.name === name) return expression.span;
  if (expression.kind === "attribute" && expression.name === name) return expression.span;
  let found: Span | undefined;
  visitExpressionParts(expression, {
    expression: (part) => {
      found ??= findOperand(part, name);
    },
    statement: () => {},
    target: () => {},
  });
  return found;
}
