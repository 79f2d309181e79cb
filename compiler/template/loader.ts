/** @file Finding templates: the search path, sub-templates, and the cache of syntax trees. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { nearest } from "../source/nearest.ts";
import type { Frame, SourceFile, Span } from "../source/span.ts";
import { TemplateFault, templateDiagnostics } from "./diagnostics.ts";
import type { RewriteOptions } from "./scan/rewrite.ts";
import { splitFile, type TemplatePart } from "./scan/sub-templates.ts";
import { firstInvalidByte } from "./scan/utf8.ts";
import type { TemplateTree } from "./syntax/ast.ts";
import type { KnownNames } from "./syntax/names.ts";
import { parseTemplate, requireSound } from "./syntax/parse.ts";
import { filters, tests } from "./values/index.ts";
import { visible } from "./visible.ts";

/** A file as it was read. */
export interface TemplateFile extends SourceFile {
  /** Offset of the first byte that is no text; the text has a replacement character there. */
  readonly invalidByte?: number | undefined;
}

/**
 * What a file's bytes say: its text without a byte order mark, and where it is no text. `invalidByte` is asked only where a
 * replacement character shows that something may be wrong.
 */
export function templateFile(path: string, decoded: string, invalidByte: () => number | undefined): TemplateFile {
  const text = decoded.startsWith("\ufeff") ? decoded.slice(1) : decoded;
  const invalid = text.includes("\ufffd") ? invalidByte() : undefined;
  return invalid === undefined ? { path, text } : { path, text, invalidByte: invalid };
}

/**
 * Where template files come from. Names have `/` between their parts, and never lead out of the folders that are searched: there is
 * no `..` in them. A symbolic link in such a folder is followed, for whoever put it there meant it; templates cannot make links.
 */
export interface TemplateSource {
  /** The file that `name` stands for; undefined where there is none. */
  read(name: string): TemplateFile | undefined;
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
        if (!isFile(path)) continue;
        return templateFile(path, readFileSync(path, "utf8"), () => firstInvalidByte(readFileSync(path)));
      }
      return undefined;
    },
    *names() {
      for (const root of roots) yield* filesBelow(root, root, 0);
    },
  };
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    // Links that lead in a circle, a file taken for a folder, a name that is too long: no such file.
    return false;
  }
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
    const path = pathOf(name);
    const file = path === undefined ? undefined : this.#source.read(path);
    if (file === undefined) return undefined;
    if (file.invalidByte !== undefined) throw notText(file, file.invalidByte);
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
    const place = { span: request.span, chain: request.chain };
    throw new TemplateFault(
      "not_found",
      templateDiagnostics.notFound(place, { name: visible(name), ...this.#hintFor(name) }),
    );
  }

  #hintFor(name: string): { readonly nearest?: string | undefined; readonly hint?: string } {
    if (name.split(/[\\/]/).includes(".."))
      return {
        hint: "a name is looked up below the folders of the search path, and cannot lead out of them with '..'",
      };
    const own = [...this.#subTemplates.keys()];
    const given = this.#source.names();
    const listed: readonly string[] = Array.isArray(given) ? given : [...given];
    // The same file in another folder is likelier meant than a similar name.
    const base = name.slice(name.lastIndexOf("/") + 1);
    const elsewhere = [...own, ...listed].filter((known) => known.endsWith(`/${base}`));
    if (elsewhere.length === 1) return { nearest: elsewhere[0] };
    const guesses = [nearest(name, own), nearestListed(name, listed)].filter((guess) => guess !== undefined);
    return { nearest: nearest(name, guesses) };
  }
}

/** By the list that was searched. A template that a thousand configs miss is looked for among thousands of names once. */
const guessesOf = new WeakMap<readonly string[], Map<string, string | undefined>>();

function nearestListed(name: string, listed: readonly string[]): string | undefined {
  const known = guessesOf.get(listed) ?? new Map<string, string | undefined>();
  guessesOf.set(listed, known);
  if (!known.has(name)) known.set(name, nearest(name, listed));
  return known.get(name);
}

/** The path below a folder of the search path that a name stands for; undefined where it is none. */
function pathOf(name: string): string | undefined {
  const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.length === 0 || name.includes("\0")) return undefined;
  // A backslash parts names on Windows.
  return segments.some((segment) => segment.split("\\").includes("..")) ? undefined : segments.join("/");
}

function notText(file: SourceFile, offset: number): TemplateFault {
  const start = Math.max(0, file.text.indexOf("\ufffd"));
  const span = { file, start, end: Math.min(start + 1, file.text.length) };
  return new TemplateFault("other", templateDiagnostics.notText({ span }, { offset }));
}
