/** @file What constructor specs name, as an editor asks: documentation, arguments, enum values, and where the source is. */
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { Project } from "../driver/compile.ts";
import type { Host } from "../driver/host.ts";
import { type ArgumentDocs, Documentation, type SymbolDocs, summaryOf } from "../driver/symbol-docs.ts";
import { extendImportMap, findCounterpart } from "../graph/import-map.ts";
import { builtinNames } from "../graph/passes/builtins.ts";
import type { Span } from "../source/span.ts";

export interface SpecName {
  readonly spec: string;
  readonly summary: string;
}

export class Components {
  readonly #host: Host;
  readonly #project: Project;
  readonly #docs: Documentation;
  #specs: readonly SpecName[] | undefined;

  constructor(host: Host, project: Project) {
    this.#host = host;
    this.#project = project;
    this.#docs = new Documentation(host, project);
  }

  /** Absent where the spec leads nowhere, as it does while it is being typed. */
  find(spec: string): SymbolDocs | undefined {
    try {
      return this.#docs.symbol(spec);
    } catch (error) {
      if (error instanceof DiagnosticError) return undefined;
      throw error;
    }
  }

  /** Why a Python spec has no counterpart here. */
  reasonOfAbsence(spec: string): string | undefined {
    const found = findCounterpart(extendImportMap(this.#project.importMap), spec);
    return found !== undefined && "missing" in found ? found.missing : undefined;
  }

  arguments(spec: string): readonly ArgumentDocs[] {
    return this.find(spec)?.call?.arguments ?? [];
  }

  argument(spec: string, name: string): ArgumentDocs | undefined {
    return this.arguments(spec).find((argument) => argument.name === name);
  }

  /** Everything of the library that can be constructed, and the built-ins. */
  get specs(): readonly SpecName[] {
    this.#specs ??= [
      ...this.#docs.modules.flatMap(({ name }) =>
        (this.#docs.module(name)?.exports ?? []).flatMap((exported) =>
          exported.kind === "class" || exported.kind === "function"
            ? [{ spec: `${name}:${exported.name}`, summary: exported.summary }]
            : [],
        ),
      ),
      ...builtinNames.map((name) => ({ spec: name, summary: "built in" })),
    ];
    return this.#specs;
  }

  /** The module's source, or the library's declarations: where the symbol is declared in it, and where the argument. */
  places(spec: string, argument: string | undefined): readonly Span[] {
    const found = this.find(spec);
    if (found === undefined) return [];
    const [module = "", path = ""] = splitSpec(found.spec);
    const names = path.split(".");
    for (const file of this.#sources(module)) {
      const text = this.#host.files.readText(file);
      const at = text === undefined ? undefined : declarationOf(text, names[0] as string);
      if (text === undefined || at === undefined) continue;
      const inner = argument === undefined ? undefined : propertyOf(text, camelCase(argument), at);
      const start = inner ?? at;
      const length = (inner === undefined ? (names[0] as string) : camelCase(argument as string)).length;
      return [{ file: { path: file, text }, start, end: start + length }];
    }
    return [];
  }

  *#sources(module: string): Generator<string> {
    const { projectDir, packageRoot } = { projectDir: this.#project.dir, packageRoot: this.#host.packageRoot };
    if (module.startsWith(".")) {
      yield `${projectDir}/${module.replace(/^\.?\/*/, "")}`;
      return;
    }
    if (!module.startsWith("fgc/")) return;
    const folder = `${packageRoot}/dist/types/stdlib/${module.slice("fgc/".length)}`;
    for (const { name, isDirectory } of this.#host.files.list(folder))
      if (!isDirectory && name.endsWith(".d.ts")) yield `${folder}/${name}`;
  }
}

function splitSpec(spec: string): readonly [string, string] {
  const colon = spec.lastIndexOf(":");
  return [spec.slice(0, colon), spec.slice(colon + 1)];
}

function declarationOf(text: string, name: string): number | undefined {
  const found = new RegExp(`\\b(?:class|function|const|interface|type)\\s+(${escaped(name)})\\b`).exec(text);
  return found === null ? undefined : found.index + found[0].length - name.length;
}

/** A property or parameter of that name: of the declarations in the file the one nearest to the symbol's. */
function propertyOf(text: string, name: string, near: number): number | undefined {
  const places = [...text.matchAll(new RegExp(`(?<=^|[\\s(,{])${escaped(name)}(?=\\??\\s*[:,}=])`, "gm"))].map(
    ({ index }) => index,
  );
  return places.sort((a, b) => Math.abs(a - near) - Math.abs(b - near))[0];
}

function escaped(name: string): string {
  return name.replace(/[$.*+?^()[\]{}|\\]/g, "\\$&");
}

function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The words that a type of literals allows: `"no" | "steps" | "epoch"`. */
export function literalsOf(type: string): readonly string[] {
  const words = type.split("|").map((part) => part.trim());
  const literals = words.flatMap((word) => /^"([^"]*)"$/.exec(word)?.[1] ?? (/^(true|false)$/.test(word) ? word : []));
  if (literals.length > 0) return literals;
  return words.includes("boolean") ? ["true", "false"] : [];
}

export function argumentText({ name, type, required, default: fallback, doc }: ArgumentDocs): string {
  const rest = required ? "required" : fallback === undefined ? "" : `default \`${fallback}\``;
  return `**${name}**: \`${type}\`${rest === "" ? "" : `, ${rest}`}${doc === "" ? "" : `\n\n${doc}`}`;
}

export function symbolText(docs: SymbolDocs): string {
  const head = [`\`${docs.spec}\`${docs.kind === "unknown" ? "" : `, a ${docs.kind}`}`, docs.doc].filter(
    (text) => text !== "",
  );
  const given = docs.call?.arguments ?? [];
  const list = given.map(
    ({ name, type, required, default: fallback, doc }) =>
      `- \`${name}\`${required ? " (required)" : ""}: \`${type}\`${fallback === undefined ? "" : ` = \`${fallback}\``}${doc === "" ? "" : `. ${summaryOf(doc)}`}`,
  );
  return [...head, ...(list.length === 0 ? [] : [list.join("\n")])].join("\n\n");
}
