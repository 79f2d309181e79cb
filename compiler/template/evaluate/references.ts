/** @file What templates hold of templates: `super`, `self`, and imported modules. */

import { hasGap, type Piece, textOfPieces } from "../output.ts";
import { unreadable } from "../syntax/ast.ts";
import { type KeywordArguments, PyObject, poisoned, TemplateError, Undefined, type Value } from "../values/index.ts";
import { Renderable, type Site } from "./rendering.ts";
import type { BlockDefinition, Context } from "./scope.ts";

/** Renders one definition of a block. */
export type RenderBlock = (definition: BlockDefinition, context: Context, site: Site) => readonly Piece[];

/** One definition of a block, to be printed by calling it. `.super` is the next one up. */
export class BlockReference extends Renderable {
  override readonly typeName = "BlockReference";
  readonly name: string;
  protected readonly home: Site;
  protected readonly autoescape: boolean;
  readonly #depth: number;
  readonly #context: Context;
  readonly #renderBlock: RenderBlock;

  constructor(
    name: string,
    depth: number,
    context: Context,
    home: Site,
    autoescape: boolean,
    renderBlock: RenderBlock,
  ) {
    super();
    this.name = name;
    this.home = home;
    this.autoescape = autoescape;
    this.#depth = depth;
    this.#context = context;
    this.#renderBlock = renderBlock;
  }

  override render(args: readonly Value[], kwargs: KeywordArguments, site: Site): readonly Piece[] {
    if (args.length + kwargs.size > 0) throw new TemplateError("type", `block '${this.name}' takes no arguments`);
    const definition = this.#context.blocks.get(this.name)?.[this.#depth] as BlockDefinition;
    return this.#renderBlock(definition, this.#context, site);
  }

  override attribute(name: string): Value | undefined {
    return name === "super"
      ? superOf(this.name, this.#depth, this.#context, this.home, this.autoescape, this.#renderBlock)
      : undefined;
  }
}

/** `super` in the definition at `depth`: the next one, or an undefined value that says that there is none. */
export function superOf(
  name: string,
  depth: number,
  context: Context,
  home: Site,
  autoescape: boolean,
  renderBlock: RenderBlock,
): Value {
  // What a block without a readable name overrides is not known.
  if (name === unreadable) return poisoned;
  const count = context.blocks.get(name)?.length ?? 0;
  if (depth + 1 < count) return new BlockReference(name, depth + 1, context, home, autoescape, renderBlock);
  return new Undefined({ name: "super", message: `there is no parent block called '${name}'` });
}

/** `self`: the blocks of the chain as attributes. */
export class SelfReference extends PyObject {
  readonly typeName = "TemplateReference";
  readonly #context: Context;
  readonly #home: Site;
  readonly #renderBlock: RenderBlock;

  constructor(context: Context, home: Site, renderBlock: RenderBlock) {
    super();
    this.#context = context;
    this.#home = home;
    this.#renderBlock = renderBlock;
  }
  override attribute(name: string): Value | undefined {
    if (!this.#context.blocks.has(name)) return undefined;
    return new BlockReference(name, 0, this.#context, this.#home, false, this.#renderBlock);
  }
  override attributeNames(): readonly string[] {
    return [...this.#context.blocks.keys()];
  }
}

/** An imported template: its text, and its top-level names. */
export class TemplateModule extends PyObject {
  readonly typeName = "TemplateModule";
  readonly template: string;
  readonly #names: ReadonlyMap<string, Value>;
  readonly #pieces: readonly Piece[];
  /** It may have had more names: asking for one of those is no fault. */
  readonly #isIncomplete: boolean;

  constructor(template: string, names: ReadonlyMap<string, Value>, pieces: readonly Piece[], isIncomplete: boolean) {
    super();
    this.#isIncomplete = isIncomplete;
    this.template = template;
    this.#names = names;
    this.#pieces = pieces;
  }
  override attribute(name: string): Value | undefined {
    return this.#names.get(name) ?? (this.#isIncomplete && !this.#names.has(name) ? poisoned : undefined);
  }
  override attributeNames(): readonly string[] {
    return [...this.#names.keys()];
  }
  override str(): string {
    if (hasGap(this.#pieces)) poisoned.fail();
    return textOfPieces(this.#pieces);
  }
  override repr(): string {
    return `<TemplateModule '${this.template}'>`;
  }
}
