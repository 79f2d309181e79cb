/** @file The template stage as the driver calls it: files and settings in, text with its origins and the templates used out. */
import { join } from "node:path";
import type { PlainData } from "../config/project.ts";
import type { RenderedText } from "../config/rendered.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Variables } from "./environment.ts";
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
}

export interface RenderedTemplate extends RenderedText {
  /** Paths of all files that were read, in the order of first use. */
  readonly inputs: readonly string[];
  /** In the order of first use; the first is the main template. */
  readonly templates: readonly TemplateUse[];
  readonly edges: readonly TemplateEdge[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface RenderRequest {
  readonly searchPath: readonly string[];
  readonly main: string;
  readonly variables: Variables;
  readonly globals: Readonly<Record<string, PlainData>>;
  readonly clock?: FixedClock | undefined;
}

export function renderTemplate(host: Host, { searchPath, main }: RenderRequest): RenderedTemplate {
  for (const folder of searchPath) {
    const path = join(folder, main);
    const text = host.files.readText(path);
    if (text === undefined) continue;
    const file = { path, text };
    return {
      text,
      originAt: (start) => ({ span: { file, start, end: start + 1 }, stack: [] }),
      inputs: [path],
      templates: [{ name: main, path, container: undefined, text }],
      edges: [],
      diagnostics: [],
    };
  }
  throw new Error(`no template ${main}`);
}
