/** @file Documentation of symbols, printed: for a terminal, as Markdown, as YAML to paste into a config. */
import {
  type ArgumentDocs,
  type CallableDocs,
  type Documentation,
  type ModuleDocs,
  type SymbolDocs,
  summaryOf,
} from "../driver/symbol-docs.ts";
import { nearest } from "../source/nearest.ts";
import { columns } from "./columns.ts";

export type DocsFormat = "text" | "md" | "yaml" | "json";

export interface PrintedDocs {
  readonly text: string;
  readonly json: unknown;
  readonly extension: string;
}

/** @param name a spec (`fgc/optim:AdamW`), a module (`fgc/optim`), or nothing: all modules. Throws a `DiagnosticError` where it leads nowhere. */
export function symbolDocs(documentation: Documentation, name: string | undefined, format: DocsFormat): PrintedDocs {
  const extension = format === "text" ? "txt" : format;
  if (name === undefined) {
    const { modules } = documentation;
    const json = { modules };
    const lines = modules.map(({ name: module, exports }) => [module, `${exports} exports`]);
    return { text: format === "json" ? jsonText(json) : columns(lines), json, extension };
  }
  const module = documentation.module(name);
  if (module !== undefined) {
    const json = module;
    return { text: format === "json" ? jsonText(json) : printModule(module, format), json, extension };
  }
  const symbol = documentation.symbol(name);
  const print: Record<DocsFormat, () => string> = {
    text: () => printText(symbol),
    md: () => printMarkdown(symbol),
    yaml: () => printSkeleton(symbol),
    json: () => jsonText(symbol),
  };
  return { text: print[format](), json: symbol, extension };
}

/** Whether a name could be a module's by mistake: `fgc/optm`. */
export function nearestModule(documentation: Documentation, name: string): string | undefined {
  return nearest(
    name,
    documentation.modules.map((module) => module.name),
  );
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function printModule({ module, exports }: ModuleDocs, format: DocsFormat): string {
  const rows = exports.filter(({ kind }) => kind === "class" || kind === "function" || format === "json");
  if (format === "md")
    return `# ${module}\n\n${rows.map(({ name, summary }) => `- \`${name}\`${summary === "" ? "" : `: ${summary}`}\n`).join("")}`;
  if (format === "yaml")
    return rows.map(({ name, summary }) => `# ${summary}\n!singleton:${module}:${name}\n`).join("\n");
  return columns(rows.map(({ name, kind, summary }) => [name, kind, summary]));
}

const signatureOf = ({ name, type, required, default: fallback, rest }: ArgumentDocs): string =>
  `${rest ? `${name} …` : name}: ${type}${fallback !== undefined ? ` = ${fallback}` : required ? "" : ", optional"}`;

function printText(symbol: SymbolDocs): string {
  const { spec, kind, doc, call, type, statics, aliases } = symbol;
  const head = `${spec}   ${kind === "unknown" ? "a package that says nothing about its types" : kind}`;
  const paragraphs = [head, ...(doc === "" ? [] : [doc])];
  if (type !== undefined && kind !== "type") paragraphs.push(`type ${type}`);
  if (call !== undefined)
    paragraphs.push(argumentsText(call), `${kind === "class" ? "makes" : "gives"} ${call.returns}`);
  for (const { name, doc: staticDoc, ...made } of statics)
    paragraphs.push(
      [
        `${spec}.${name}`,
        ...(staticDoc === "" ? [] : [indent(staticDoc, "  ")]),
        indent(argumentsText(made), "  "),
      ].join("\n"),
    );
  if (aliases.length > 0) paragraphs.push(`upstream ${aliases.join(", ")}`);
  return `${paragraphs.join("\n\n")}\n`;
}

function argumentsText(call: CallableDocs): string {
  if (call.arguments.length === 0) return call.isOpen ? "arguments: any" : "no arguments";
  const lines = call.arguments.flatMap((argument) => [
    `  ${signatureOf(argument)}`,
    ...(argument.doc === "" ? [] : [indent(argument.doc, "      ")]),
  ]);
  return ["arguments", ...lines, ...(call.isOpen ? ["  … and names of your own"] : [])].join("\n");
}

function indent(text: string, by: string): string {
  return text
    .split("\n")
    .map((line) => `${by}${line}`.trimEnd())
    .join("\n");
}

function printMarkdown(symbol: SymbolDocs): string {
  const { spec, doc, call, type, statics, aliases } = symbol;
  const parts = [`# \`${spec}\``, ...(doc === "" ? [] : [doc])];
  if (type !== undefined) parts.push(`\`${type}\``);
  if (call !== undefined) parts.push(argumentTable(call));
  for (const { name, doc: staticDoc, ...made } of statics)
    parts.push(`## \`.${name}\``, ...(staticDoc === "" ? [] : [staticDoc]), argumentTable(made));
  if (aliases.length > 0) parts.push(`Upstream: ${aliases.map((alias) => `\`${alias}\``).join(", ")}`);
  if (call !== undefined) parts.push(`\`\`\`yaml\n${printSkeleton(symbol)}\`\`\``);
  return `${parts.join("\n\n")}\n`;
}

function argumentTable({ arguments: given, returns }: CallableDocs): string {
  const cell = (text: string) => text.replace(/\s+/g, " ").replaceAll("|", "\\|");
  const rows = given.map(
    ({ name, type, required, default: fallback, doc }) =>
      `| \`${name}\` | \`${cell(type)}\` | ${fallback === undefined ? (required ? "required" : "") : `\`${cell(fallback)}\``} | ${cell(doc)} |`,
  );
  const table =
    rows.length === 0
      ? "No arguments."
      : ["| argument | type | default | |", "| --- | --- | --- | --- |", ...rows].join("\n");
  return `${table}\n\nReturns \`${returns}\`.`;
}

/** Required arguments to be filled in, optional ones commented out, each with its default where YAML can say it. */
function printSkeleton({ spec, kind, doc, call }: SymbolDocs): string {
  const summary = summaryOf(doc);
  const head = summary === "" ? "" : `# ${summary}\n`;
  if (call === undefined) return `${head}# ${spec} is a ${kind}: nothing to construct\n`;
  const named = call.arguments.filter(({ rest }) => !rest);
  const tag = `!${kind === "class" ? "singleton" : "call"}:${spec}`;
  if (named.length === 0) return `${head}${tag} []\n`;
  const lines = named.map(({ name, type, required, default: fallback, doc: text }) => {
    const value = fallback === undefined ? undefined : yamlOf(fallback);
    const note = [type.replace(/\s+/g, " "), ...(text === "" ? [] : [summaryOf(text)])].join(": ");
    return [required ? `  ${name}:` : `  # ${name}:${value === undefined ? "" : ` ${value}`}`, `# ${note}`] as const;
  });
  const width = Math.min(40, Math.max(...lines.map(([start]) => start.length)));
  // With every argument commented out there would be nothing below the tag: an empty mapping says so.
  const isEmpty = named.every(({ required }) => !required);
  return `${head}${tag}${isEmpty ? " {}" : ""}\n${lines.map(([start, note]) => `${start.padEnd(width)}  ${note}\n`).join("")}`;
}

/** A default's source as YAML; absent where it is more than a plain value. */
function yamlOf(source: string): string | undefined {
  const text = source.trim();
  if (text === "undefined") return "null";
  if (/^-?[\d_.]+(e[+-]?\d+)?$/i.test(text)) return text.replaceAll("_", "");
  if (/^(true|false|null)$/.test(text) || /^"[^"\\]*"$/.test(text)) return text;
  if (text === "Number.POSITIVE_INFINITY" || text === "Infinity") return ".inf";
  if (/^[[{][\w\s,."'\-[\]]*[\]}]$/.test(text)) return text;
  return undefined;
}
