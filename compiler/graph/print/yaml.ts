/**
 * @file A graph as YAML that reads back as an equal graph.
 *
 *     .define: &opt !partial:fgc/optim:AdamW@opt
 *       lr: 0.001
 *     main: !singleton:fgc/train:Trainer
 *       optimizer_factory: *opt
 *
 * Nodes that need a name are defined before the targets, each after those that it uses.
 */
import type { NamePolicy } from "../names.ts";
import { automaticName, nameNodes } from "../names.ts";
import { type CallNode, type DictEntry, type GraphValue, type Keyword, operands, type VarNode } from "../node.ts";
import { literalBlock, yamlScalar, yamlTagText, yamlText } from "./yaml-scalar.ts";

export function printYaml(root: GraphValue, policy: NamePolicy): string {
  const printer = new YamlPrinter(anchorsOf(root, policy));
  if (root.kind !== "dict") return `${printer.value(root).join("\n")}\n`;
  const lines = printer.definitions(root).flatMap((node) => attach(".define:", printer.value(node)));
  if (root.entries.length === 0) return "{}\n";
  return `${[...lines, ...printer.entries(root.entries)].join("\n")}\n`;
}

type Identified = CallNode | VarNode;

/** The nodes that get an anchor: those the policy names, and all that occur at several places. */
function anchorsOf(root: GraphValue, policy: NamePolicy): ReadonlyMap<Identified, string> {
  const { names } = nameNodes([root], policy);
  const places = new Map<Identified, number>();
  const visit = (value: GraphValue): void => {
    if (value.kind === "call" || value.kind === "var") {
      const before = places.get(value) ?? 0;
      places.set(value, before + 1);
      if (before > 0) return;
    }
    for (const operand of operands(value)) visit(operand);
  };
  visit(root);
  const anchors = new Map<Identified, string>();
  const taken = new Set<string>();
  let automatic = 0;
  for (const [node, count] of places) {
    const named = node.kind === "call" ? names.get(node) : undefined;
    if (named === undefined && count < 2) continue;
    let anchor = (named ?? (node.kind === "var" ? node.varName : node.name) ?? "").replace(/[^A-Za-z0-9_-]/g, "_");
    while (anchor === "" || taken.has(anchor)) anchor = automaticName(automatic++);
    taken.add(anchor);
    anchors.set(node, anchor);
  }
  return anchors;
}

/** `head` and what comes after it: on its line where that is one line or starts with properties, else below. */
function attach(head: string, lines: readonly string[]): string[] {
  const [first = "", ...rest] = lines;
  return [first === "" ? head : `${head} ${first}`, ...rest];
}

class YamlPrinter {
  private readonly written = new Set<Identified>();
  private readonly anchors: ReadonlyMap<Identified, string>;

  constructor(anchors: ReadonlyMap<Identified, string>) {
    this.anchors = anchors;
  }

  /** The anchored nodes below `root`, each after those that it uses. */
  definitions(root: GraphValue): Identified[] {
    const found = new Set<Identified>();
    const seen = new Set<GraphValue>();
    const visit = (value: GraphValue): void => {
      if (seen.has(value)) return;
      seen.add(value);
      for (const operand of operands(value)) visit(operand);
      if ((value.kind === "call" || value.kind === "var") && this.anchors.has(value)) found.add(value);
    };
    visit(root);
    return [...found];
  }

  /** Lines: the first goes behind what holds the value (it may be empty), the others are indented already. */
  value(value: GraphValue): string[] {
    switch (value.kind) {
      case "scalar": {
        const block = typeof value.value === "string" ? literalBlock(value.value) : undefined;
        if (block === undefined) return [yamlScalar(value.value)];
        return block.map((line, i) => (i === 0 || line === "" ? line : `  ${line}`));
      }
      case "opaque":
        if (value.type === "bytes") return [`!!binary ${JSON.stringify(value.value)}`];
        if (typeof value.value === "string") return [value.value];
        return this.collection("!!set", this.entries(value.value.map((key) => ({ key, value: nothing(key) }))), "{}");
      case "list": {
        // Only `!!pairs` makes tuples.
        const pairs = value.items.length > 0 && value.items.every((item) => item.kind === "tuple");
        if (!pairs) return this.collection("", this.items(value.items), "[]");
        const entries = value.items.map((item): GraphValue => {
          const [key, second] = item.kind === "tuple" ? item.items : [];
          return {
            kind: "dict",
            origin: item.origin,
            entries: [{ key: key as GraphValue, value: second as GraphValue }],
          };
        });
        return this.collection("!!pairs", this.items(entries), "[]");
      }
      case "tuple":
        return this.collection("", this.items(value.items), "[]");
      case "dict":
        return this.collection("", this.entries(value.entries), "{}");
      case "var":
      case "call":
        return this.node(value);
    }
  }

  private collection(head: string, lines: readonly string[], empty: string): string[] {
    if (lines.length === 0) return [head === "" ? empty : `${head} ${empty}`];
    return [head, ...lines.map((line) => (line === "" ? line : `  ${line}`))];
  }

  private items(items: readonly GraphValue[]): string[] {
    return items.flatMap((item) => {
      const [first = "", ...rest] = this.value(item);
      // A collection starts on the dash's line: `- a: 1`.
      if (first === "" && rest.length > 0) return [`- ${(rest[0] as string).slice(2)}`, ...rest.slice(1)];
      return [`- ${first}`, ...rest];
    });
  }

  entries(entries: readonly DictEntry[]): string[] {
    return entries.flatMap(({ key, value }) => {
      if (key.kind === "scalar")
        return attach(
          `${typeof key.value === "string" ? yamlText(key.value) : yamlScalar(key.value)}:`,
          this.value(value),
        );
      return [...attach("?", this.value(key)), ...attach(":", this.value(value))];
    });
  }

  private node(node: Identified): string[] {
    const anchor = this.anchors.get(node);
    if (anchor !== undefined && this.written.has(node)) return [`*${anchor}`];
    this.written.add(node);
    const [first = "", ...rest] = node.kind === "var" ? this.variable(node) : this.call(node);
    return [anchor === undefined ? first : `&${anchor} ${first}`, ...rest];
  }

  private variable(node: VarNode): string[] {
    if (node.fallback === undefined && node.name === undefined) return [`!var ${yamlText(node.varName)}`];
    const lines = [`name: ${yamlText(node.varName)}`];
    if (node.name !== undefined) lines.push(`_identity: ${yamlText(node.name)}`);
    if (node.fallback !== undefined) lines.push(...attach("default:", this.value(node.fallback)));
    return this.collection("!var", lines, "{}");
  }

  private call(node: CallNode): string[] {
    const name = node.name === undefined ? "" : `@${yamlTagText(node.name)}`;
    const items = dataItems(node);
    if (items !== undefined) {
      const word = node.constructorSpec === "named_tuple" ? "!tuple" : "!list";
      return this.collection(`${word}${name === "" ? "" : `:${name}`}`, this.items(items), "[]");
    }
    const keywords = this.keywords(node);
    const isDict = node.mode === "singleton" && node.constructorSpec === "named_dict" && node.args.length === 0;
    if (isDict) return this.collection(`!dict${name === "" ? "" : `:${name}`}`, keywords, "{}");
    const head = `!${node.mode}:${yamlTagText(node.constructorSpec)}${name}`;
    if (keywords.length === 0) return this.collection(head, this.items(node.args), "[]");
    if (node.args.length === 0 && !needsExplicitForm(node.kwargs)) return this.collection(head, keywords, "{}");
    const args = node.args.length === 0 ? [] : ["args:", ...this.items(node.args).map((line) => `  ${line}`)];
    return this.collection(head, [...args, "kwargs:", ...keywords.map((line) => `  ${line}`)], "{}");
  }

  private keywords(node: CallNode): string[] {
    const lines = node.kwargs.flatMap(({ name, value }) => attach(`${yamlText(name)}:`, this.value(value)));
    if (node.latentArgs !== undefined) lines.push(...attach("latent_args:", this.value(node.latentArgs)));
    if (node.submoduleSearchpath !== undefined)
      lines.push(...attach("submodule_searchpath:", this.value(node.submoduleSearchpath)));
    return lines;
  }
}

function nothing(at: GraphValue): GraphValue {
  return { kind: "scalar", origin: at.origin, value: null };
}

/** The items of what `!list` and `!tuple` make. */
function dataItems(node: CallNode): readonly GraphValue[] | undefined {
  if (node.mode !== "singleton" || (node.constructorSpec !== "named_list" && node.constructorSpec !== "named_tuple"))
    return undefined;
  const [only] = node.args;
  const isPlain =
    node.args.length === 1 &&
    node.kwargs.length === 0 &&
    node.latentArgs === undefined &&
    node.submoduleSearchpath === undefined;
  return isPlain && only?.kind === "list" ? only.items : undefined;
}

/** Keywords that would be read as something else: `arg0`, or nothing but `args` and `kwargs`. */
function needsExplicitForm(kwargs: readonly Keyword[]): boolean {
  return (
    kwargs.some(({ name }) => /^arg\d+$/.test(name)) ||
    (kwargs.length > 0 && kwargs.every(({ name }) => name === "args" || name === "kwargs"))
  );
}
