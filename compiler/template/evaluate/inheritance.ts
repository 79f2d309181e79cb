/** @file `extends`, blocks, `super` and `self`: how the levels of a chain become one text. */
import { nearest } from "../../source/nearest.ts";
import type { Frame as SourceFrame, Span } from "../../source/span.ts";
import { templateDiagnostics as faults, TemplateFault } from "../diagnostics.ts";
import { Output, type Piece } from "../output.ts";
import { type Block, type Body, type Extends, type TemplateTree, unreadable } from "../syntax/ast.ts";
import { reads } from "../syntax/walk.ts";
import { PoisonedUse, TemplateError, textOf, typeNameOf, Undefined, type Value } from "../values/index.ts";
import { evaluate } from "./expressions.ts";
import { SelfReference, superOf } from "./references.ts";
import type { Site } from "./rendering.ts";
import type { Run } from "./run.ts";
import { type BlockDefinition, type Context, type Frame, type Root, Scope } from "./scope.ts";
import { execute } from "./statements.ts";

/** Run a template and then, if it extends one, its parent: only the outermost prints its own text. */
export function renderTemplate(
  run: Run,
  template: TemplateTree,
  context: Context,
  out: Output,
  stack: readonly SourceFrame[],
): void {
  context.addBlocks(template, run.without);
  renderLevels(run, template, context, out, stack);
}

/** Levels that one chain may have. Nobody extends as often: then they extend each other. */
const maximumLevels = 500;

/** The levels run one after the other, and not one inside the other: a long chain needs no deep stack. */
function renderLevels(
  run: Run,
  first: TemplateTree,
  context: Context,
  out: Output,
  base: readonly SourceFrame[],
): void {
  const chain: TemplateTree[] = [];
  let stack = base;
  for (let template: TemplateTree | undefined = first; template !== undefined; ) {
    chain.push(template);
    const root: Root = { template, parent: undefined };
    const scope = new Scope(context, undefined, true);
    const site: Site = { span: { file: template.file, start: template.start, end: template.start }, stack };
    if (reads(template.body, "self")) scope.define("self", new SelfReference(context, site, renderBlock(run)));
    const frame: Frame = { run, context, scope, out, stack, autoescape: false, topLevel: true, root };
    execute(template.body, frame);
    const { parent } = root as Root;
    if (parent === undefined) {
      warnOfUnknownBlocks(run, chain, stack);
      return;
    }
    if (parent.template === undefined) {
      context.isIncomplete = true;
      return;
    }
    if (chain.length >= maximumLevels) {
      run.recover(endlessChain([...chain, parent.template], parent.site, stack), parent.site, frame);
      return;
    }
    stack = [...stack, { kind: "extends", name: parent.template.name, span: parent.site }];
    template = parent.template;
  }
}

/** The chain came back to a template that it had. */
function endlessChain(chain: readonly TemplateTree[], span: Span, stack: readonly SourceFrame[]): TemplateFault {
  const last = chain.at(-1) as TemplateTree;
  const before = chain.lastIndexOf(last, chain.length - 2);
  const lap = before < 0 ? [] : chain.slice(before);
  const names = lap.map(({ name }) => name).join(" → ");
  const message =
    before < 0
      ? `this chain of templates has more than ${maximumLevels} levels`
      : lap.length === 2
        ? `template '${last.name}' extends itself`
        : `these templates extend each other in a circle: ${names}`;
  const hint =
    lap.length === 2
      ? "a name is looked up on the search path from its beginning, so a template finds itself before a shadowed one of its name"
      : undefined;
  // One lap says all of it.
  return new TemplateFault(
    "recursion",
    faults.recursion({ span, chain: stack.slice(0, Math.max(1, lap.length - 1)) }, { message, hint }),
  );
}

/** The name of a template, from an expression that must give one. */
export function templateName(value: Value): string {
  if (value instanceof Undefined) return value.fail();
  const name = textOf(value);
  if (name === undefined)
    throw new TemplateError("type", `the name of a template is a string, not ${typeNameOf(value)}`);
  return name;
}

export function extendTemplate(node: Extends, frame: Frame): void {
  const { root } = frame;
  // Misplaced in a block: that was told when the template was read.
  if (root === undefined) throw new PoisonedUse();
  if (root.parent !== undefined)
    throw new TemplateError("runtime", `'${root.template.name}' extends a second template`);
  // If the parent is not found, this is still a child: its text is not printed, and its blocks are not placed.
  root.parent = { template: undefined, site: node.span };
  const name = templateName(evaluate(node.template, frame));
  frame.run.trace?.reach(node.span, node.template);
  const template = frame.run.load(name, { span: node.template.span, chain: frame.stack });
  frame.run.recordEdge({
    kind: "extends",
    from: root.template.name,
    to: name,
    span: node.span,
    target: node.template.span,
  });
  frame.context.addBlocks(template, frame.run.without);
  root.parent = { template, site: node.span };
}

/** A block where it stands: the most derived definition runs here, unless the template only overrides. */
export function placeBlock(node: Block, frame: Frame): void {
  if (frame.topLevel && frame.root?.parent !== undefined) return;
  const definitions = frame.context.blocks.get(node.name) ?? [];
  if (definitions.length === 0 && frame.run.without !== undefined) return;
  if (node.required && definitions.length <= 1) {
    throw new TemplateError("runtime", `block '${node.name}' is required, but no template overrides it`);
  }
  const context = node.scoped ? frame.context.derived(frame.scope.locals()) : frame.context;
  if (node.scoped) frame.run.trace?.enter(context, frame.scope);
  const site: Site = { span: node.opening, stack: frame.stack };
  frame.out.append(renderBlock(frame.run)(definitions[0] as BlockDefinition, context, site));
}

/** A block sees the names of the top level and its own, not those around it. */
function renderBlock(run: Run): (definition: BlockDefinition, context: Context, site: Site) => readonly Piece[] {
  const render = (definition: BlockDefinition, context: Context, site: Site): readonly Piece[] =>
    run.deeper(`block '${definition.block.name}'`, () => {
      const { name, body } = definition.block;
      const entered: SourceFrame = { kind: "block", name, span: site.span };
      const stack: readonly SourceFrame[] = [...site.stack, entered];
      run.trace?.enterBlock(entered, definition, context.blocks.get(name) ?? []);
      const scope = new Scope(context, undefined);
      const home: Site = { span: definition.block.opening, stack };
      const depth = context.blocks.get(name)?.indexOf(definition) ?? 0;
      if (reads(body, "self")) scope.define("self", new SelfReference(context, home, render));
      if (reads(body, "super")) scope.define("super", superOf(name, depth, context, home, false, render));
      const out = new Output();
      execute(body, { run, context, scope, out, stack, autoescape: false, topLevel: false, root: undefined });
      return out.pieces;
    });
  return render;
}

/** A block at the top of a child that no ancestor has prints nowhere: mostly a misspelt override. */
function warnOfUnknownBlocks(run: Run, chain: readonly TemplateTree[], stack: readonly SourceFrame[]): void {
  chain.forEach((template, level) => {
    const above = chain.slice(level + 1);
    if (above.length === 0) return;
    for (const block of topLevelBlocks(template.body)) {
      if (block.name === unreadable || above.some((ancestor) => ancestor.blocks.has(block.name))) continue;
      const names = above.flatMap((ancestor) => [...ancestor.blocks.keys()]);
      const span = block.section?.header ?? block.nameSpan;
      run.warn(
        faults.unknownBlock(
          { span, chain: stack.slice(0, stack.length - above.length) },
          { name: block.name, nearest: nearest(block.name, names) },
        ),
      );
    }
  });
}

function* topLevelBlocks(body: Body): Generator<Block> {
  for (const statement of body) {
    if (statement.kind === "block") yield statement;
    if (statement.kind !== "if") continue;
    for (const branch of statement.branches) yield* topLevelBlocks(branch.body);
    yield* topLevelBlocks(statement.otherwise ?? []);
  }
}
