/**
 * @file Rewriting the op graph: nodes are rebuilt bottom-up in order of recording, each offered to the rules of a pass, and
 * interned, so that equal computations become one node (common sub-expressions) and unreachable ones vanish.
 */
import type { DType, Shape } from "../program/dtype.ts";
import {
  createMultiNode,
  createNode,
  type Node,
  type Op,
  type Spec,
  type TypedArray,
  topologicalOrder,
} from "../tensor/graph.ts";

/** What a traced function leaves behind. */
export interface LowerGraph {
  readonly outputs: readonly { readonly name: string; readonly node: Node }[];
  /** State leaf and the value that it has after the run. */
  readonly effects: readonly { readonly state: Node; readonly value: Node }[];
}

export interface Builder {
  /** Makes a node as the rules want it. */
  make(op: Op, args: readonly Node[], shape: Shape, dtype: DType): Node;
  /** How many nodes of the graph before the pass use this node; 0 for nodes that the pass has made. */
  uses(node: Node): number;
}

/** A node to stand in for `node`, or undefined to leave it. Arguments have been rewritten already. */
export type Rule = (node: Node, builder: Builder) => Node | undefined;

export interface Pass {
  readonly name: string;
  readonly rules: readonly Rule[];
}

export function rootsOf(graph: LowerGraph): readonly Node[] {
  return [...graph.outputs.map(({ node }) => node), ...graph.effects.map(({ value }) => value)];
}

/** All nodes that matter, in order of recording: arguments before users, and neighbours in time near each other. */
export function recordedOrder(graph: LowerGraph): Node[] {
  return topologicalOrder(rootsOf(graph)).sort((a, b) => a.id - b.id);
}

export function runPass(graph: LowerGraph, pass: Pass): LowerGraph {
  const order = recordedOrder(graph);
  const replaced = new Map<Node, Node>();
  /** Of rewritten nodes: how often their originals are used. */
  const uses = new Map<Node, number>();
  const usesBefore = countUses(graph);
  const interned = new Map<string, Node>();
  const arrays = new Map<TypedArray, number>();
  let scope = "";

  const intern = (
    op: Op,
    args: readonly Node[],
    shape: Shape,
    dtype: DType,
    results: readonly Spec[] | undefined,
  ): Node => {
    const key = `${keyOf(op, arrays)}|${dtype}|${shape.join()}|${args.map((arg) => arg.id).join()}`;
    let node = interned.get(key);
    if (node === undefined) {
      node =
        results === undefined ? createNode(op, args, shape, dtype, scope) : createMultiNode(op, args, results, scope);
      interned.set(key, node);
    }
    return node;
  };
  const simplified = new Map<Node, Node>();
  const simplify = (node: Node): Node => {
    const known = simplified.get(node);
    if (known !== undefined) return known;
    let result = node;
    for (const rule of pass.rules) {
      const next = rule(node, builder);
      if (next !== undefined && next !== node) {
        result = simplify(next);
        break;
      }
    }
    simplified.set(node, result);
    return result;
  };
  const builder: Builder = {
    make: (op, args, shape, dtype) => simplify(intern(op, args, shape, dtype, undefined)),
    uses: (node) => uses.get(node) ?? 0,
  };

  for (const node of order) {
    scope = node.scope;
    const args = node.args.map((arg) => replaced.get(arg) as Node);
    const copy = intern(node.op, args, node.shape, node.dtype, node.results);
    const result = simplify(copy);
    replaced.set(node, result);
    uses.set(result, (uses.get(result) ?? 0) + (usesBefore.get(node) ?? 0));
  }
  return mapRoots(graph, (node) => replaced.get(node) as Node);
}

export function mapRoots(graph: LowerGraph, map: (node: Node) => Node): LowerGraph {
  return {
    outputs: graph.outputs.map(({ name, node }) => ({ name, node: map(node) })),
    effects: graph.effects.map(({ state, value }) => ({ state, value: map(value) })),
  };
}

/** How many arguments and roots each node is. */
export function countUses(graph: LowerGraph): Map<Node, number> {
  const uses = new Map<Node, number>();
  const add = (node: Node): void => void uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const node of recordedOrder(graph)) node.args.forEach(add);
  rootsOf(graph).forEach(add);
  return uses;
}

function keyOf(op: Op, arrays: Map<TypedArray, number>): string {
  switch (op.kind) {
    case "state":
      return `state ${op.state.id}`;
    case "const": {
      const number = arrays.get(op.data) ?? arrays.size;
      arrays.set(op.data, number);
      return `const ${number}`;
    }
    case "full": // JSON has no infinities, no NaN and no −0
      return `full ${Object.is(op.value, -0) ? "-0" : op.value}`;
    case "pad":
      return `pad ${op.before.join()};${op.after.join()};${op.value}`;
    default:
      return JSON.stringify(op);
  }
}
