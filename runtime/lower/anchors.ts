/**
 * @file Which nodes are stored. Everything else is computed where it is used: an element-wise chain costs less to repeat in
 * registers than to write and read back. These must or should be stored ("anchors"):
 *
 *   - results of kernels with a loop structure of their own (products, reductions, sorts …), and what they read,
 *   - what leaves the program: outputs and new states,
 *   - values with several users that would each have to read more than the value itself,
 *   - rows and scalars that a larger domain would compute again for each element.
 *
 * An anchor that only its own kernel uses is never written; being one costs nothing then.
 */
import { isElementwise, isMovement, type Node, nodeSize, type OpKind } from "../tensor/graph.ts";
import { type LowerGraph, recordedOrder, rootsOf } from "./rewrite.ts";
import { isBufferLeaf, Storage, stripMovement } from "./views.ts";

const alwaysStored: ReadonlySet<OpKind> = new Set([
  "matmul",
  "reduce",
  "argreduce",
  "cumsum",
  "scatterAdd",
  "concat",
  "updateSlice",
  "result",
]);

/** The arguments that a kernel reads through an access of its own rather than through scalar code. */
export function bufferOperands(node: Node): readonly Node[] {
  switch (node.op.kind) {
    case "matmul":
    case "attention":
    case "attentionBackward":
    case "scatterAdd":
    case "cumsum":
    case "argreduce":
    case "sort":
    case "take":
      return node.args;
    case "updateSlice":
      return [node.args[2] as Node];
    default:
      return [];
  }
}

export function chooseAnchors(graph: LowerGraph): Storage {
  const storage = new Storage();
  const order = recordedOrder(graph);
  for (const node of order) {
    if (alwaysStored.has(node.op.kind) || (node.op.kind === "cast" && isHalf(node))) storage.anchor(node);
    for (const operand of bufferOperands(node)) storage.anchor(stripMovement(operand));
    if (node.op.kind === "take") storage.anchorIndex(stripMovement(node.args[1] as Node));
  }
  for (const root of rootsOf(graph)) {
    const base = stripReshape(root);
    if (isElementwise(base) || storage.anchors.has(base)) storage.anchor(base);
    if (base.op.kind === "result") storage.layOutPlainly(base);
  }
  // A new state is computed into a buffer before it is copied into the state, if it cannot be computed there at once.
  for (const { value } of graph.effects) storage.anchor(stripReshape(value));
  const users = consumers(graph, order);
  const costs = new Map<Node, Cost>();
  for (const node of order) {
    const cost = costOf(node, costs, storage);
    costs.set(node, cost);
    const inlined = (isElementwise(node) || node.op.kind === "take") && !storage.anchors.has(node);
    if (inlined && worthStoring(node, cost, users)) storage.anchor(node);
  }
  return storage;
}

function isHalf({ dtype }: Node): boolean {
  return dtype === "f16" || dtype === "bf16";
}

export function stripReshape(node: Node): Node {
  let at = node;
  while (at.op.kind === "reshape") at = at.args[0] as Node;
  return at;
}

/** What computing a node in place takes. */
interface Cost {
  /** Stored nodes that it reads. */
  readonly loads: ReadonlySet<Node>;
  /** Arithmetic per element, an addition being 1. */
  readonly work: number;
}

const nothing: Cost = { loads: new Set(), work: 0 };

function costOf(node: Node, costs: ReadonlyMap<Node, Cost>, storage: Storage): Cost {
  if (node.op.kind === "full" || node.op.kind === "iota" || isBufferLeaf(node)) return nothing;
  const loads = new Set<Node>();
  let work = workOf(node);
  for (const arg of node.args) {
    const base = stripMovement(arg);
    if (storage.isStored(base)) loads.add(base);
    else {
      const cost = costs.get(base) ?? nothing;
      for (const load of cost.loads) loads.add(load);
      work += cost.work;
    }
  }
  return { loads, work };
}

function workOf({ op }: Node): number {
  if (op.kind === "random") return 12;
  if (op.kind === "binary")
    return op.fn === "pow" ? 30 : op.fn === "div" || op.fn === "idiv" || op.fn === "mod" ? 3 : 1;
  if (op.kind !== "unary") return 1;
  switch (op.fn) {
    case "neg":
    case "abs":
    case "not":
    case "floor":
    case "ceil":
    case "round":
    case "sign":
      return 1;
    case "sqrt":
    case "rsqrt":
    case "reciprocal":
      return 3;
    default:
      return 12;
  }
}

/** Per node: the nodes other than movement that read it, and how much movement stretches it on the way. */
interface Consumers {
  readonly nodes: ReadonlySet<Node>;
  readonly stretch: number;
  readonly isRoot: boolean;
}

function consumers(graph: LowerGraph, order: readonly Node[]): Map<Node, Consumers> {
  const roots = new Set(rootsOf(graph));
  const users = new Map<Node, Node[]>();
  for (const node of order) for (const arg of node.args) users.set(arg, [...(users.get(arg) ?? []), node]);
  const result = new Map<Node, Consumers>();
  for (const node of order.toReversed()) {
    const nodes = new Set<Node>();
    let stretch = 1;
    let isRoot = roots.has(node);
    for (const user of users.get(node) ?? []) {
      if (!isMovement(user)) {
        nodes.add(user);
        continue;
      }
      const through = result.get(user) as Consumers;
      for (const consumer of through.nodes) nodes.add(consumer);
      isRoot ||= through.isRoot;
      const growth = user.op.kind === "expand" ? nodeSize(user) / Math.max(1, nodeSize(node)) : 1;
      stretch = Math.max(stretch, growth * through.stretch);
    }
    result.set(node, { nodes, stretch, isRoot });
  }
  return result;
}

function worthStoring(node: Node, { loads, work }: Cost, users: ReadonlyMap<Node, Consumers>): boolean {
  // A load widens for nothing; the wide copy would cost twice the memory.
  if (node.op.kind === "cast" && isHalf(node.args[0] as Node)) return false;
  const { nodes, stretch, isRoot } = users.get(node) as Consumers;
  const size = nodeSize(node);
  const count = nodes.size + (isRoot ? 1 : 0);
  if (stretch >= 2 && (work >= 3 || [...loads].some((load) => load.op.kind === "reduce"))) return true;
  // A loss per row that a total sums up: store one number per row rather than read its ingredients again.
  const summed = [...nodes].every((user) => user.op.kind === "reduce");
  if (summed && [...loads].some((load) => load.op.kind === "reduce" && nodeSize(load) === size && size > 1))
    return true;
  if (count < 2) return false;
  if (node.op.kind === "take") return true;
  // The only reader of a product: storing the one instead of the other is free, and the product's epilogue can do it.
  const isEpilogue = [...loads].some(
    (load) => (load.op.kind === "matmul" || load.op.kind === "result") && users.get(load)?.nodes.size === 1,
  );
  if (isEpilogue) return true;
  const streams = [...loads].filter((load) => nodeSize(load) * 2 >= size).length;
  return (count - 1) * streams > count + 1 || work >= 48;
}
