/** @file The template stage as the driver calls it: files and settings in, text with its origins and the templates used out. */
import { join } from "node:path";
import { listTemplates, type PlainData } from "../config/project.ts";
import type { RenderedText } from "../config/rendered.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Span } from "../source/span.ts";
import {
  dictOf,
  type TemplateEdge as EngineEdge,
  type Piece,
  PyList,
  PyNamedTuple,
  type RunOptions,
  TemplateEnvironment,
  type TemplateHost,
  type TemplateSource,
  templateFile,
  type UsedTemplate,
  type Value,
} from "../template/index.ts";
import { splitFile } from "../template/scan/sub-templates.ts";
import type { Variables } from "./environment.ts";
import { machineGlobals, unameFields } from "./environment.ts";
import { FileCache } from "./file-cache.ts";
import type { FixedClock, Host } from "./host.ts";

export interface TemplateUse {
  readonly name: string;
  /** The file; undefined for templates in memory. */
  readonly path: string | undefined;
  /** For a sub-template: the template whose file holds it. */
  readonly container: string | undefined;
  /** As it was read. */
  readonly text: string;
}

export interface TemplateEdge {
  readonly kind: "extends" | "include" | "import";
  readonly from: string;
  readonly to: string;
  /** The expression that named it, where that is not simply its name. */
  readonly computedBy?: string | undefined;
}

export interface RenderedTemplate extends RenderedText {
  /** The text in order, each piece with what wrote it. */
  readonly pieces: readonly Piece[];
  /** Paths of all files that were read, in the order of first use. */
  readonly inputs: readonly string[];
  /** In the order of first use; the first is the main template. */
  readonly templates: readonly TemplateUse[];
  readonly edges: readonly TemplateEdge[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface RenderRequest extends RunOptions {
  readonly searchPath: readonly string[];
  readonly main: string;
  readonly variables: Variables;
  readonly globals: Readonly<Record<string, PlainData>>;
  readonly clock?: FixedClock | undefined;
}

/** Throws a `DiagnosticError` where the template cannot be rendered. */
export function renderTemplate(host: Host, request: RenderRequest): RenderedTemplate {
  const { searchPath, main, variables, globals, clock, trace, without } = request;
  const templateHost: TemplateHost =
    clock === undefined ? host : { ...host, now: () => clock.epochMs, utcOffsetMinutes: () => clock.utcOffsetMinutes };
  const environment = new TemplateEnvironment({
    searchPath: sourceOf(host, searchPath),
    globals: [...Object.entries(globals).map(valueEntry), ...machineValues(host)],
    host: templateHost,
  });
  const values = Object.entries(variables).map(valueEntry);
  const { text, pieces, originAt, used, edges, warnings } = environment.render(main, values, { trace, without });
  return {
    text,
    pieces,
    originAt,
    inputs: used.map(({ path }) => path),
    templates: templatesIn(main, used, edges),
    edges: edgesByWriter(used, edges),
    diagnostics: warnings,
  };
}

/** Which template names which: a block's tags count for the template that holds the block, wherever it is placed. */
function edgesByWriter(used: readonly UsedTemplate[], edges: readonly EngineEdge[]): readonly TemplateEdge[] {
  const parts = new Map(
    used.map(({ name, path, text }) => [
      path,
      splitFile({ path, text }).map((part) => ({ name: part.name ?? name, end: part.end })),
    ]),
  );
  const found: TemplateEdge[] = [];
  for (const { kind, from, to, span, target } of edges) {
    const writer = parts.get(span.file.path)?.find(({ end }) => span.start <= end)?.name ?? from;
    if (found.some((edge) => edge.kind === kind && edge.from === writer && edge.to === to)) continue;
    found.push({ kind, from: writer, to, computedBy: computedBy(target, to) });
  }
  return found;
}

function computedBy({ file, start, end }: Span, name: string): string | undefined {
  const written = file.text.slice(start, end);
  return written.slice(1, -1) === name ? undefined : written;
}

function sourceOf(host: Host, searchPath: readonly string[]): TemplateSource {
  const { files } = host;
  return {
    read(name) {
      for (const folder of searchPath) {
        const path = join(folder, name);
        const text = files.readText(path);
        if (text !== undefined) return templateFile(path, text, () => files.invalidByte?.(path));
      }
      return undefined;
    },
    names() {
      const list = (): readonly string[] => listTemplates(files, searchPath, "").map(({ name }) => name);
      // A name that many configs miss is looked for in one and the same list.
      return files instanceof FileCache ? files.derive(`templates\0${searchPath.join("\0")}`, list) : list();
    },
  };
}

/** Files in the order of reading; a sub-template stands behind its file's first use, where an edge leads to it. */
function templatesIn(
  main: string,
  used: readonly UsedTemplate[],
  edges: readonly TemplateEdge[],
): readonly TemplateUse[] {
  const files = new Map(used.map((file) => [file.name, file]));
  const parts = new Map<string, { readonly file: UsedTemplate; readonly text: string }>();
  for (const file of used)
    for (const { name, start, end } of splitFile({ path: file.path, text: file.text }))
      if (name !== undefined) parts.set(name, { file, text: file.text.slice(start, end) });
  const names = [...new Set([main, ...edges.flatMap(({ from, to }) => [from, to]), ...files.keys()])];
  return names.flatMap((name): TemplateUse[] => {
    const part = parts.get(name);
    if (part !== undefined) return [{ name, path: part.file.path, container: part.file.name, text: part.text }];
    const file = files.get(name);
    return file === undefined ? [] : [{ name, path: file.path, container: undefined, text: file.text }];
  });
}

function machineValues(host: Host): readonly (readonly [string, Value])[] {
  const { hostname, uname, versions } = machineGlobals(host);
  return [
    ["hostname", hostname],
    ["uname", new PyNamedTuple("uname_result", unameFields, uname)],
    ["versions", dictOf(versions)],
  ];
}

function valueEntry([name, data]: readonly [string, PlainData]): readonly [string, Value] {
  return [name, templateValue(data)];
}

function templateValue(data: PlainData): Value {
  if (data === null || typeof data !== "object") return data;
  if (Array.isArray(data)) return new PyList(data.map(templateValue));
  return dictOf(Object.fromEntries(Object.entries(data).map(valueEntry)));
}
