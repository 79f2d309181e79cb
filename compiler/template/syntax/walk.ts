/** @file Walking the syntax tree. The one place that knows what each kind of node holds, in the order of evaluation. */
import type { Arguments, AttributeTarget, Body, Expression, Statement, Target } from "./ast.ts";

/** Calls back for each direct part of a node. */
export interface Visitor {
  expression(node: Expression): void;
  statement(node: Statement): void;
  /** A place that is assigned: loop variables, `set`, parameters, imported names. */
  target(node: Target | AttributeTarget): void;
}

export function visitExpressionParts(node: Expression, visitor: Visitor): void {
  const visit = (part: Expression | undefined): void => {
    if (part !== undefined) visitor.expression(part);
  };
  switch (node.kind) {
    case "literal":
    case "name":
      return;
    case "list":
    case "tuple":
      for (const item of node.items) visit(item);
      return;
    case "dict":
      for (const [key, value] of node.entries) {
        visit(key);
        visit(value);
      }
      return;
    case "attribute":
      visit(node.target);
      return;
    case "item":
      visit(node.target);
      visit(node.index);
      return;
    case "slice":
      visit(node.start);
      visit(node.stop);
      visit(node.step);
      return;
    case "call":
      visit(node.callee);
      visitArguments(node.args, visit);
      return;
    case "filter":
    case "test":
      visit(node.target);
      visitArguments(node.args, visit);
      return;
    case "unary":
    case "not":
      visit(node.operand);
      return;
    case "binary":
    case "logic":
      visit(node.left);
      visit(node.right);
      return;
    case "compare":
      visit(node.first);
      for (const { operand } of node.rest) visit(operand);
      return;
    case "concat":
      for (const part of node.parts) visit(part);
      return;
    case "conditional":
      visit(node.test);
      visit(node.value);
      visit(node.otherwise);
  }
}

function visitArguments(args: Arguments, visit: (part: Expression | undefined) => void): void {
  for (const value of args.positional) visit(value);
  for (const { value } of args.keywords) visit(value);
  visit(args.list);
  visit(args.mapping);
}

export function visitStatementParts(node: Statement, visitor: Visitor): void {
  const body = (statements: Body | undefined): void => {
    for (const statement of statements ?? []) visitor.statement(statement);
  };
  switch (node.kind) {
    case "text":
      return;
    case "print":
      for (const part of node.expressions) visitor.expression(part);
      return;
    case "if":
      for (const branch of node.branches) {
        visitor.expression(branch.test);
        body(branch.body);
      }
      body(node.otherwise);
      return;
    case "for":
      visitor.expression(node.items);
      visitor.target(node.target);
      if (node.condition !== undefined) visitor.expression(node.condition);
      body(node.body);
      body(node.otherwise);
      return;
    case "block":
      body(node.body);
      return;
    case "extends":
    case "include":
      visitor.expression(node.template);
      return;
    case "import":
      visitor.expression(node.template);
      visitor.target(node.target);
      return;
    case "from-import":
      visitor.expression(node.template);
      for (const { alias, span } of node.names) visitor.target({ kind: "name", name: alias, span });
      return;
    case "macro":
    case "call-block":
      if (node.kind === "macro") visitor.target({ kind: "name", name: node.name, span: node.nameSpan });
      else visitor.expression(node.call);
      for (const { name, span, fallback } of node.parameters) {
        visitor.target({ kind: "name", name, span });
        if (fallback !== undefined) visitor.expression(fallback);
      }
      body(node.body);
      return;
    case "assign":
      visitor.expression(node.value);
      visitor.target(node.target);
      return;
    case "assign-block":
      if (node.filter !== undefined) visitor.expression(node.filter);
      body(node.body);
      visitor.target(node.target);
      return;
    case "with":
      for (const { value } of node.bindings) visitor.expression(value);
      for (const { target } of node.bindings) visitor.target(target);
      body(node.body);
      return;
    case "filter-block":
      visitor.expression(node.filter);
      body(node.body);
      return;
    case "autoescape":
      visitor.expression(node.value);
      body(node.body);
  }
}

/** Every statement below `body`, outer before inner. */
export function* statementsOf(body: Body): Generator<Statement> {
  for (const statement of body) {
    yield statement;
    // Most statements are these, and hold no others.
    if (statement.kind === "text" || statement.kind === "print") continue;
    const inner: Statement[] = [];
    visitStatementParts(statement, { statement: (node) => inner.push(node), expression: () => {}, target: () => {} });
    yield* statementsOf(inner);
  }
}

/**
 * Is `name` read somewhere in `body` before anything there assigns it? Blocks do not count, for they run elsewhere;
 * macros do, for they see the names around them.
 */
function readsUncached(body: Body, name: string): boolean {
  let found = false;
  let assigned = false;
  const visitor: Visitor = {
    expression(node) {
      if (found || assigned) return;
      if (node.kind === "name" && node.name === name) found = true;
      else visitExpressionParts(node, visitor);
    },
    statement(node) {
      if (!found && !assigned && node.kind !== "block") visitStatementParts(node, visitor);
    },
    target(node) {
      if (node.kind === "name") assigned ||= node.name === name;
      else if (node.kind === "tuple") node.items.forEach(visitor.target);
      else found ||= !assigned && node.object.name === name;
    },
  };
  for (const statement of body) visitor.statement(statement);
  return found;
}

const seen = new WeakMap<Body, Map<string, boolean>>();

/** `readsUncached`, computed once for each body: trees are frozen. */
export function reads(body: Body, name: string): boolean {
  const answers = seen.get(body) ?? new Map<string, boolean>();
  seen.set(body, answers);
  const known = answers.get(name);
  if (known !== undefined) return known;
  const answer = readsUncached(body, name);
  answers.set(name, answer);
  return answer;
}
