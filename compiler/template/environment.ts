/** @file The template stage from outside: a search path, and renders over it. */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Origin } from "../source/span.ts";
import { TemplateFault } from "./diagnostics.ts";
import { renderTemplate } from "./evaluate/inheritance.ts";
import { Run, type RunOptions, type TemplateEdge, Unwinding } from "./evaluate/run.ts";
import { Context } from "./evaluate/scope.ts";
import { directorySource, Loader, type TemplateSource, TreeCache, type UsedTemplate } from "./loader.ts";
import { OriginMap, Output, type Piece } from "./output.ts";
import type { Block, TemplateTree } from "./syntax/ast.ts";
import { createGlobals, systemHost, type TemplateHost, type Value } from "./values/index.ts";

export interface EnvironmentOptions {
  /** Keep comment lines as empty tags, so that line numbers hold. On unless said otherwise. */
  readonly preserveLineNumbers?: boolean;
  /** Syntax trees to share between environments. One for the process unless said otherwise. */
  readonly cache?: TreeCache;
}

export interface EnvironmentConfig {
  /** Directories, or another place that has templates. */
  readonly searchPath: readonly string[] | TemplateSource;
  /** Names that every template sees, beside the language's own. */
  readonly globals?: Iterable<readonly [string, Value]>;
  readonly host?: TemplateHost;
  readonly options?: EnvironmentOptions;
}

export interface RenderResult {
  readonly text: string;
  /** The text in order, each piece with what wrote it. */
  readonly pieces: readonly Piece[];
  /** The user's own place that wrote the character at `offset`. */
  originAt(offset: number): Origin;
  /** Every file that was read, in order. */
  readonly used: readonly UsedTemplate[];
  /** Which template reached which, in order of first use. */
  readonly edges: readonly TemplateEdge[];
  readonly warnings: readonly Diagnostic[];
}

/** Trees are pure functions of their file's text, so environments can share them. */
const processCache = new TreeCache();

export class TemplateEnvironment {
  readonly #source: TemplateSource;
  readonly #globals: ReadonlyMap<string, Value>;
  readonly #host: TemplateHost;
  readonly #cache: TreeCache;
  readonly #preserveLineNumbers: boolean;

  constructor({ searchPath, globals = [], host = systemHost(), options = {} }: EnvironmentConfig) {
    this.#source = "read" in searchPath ? searchPath : directorySource(searchPath);
    this.#globals = new Map([...createGlobals(host), ...globals]);
    this.#host = host;
    this.#cache = options.cache ?? processCache;
    this.#preserveLineNumbers = options.preserveLineNumbers ?? true;
  }

  #loader(): Loader {
    return new Loader(this.#source, this.#cache, { preserveLineNumbers: this.#preserveLineNumbers });
  }

  /**
   * The syntax tree of one template.
   * @throws TemplateFault of kind `syntax` or `not_found`
   */
  parse(name: string): TemplateTree {
    return this.#loader().load(name, { span: undefined, chain: [] });
  }

  /**
   * The text of a template and of all that it extends and includes. Sub-templates are known from the moment that their
   * file is read in this render, so renders do not depend on each other.
   * @throws TemplateFault with all independent faults, and the text without what they spoil in `partialText`
   */
  render(name: string, context: Iterable<readonly [string, Value]> = [], options: RunOptions = {}): RenderResult {
    const loader = this.#loader();
    const run = new Run(loader, this.#globals, this.#host, options);
    const out = new Output();
    const values = new Context(new Map([...this.#globals, ...context]));
    try {
      renderTemplate(run, run.load(name, { span: undefined, chain: [] }), values, out, []);
    } catch (error) {
      // The template itself is missing; or the render was ended, with its fault told.
      if (error instanceof TemplateFault) run.faults.add(error);
      else if (!(error instanceof Unwinding)) throw error;
    }
    const { edges, warnings, faults } = run;
    if (!faults.isEmpty) throw withPartial(faults.fault(warnings), out, loader);
    const map = new OriginMap(out.pieces);
    return {
      text: map.text,
      pieces: map.pieces,
      originAt: (offset) => map.originAt(offset),
      used: loader.used,
      edges,
      warnings,
    };
  }
}

function withPartial(fault: TemplateFault, out: Output, { used }: Loader): TemplateFault {
  fault.partialText = out.text;
  fault.partialPieces = out.pieces;
  fault.used = used;
  return fault;
}

/** The blocks of a template in the order in which they are written, nested ones too. */
export function templateBlocks(tree: TemplateTree): readonly Block[] {
  return [...tree.blocks.values()];
}
