/** @file A config to start from: it extends a template, and every block of that stands in it as a stub, commented out. */
import type { OverridableBlock } from "../driver/block-hierarchy.ts";
import type { TemplateDocs } from "./template-docs.ts";

/**
 * Commented out with single hashes, which YAML ignores; in a template that extends another they print nothing at all.
 * A stub of what is defined shows the definition, to be changed; one of what is set or added to keeps what the template has there with `== super()`.
 */
export function skeletonConfig(docs: TemplateDocs): string {
  const { name, blocks, reads, purpose } = docs;
  const lines: string[] = [];
  const comment = (text: string): void => {
    for (const line of text.split("\n")) lines.push(`## ${line}`.trimEnd());
  };
  comment(purpose === undefined ? `Extends ${name}.` : `Extends ${name}: ${purpose}`);
  lines.push(`-- extends '${name}'`);
  const required = blocks.filter((block) => block.required && block.overrides.length === 0);
  const optional = blocks.filter((block) => !required.includes(block));
  for (const block of required) {
    lines.push("");
    comment(`${block.doc ?? ""} Required: fill it.`.trim());
    lines.push(`-- block ${block.name}`, `-- endblock ${block.name}`);
  }
  for (const block of optional) {
    const body = block.winningBody.split("\n").filter((line) => line.trim() !== "");
    // What only holds other blocks is nothing to override.
    if (body.length === 0 && blocks.some(({ nestedIn }) => nestedIn === block.name)) continue;
    lines.push("");
    comment(blockTitle(block));
    lines.push(`## -- block ${block.name}`);
    const adds = block.overrides[0]?.callsSuper === true || body.every((line) => /^\s*(?:--|<<|>>|==|=>)\s/.test(line));
    if (adds) lines.push("##     == super()");
    else for (const line of body) lines.push(`## ${line}`);
    lines.push(`## -- endblock ${block.name}`);
  }
  const flags = reads.filter(({ name: variable, defaults }) => !variable.includes(".") && defaults.length > 0);
  if (flags.length > 0) {
    lines.push("", "## Variables that flags or --set may give:");
    for (const { name: variable, defaults } of flags) lines.push(`##   ${variable}, default ${defaults.join(" or ")}`);
  }
  return `${lines.join("\n")}\n`;
}

function blockTitle({ name, doc, definition, nestedIn }: OverridableBlock): string {
  const where = `from ${definition.template}:${definition.line}${nestedIn === undefined ? "" : `, in ${nestedIn}`}`;
  return doc === undefined ? `${name}: ${where}` : `${doc} (${where})`;
}
