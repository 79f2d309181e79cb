/** @file Rules on variables: set and never read; forgotten at the end of a block. */
import type { VariableWrite } from "../../driver/template-variables.ts";
import { nearest } from "../../source/nearest.ts";
import { statementsOf } from "../../template/syntax/walk.ts";
import type { Corpus, LintedTemplate } from "../corpus.ts";
import { lintDiagnostics as found } from "../diagnostics.ts";
import type { LintRule } from "../rule.ts";

/** `ns.x` is read as such, or all of `ns` is; a plain name by itself, or an attribute of it. */
function isRead({ name }: VariableWrite, { read }: Corpus): boolean {
  const [base = name] = name.split(".");
  if (read.has(name) || read.has(base)) return true;
  return !name.includes(".") && [...read].some((other) => other.startsWith(`${name}.`));
}

/** `set ns = namespace()` makes the object that others set things on; `_` is for what nobody wants. */
function isExempt({ name, value }: VariableWrite): boolean {
  return (name.split(".").at(-1) as string).startsWith("_") || value?.startsWith("namespace(") === true;
}

export const unusedVariable: LintRule = {
  name: "unused-variable",
  *find(corpus) {
    for (const { variables } of corpus.templates) {
      const seen = new Set<string>();
      for (const write of variables.writes) {
        const { name, span } = write;
        if (seen.has(name) || isExempt(write) || isRead(write, corpus)) continue;
        seen.add(name);
        const [base = name, attribute] = name.split(".");
        const known = [...corpus.read].filter((read) =>
          attribute === undefined ? !read.includes(".") : read.startsWith(`${base}.`),
        );
        yield found.unusedVariable({ span }, { name, nearest: nearest(name, known) });
      }
    }
  },
};

export const lostSet: LintRule = {
  name: "lost-set",
  *find(corpus) {
    for (const template of corpus.templates)
      for (const write of template.variables.writes) {
        const { name, span, block, isLocal } = write;
        if (block === undefined || isLocal || name.includes(".") || isExempt(write)) continue;
        // Read nowhere is another rule's matter.
        if (!isRead(write, corpus) || isReadIn(template, name, block)) continue;
        yield found.lostSet({ span }, { name, block });
      }
  },
};

/** A block sees what it sets itself, and so does what it includes. */
function isReadIn({ variables, tree }: LintedTemplate, name: string, block: string): boolean {
  const body = tree.blocks.get(block)?.body ?? [];
  if ([...statementsOf(body)].some(({ kind }) => kind === "include")) return true;
  return variables.reads.some(
    (read) => read.block === block && (read.name === name || read.name.startsWith(`${name}.`)),
  );
}
