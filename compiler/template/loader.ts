/** @file Finding templates: the search path, sub-templates, and the cache of syntax trees. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { nearest } from "../source/nearest.ts";
import type { Frame, SourceFile, Span } from "../source/span.ts";
import { TemplateFault, templateDiagnostics } from "./diagnostics.ts";
import type { RewriteOptions } from "./scan/rewrite.ts";
import { splitFile, type TemplatePart } from "./scan/sub-templates.ts";
import type { TemplateTree } from "./syntax/ast.ts";
import type { KnownNames } from "./syntax/names.ts";
import { parseTemplate, requireSound } from "./syntax/parse.ts";
import { filters, tests } from "./values/index.ts";

/** Where template files come from. Names have `/` between their parts. */
export interface TemplateSource {
  /** The file that `name` stands for; undefined where there is none. */
  read(name: string): SourceFile | undefined;
  /** Names that exist, for hints; may be incomplete. */
  names(): Iterable<string>;
}

/** Directories, of which the first that has a file wins. Those that do not exist are left out. */
export function directorySource(directories: readonly string[]): TemplateSource {
  const roots = directories.map((directory) => resolve(directory)).filter((directory) => existsSync(directory));
  return {
    read(name) {
      for (const root of roots) {
        const path = join(root, name);
        if (statSync(path, { throwIfNoEntry: false })?.isFile() === true)
          return { path, text: readFileSync(path, "utf8") };
      }
      return undefined;
    },
    *names() {
      for (const root of roots) yield* filesBelow(root, root, 0);
    },
  };
}

/** Deep enough for any library of templates, and safe from links that lead back up. */
const maximumDepth = 8;

function* filesBelow(root: string, directory: string, depth: number): Generator<string> {
  if (depth > maximumDepth) return;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name === "node_modules" || entry.name === "output_models") continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(root, path, depth + 1);
    else yield relative(root, path).replaceAll(sep, "/");
  }
}

/** Templates in memory. */
export function memorySource(files: Readonly<Record<string, string>>, root = ""): TemplateSource {
  return {
    read: (name) => (Object.hasOwn(files, name) ? { path: `${root}${name}`, text: files[name] as string } : undefined),
    names: () => Object.keys(files),
  };
}

const known: KnownNames = { filters: new Set(filters.keys()), tests: new Set(tests.keys()) };

/** Syntax trees by the content of their file: a file that did not change is parsed once, however many renders use it. */
export class TreeCache {
  readonly #files = new Map<string, { readonly text: string; readonly parts: readonly LazyTree[] }>();

  /** The parts of a file. A part is parsed when it is used: a fault in an unused one stays unseen, as in the reference. */
  parts(name: string, file: SourceFile, options: RewriteOptions): readonly LazyTree[] {
    const key = `${options.preserveLineNumbers}\0${file.path}\0${name}`;
    const held = this.#files.get(key);
    if (held?.text === file.text) return held.parts;
    const parts = splitFile(file).map((part) => new LazyTree(part.name ?? name, part, options));
    this.#files.set(key, { text: file.text, parts });
    return parts;
  }
}

export class LazyTree {
  readonly name: string;
  readonly part: TemplatePart;
  readonly #options: RewriteOptions;
  #tree: TemplateTree | undefined;
  constructor(name: string, part: TemplatePart, options: RewriteOptions) {
    this.name = name;
    this.part = part;
    this.#options = options;
  }
  /** @throws TemplateFault of kind `syntax` */
  get tree(): TemplateTree {
    return requireSound(this.readable);
  }
  /** The tree, or what could be made of a template with faults. */
  get readable(): TemplateTree {
    this.#tree ??= parseTemplate(this.name, this.part, this.#options, known);
    return this.#tree;
  }
}

/** A template that was read, for manifests and for watching. */
export interface UsedTemplate {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** Who asks for a template. */
export interface Request {
  readonly span: Span | undefined;
  readonly chain: readonly Frame[];
}

/** The templates of one render: sub-templates are known from the moment that their file is read. */
export class Loader {
  readonly #source: TemplateSource;
  readonly #cache: TreeCache;
  readonly #options: RewriteOptions;
  readonly #files = new Map<string, LazyTree>();
  readonly #subTemplates = new Map<string, LazyTree>();
  readonly used: UsedTemplate[] = [];

  constructor(source: TemplateSource, cache: TreeCache, options: RewriteOptions) {
    this.#source = source;
    this.#cache = cache;
    this.#options = options;
  }

  /** The template called `name`, as far as it can be read; undefined where there is none. */
  find(name: string): TemplateTree | undefined {
    const inline = this.#subTemplates.get(name);
    if (inline !== undefined) return inline.readable;
    const held = this.#files.get(name);
    if (held !== undefined) return held.readable;
    const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
    if (segments.length === 0 || segments.includes("..")) return undefined;
    const file = this.#source.read(segments.join("/"));
    if (file === undefined) return undefined;
    this.used.push({ name, path: file.path, text: file.text });
    const [main, ...parts] = this.#cache.parts(name, file, this.#options) as [LazyTree, ...LazyTree[]];
    this.#files.set(name, main);
    for (const part of parts) this.#subTemplates.set(part.name, part);
    return main.readable;
  }

  /** @throws TemplateFault of kind `not_found` or `syntax` */
  load(name: string, request: Request): TemplateTree {
    const found = this.find(name);
    if (found !== undefined) return requireSound(found);
    const near = nearest(name, [...this.#subTemplates.keys(), ...this.#source.names()]);
    const place = { span: request.span, chain: request.chain };
    throw new TemplateFault("not_found", templateDiagnostics.notFound(place, { name, nearest: near }));
  }
}
