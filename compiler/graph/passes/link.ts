/**
 * @file Graph pass: splice in the graphs of other projects, bind variables, and look into what is known by now.
 *
 *     !call:forgather:from_project { project_dir: P, targets: [a, b], pp_kwargs: {…}, x: *v }    the graphs of a and b, with !var x bound to *v
 *     !singleton:getitem [ *that, "a" ]                                                          the graph of a
 *
 * Needs:   nothing; it is the first pass.
 * Leaves:  no `from_project`; no variable that has a value or a default, except those that a model module's config gives. Nodes of other
 *          projects carry a `from_project` frame, and their specs are resolved already: relative files are their own project's.
 * Faults:  link/not-constant, link/missing-project-dir, link/no-loader, link/cycle, link/unknown-target; whatever the other config has wrong.
 */
import { type Diagnostic, DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import type { Frame, Origin } from "../../source/span.ts";
import { describe, placeOf } from "../describe.ts";
import { lookup } from "../import-map.ts";
import type { CallNode, DictEntry, GraphValue } from "../node.ts";
import { boundaries, moduleConfigKeys } from "./boundaries.ts";
import { linkDiagnostics as faults } from "./diagnostics.ts";
import { fold } from "./fold.ts";
import { foldGeneratedModels } from "./generated-model.ts";
import type { GraphPass, LinkedProject, PassContext, PlainValue, ProjectEnvironment } from "./pass.ts";
import {
  asData,
  constantOf,
  faultyValue,
  fromProjectSpec,
  isFaulty,
  keyText,
  keyword,
  modelModuleSpec,
  scalar,
  targetOf,
  targetsOf,
  textOf,
} from "./queries.ts";
import { resolveIn } from "./resolve.ts";
import { mapOperands, rewrite } from "./rewrite.ts";

export const link: GraphPass = {
  name: "link",
  summary: "splice in other projects, bind variables",
  run: (root, context) => new Linker(context).link(root, context.project, new Map(context.project.variables), []),
};

type Bindings = ReadonlyMap<string, GraphValue>;

/** The keywords that from_project itself reads; all others bind variables. */
const ownKeywords = new Set(["project_dir", "config_template", "targets", "pp_kwargs", "pp_debug"]);

class Linker {
  readonly #context: PassContext;

  constructor(context: PassContext) {
    this.#context = context;
  }

  /** @param open the projects being linked, outermost first: an entry met again is a cycle */
  link(root: GraphValue, environment: ProjectEnvironment, bindings: Bindings, open: readonly string[]): GraphValue {
    const renamed = foldGeneratedModels(rewrite(root, (node) => renameWellKnown(node, environment)));
    const bound = bind(renamed, bindings);
    return rewrite(bound, (node) => {
      if (node.kind === "call" && node.constructorSpec === fromProjectSpec)
        return this.#splice(node, open) ?? faultyValue(node.origin);
      return fold(node);
    });
  }

  #splice(node: CallNode, open: readonly string[]): GraphValue | undefined {
    const { report, loadProject } = this.#context;
    let isUnknown = node.faulty === true;
    const constant = (name: string): PlainValue | undefined => {
      const value = keyword(node, name);
      if (value === undefined) return undefined;
      const found = isFaulty(value) ? undefined : constantOf(value);
      if (found === undefined) {
        isUnknown = true;
        if (!isFaulty(value)) report(faults.notConstant(placeOf(value.origin), { argument: name }));
      }
      return found;
    };
    const projectDir = constant("project_dir") ?? textOf(node.args[0]);
    const configTemplate = constant("config_template") ?? textOf(node.args[1]);
    const ppKwargs = constant("pp_kwargs") ?? {};
    const targets = constant("targets");
    if (isUnknown) return undefined;
    if (typeof projectDir !== "string") {
      const given = keyword(node, "project_dir");
      report(
        faults.missingProjectDir(placeOf(given?.origin ?? node.constructorOrigin), {
          found: given === undefined ? undefined : describe(given),
        }),
      );
      return undefined;
    }
    const template = typeof configTemplate === "string" && configTemplate !== "" ? configTemplate : undefined;
    const step = `${projectDir}${template === undefined ? "" : ` (${template})`}`;
    if (open.includes(step)) {
      report(faults.cycle(placeOf(node.constructorOrigin), { steps: [...open.slice(open.indexOf(step)), step] }));
      return undefined;
    }
    if (loadProject === undefined) {
      report(faults.noLoader(placeOf(node.constructorOrigin), { project: projectDir }));
      return undefined;
    }
    const frame: Frame = { kind: "from_project", name: step, span: node.constructorOrigin.span };
    const loaded = this.#load(
      () => loadProject({ projectDir, configTemplate: template, ppKwargs: asMapping(ppKwargs) }, node.origin),
      keyword(node, "project_dir")?.origin ?? node.constructorOrigin,
      [...node.origin.stack, frame],
    );
    return loaded === undefined ? undefined : this.#targets(node, targets, loaded, projectDir, [...open, step], frame);
  }

  /** What the other config has wrong is told with the way to it. */
  #load(load: () => LinkedProject, origin: Origin, chain: readonly Frame[]): LinkedProject | undefined {
    const { report } = this.#context;
    const tell = (found: readonly Diagnostic[]): void => {
      // A project that is not there has no place of its own: the one that names it is told.
      for (const each of found)
        report(
          each.span === undefined
            ? { ...each, span: origin.span, chain: origin.stack }
            : { ...each, chain: [...chain, ...(each.chain ?? [])] },
        );
    };
    try {
      const loaded = load();
      tell(loaded.diagnostics);
      return loaded;
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      tell(error.diagnostics);
      return undefined;
    }
  }

  #targets(
    node: CallNode,
    targets: PlainValue | undefined,
    { root, environment }: LinkedProject,
    projectDir: string,
    open: readonly string[],
    frame: Frame,
  ): GraphValue | undefined {
    const { given, restore } = passThrough(node);
    const chain = [...node.origin.stack, frame];
    const reached = rewrite(root, (part) => withFrames(part, chain));
    const linked = this.link(reached, environment, new Map([...environment.variables, ...given]), open);
    const wanted = targetNames(targets);
    const names = typeof wanted === "string" ? [wanted] : wanted;
    const entries: DictEntry[] = [];
    for (const name of names) {
      const value = targetOf(linked, name);
      if (value !== undefined) {
        entries.push({ key: scalar(name, node.origin), value });
        continue;
      }
      entries.push({ key: scalar(name, node.origin), value: faultyValue(node.origin) });
      if (linked.faulty === true) continue;
      const known = targetsOf(linked).map(keyText);
      this.#context.report(
        faults.unknownTarget(placeOf(this.#placeOfTarget(node, name)), {
          target: name,
          project: projectDir,
          nearest: nearest(name, known),
          known,
        }),
      );
    }
    // Only what is wanted is resolved: another project's unused targets are no business of this build.
    const made: GraphValue = { kind: "dict", entries, origin: node.origin };
    const resolved = restore(resolveIn(boundaries.run(made, this.#context), environment, this.#context));
    return typeof wanted === "string" ? targetOf(resolved, wanted) : resolved;
  }

  /** Where the user wrote the name of a target. */
  #placeOfTarget(node: CallNode, name: string): Origin {
    const targets = keyword(node, "targets");
    if (targets === undefined) return node.constructorOrigin;
    const data = targets.kind === "call" ? asData(targets) : targets;
    const items = data?.kind === "list" || data?.kind === "tuple" ? data.items : [];
    return items.find((item) => textOf(item) === name)?.origin ?? targets.origin;
  }
}

function targetNames(value: PlainValue | undefined): string | readonly string[] {
  if (typeof value === "string" && value !== "") return value;
  if (Array.isArray(value) && value.length > 0) return value.map(String);
  return "main";
}

/**
 * The values that a from_project node binds. Plain data goes in as it is; what is to be constructed is a part of the outer graph, which must not be
 * resolved as the inner project's, nor lose its identity: a variable stands for it until the inner graph is finished.
 */
function passThrough(node: CallNode): {
  given: readonly (readonly [string, GraphValue])[];
  restore: (graph: GraphValue) => GraphValue;
} {
  const outer = new Map<GraphValue, GraphValue>();
  const given = node.kwargs
    .filter(({ name }) => !ownKeywords.has(name))
    .map(({ name, value }): readonly [string, GraphValue] => {
      if (constantOf(value) !== undefined) return [name, value];
      const standIn: GraphValue = { kind: "var", varName: name, origin: value.origin };
      outer.set(standIn, value);
      return [name, standIn];
    });
  return { given, restore: (graph) => rewrite(graph, (part, original) => outer.get(original) ?? fold(part)) };
}

function asMapping(value: PlainValue): Readonly<Record<string, PlainValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, PlainValue>)
    : {};
}

function withFrames(node: GraphValue, chain: readonly Frame[]): GraphValue {
  const origin = { ...node.origin, stack: [...chain, ...node.origin.stack] };
  if (node.kind !== "call") return { ...node, origin };
  const constructorOrigin = { ...node.constructorOrigin, stack: origin.stack };
  return {
    ...node,
    origin,
    constructorOrigin,
    kwargs: node.kwargs.map((entry) => ({ ...entry, nameOrigin: { ...entry.nameOrigin, stack: origin.stack } })),
  };
}

/** Specs that the compiler itself handles must have their names before anything looks for them. */
function renameWellKnown(node: GraphValue, { importMap }: ProjectEnvironment): GraphValue {
  if (node.kind !== "call" || node.symbol !== undefined) return node;
  const spec = lookup(importMap, node.constructorSpec) ?? node.constructorSpec;
  if (
    spec === node.constructorSpec ||
    !(spec === fromProjectSpec || spec.startsWith("fgc/compiler:") || spec.startsWith("fgc/build:"))
  )
    return node;
  return { ...node, constructorSpec: spec };
}

/** Variables → their values. Inside of a model module's parts, the keys of its config stay variables: they are bound when a model is made. */
function bind(root: GraphValue, bindings: Bindings): GraphValue {
  const visitWith = (kept: ReadonlySet<string>): ((node: GraphValue) => GraphValue) => {
    const done = new Map<GraphValue, GraphValue>();
    const visit = (node: GraphValue): GraphValue => {
      const known = done.get(node);
      if (known !== undefined) return known;
      const made = make(node);
      done.set(node, made);
      return made;
    };
    const make = (node: GraphValue): GraphValue => {
      if (node.kind === "var" && !kept.has(node.varName)) {
        const value = bindings.get(node.varName) ?? (node.fallback === undefined ? undefined : visit(node.fallback));
        return value ?? node;
      }
      if (node.kind === "call" && node.constructorSpec === modelModuleSpec) {
        const inner = visitWith(new Set([...kept, ...moduleConfigKeys(node), "config"]));
        const kwargs = node.kwargs.map((entry) => ({
          ...entry,
          value: (entry.name === "obj" ? inner : visit)(entry.value),
        }));
        return { ...node, kwargs };
      }
      if (node.kind === "call" && node.latentArgs !== undefined)
        return foldLatent(mapOperands(node, visit) as CallNode);
      return mapOperands(node, visit);
    };
    return visit;
  };
  return visitWith(new Set())(root);
}

/** `latent_args` are keywords laid over the others when the call is made: known now, they are keywords. */
function foldLatent(node: CallNode): CallNode {
  const latent = node.latentArgs?.kind === "call" ? asData(node.latentArgs) : node.latentArgs;
  if (latent?.kind !== "dict") return node;
  const { latentArgs: _, ...rest } = node;
  const kwargs = new Map(node.kwargs.map((entry) => [entry.name, entry]));
  for (const entry of latent.entries)
    kwargs.set(keyText(entry), { name: keyText(entry), nameOrigin: entry.key.origin, value: entry.value });
  return { ...rest, kwargs: [...kwargs.values()] };
}
