/** @file A person's words in files that are templates and YAML at once: what may stand there, and how it is written. */
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";

/** A name or description that survives the template engine: one line, nothing that begins an expression or a comment. */
export function checkWords(flag: string, text: string): string {
  const problem =
    text.trim() === "" && flag === "--name"
      ? "it is empty"
      : /[\n\r\0]/.test(text)
        ? "it must be one line"
        : /\{\{|\{%|\{#|##/.test(text)
          ? "'{{', '{%', '{#' and '##' mean something in templates"
          : undefined;
  if (problem !== undefined) throw new DiagnosticError(faults.badFlag({}, { flag, value: text, problem }));
  return text.trim();
}

/** Between double quotes, in YAML and in template expressions alike. */
export function quoted(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}

/** `My first LLM!` is `my_first_llm`: a name for folders and modules. */
export function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  return /^[a-z]/.test(slug) ? slug : `project${slug === "" ? "" : `_${slug}`}`;
}
