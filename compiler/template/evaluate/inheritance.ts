/** @file `extends`, blocks, `super` and `self`: how the levels of a chain become one text. */
import { nearest } from "../../source/nearest.ts";
import type { Frame as SourceFrame } from "../../source/span.ts";
import { templateDiagnostics as faults } from "../diagnostics.ts";
import { Output, type Piece } from "../output.ts";
import type { Block, Body, Extends, TemplateTree } from "../syntax/ast.ts";
import { reads } from "../syntax/walk.ts";
import { TemplateError, textOf, typeNameOf, Undefined, type Value } from "../values/index.ts";
import { evaluate } from "./expressions.ts";
import { SelfReference, superOf } from "./references.ts";
import type { Site } from "./rendering.ts";
import { locate, type Run } from "./run.ts";
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
  renderLevel(run, [template], context, out, stack);
}

function renderLevel(
  run: Run,
  chain: readonly TemplateTree[],
  context: Context,
  out: Output,
  stack: readonly SourceFrame[],
): void {
  const template = chain.at(-1) as TemplateTree;
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
  const entered: SourceFrame = { kind: "extends", name: parent.template.name, span: parent.site };
  try {
    run.deeper(`template '${parent.template.name}'`, () => {
      renderLevel(run, [...chain, parent.template], context, out, [...stack, entered]);
    });
  } catch (error) {
    throw locate(error, parent.site, frame);
  }
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
  const root = frame.root as Root;
  if (root.parent !== undefined)
    throw new TemplateError("runtime", `'${root.template.name}' extends a second template`);
  const name = templateName(evaluate(node.template, frame));
  frame.run.trace?.reach(node.span, node.template);
  const template = frame.run.loader.load(name, { span: node.template.span, chain: frame.stack });
  frame.run.recordEdge({ kind: "extends", from: root.template.name, to: name, span: node.span, target: node.template.span });
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
      if (above.some((ancestor) => ancestor.blocks.has(block.name))) continue;
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
