/**
 * @file Filters and tests must exist when a template is loaded, save those that stand in a condition: there a template may
 * ask for one that not every host has, and the name is looked up when it is used.
 */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import { templateDiagnostics as faults } from "../diagnostics.ts";
import type { Body, Expression, Statement } from "./ast.ts";
import { type Visitor, visitExpressionParts, visitStatementParts } from "./walk.ts";

export interface KnownNames {
  readonly filters: ReadonlySet<string>;
  readonly tests: ReadonlySet<string>;
}

/** Every filter and test in `body` that does not exist and does not stand in a condition. */
export function unknownNames(body: Body, known: KnownNames): Diagnostic[] {
  const found: Diagnostic[] = [];
  const expression = (node: Expression, soft: boolean): void => {
    if (node.kind === "name" || node.kind === "literal") return;
    if (!soft && (node.kind === "filter" || node.kind === "test")) {
      const names = node.kind === "filter" ? known.filters : known.tests;
      if (!names.has(node.name)) {
        const report = node.kind === "filter" ? faults.unknownFilter : faults.unknownTest;
        found.push(report({ span: node.nameSpan }, { name: node.name, nearest: nearest(node.name, names) }));
      }
    }
    visitExpressionParts(node, visitor(soft || node.kind === "conditional", soft));
  };
  /** `inner` counts for expressions, `body` for statements: a body of its own scope is not the condition's any more. */
  const visitor = (inner: boolean, bodies: boolean): Visitor => ({
    expression: (node) => expression(node, inner),
    statement: (node) => statement(node, bodies),
    target: () => {},
  });
  const statement = (node: Statement, soft: boolean): void => {
    switch (node.kind) {
      case "text":
        return;
      case "print":
        for (const part of node.expressions) expression(part, soft);
        return;
      case "if":
        visitStatementParts(node, visitor(true, true));
        return;
      case "for":
        expression(node.items, soft);
        if (node.condition !== undefined) expression(node.condition, false);
        for (const inner of [...node.body, ...(node.otherwise ?? [])]) statement(inner, false);
        return;
      case "filter-block":
      case "assign-block":
        visitStatementParts(node, visitor(false, false));
        return;
      default:
        visitStatementParts(node, visitor(soft, false));
    }
  };
  for (const node of body) statement(node, false);
  return found;
}
