/**
 * @file What a statement that failed, or that could not be run since its condition failed, would have changed.
 *
 * `{% if BROKEN %}` renders neither branch. Taking one would report what that branch only does because the condition promised it
 * (`if x.y` before `x.y.z`); taking both would report that twice. Instead every name that the branches give a value is poisoned, so
 * that whoever reads it later is silent too, and what does not depend on the condition goes on.
 */
import type { Body, Statement, Target } from "../syntax/ast.ts";
import { visitStatementParts } from "../syntax/walk.ts";
import { Namespace, poisoned } from "../values/index.ts";
import type { Frame } from "./scope.ts";

/** Poison the names that `node` would have bound in the scope of `frame`, and the attributes of namespaces below it. */
export function poisonTargets(node: Statement, frame: Frame): void {
  poisonStatement(node, frame, true);
}

function poisonStatement(node: Statement, frame: Frame, inScope: boolean): void {
  switch (node.kind) {
    case "text":
    case "print":
    case "extends":
    case "include":
      return;
    case "assign":
    case "assign-block": {
      const { target } = node;
      if (target.kind === "attribute") {
        const object = frame.scope.get(target.object.name);
        if (object instanceof Namespace) object.setAttribute(target.name, poisoned);
      } else if (inScope) poisonTarget(target, frame);
      return;
    }
    case "macro":
      if (inScope) frame.scope.assign(node.name, poisoned);
      return;
    case "import":
      if (inScope) frame.scope.assignImported(node.target.name, poisoned);
      return;
    case "from-import":
      if (inScope) for (const { alias } of node.names) frame.scope.assignImported(alias, poisoned);
      return;
    case "block":
      return;
    default:
      // Only an `if` is no scope of its own.
      poisonParts(node, frame, inScope && node.kind === "if");
  }
}

function poisonParts(node: Statement, frame: Frame, inScope: boolean): void {
  const inner: Body[number][] = [];
  visitStatementParts(node, { statement: (part) => inner.push(part), expression: () => {}, target: () => {} });
  for (const part of inner) poisonStatement(part, frame, inScope);
}

function poisonTarget(target: Target, frame: Frame): void {
  if (target.kind === "name") frame.scope.assign(target.name, poisoned);
  else for (const item of target.items) poisonTarget(item, frame);
}
