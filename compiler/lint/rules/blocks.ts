/** @file Rules on blocks: those that override nothing, and what stands beside them and is dropped. */
import { nearest } from "../../source/nearest.ts";
import type { Block, Body, Statement } from "../../template/index.ts";
import { lintDiagnostics as found } from "../diagnostics.ts";
import type { LintRule } from "../rule.ts";

export const overridesNothing: LintRule = {
  name: "overrides-nothing",
  *find({ templates }) {
    for (const { tree, ancestors, hasComputedAncestor, entry } of templates) {
      if (entry.parent === undefined || hasComputedAncestor || ancestors.some(({ tree: above }) => above === undefined))
        continue;
      const names = new Set(ancestors.flatMap(({ facts }) => facts?.blocks.map(({ name }) => name) ?? []));
      for (const block of topLevelBlocks(tree.body)) {
        if (names.has(block.name)) continue;
        const span = block.section?.header ?? block.nameSpan;
        yield found.overridesNothing({ span }, { name: block.name, nearest: nearest(block.name, names) });
      }
    }
  },
};

function* topLevelBlocks(body: Body): Generator<Block> {
  for (const statement of body) {
    if (statement.kind === "block") yield statement;
    if (statement.kind === "if")
      for (const branch of [...statement.branches.map(({ body: inner }) => inner), statement.otherwise ?? []])
        yield* topLevelBlocks(branch);
  }
}

export const droppedText: LintRule = {
  name: "dropped-text",
  *find({ templates }) {
    for (const { tree } of templates) {
      const start = tree.body.findIndex(({ kind }) => kind === "extends");
      if (start < 0) continue;
      for (const statement of tree.body.slice(start + 1)) {
        const span = droppedPart(statement);
        if (span !== undefined) yield found.droppedText({ span }, {});
      }
    }
  },
};

/** The first line of a dropped text that is more than a comment; all of a dropped expression, but for the newline of a section's end. */
function droppedPart(statement: Statement) {
  if (statement.kind === "print") {
    const [expression] = statement.expressions;
    return expression?.kind === "literal" ? undefined : statement.span;
  }
  if (statement.kind !== "text") return undefined;
  for (const { text, span } of statement.runs) {
    let offset = 0;
    for (const line of text.split("\n")) {
      const content = line.trim();
      if (content !== "" && !content.startsWith("#")) {
        const start = span.start + offset + line.indexOf(content);
        return { file: span.file, start, end: Math.min(span.end, start + content.length) };
      }
      offset += line.length + 1;
    }
  }
  return undefined;
}
