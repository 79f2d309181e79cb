/**
 * @file Groups: what one kernel computes. A root is a node that the kernel computes and may store; a group holds the roots that
 * share one pass over a domain.
 */
import type { Shape } from "../program/dtype.ts";
import { type Node, nodeSize } from "../tensor/graph.ts";
import type { DraftAccess } from "./draft.ts";

/** A buffer of the program in the making. */
export interface Slot {
  readonly kind: "input" | "state" | "output" | "const" | "temp";
  readonly node: Node;
  readonly shape: Shape;
  readonly name: string;
}

/** A place where a root is stored. */
export interface Home {
  readonly slot: Slot;
  readonly offset: number;
  /** Per axis of the root's node. */
  readonly strides: readonly number[];
  readonly dynamic?: DraftAccess["dynamic"];
}

export interface Root {
  readonly node: Node;
  /** Filled in when homes are assigned; none where nobody outside of the group reads it. */
  readonly homes: Home[];
  /** Copies what is stored elsewhere instead of computing it: an output that is an input, a state assigned to two. */
  readonly isCopy: boolean;
}

export type GroupKind = "loop" | "reduce" | "matmul" | "single";

export interface Group {
  readonly kind: GroupKind;
  /** In order of recording. */
  readonly roots: readonly Root[];
  /** The iteration space. */
  readonly space: Shape;
  /** reduce: the axes of the space that are reduced. */
  readonly reduced: readonly number[];
  /** matmul: the product; single: the node whose kernel it is. */
  readonly core: Node | undefined;
}

export function createRoot(node: Node, isCopy = false): Root {
  return { node, homes: [], isCopy };
}

/** The group that computes one root on its own. */
export function singleton(root: Root): Group {
  const { node } = root;
  const base = { roots: [root], reduced: [] as readonly number[], core: undefined };
  if (root.isCopy) return { ...base, kind: "loop", space: node.shape };
  switch (node.op.kind) {
    case "matmul":
      return { ...base, kind: "matmul", space: node.shape, core: node };
    case "reduce":
      return { ...base, kind: "reduce", space: (node.args[0] as Node).shape, reduced: node.op.axes };
    case "result":
      return { ...base, kind: "single", space: node.shape, core: node.args[0] as Node };
    case "argreduce":
    case "cumsum":
    case "scatterAdd":
      return { ...base, kind: "single", space: node.shape, core: node };
    default:
      return { ...base, kind: "loop", space: node.shape };
  }
}

export function outerSize({ space, reduced }: Group): number {
  return space.reduce((size, extent, i) => (reduced.includes(i) ? size : size * extent), 1);
}

/** The group that computes the roots of both in one kernel, if their spaces have the sizes for it. The maps are checked by emitting it. */
export function mergeGroups(producer: Group, consumer: Group): Group | undefined {
  const roots = [...new Set([...producer.roots, ...consumer.roots])].sort((a, b) => a.node.id - b.node.id);
  if (roots.length > 12 || producer.kind === "single" || consumer.kind === "single") return undefined;
  const sizes = [producer, consumer].map(({ space }) => space.reduce((size, extent) => size * extent, 1)) as [
    number,
    number,
  ];
  const same = sizes[0] === sizes[1];
  if (producer.kind === "matmul") return consumer.kind === "loop" && same ? { ...producer, roots } : undefined;
  if (consumer.kind === "matmul") return undefined;
  if (producer.kind === "loop" && consumer.kind === "loop") return same ? { ...producer, roots } : undefined;
  if (producer.kind === "loop") return same || sizes[0] === outerSize(consumer) ? { ...consumer, roots } : undefined;
  const rows = outerSize(producer);
  // A pass over many elements per row after a reduction of few rows: better as a kernel of its own, spread over all of them.
  const isTall = rows < 8 && sizes[0] > 8192;
  if (consumer.kind === "loop") return (same && !isTall) || sizes[1] === rows ? { ...producer, roots } : undefined;
  return same && rows === outerSize(consumer) && !isTall ? { ...producer, roots } : undefined;
}

export function sizeOfSpace({ space }: Group): number {
  return space.reduce((size, extent) => size * extent, 1);
}

export function isTiny(group: Group): boolean {
  return group.roots.every(({ node }) => nodeSize(node) <= 64) && sizeOfSpace(group) <= 4096;
}
