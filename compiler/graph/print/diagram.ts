/** @file A graph as a diagram, for Graphviz and for Mermaid: boxes are nodes and targets, plain values stand inside their box. */
import type { CallNode, GraphValue, VarNode } from "../node.ts";
import { keyText } from "./outline.ts";
import { yamlScalar } from "./yaml-scalar.ts";

interface Box {
  readonly id: string;
  readonly kind: "target" | CallNode["mode"] | "var";
  readonly title: string;
  /** `lr = 0.001` */
  readonly facts: readonly string[];
}
interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}
interface Diagram {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

function diagramOf(root: GraphValue): Diagram {
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  const ids = new Map<CallNode | VarNode, string>();

  /** Plain values become facts of the box `from`, nodes become boxes of their own. */
  const edges = (from: string, label: string, value: GraphValue, facts: string[]): void => {
    if (value.kind === "call" || value.kind === "var") {
      arrows.push({ from, to: box(value), label });
    } else if (value.kind === "list" || value.kind === "tuple") {
      for (const [i, item] of value.items.entries()) edges(from, `${label}[${i}]`, item, facts);
    } else if (value.kind === "dict") {
      for (const entry of value.entries)
        edges(from, label === "" ? keyText(entry.key) : `${label}.${keyText(entry.key)}`, entry.value, facts);
    } else {
      facts.push(`${label} = ${shorten(value.kind === "scalar" ? yamlScalar(value.value) : value.type)}`);
    }
  };
  const box = (node: CallNode | VarNode): string => {
    const known = ids.get(node);
    if (known !== undefined) return known;
    const id = `n${ids.size + 1}`;
    ids.set(node, id);
    const facts: string[] = [];
    const name = node.name === undefined ? "" : `${node.name}: `;
    const at = boxes.push({ id, kind: node.kind === "var" ? "var" : node.mode, title: "", facts }) - 1;
    if (node.kind === "var") {
      boxes[at] = { id, kind: "var", title: `${name}${node.varName}`, facts };
      if (node.fallback !== undefined) edges(id, "default", node.fallback, facts);
      return id;
    }
    boxes[at] = { id, kind: node.mode, title: `${name}${node.constructorSpec}`, facts };
    for (const [i, arg] of node.args.entries()) edges(id, `${i}`, arg, facts);
    for (const keyword of node.kwargs) edges(id, keyword.name, keyword.value, facts);
    if (node.latentArgs !== undefined) edges(id, "latent_args", node.latentArgs, facts);
    return id;
  };
  const targets =
    root.kind === "dict"
      ? root.entries.map((entry) => [keyText(entry.key), entry.value] as const)
      : [["root", root] as const];
  for (const [i, [name, value]] of targets.entries()) {
    const facts: string[] = [];
    boxes.push({ id: `t${i + 1}`, kind: "target", title: name, facts });
    edges(`t${i + 1}`, "", value, facts);
  }
  return { boxes, arrows };
}

function shorten(text: string): string {
  return text.length > 48 ? `${text.slice(0, 47)}…` : text;
}

const dotShapes = {
  target: "cds",
  singleton: "box",
  factory: "box3d",
  partial: "component",
  meta: "note",
  var: "ellipse",
} as const;

export function printDot(root: GraphValue): string {
  const { boxes, arrows } = diagramOf(root);
  const quote = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;
  const label = (box: Box) => quote([box.title, ...box.facts].join("\n")).replaceAll("\n", "\\l");
  const lines = [
    ...boxes.map((box) => `${box.id} [shape=${dotShapes[box.kind]}, label=${label(box)}];`),
    ...arrows.map(
      (arrow) => `${arrow.from} -> ${arrow.to}${arrow.label === "" ? "" : ` [label=${quote(arrow.label)}]`};`,
    ),
  ];
  return `digraph config {\n  rankdir=LR;\n  node [fontname="sans-serif"];\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
}

const mermaidShapes = {
  target: ["([", "])"],
  singleton: ["[", "]"],
  factory: ["[[", "]]"],
  partial: ["[/", "/]"],
  meta: ["{{", "}}"],
  var: ["((", "))"],
} as const;

export function printMermaid(root: GraphValue): string {
  const { boxes, arrows } = diagramOf(root);
  const quote = (text: string) =>
    `"${text.replaceAll("&", "#amp;").replaceAll('"', "#quot;").replaceAll("<", "#lt;").replaceAll(">", "#gt;")}"`;
  const lines = [
    ...boxes.map((box) => {
      const [open, close] = mermaidShapes[box.kind];
      return `${box.id}${open}${[box.title, ...box.facts].map(quote).join("<br/>").replaceAll('"<br/>"', "<br/>")}${close}`;
    }),
    ...arrows.map((arrow) => `${arrow.from} -->${arrow.label === "" ? "" : `|${quote(arrow.label)}|`} ${arrow.to}`),
  ];
  return `flowchart LR\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
