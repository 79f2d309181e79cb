/**
 * @file From anchors to the roots that kernels compute, and who provides what: a concatenation is provided by the roots that
 * write its pieces, an updated slice by the copy of its base and the write into it.
 */
import { isOp, type Node, resultOf } from "../tensor/graph.ts";
import { stripReshape } from "./anchors.ts";
import { createRoot, type Group, type Root, singleton } from "./group.ts";
import { countUses, type LowerGraph, recordedOrder, rootsOf } from "./rewrite.ts";
import type { Storage } from "./views.ts";

/** Where a root's value goes, apart from being what others read as the node itself. */
export type Destination =
  | { readonly kind: "piece"; readonly of: Node; readonly axis: number; readonly start: number }
  | { readonly kind: "base"; readonly of: Node }
  | { readonly kind: "update"; readonly of: Node; readonly axis: number; readonly start: Node };

export interface Assembly {
  readonly roots: readonly Root[];
  /** The roots that together make a stored node. */
  readonly providers: ReadonlyMap<Node, readonly Root[]>;
  readonly destinations: ReadonlyMap<Root, Destination>;
  /** Results of one kernel with several. */
  readonly siblings: ReadonlyMap<Node, readonly Root[]>;
  readonly graph: LowerGraph;
}

export function assemble(graph: LowerGraph, storage: Storage): Assembly {
  const roots: Root[] = [];
  const providers = new Map<Node, Root[]>();
  const destinations = new Map<Root, Destination>();
  const siblings = new Map<Node, Root[]>();
  const uses = countUses(graph);
  const leaves = new Set(rootsOf(graph).map(stripReshape));
  const order = recordedOrder(graph).filter((node) => storage.anchors.has(node));
  const add = (root: Root, provides: Node, destination?: Destination): void => {
    roots.push(root);
    providers.set(provides, [...(providers.get(provides) ?? []), root]);
    if (destination !== undefined) destinations.set(root, destination);
  };

  for (const node of order) {
    if (isOp(node, "concat")) {
      let start = 0;
      for (const part of node.args) {
        const destination: Destination = { kind: "piece", of: node, axis: node.op.axis, start };
        start += part.shape[node.op.axis] as number;
        const own = providers.get(part);
        // A stored part that nobody else reads is written to its place at once, whatever computes it.
        if (
          own !== undefined &&
          uses.get(part) === 1 &&
          !leaves.has(part) &&
          own.every((root) => !destinations.has(root) && root.node === part)
        ) {
          for (const root of own) destinations.set(root, destination);
          providers.set(node, [...(providers.get(node) ?? []), ...own]);
        } else add(createRoot(part, true), node, destination);
      }
    } else if (isOp(node, "updateSlice")) {
      const [base, value, start] = node.args as [Node, Node, Node];
      add(createRoot(base, true), node, { kind: "base", of: node });
      add(createRoot(value, true), node, { kind: "update", of: node, axis: node.op.axis, start });
    } else if (isOp(node, "result")) {
      const source = node.args[0] as Node;
      if (siblings.has(source)) continue;
      const results = (source.results ?? []).map(
        (_, i) =>
          order.find((other) => isOp(other, "result") && other.op.index === i && other.args[0] === source) ??
          resultOf(source, i),
      );
      for (const result of results) {
        storage.anchor(result);
        const root = createRoot(result);
        siblings.set(source, [...(siblings.get(source) ?? []), root]);
        add(root, result);
      }
    } else {
      add(createRoot(node), node);
    }
  }
  return { roots, providers, destinations, siblings, graph };
}

/** The groups to begin with: one per root, and one for all results of a kernel that has several. */
export function initialGroups({ roots, siblings }: Assembly): Group[] {
  const groups: Group[] = [];
  const done = new Set<Root>();
  for (const root of roots) {
    if (done.has(root)) continue;
    const family =
      root.isCopy || root.node.op.kind !== "result" ? [root] : (siblings.get(root.node.args[0] as Node) ?? [root]);
    for (const member of family) done.add(member);
    groups.push({ ...singleton(root), roots: family });
  }
  return groups;
}

/** The stored nodes that a root's kernel reads. */
export class Reads {
  private readonly storage: Storage;
  private readonly known = new Map<Node, ReadonlySet<Node>>();

  constructor(storage: Storage) {
    this.storage = storage;
  }

  of(root: Root, destination: Destination | undefined): ReadonlySet<Node> {
    const reads = new Set(root.isCopy ? this.expression(root.node) : this.arguments(root.node));
    if (destination?.kind === "update") for (const read of this.expression(destination.start)) reads.add(read);
    return reads;
  }

  private arguments(node: Node): ReadonlySet<Node> {
    const source = node.op.kind === "result" ? (node.args[0] as Node) : node;
    const reads = new Set<Node>();
    for (const arg of source.args) for (const read of this.expression(arg)) reads.add(read);
    return reads;
  }

  /** What an expression reads: itself where it is stored, or what its arguments read. */
  expression(node: Node): ReadonlySet<Node> {
    if (this.storage.isStored(node)) return new Set([node]);
    const known = this.known.get(node);
    if (known !== undefined) return known;
    const reads = this.arguments(node);
    this.known.set(node, reads);
    return reads;
  }
}
