/** @file What emitted modules have in common: the comment at the top, and the names inside. */
import type { GraphValue } from "../graph/node.ts";
import { walk } from "../graph/passes/queries.ts";
import { type Code, joinCode } from "./code.ts";
import type { EmitPlan } from "./plan.ts";

/** The file comment with the imports right below it. @param usage a command to show */
export function moduleHead(
  title: string,
  description: string,
  plan: EmitPlan,
  imports: readonly Code[],
  usage?: string,
): Code {
  const lines = [
    `${title}: ${sentence(description)}`,
    "",
    ...(usage === undefined ? [] : [`    ${usage}`, ""]),
    `Emitted by fgc from ${plan.configName}. Yours to edit: nothing here needs fgc to run.`,
  ];
  const comment = ["/**", ...lines.map((line) => ` * ${line}`.trimEnd().replaceAll("*/", "*\u200b/")), " */"];
  return joinCode([...comment, ...imports], "\n");
}

export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** `tiny_llama` → `Tiny Llama`. */
export function titleCase(name: string): string {
  return name.replace(/[_-]+/g, " ").replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
}

/** Names that a module defines: its imports must step aside. */
export function definedNames(root: GraphValue): readonly string[] {
  return [...walk(root)].flatMap((node) => (node.kind === "call" && node.name !== undefined ? [node.name] : []));
}

/** A part that a function returns is no constant of it. */
export function withoutName(node: GraphValue): GraphValue {
  if (node.kind !== "call") return node;
  const { name: _, ...rest } = node;
  return rest;
}
