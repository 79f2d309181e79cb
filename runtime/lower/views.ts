/**
 * @file Views: nodes that are stored elements seen through strides. A chain of movement ops over a stored node is a view as
 * long as no reshape merges axes whose strides do not fit together.
 */
import { contiguousStrides, type Shape } from "../program/dtype.ts";
import { isMovement, type Node } from "../tensor/graph.ts";
import { alignReshape, type Coord, combine, type IndexMap } from "./index-map.ts";

export interface View {
  /** The stored node. */
  readonly root: Node;
  readonly offset: number;
  /** Per axis of the viewed node, in elements. */
  readonly strides: readonly number[];
}

/** What is stored, and how it lies in its buffer. */
export class Storage {
  /** Nodes that one kernel computes and that others read from memory. */
  readonly anchors = new Set<Node>();
  /** Results of attention that must lie in the order of their own axes. */
  private readonly plain = new Set<Node>();
  /** Indices that kernels read from memory to find other elements. */
  private readonly indices = new Set<Node>();
  private views = new Map<Node, View | undefined>();

  anchor(node: Node): boolean {
    if (this.anchors.has(node) || isBufferLeaf(node)) return false;
    this.anchors.add(node);
    this.views = new Map();
    return true;
  }

  /** Stores `node` as an index: no kernel that picks elements by it can compute it, too. */
  anchorIndex(node: Node): void {
    this.anchor(node);
    this.indices.add(node);
  }

  isIndex(node: Node): boolean {
    return this.indices.has(node);
  }

  isStored(node: Node): boolean {
    return this.anchors.has(node) || isBufferLeaf(node);
  }

  layOutPlainly(node: Node): void {
    this.plain.add(node);
    this.views = new Map();
  }

  isPlain(node: Node): boolean {
    return this.plain.has(node) || !isHeadSplit(node);
  }

  /**
   * Strides of a stored node in its buffer. Results of attention [B, H, T, d] lie as [B, T, H, d], so that joining the heads
   * for the next product is a view.
   */
  layoutOf(node: Node): readonly number[] {
    if (this.isPlain(node)) return contiguousStrides(node.shape);
    const [b, h, t, d] = contiguousStrides([
      node.shape[0],
      node.shape[2],
      node.shape[1],
      node.shape[3],
    ] as number[]) as [number, number, number, number];
    return [b, t, h, d];
  }

  viewOf(node: Node): View | undefined {
    if (this.views.has(node)) return this.views.get(node);
    const view = this.computeView(node);
    this.views.set(node, view);
    return view;
  }

  private computeView(node: Node): View | undefined {
    if (this.isStored(node)) return { root: node, offset: 0, strides: this.layoutOf(node) };
    if (!isMovement(node) && node.op.kind !== "barrier") return undefined;
    const source = node.args[0] as Node;
    const view = this.viewOf(source);
    if (view === undefined) return undefined;
    const { op } = node;
    switch (op.kind) {
      case "barrier":
        return view;
      case "permute":
        return { ...view, strides: op.axes.map((axis) => view.strides[axis] as number) };
      case "expand":
        return { ...view, strides: view.strides.map((stride, i) => (source.shape[i] === 1 ? 0 : stride)) };
      case "slice":
        return {
          root: view.root,
          offset: view.offset + op.starts.reduce((sum, start, i) => sum + start * (view.strides[i] as number), 0),
          strides: view.strides.map((stride, i) => stride * (op.steps[i] as number)),
        };
      default: {
        const strides = reshapeStrides(source.shape, view.strides, node.shape);
        return strides && { ...view, strides };
      }
    }
  }
}

export function isBufferLeaf(node: Node): boolean {
  return node.op.kind === "input" || node.op.kind === "state" || node.op.kind === "const";
}

function isHeadSplit(node: Node): boolean {
  const source = node.args[0];
  return (
    node.op.kind === "result" &&
    node.shape.length === 4 &&
    (source?.op.kind === "attention" || source?.op.kind === "attentionBackward")
  );
}

/** The node below a chain of movement ops. */
export function stripMovement(node: Node): Node {
  let at = node;
  while (isMovement(at) || at.op.kind === "barrier") at = at.args[0] as Node;
  return at;
}

/** Strides of the reshaped view, or undefined where merged axes do not follow each other in memory. */
function reshapeStrides(from: Shape, strides: readonly number[], to: Shape): readonly number[] | undefined {
  const out = new Array<number>(to.length).fill(0);
  for (const group of alignReshape(from, to)) {
    let inner: number | undefined;
    let expected = 0;
    for (let i = group.from[1] - 1; i >= group.from[0]; i--) {
      if (from[i] === 1) continue;
      const stride = strides[i] as number;
      if (inner === undefined) inner = stride;
      else if (stride !== expected) return undefined;
      expected = stride * (from[i] as number);
    }
    let stride = inner ?? 0;
    for (let j = group.to[1] - 1; j >= group.to[0]; j--) {
      out[j] = to[j] === 1 ? 0 : stride;
      stride *= to[j] as number;
    }
  }
  return out;
}

/** Where the view's element at `map` lies in the root's buffer. */
export function locate(view: View, map: IndexMap): Coord {
  return combine(
    map.map((coord, i) => ({ coord, factor: view.strides[i] as number })),
    view.offset,
  );
}
