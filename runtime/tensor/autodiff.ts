/**
 * @file Reverse-mode differentiation as a graph transform: the gradients are nodes of the same graph, so forward pass, backward
 * pass and optimizer become one Program. The rules per op are in `vjp.ts`.
 */
import * as build from "./build.ts";
import { formatShape, ShapeError, TraceError, withScope } from "./errors.ts";
import { createMultiNode, createNode, isOp, type Node, resultOf, topologicalOrder } from "./graph.ts";
import { sameShape } from "./shape.ts";
import { sumContributions } from "./sum-contributions.ts";
import { Tensor } from "./tensor.ts";
import { pullBack } from "./vjp.ts";

/** Gradients of a scalar; zeros for what it does not depend on. */
export function grad(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.size !== 1) throw new TraceError("grad", `the loss is ${formatShape(loss.shape)}, not a scalar`);
  return vjp([loss], [new Tensor(build.full(loss.shape, 1, "f32"))], wrt);
}

/** Gradients of `Σ cotangents · outputs`. */
export function vjp(outputs: readonly Tensor[], cotangents: readonly Tensor[], wrt: readonly Tensor[]): Tensor[] {
  for (const [i, output] of outputs.entries()) {
    const cotangent = cotangents[i];
    if (cotangent === undefined || !sameShape(cotangent.shape, output.shape)) {
      throw new ShapeError(
        "vjp",
        `output ${i} is ${formatShape(output.shape)}, its cotangent ${cotangent ? formatShape(cotangent.shape) : "missing"}`,
      );
    }
  }
  const seeds = outputs.map((output, i) => [output.node, cotangents[i] as Tensor] as const);
  const gradients = backward(
    seeds,
    wrt.map((tensor) => tensor.node),
  );
  return wrt.map((tensor) => gradients.get(tensor.node) ?? new Tensor(build.full(tensor.shape, 0, "f32")));
}

/** Walks from the seeds down to `wrt`, through those nodes only that lead there. */
function backward(seeds: readonly (readonly [Node, Tensor])[], wrt: readonly Node[]): Map<Node, Tensor> {
  const targets = new Set(wrt);
  const order = topologicalOrder(seeds.map(([node]) => node));
  const leads = new Set<Node>();
  for (const node of order) {
    if (targets.has(node) || (node.op.kind !== "detach" && node.args.some((arg) => leads.has(arg)))) leads.add(node);
  }
  const contributions = new Map<Node, Tensor[]>();
  const contribute = (node: Node, cotangent: Tensor): void => {
    if (!leads.has(node)) return;
    const list = contributions.get(node);
    if (list === undefined) contributions.set(node, [cotangent]);
    else list.push(cotangent);
  };
  for (const [node, cotangent] of seeds) contribute(node, cotangent);

  const totals = new Map<Node, Tensor>();
  /** Cotangents of a node with several results, by result. */
  const ofResults = new Map<Node, (Tensor | undefined)[]>();
  for (const node of order.toReversed()) {
    if (!leads.has(node)) continue;
    const results = ofResults.get(node);
    if (results !== undefined) {
      if (isOp(node, "checkpoint")) pullBackCheckpoint(node, results, contribute);
      else inScopeOf(node, () => pullBack(node, results, contribute, (arg) => leads.has(arg)));
      continue;
    }
    const list = contributions.get(node);
    if (list === undefined) continue;
    // What products hand back for a parameter goes into f32: it has no reason to be rounded on the way.
    const total = build.isRoundedParameter(node)
      ? sumContributions(
          list.map((g) => new Tensor(build.toFloat(build.unrounded(g.node)))),
          "f32",
        )
      : sumContributions(list, node.dtype);
    if (targets.has(node)) totals.set(node, total);
    if (isOp(node, "result")) {
      const source = node.args[0] as Node;
      const slots = ofResults.get(source) ?? new Array<Tensor | undefined>(source.results?.length ?? 0).fill(undefined);
      const before = slots[node.op.index];
      slots[node.op.index] = before === undefined ? total : before.add(total);
      ofResults.set(source, slots);
    } else {
      inScopeOf(node, () => pullBack(node, [total], contribute, (arg) => leads.has(arg)));
    }
  }
  return totals;
}

/** Gradient kernels are called after the module whose gradient they compute. */
function inScopeOf(node: Node, record: () => void): void {
  if (node.scope === "") record();
  else withScope(node.scope, record);
}

/**
 * Runs `fn`, and again in the backward pass: what it computes on the way is not kept.
 *
 * @source Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"
 */
export function checkpoint<Inputs extends readonly Tensor[], Output extends Tensor | readonly Tensor[]>(
  fn: (...inputs: Inputs) => Output,
  ...inputs: Inputs
): Output {
  const output = fn(...inputs);
  const outputs: readonly Tensor[] = output instanceof Tensor ? [output] : output;
  const node = createMultiNode(
    { kind: "checkpoint", inputs: inputs.length },
    [...inputs, ...outputs].map((x) => x.node),
    outputs.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  const wrapped = outputs.map((_, i) => new Tensor(resultOf(node, i)));
  return (output instanceof Tensor ? wrapped[0] : wrapped) as Output;
}

function pullBackCheckpoint(
  node: Node & { readonly op: { readonly inputs: number } },
  cotangents: readonly (Tensor | undefined)[],
  contribute: (node: Node, cotangent: Tensor) => void,
): void {
  const inputs = node.args.slice(0, node.op.inputs);
  const outputs = node.args.slice(node.op.inputs);
  const wanted = outputs
    .map((output, i) => [output, cotangents[i]] as const)
    .filter((pair): pair is readonly [Node, Tensor] => pair[1] !== undefined);
  const ties = wanted.map(([, cotangent]) => cotangent.node);

  // A second copy of everything between inputs and outputs. The barrier ties it to the cotangents: it can neither be merged with
  // the first copy nor start before the backward pass arrives here.
  const copies = new Map<Node, Node>();
  for (const input of inputs)
    copies.set(input, createNode({ kind: "barrier" }, [input, ...ties], input.shape, input.dtype));
  const captured = new Set<Node>();
  for (const original of topologicalOrder(outputs)) {
    if (copies.has(original)) continue;
    if (!original.args.some((arg) => copies.has(arg))) continue;
    for (const arg of original.args) if (!copies.has(arg)) captured.add(arg);
    const args = original.args.map((arg) => copies.get(arg) ?? arg);
    const copy =
      original.results === undefined
        ? createNode(original.op, args, original.shape, original.dtype, original.scope)
        : createMultiNode(original.op, args, original.results, original.scope);
    copies.set(original, copy);
  }
  const sources = [
    ...inputs.map((input) => [input, copies.get(input) as Node] as const),
    ...[...captured].map((arg) => [arg, arg] as const),
  ];
  const seeds = wanted.map(([output, cotangent]) => [copies.get(output) ?? output, cotangent] as const);
  const gradients = backward(
    seeds,
    sources.map(([, copy]) => copy),
  );
  for (const [original, copy] of sources) {
    const gradient = gradients.get(copy);
    if (gradient !== undefined) contribute(original, gradient);
  }
}
