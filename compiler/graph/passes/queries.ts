/** @file Questions that several passes and the emitters ask of a graph. */
import { type CallNode, type DictEntry, type DictNode, type GraphValue, operands, type ScalarNode } from "../node.ts";
import type { PlainValue } from "./pass.ts";

/** A `!meta` node that marks what becomes `model.ts`. */
export const modelModuleSpec = "fgc/compiler:modelModule";
/** A build rule: made once, at build time. */
export const assetSpec = "fgc/build:asset";
/** Another project's graph, spliced in by the link pass. */
export const fromProjectSpec = "forgather:from_project";
/** Made by the types pass: `x ?? undefined`, for parameters that do not take null. */
export const orUndefinedSpec = "or_undefined";
/** A text file of the bundle, read when the program runs: `pp_config`. */
export const bundleTextSpec = "bundle_text";

export function isCallOf(node: GraphValue, spec: string): node is CallNode {
  return node.kind === "call" && node.constructorSpec === spec;
}

export function keyword(node: CallNode, name: string): GraphValue | undefined {
  return node.kwargs.find((candidate) => candidate.name === name)?.value;
}

/** The root's targets; empty where the document is no mapping. */
export function targetsOf(root: GraphValue): readonly DictEntry[] {
  return root.kind === "dict" ? root.entries : [];
}

export function textOf(node: GraphValue | undefined): string | undefined {
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}

export function keyText(entry: DictEntry): string {
  return entry.key.kind === "scalar" ? String(entry.key.value) : "";
}

export function targetOf(root: GraphValue, name: string): GraphValue | undefined {
  return targetsOf(root).find((entry) => keyText(entry) === name)?.value;
}

export function entryOf(dict: DictNode, key: string): DictEntry | undefined {
  return dict.entries.find((entry) => entry.key.kind === "scalar" && entry.key.value === key);
}

/** Data that needs no run to be known: scalars, and lists and mappings of such, named ones included. */
export function constantOf(node: GraphValue): PlainValue | undefined {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
    case "tuple":
      return constants(node.items);
    case "dict": {
      const pairs = node.entries.map((entry) => [keyText(entry), constantOf(entry.value)] as const);
      return pairs.every(([, value]) => value !== undefined)
        ? (Object.fromEntries(pairs) as Record<string, PlainValue>)
        : undefined;
    }
    case "call": {
      const data = asData(node);
      return data === undefined ? undefined : constantOf(data);
    }
    default:
      return undefined;
  }
}

function constants(items: readonly GraphValue[]): readonly PlainValue[] | undefined {
  const values = items.map(constantOf);
  return values.every((value) => value !== undefined) ? (values as PlainValue[]) : undefined;
}

/** A `named_list`, `named_tuple` or `named_dict` call as the list or mapping that it makes. */
export function asData(node: CallNode): GraphValue | undefined {
  const { origin, args, kwargs } = node;
  switch (node.constructorSpec) {
    case "named_list":
    case "named_tuple": {
      const kind = node.constructorSpec === "named_list" ? "list" : "tuple";
      if (args.length === 0) return { kind, items: [], origin };
      const [content] = args;
      return content?.kind === "list" || content?.kind === "tuple" ? { kind, items: content.items, origin } : undefined;
    }
    case "named_dict": {
      if (args.length > 0) return undefined;
      const entries = kwargs.map(
        (entry): DictEntry => ({
          key: { kind: "scalar", value: entry.name, origin: entry.nameOrigin },
          value: entry.value,
        }),
      );
      return { kind: "dict", entries, origin };
    }
    default:
      return undefined;
  }
}

/** Every node below `root`, itself first, each once, in canonical order. */
export function* walk(root: GraphValue): Generator<GraphValue> {
  const seen = new Set<GraphValue>();
  const stack: GraphValue[] = [root];
  while (stack.length > 0) {
    const node = stack.pop() as GraphValue;
    if (seen.has(node)) continue;
    seen.add(node);
    yield node;
    const inner = operands(node);
    for (let i = inner.length - 1; i >= 0; i -= 1) stack.push(inner[i] as GraphValue);
  }
}

/** Whether a reported fault makes it unknown what stands here. */
export function isFaulty(node: GraphValue): boolean {
  return node.faulty === true;
}

/** Stands where nobody knows the value, since a fault was reported. */
export function faultyValue(origin: ScalarNode["origin"]): ScalarNode {
  return { kind: "scalar", value: null, origin, faulty: true };
}

export function scalar(value: ScalarNode["value"], origin: ScalarNode["origin"]): ScalarNode {
  return { kind: "scalar", value, origin };
}
