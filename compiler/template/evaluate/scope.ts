/**
 * @file Where names live while a template runs.
 *
 *     Scope (loop, with, macro arguments, set)  →  Context.variables (set at top level)  →  Context.base (render arguments, globals)
 */
import type { Frame as SourceFrame, Span } from "../../source/span.ts";
import type { Output, Piece } from "../output.ts";
import type { Block, TemplateTree } from "../syntax/ast.ts";
import type { Value } from "../values/index.ts";
import type { Run } from "./run.ts";
import type { Omissions } from "./trace.ts";

/** A block as one template defines it. */
export interface BlockDefinition {
  readonly block: Block;
  readonly template: TemplateTree;
}

/** A text that a body printed, with the places that wrote it. */
export interface PrintedText {
  readonly text: string;
  readonly pieces: readonly Piece[];
}

/** What all levels of one inheritance chain share. */
export class Context {
  readonly base: ReadonlyMap<string, Value>;
  readonly variables = new Map<string, Value>();
  readonly exported = new Set<string>();
  /** A parent is missing, and with it the names that it would have set. */
  isIncomplete = false;
  /** Texts among the variables that the body of a `set` printed. */
  printed: Map<string, PrintedText> | undefined;
  /** The definitions of each block, most derived first. */
  readonly blocks = new Map<string, BlockDefinition[]>();

  constructor(base: ReadonlyMap<string, Value>) {
    this.base = base;
  }

  get(name: string): Value | undefined {
    return this.variables.get(name) ?? (this.variables.has(name) ? null : this.base.get(name));
  }
  all(): Map<string, Value> {
    return new Map([...this.base, ...this.variables]);
  }
  addBlocks(template: TemplateTree, without: Omissions | undefined): void {
    for (const [name, block] of template.blocks) {
      if (without?.has(block.span) === true) continue;
      const definitions = this.blocks.get(name);
      if (definitions === undefined) this.blocks.set(name, [{ block, template }]);
      else definitions.push({ block, template });
    }
  }
  /** A context that also has `locals`, for a scoped block: same blocks, and nothing set there comes back. */
  derived(locals: ReadonlyMap<string, Value>): Context {
    const context = new Context(new Map([...this.all(), ...locals]));
    for (const [name, definitions] of this.blocks) context.blocks.set(name, definitions);
    return context;
  }
}

/** Names that the language puts into a scope. Included templates do not get them. */
const ownNames = new Set(["self", "super"]);

export class Scope {
  readonly #names = new Map<string, Value>();
  readonly #parent: Scope | undefined;
  readonly #context: Context;
  /** Texts among its names that the body of a `set` printed. */
  printed: Map<string, PrintedText> | undefined;
  /** The top level of a template: what it sets is seen by every level and block of its chain. */
  readonly #topLevel: boolean;

  constructor(context: Context, parent: Scope | undefined, topLevel = false) {
    this.#context = context;
    this.#parent = parent;
    this.#topLevel = topLevel;
  }

  inner(): Scope {
    return new Scope(this.#context, this);
  }
  get(name: string): Value | undefined {
    const value = this.#names.get(name);
    if (value !== undefined) return value;
    return this.#parent === undefined ? this.#context.get(name) : this.#parent.get(name);
  }
  /** What `get` would find it in: for traces. */
  holderOf(name: string): Scope | Context {
    return this.#names.has(name) ? this : (this.#parent?.holderOf(name) ?? this.#context);
  }
  /** `set`, and macro definitions. */
  assign(name: string, value: Value, pieces?: PrintedText): void {
    const holder = this.#topLevel ? this.#context : this;
    if (pieces === undefined) holder.printed?.delete(name);
    else {
      holder.printed ??= new Map();
      holder.printed.set(name, pieces);
    }
    if (!this.#topLevel) {
      this.#names.set(name, value);
      return;
    }
    this.#context.variables.set(name, value);
    if (!name.startsWith("_")) this.#context.exported.add(name);
  }
  /** `import`: seen like any name, but not handed on to importers of this template. */
  assignImported(name: string, value: Value): void {
    this.assign(name, value);
    if (this.#topLevel) this.#context.exported.delete(name);
  }
  /** A name of this scope alone, also at the top level. */
  define(name: string, value: Value): void {
    this.#names.set(name, value);
    this.printed?.delete(name);
  }
  /** What `name` was printed from, where the body of a `set` gave it its value. */
  piecesOf(name: string): PrintedText | undefined {
    return this.holderOf(name).printed?.get(name);
  }
  /** The local names in sight. */
  locals(): Map<string, Value> {
    const all = this.#parent?.locals() ?? new Map<string, Value>();
    for (const [name, value] of this.#names) if (!ownNames.has(name)) all.set(name, value);
    return all;
  }
  /** Every name in sight, for hints. */
  visibleNames(): readonly string[] {
    return [...this.locals().keys(), ...this.#context.variables.keys(), ...this.#context.base.keys()];
  }
}

/** The top of one template while it runs: `extends` leaves its parent here, without a template where that was not found. */
export interface Root {
  readonly template: TemplateTree;
  parent: { readonly template: TemplateTree | undefined; readonly site: Span } | undefined;
}

/** What a statement runs in. */
export interface Frame {
  readonly run: Run;
  readonly context: Context;
  readonly scope: Scope;
  readonly out: Output;
  /** How this place was reached. */
  readonly stack: readonly SourceFrame[];
  readonly autoescape: boolean;
  readonly topLevel: boolean;
  /** Set where output depends on whether the template has extended another; macros and blocks always write. */
  readonly root: Root | undefined;
}

/** After an `extends`, what stands at the top of the template is neither printed nor evaluated. */
export function isSilent(frame: Frame): boolean {
  return frame.root?.parent !== undefined;
}
