/**
 * @file The op graph behind tensors: immutable nodes, plain data apart from their links. A small op set; everything else
 * (softmax, norms, losses) is composed of it, and the tensor compiler fuses it again.
 *
 * Scalar op names are those of `program/scalar.ts`. Reductions keep their axes with extent 1, so that axes stay aligned
 * between a row and its statistics; dropping them is a reshape.
 */

import { type DType, type Shape, sizeOf } from "../program/dtype.ts";
import type { AttentionMasking } from "../program/kernel.ts";
import type { BinaryOp, ReduceOp, UnaryOp } from "../program/scalar.ts";
import { currentScope } from "./errors.ts";

/** Elements as the host holds them: f32, i32, bool (0 or 1), and f16 or bf16 as bits. */
export type TypedArray = Float32Array | Int32Array | Uint8Array | Uint16Array;

/** The storage that a `state` leaf stands for; a `StateTensor` is a handle on one. */
export interface StateRef {
  readonly id: string;
  /** Dotted path for messages and checkpoints. */
  label: string;
  /** The content before anything is assigned; a function is called at first use. */
  initial: TypedArray | (() => TypedArray);
}

export type Op =
  // leaves
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "state"; readonly state: StateRef }
  | { readonly kind: "const"; readonly data: TypedArray }
  /** One value everywhere; infinities and NaN included. */
  | { readonly kind: "full"; readonly value: number }
  /** i32: `offset + Σ strides[i]·p[i]` at position p. */
  | { readonly kind: "iota"; readonly offset: number; readonly strides: readonly number[] }
  // element-wise: arguments have the node's own shape
  | { readonly kind: "unary"; readonly fn: UnaryOp }
  | { readonly kind: "binary"; readonly fn: BinaryOp }
  /** Arguments: cond, a, b. */
  | { readonly kind: "where" }
  /** `relaxed`: to 16 bits for the sake of memory. A kernel that goes on with the value may do so unrounded; what is stored is rounded. */
  | { readonly kind: "cast"; readonly relaxed?: true }
  /** Uniform in [0, 1). Arguments: counter, index (i32). */
  | { readonly kind: "random"; readonly seed: number }
  // movement: the same elements elsewhere
  | { readonly kind: "reshape" }
  | { readonly kind: "permute"; readonly axes: readonly number[] }
  /** Extents of 1 become the node's. */
  | { readonly kind: "expand" }
  /** Element p is the argument's `starts + steps·p`; steps may be negative. */
  | { readonly kind: "slice"; readonly starts: readonly number[]; readonly steps: readonly number[] }
  | {
      readonly kind: "pad";
      readonly before: readonly number[];
      readonly after: readonly number[];
      readonly value: number;
    }
  | { readonly kind: "concat"; readonly axis: number }
  // reductions and scans
  | { readonly kind: "reduce"; readonly fn: ReduceOp; readonly axes: readonly number[] }
  | { readonly kind: "argreduce"; readonly fn: "max" | "min"; readonly axis: number }
  | { readonly kind: "cumsum"; readonly axis: number }
  /** Results: values, indices. */
  | { readonly kind: "sort"; readonly axis: number; readonly descending: boolean }
  // indexing
  /** Arguments x, index (i32, of the node's rank, extents 1 or the node's): element p is x[p with p[axis] := index[p]]. */
  | { readonly kind: "take"; readonly axis: number }
  /** Arguments index, src: the transpose of `take`, adding into zeros of the node's shape. */
  | { readonly kind: "scatterAdd"; readonly axis: number }
  /** Arguments base, value, start (i32 []): base with value written at `start` along the axis (clamped to fit). */
  | { readonly kind: "updateSlice"; readonly axis: number }
  // linear algebra
  /** [...batch, M, K] × [...batch, K, N]; batches are equal. */
  | { readonly kind: "matmul" }
  /** Arguments q, k, v, then mask, slopes, kvLength where `has` says so. Results: out [B,H,T,d], lse [B,H,T]. */
  | AttentionOp
  /** Arguments as attention's, then out, lse, dout. Results: dq, dk, dv, and dslopes where there are slopes. */
  | (Omit<AttentionOp, "kind"> & { readonly kind: "attentionBackward" })
  // structure
  /** One result of a node that has several. */
  | { readonly kind: "result"; readonly index: number }
  /** Arguments: `inputs` of a function, then its results; the results again, with everything between recomputed for the backward pass. */
  | { readonly kind: "checkpoint"; readonly inputs: number }
  /** The first argument, available only once the others are: keeps a recomputation from being merged with what it repeats. */
  | { readonly kind: "barrier" }
  /** The argument, with no gradient. */
  | { readonly kind: "detach" }
  /** Arguments: value, then factors f_i and inputs x_i in pairs. The value; its gradient by x_i is the (scalar) cotangent times f_i. */
  | { readonly kind: "withGradient" };

export interface AttentionOp {
  readonly kind: "attention";
  readonly scale: number;
  readonly masking: AttentionMasking;
  /** Which arguments follow q, k and v, in this order. */
  readonly has: {
    readonly mask: boolean;
    readonly slopes: boolean;
    readonly kvLength: boolean;
    readonly firstKey: boolean;
  };
}

export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Node extends Spec {
  /** Ascending in order of recording, so that arguments have smaller numbers. */
  readonly id: number;
  readonly op: Op;
  readonly args: readonly Node[];
  /** Where a node has several results: theirs; `shape` and `dtype` repeat the first. */
  readonly results?: readonly Spec[];
  /** Path of the module that recorded it. */
  readonly scope: string;
}

export type OpKind = Op["kind"];
export type NodeOf<K extends OpKind> = Node & { readonly op: Extract<Op, { kind: K }> };

let nextId = 1;

export function createNode(
  op: Op,
  args: readonly Node[],
  shape: Shape,
  dtype: DType,
  scope: string = currentScope(),
): Node {
  return { id: nextId++, op, args, shape, dtype, scope };
}

/** A node with several results; take them with `resultOf`. */
export function createMultiNode(
  op: Op,
  args: readonly Node[],
  results: readonly Spec[],
  scope: string = currentScope(),
): Node {
  const first = results[0] as Spec;
  return { id: nextId++, op, args, shape: first.shape, dtype: first.dtype, results, scope };
}

export function resultOf(node: Node, index: number): Node {
  const spec = node.results?.[index];
  if (spec === undefined) throw new Error(`node ${node.id} (${node.op.kind}) has no result ${index}`);
  return createNode({ kind: "result", index }, [node], spec.shape, spec.dtype, node.scope);
}

/** The same operation on other arguments. */
export function withArgs(node: Node, args: readonly Node[]): Node {
  return { ...node, id: nextId++, args };
}

export function isOp<K extends OpKind>(node: Node, kind: K): node is NodeOf<K> {
  return node.op.kind === kind;
}

const elementwiseKinds: ReadonlySet<OpKind> = new Set(["unary", "binary", "where", "cast", "random"]);
const movementKinds: ReadonlySet<OpKind> = new Set(["reshape", "permute", "expand", "slice"]);

export function isElementwise(node: Node): boolean {
  return elementwiseKinds.has(node.op.kind);
}

/** Movement that an affine access can express. */
export function isMovement(node: Node): boolean {
  return movementKinds.has(node.op.kind);
}

/** All nodes that `roots` depend on, arguments before users. */
export function topologicalOrder(roots: readonly Node[]): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, boolean>();
  const stack: Node[] = [...roots].reverse();
  while (stack.length > 0) {
    const node = stack[stack.length - 1] as Node;
    if (state.get(node) === undefined) {
      state.set(node, false);
      for (let i = node.args.length - 1; i >= 0; i--) {
        const arg = node.args[i] as Node;
        if (!state.has(arg)) stack.push(arg);
      }
    } else {
      stack.pop();
      if (state.get(node) === false) {
        state.set(node, true);
        order.push(node);
      }
    }
  }
  return order;
}

export function nodeSize(node: Node): number {
  return sizeOf(node.shape);
}
