/** @file The kernels with a loop structure of their own: operands are views, results are homes. */
import type { Access, AttentionDims, Kernel, MatmulKernel, MatrixAccess, Store } from "../program/kernel.ts";
import { isOp, type Node } from "../tensor/graph.ts";
import type { Places } from "./build-kernel.ts";
import type { Draft } from "./draft.ts";
import type { Group, Home, Root } from "./group.ts";

/** An operand as an access over its own axes. */
function operand(node: Node, places: Places): Access {
  const view = places.storage.viewOf(node);
  if (view === undefined) throw new Error(`node ${node.id} (${node.op.kind}) is not in memory`);
  const { buffer, offset } = places.bufferOf(view.root);
  return { buffer, offset: offset + view.offset, strides: view.strides };
}

function result(root: Root, places: Places): Access {
  const home = root.homes[0] as Home;
  const { buffer, offset } = places.bufferOf(home);
  return { buffer, offset: offset + home.offset, strides: home.strides };
}

/** The access over axes in another order. */
function reorder(access: Access, axes: readonly number[]): Access {
  return { ...access, strides: axes.map((axis) => access.strides[axis] as number) };
}

/** Everything of a product but its label and epilogue. Axes of extent 1, which drafts leave out, come back. */
export function matrixOperands(
  group: Group,
  draft: Draft,
  inputs: readonly Access[],
  outputs: readonly Store[],
  places: Places,
): Omit<MatmulKernel, "kind" | "label" | "epilogue"> {
  const core = group.core as Node;
  const [left, right] = core.args as [Node, Node];
  const rank = core.shape.length;
  const [m, n] = core.shape.slice(-2) as [number, number];
  const k = left.shape[rank - 1] as number;
  const batchAxes = draft.domain.filter(({ spaceAxis }) => spaceAxis < rank - 2);
  const at = (spaceAxis: number): number => draft.domain.findIndex((axis) => axis.spaceAxis === spaceAxis);
  const widen = (access: Access): Access => {
    const pick = (strides: readonly number[]): number[] => [
      ...batchAxes.map((_, i) => strides[i] as number),
      strides[at(rank - 2)] ?? 0,
      strides[at(rank - 1)] ?? 0,
    ];
    const dynamic = access.dynamic?.map((d) => ({ ...d, index: { ...d.index, strides: pick(d.index.strides) } }));
    return { ...access, strides: pick(access.strides), ...(dynamic === undefined ? {} : { dynamic }) };
  };
  const matrix = (node: Node): MatrixAccess => {
    const { buffer, offset, strides } = operand(node, places);
    const batchStrides = batchAxes.map(({ spaceAxis, stride }) => (strides[spaceAxis] as number) * stride);
    return {
      buffer,
      offset,
      rowStride: strides[rank - 2] as number,
      colStride: strides[rank - 1] as number,
      batchStrides,
    };
  };
  return {
    batch: batchAxes.map(({ extent }) => extent),
    m,
    n,
    k,
    a: matrix(left),
    b: matrix(right),
    inputs: inputs.map(widen),
    outputs: outputs.map((store) => ({ ...store, access: widen(store.access) })),
  };
}

export function buildSingle(group: Group, label: string, places: Places): Kernel {
  const core = group.core as Node;
  const first = group.roots[0] as Root;
  if (isOp(core, "attention") || isOp(core, "attentionBackward")) return buildAttention(group, core, label, places);
  if (isOp(core, "scatterAdd")) {
    const [index, src] = core.args as [Node, Node];
    const [rows, cols] = core.shape as [number, number];
    return {
      kind: "scatterAdd",
      label,
      rows,
      cols,
      count: src.shape[0] as number,
      index: reorder(operand(index, places), [0]),
      src: operand(src, places),
      out: result(first, places),
    };
  }
  const source = core.args[0] as Node;
  const axis = isOp(core, "argreduce") || isOp(core, "cumsum") || isOp(core, "sort") ? core.op.axis : 0;
  const order = [...source.shape.map((_, i) => i).filter((i) => i !== axis), axis];
  const domain = order.map((i) => source.shape[i] as number);
  const input = reorder(operand(source, places), order);
  if (isOp(core, "cumsum"))
    return { kind: "cumsum", label, domain, input, output: reorder(result(first, places), order) };
  if (isOp(core, "argreduce")) {
    const out = reorder(result(first, places), order);
    return {
      kind: "argreduce",
      label,
      op: core.op.fn,
      domain,
      input,
      output: { ...out, strides: out.strides.map((stride, i) => (i === domain.length - 1 ? 0 : stride)) },
    };
  }
  if (isOp(core, "sort")) {
    const [values, indices] = group.roots.map((root) => reorder(result(root, places), order)) as [Access, Access];
    return { kind: "sort", label, descending: core.op.descending, domain, input, values, indices };
  }
  throw new Error(`no kernel for ${core.op.kind}`);
}

function buildAttention(group: Group, core: Node, label: string, places: Places): Kernel {
  if (!isOp(core, "attention") && !isOp(core, "attentionBackward")) throw new Error(`${core.op.kind} is not attention`);
  const [q, k, v, ...rest] = core.args as [Node, Node, Node, ...Node[]];
  const { has, scale, masking } = core.op;
  const [batch, heads, queries, headDim] = q.shape as [number, number, number, number];
  const dims: AttentionDims = {
    batch,
    heads,
    kvHeads: k.shape[1] as number,
    queries,
    keys: k.shape[2] as number,
    headDim,
  };
  const next = (wanted: boolean): Node | undefined => (wanted ? rest.shift() : undefined);
  const mask = next(has.mask);
  const slopes = next(has.slopes);
  const kvLength = next(has.kvLength);
  const firstKey = next(has.firstKey);
  const lengthAt = kvLength && operand(kvLength, places);
  if (lengthAt !== undefined && lengthAt.offset !== 0) throw new Error("kvLength must begin its buffer");
  const shared = {
    label,
    dims,
    scale,
    masking,
    q: operand(q, places),
    k: operand(k, places),
    v: operand(v, places),
    ...(mask === undefined ? {} : { mask: operand(mask, places) }),
    ...(firstKey === undefined ? {} : { firstKey: operand(firstKey, places) }),
    ...(slopes === undefined ? {} : { slopes: operand(slopes, places) }),
    ...(lengthAt === undefined ? {} : { kvLength: lengthAt.buffer }),
  };
  const results = group.roots.map((root) => result(root, places));
  if (isOp(core, "attention"))
    return { kind: "attention", ...shared, out: results[0] as Access, lse: results[1] as Access };
  const [out, lse, dout] = rest as [Node, Node, Node];
  const [dq, dk, dv, dslopes] = results as [Access, Access, Access, Access | undefined];
  const gradients = { dq, dk, dv, ...(dslopes === undefined ? {} : { dslopes }) };
  return {
    kind: "attentionBackward",
    ...shared,
    out: operand(out, places),
    lse: operand(lse, places),
    dout: operand(dout, places),
    ...gradients,
  };
}
