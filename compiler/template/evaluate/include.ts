/** @file `include` and `import`: running another template inside this one. */
import type { Frame as SourceFrame } from "../../source/span.ts";
import { templateDiagnostics as faults, TemplateFault } from "../diagnostics.ts";
import { Output } from "../output.ts";
import type { Expression, FromImport, Import, Include, TemplateTree } from "../syntax/ast.ts";
import { iterate, textOf, Undefined, type Value } from "../values/index.ts";
import { evaluate } from "./expressions.ts";
import { renderTemplate, templateName } from "./inheritance.ts";
import { TemplateModule } from "./references.ts";
import { Context, type Frame } from "./scope.ts";

export function includeTemplate(node: Include, frame: Frame): void {
  const chosen = choose(node.template, frame, node.ignoreMissing);
  if (chosen === undefined) return;
  const { run } = frame;
  run.recordEdge({
    kind: "include",
    from: nameOf(frame),
    to: chosen.name,
    span: node.span,
    target: node.template.span,
  });
  const context = new Context(node.withContext ? contextOf(frame) : run.globals);
  run.trace?.reach(node.span, node.template);
  if (node.withContext) run.trace?.enter(context, frame.scope);
  const entered: SourceFrame = { kind: "include", name: chosen.name, span: node.span };
  run.deeper(`template '${chosen.name}'`, () => {
    renderTemplate(run, chosen, context, frame.out, [...frame.stack, entered]);
  });
}

/** All that a template sees here, locals included. */
function contextOf(frame: Frame): ReadonlyMap<string, Value> {
  return new Map([...frame.context.all(), ...frame.scope.locals()]);
}

/** The template whose text this is: the innermost file that was entered. */
function nameOf(frame: Frame): string {
  const entered = frame.stack.findLast((f) => f.kind === "extends" || f.kind === "include" || f.kind === "import");
  return frame.root?.template.name ?? entered?.name ?? "";
}

/** One name, or a list of which the first that exists is taken. Undefined where it may be missing and is. */
function choose(expression: Expression, frame: Frame, mayBeMissing: boolean): TemplateTree | undefined {
  const { run } = frame;
  const value = evaluate(expression, frame);
  const request = { span: expression.span, chain: frame.stack };
  const single = textOf(value);
  if (single !== undefined || value instanceof Undefined) {
    const name = templateName(value);
    return mayBeMissing ? run.find(name, frame.stack) : run.load(name, request);
  }
  const names: string[] = [];
  for (const item of iterate(value)) {
    if (item instanceof Undefined) continue;
    const name = templateName(item);
    const found = run.find(name, frame.stack);
    if (found !== undefined) return found;
    names.push(name);
  }
  if (mayBeMissing) return undefined;
  const [name = ""] = names;
  const message =
    names.length === 0 ? "this list names no template" : `none of these templates was found: ${names.join(", ")}`;
  if (names.length === 1) return run.load(name, request);
  throw new TemplateFault("not_found", { ...faults.notFound(request, { name }), message });
}

/** A template that is run for its names. */
function moduleOf(node: Import | FromImport, frame: Frame): TemplateModule {
  const { run } = frame;
  const name = templateName(evaluate(node.template, frame));
  const template = run.load(name, { span: node.template.span, chain: frame.stack });
  run.recordEdge({ kind: "import", from: nameOf(frame), to: name, span: node.span, target: node.template.span });
  const shared = node.withContext ? undefined : run.modules.get(template);
  if (shared instanceof TemplateModule) return shared;
  const context = new Context(node.withContext ? contextOf(frame) : run.globals);
  if (node.withContext) run.trace?.enter(context, frame.scope);
  const entered: SourceFrame = { kind: "import", name, span: node.span };
  const out = new Output();
  run.deeper(`template '${name}'`, () => renderTemplate(run, template, context, out, [...frame.stack, entered]));
  const names = new Map([...context.exported].map((exported) => [exported, context.get(exported) as Value]));
  const module = new TemplateModule(name, names, out.pieces, context.isIncomplete);
  if (!node.withContext) run.modules.set(template, module);
  return module;
}

export function importTemplate(node: Import, frame: Frame): void {
  frame.scope.assignImported(node.target.name, moduleOf(node, frame));
}

export function fromImportTemplate(node: FromImport, frame: Frame): void {
  const module = moduleOf(node, frame);
  for (const { name, alias, span } of node.names) {
    const value = module.attribute(name);
    const missing = (): Undefined =>
      new Undefined({
        name,
        message: `the template '${module.template}' does not export '${name}'`,
        known: () => module.attributeNames(),
      });
    frame.scope.assignImported(alias, value === undefined ? missing() : value);
    frame.run.trace?.bind("import", { kind: "name", name: alias, span }, undefined, frame.scope, frame);
  }
}
