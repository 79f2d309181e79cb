/**
 * @file Values given by path on the command line, applied to the graph that a config makes.
 *
 *     optimizer.lr=3e-4        sets a value; VALUE is read as YAML, tags included
 *     callbacks+=!call:f []    adds to a list
 *     callbacks[2]=…           replaces an item
 *     ~trainer_args.seed       removes a key or an item
 *
 * A path begins at a target or at a named node (`@optimizer`). An override means the value, not one place where it is used:
 * all uses of the changed node change. Paths into other projects are for the compiler's own pass, after linking.
 */
import { composeConfig } from "../config/compose.ts";
import { literalText, type RenderedText } from "../config/rendered.ts";
import type { YamlFloats } from "../config/scalars.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { buildGraphFrom } from "../graph/build.ts";
import { describe } from "../graph/describe.ts";
import { type CallNode, type DictEntry, entryOf, type GraphValue, operands, targetNames } from "../graph/index.ts";
import { nearest } from "../source/nearest.ts";
import type { Origin, SourceFile } from "../source/span.ts";
import { driverDiagnostics as faults } from "./diagnostics.ts";

/** As the user wrote it. */
export type OverrideText = string;

export interface ParsedOverride {
  readonly action: "set" | "append" | "remove";
  readonly path: readonly string[];
  readonly valueText: string;
  readonly text: string;
}

const overrideForm = /^(~)?((?:[^=~[\]+]|\+(?!=)|\[\d+\])+?)(?:(\+?=)([\s\S]*))?$/;

/** Whether an argument of a command is an override, and not a file or a name. */
export function looksLikeOverride(argument: string): boolean {
  return (
    /^~?[A-Za-z_@][\w.@-]*(?:\[\d+\][\w.[\]]*)*(?:\+?=|$)/.test(argument) &&
    (argument.includes("=") || argument.startsWith("~"))
  );
}

export function parseOverride(text: OverrideText): ParsedOverride {
  const match = overrideForm.exec(text);
  const [, tilde, path, operator, valueText] = match ?? [];
  if (path === undefined || (tilde === undefined) === (operator === undefined))
    throw new DiagnosticError(faults.badOverride({}, { text, problem: "this is not an override" }));
  const steps = pathSteps(path);
  if (steps.some((step) => step === ""))
    throw new DiagnosticError(faults.badOverride({}, { text, problem: "the path has an empty part" }));
  const action = tilde !== undefined ? "remove" : operator === "+=" ? "append" : "set";
  return {
    action,
    path: steps,
    valueText: valueText ?? "",
    text,
  };
}

/** `callbacks[2].interval` → callbacks, 2, interval; `@opt.lr` → opt, lr. */
export function pathSteps(path: string): readonly string[] {
  return path
    .replace(/^@/, "")
    .replace(/\[(\d+)\]/g, ".$1")
    .split(".");
}

/** The value at a path; undefined where it leads nowhere. */
export function valueAt(root: GraphValue, [first = "", ...rest]: readonly string[]): GraphValue | undefined {
  const start = entryOf(root, first) ?? namedNode(root, first);
  return rest.reduce<GraphValue | undefined>((node, step) => node && child(node, step), start);
}

/** VALUE as a graph value: YAML, with the language's tags. */
export function readValue(text: string, source: string, yamlFloats: YamlFloats): GraphValue {
  return readText(literalText({ path: `<${source}>`, text }), yamlFloats);
}

function readText(rendered: RenderedText, yamlFloats: YamlFloats): GraphValue {
  const composed = composeConfig(rendered);
  const built = composed.root === undefined ? undefined : buildGraphFrom(composed.root, rendered, yamlFloats);
  if (built?.graph === undefined) throw new DiagnosticError(...composed.diagnostics, ...(built?.diagnostics ?? []));
  return built.graph;
}

export function applyOverrides(
  root: GraphValue,
  overrides: readonly OverrideText[],
  yamlFloats: YamlFloats,
): GraphValue {
  return overrides.map(parseOverride).reduce((graph, override) => apply(graph, override, yamlFloats), root);
}

function apply(root: GraphValue, override: ParsedOverride, yamlFloats: YamlFloats): GraphValue {
  const [first, ...rest] = override.path as [string, ...string[]];
  const start = entryOf(root, first) ?? namedNode(root, first);
  if (start === undefined) throw unknownStep(root, override, first, [...targetNames(root), ...namesIn(root)]);
  const value = override.action === "remove" ? undefined : readText(wordOf(override).value, yamlFloats);
  const last = rest.pop();
  if (last === undefined && value === undefined) return removeTarget(root, start, override);
  const container = rest.reduce((node, step) => existing(root, node, step, override), start);
  if (override.action === "append" && value !== undefined) {
    const list = last === undefined ? start : existing(root, container, last, override);
    return replaceNode(root, list, append(list, override, value));
  }
  if (last === undefined) return value === undefined ? root : replaceNode(root, start, value);
  const holder = contents(container);
  return replaceNode(root, holder, withStep(root, holder, last, override, value));
}

/** An override as the file that its parts lie in: what is wrong with it is shown in the whole of what was typed. */
function wordOf({ text, valueText, path }: ParsedOverride): {
  readonly value: RenderedText;
  /** The last step of the path. */
  readonly name: Origin;
} {
  const file: SourceFile = { path: `<${text}>`, text };
  const valueStart = text.length - valueText.length;
  const at = (start: number, end: number): Origin => ({ span: { file, start, end }, stack: [] });
  const step = path.at(-1) ?? "";
  const nameStart = text.slice(0, valueStart).lastIndexOf(step);
  return {
    value: {
      text: valueText,
      originAt: (offset) => at(valueStart + offset, Math.min(valueStart + offset + 1, text.length)),
    },
    name: at(nameStart, nameStart + step.length),
  };
}

function removeTarget(root: GraphValue, target: GraphValue, override: ParsedOverride): GraphValue {
  if (root.kind !== "dict" || !root.entries.some((entry) => entry.value === target))
    throw new DiagnosticError(
      faults.badOverride({}, { text: override.text, problem: "a node is removed from the place that holds it" }),
    );
  return { ...root, entries: root.entries.filter((entry) => entry.value !== target) };
}

/** What `!list`, `!tuple`, `!dlist` make: to a user the list itself. */
function contents(node: GraphValue): GraphValue {
  const [only] = node.kind === "call" ? node.args : [];
  return node.kind === "call" && isDataList(node) && only !== undefined ? only : node;
}

/** The value under a key, an argument's name, or a number. */
function child(container: GraphValue, step: string): GraphValue | undefined {
  const node = contents(container);
  switch (node.kind) {
    case "call": {
      const position = positionOf(step);
      return position === undefined ? node.kwargs.find(({ name }) => name === step)?.value : node.args[position];
    }
    case "dict":
      return entryOf(node, step);
    case "list":
    case "tuple":
      return /^\d+$/.test(step) ? node.items[Number(step)] : undefined;
    default:
      return undefined;
  }
}

function existing(root: GraphValue, container: GraphValue, step: string, override: ParsedOverride): GraphValue {
  const found = child(container, step);
  if (found === undefined) throw unknownStep(root, override, step, stepsOf(container));
  return found;
}

/** Positional arguments of a call: `2` or `arg2`. */
function positionOf(step: string): number | undefined {
  const digits = /^(?:arg)?(\d+)$/.exec(step)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** What may stand next in a path. */
export function stepsOf(node: GraphValue): readonly string[] {
  return node.kind === "call" ? node.kwargs.map(({ name }) => name) : targetNames(node);
}

/** `node` with the value at `step` changed, added, or removed where `value` is undefined. Only named things can be added. */
function withStep(
  root: GraphValue,
  node: GraphValue,
  step: string,
  override: ParsedOverride,
  value: GraphValue | undefined,
): GraphValue {
  const old = child(node, step);
  const isNamed = node.kind === "dict" || (node.kind === "call" && positionOf(step) === undefined);
  if (old === undefined && (!isNamed || value === undefined)) throw unknownStep(root, override, step, stepsOf(node));
  const items = (list: readonly GraphValue[], index: number | undefined) =>
    list.flatMap((item, i) => (i !== index ? [item] : value === undefined ? [] : [value]));
  switch (node.kind) {
    case "call": {
      if (!isNamed) return { ...node, args: items(node.args, positionOf(step)) };
      const kwargs = node.kwargs.flatMap((keyword) =>
        keyword.name !== step ? [keyword] : value === undefined ? [] : [{ ...keyword, value }],
      );
      if (old === undefined && value !== undefined)
        kwargs.push({ name: step, nameOrigin: wordOf(override).name, value });
      return { ...node, kwargs };
    }
    case "dict": {
      const isStep = ({ key }: DictEntry) => key.kind === "scalar" && key.value === step;
      const entries = node.entries.flatMap((entry): DictEntry[] =>
        !isStep(entry) ? [entry] : value === undefined ? [] : [{ ...entry, value }],
      );
      if (old === undefined && value !== undefined)
        entries.push({ key: { kind: "scalar", origin: wordOf(override).name, value: step }, value });
      return { ...node, entries };
    }
    case "list":
    case "tuple":
      return { ...node, items: items(node.items, Number(step)) };
    default:
      return node;
  }
}

function append(node: GraphValue, override: ParsedOverride, value: GraphValue): GraphValue {
  const added = value.kind === "list" ? value.items : [value];
  if (node.kind === "list" || node.kind === "tuple") return { ...node, items: [...node.items, ...added] };
  if (node.kind === "call" && isDataList(node))
    return { ...node, args: [append(node.args[0] as GraphValue, override, value)] };
  throw new DiagnosticError(
    faults.notAList(
      { span: node.origin.span, chain: node.origin.stack },
      { text: override.text, found: describe(node) },
    ),
  );
}

function isDataList(node: CallNode): boolean {
  return (
    (node.constructorSpec === "named_list" || node.constructorSpec === "named_tuple") &&
    node.args.length === 1 &&
    node.args[0]?.kind === "list"
  );
}

function unknownStep(
  root: GraphValue,
  { text, path }: ParsedOverride,
  step: string,
  known: readonly string[],
): DiagnosticError {
  const elsewhere = path.at(-1) === step ? pathTo(root, step) : undefined;
  return new DiagnosticError(faults.overridePath({}, { text, step, elsewhere, nearest: nearest(step, known) }));
}

/** The shortest path that ends with `name`, which is mostly what a person means who leaves the rest out: `model_config.hidden_size`. */
export function pathTo(root: GraphValue, name: string): string | undefined {
  const seen = new Set<GraphValue>([root]);
  let level: readonly (readonly [path: string, node: GraphValue])[] = [["", root]];
  while (level.length > 0) {
    const next: (readonly [string, GraphValue])[] = [];
    for (const [path, node] of level) {
      const holder = contents(node);
      const steps = "items" in holder ? holder.items.map((_, index) => `${index}`) : stepsOf(holder);
      for (const step of steps) {
        const value = child(holder, step);
        const own = "items" in holder ? `${path}[${step}]` : path === "" ? step : `${path}.${step}`;
        if (step === name && !("items" in holder)) return own;
        if (value === undefined || seen.has(value)) continue;
        seen.add(value);
        next.push([own, value]);
      }
    }
    level = next;
  }
  return undefined;
}

function* nodesOf(root: GraphValue, seen = new Set<GraphValue>()): Generator<CallNode> {
  if (seen.has(root)) return;
  seen.add(root);
  if (root.kind === "call") yield root;
  for (const operand of operands(root)) yield* nodesOf(operand, seen);
}

export function namedNode(root: GraphValue, name: string): CallNode | undefined {
  for (const node of nodesOf(root)) if (node.name === name) return node;
  return undefined;
}

export function namesIn(root: GraphValue): string[] {
  return [...nodesOf(root)].flatMap((node) => (node.name === undefined ? [] : [node.name]));
}

/** The graph with all uses of `old` replaced; what is not touched keeps its identity. */
function replaceNode(root: GraphValue, old: GraphValue, made: GraphValue): GraphValue {
  const done = new Map<GraphValue, GraphValue>([[old, made]]);
  const visit = (value: GraphValue): GraphValue => {
    const known = done.get(value);
    if (known !== undefined) return known;
    const rebuilt = rebuild(value, visit);
    done.set(value, rebuilt);
    return rebuilt;
  };
  return visit(root);
}

function rebuild(value: GraphValue, visit: (value: GraphValue) => GraphValue): GraphValue {
  const same = operands(value).every((operand) => visit(operand) === operand);
  if (same) return value;
  switch (value.kind) {
    case "list":
    case "tuple":
      return { ...value, items: value.items.map(visit) };
    case "dict":
      return {
        ...value,
        entries: value.entries.map((entry) => ({ key: visit(entry.key), value: visit(entry.value) })),
      };
    case "var":
      return value.fallback === undefined ? value : { ...value, fallback: visit(value.fallback) };
    case "call":
      return {
        ...value,
        args: value.args.map(visit),
        kwargs: value.kwargs.map((keyword) => ({ ...keyword, value: visit(keyword.value) })),
        ...(value.latentArgs === undefined ? {} : { latentArgs: visit(value.latentArgs) }),
        ...(value.submoduleSearchpath === undefined ? {} : { submoduleSearchpath: visit(value.submoduleSearchpath) }),
      };
    default:
      return value;
  }
}
