/** @file How each PyTorch operation of the golden vectors is said with our tensors. */
import {
  attention,
  concat,
  crossEntropy,
  embedding,
  layerNorm,
  linear,
  oneHot,
  rmsNorm,
  stack,
  type Tensor,
  tril,
  triu,
  where,
} from "../../runtime/index.ts";

type Inputs = Readonly<Record<string, Tensor>>;
/** PyTorch's arguments; the rows of the table know their types. */
interface Args {
  readonly dim?: number | readonly number[];
  readonly keepdim?: boolean;
  readonly [name: string]: unknown;
}
type Operation = (x: Inputs, args: Args) => Readonly<Record<string, Tensor>>;

const t = (x: Inputs, name: string): Tensor => {
  const tensor = x[name];
  if (tensor === undefined) throw new Error(`the case has no input ${name}`);
  return tensor;
};
const y = (result: Tensor): Record<string, Tensor> => ({ y: result });
const unary =
  (fn: (x: Tensor) => Tensor): Operation =>
  (x) =>
    y(fn(t(x, "x")));
const binary =
  (fn: (a: Tensor, b: Tensor) => Tensor): Operation =>
  (x) =>
    y(fn(t(x, "a"), t(x, "b")));
const axis = (args: Args, fallback = -1): number => (typeof args.dim === "number" ? args.dim : fallback);
const axes = (args: Args): number | readonly number[] | undefined => args.dim;
const keep = (args: Args): { keepDims: boolean } => ({ keepDims: args.keepdim === true });
const swap = (x: Tensor, flag: unknown): Tensor => (flag === true ? x.transpose(-1, -2) : x);
const numbered = (x: Inputs): Tensor[] =>
  Object.keys(x)
    .filter((name) => /^x\d+$/.test(name))
    .sort()
    .map((name) => t(x, name));

const extremum =
  (side: "max" | "min"): Operation =>
  (x, args) => {
    const input = t(x, "x");
    if (args.dim === undefined) return y(input[side]());
    const arg = side === "max" ? "argmax" : "argmin";
    return { values: input[side](axis(args), keep(args)), indices: input[arg](axis(args), keep(args)) };
  };

const index = (x: Tensor, specs: readonly unknown[]): Tensor => {
  const dots = specs.indexOf("...");
  const one = (spec: unknown): null | number | { start?: number; stop?: number; step?: number } => {
    if (!Array.isArray(spec)) return spec as number;
    const [start, stop, step] = spec as (number | null)[];
    return {
      ...(start == null ? {} : { start }),
      ...(stop == null ? {} : { stop }),
      ...(step == null ? {} : { step }),
    };
  };
  const named = specs.filter((spec) => spec !== "...").map(one);
  const fill = new Array<null>(dots < 0 ? 0 : x.rank - named.length).fill(null);
  return x.slice(dots < 0 ? named : [...named.slice(0, dots), ...fill, ...named.slice(dots)]);
};

const einsums: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  "or,oi->ri": (a, b) => a.T.matmul(b),
  "ri,oi->ro": (a, b) => a.matmul(b.T),
  "ri,or->oi": (a, b) => b.matmul(a),
};

export const operations: Readonly<Record<string, Operation>> = {
  abs: unary((x) => x.abs()),
  add: binary((a, b) => a.add(b)),
  amax: (x, args) => y(t(x, "x").max(axis(args))),
  argmax: (x, args) => y(t(x, "x").argmax(axis(args))),
  argmin: (x, args) => y(t(x, "x").argmin(axis(args))),
  clamp: (x, { min, max }) =>
    y(
      t(x, "x").clamp({
        ...(min === undefined ? {} : { min: min as number }),
        ...(max === undefined ? {} : { max: max as number }),
      }),
    ),
  clip_grad_norm: (x, { max_norm }) => {
    const grads = Object.keys(x)
      .sort()
      .map((name) => t(x, name));
    const norm = stack(
      grads.map((g) => g.norm()),
      0,
    ).norm();
    const factor = norm
      .add(1e-6)
      .reciprocal()
      .mul(max_norm as number)
      .minimum(1);
    return { total_norm: norm, ...Object.fromEntries(grads.map((g, i) => [`clipped.g${i}`, g.mul(factor)])) };
  },
  concat: (x, args) => y(concat(numbered(x), axis(args))),
  cos: unary((x) => x.cos()),
  cross_entropy: (x, { ignore_index, reduction }) =>
    y(
      crossEntropy(t(x, "logits"), t(x, "target"), {
        ignoreIndex: ignore_index as number | undefined,
        reduction: reduction as "sum" | undefined,
      }),
    ),
  cumsum: (x, args) => y(t(x, "x").cumsum(axis(args))),
  div: binary((a, b) => a.div(b)),
  einsum: (x, { equation }) =>
    y((einsums[equation as string] as (a: Tensor, b: Tensor) => Tensor)(t(x, "a"), t(x, "b"))),
  embedding: (x, { padding_idx }) =>
    y(embedding(t(x, "weight"), t(x, "ids"), padding_idx === undefined ? {} : { paddingIndex: padding_idx as number })),
  erf: unary((x) => x.erf()),
  exp: unary((x) => x.exp()),
  expand: (x, { shape }) => y(t(x, "x").expand(shape as number[])),
  flip: (x, { dims }) => y(t(x, "x").flip(dims as number[])),
  gather: (x, args) => y(t(x, "x").gather(axis(args), t(x, "index"))),
  gelu: (x, { approximate }) => y(t(x, "x").gelu({ approximate: approximate as "none" | "tanh" })),
  index_select: (x, args) => y(t(x, "x").indexSelect(axis(args), t(x, "index"))),
  layer_norm: (x, { eps }) => y(layerNorm(t(x, "x"), x["weight"], x["bias"], eps as number | undefined)),
  lerp: (x, { weight }) => y(t(x, "a").lerp(t(x, "b"), weight as number)),
  linear: (x) => y(linear(t(x, "x"), t(x, "weight"), x["bias"])),
  log: unary((x) => x.log()),
  log1p: unary((x) => x.log1p()),
  log_softmax: (x, args) => y(t(x, "x").logSoftmax(axis(args))),
  logsumexp: (x, args) => y(t(x, "x").logsumexp(axis(args))),
  masked_fill: (x, { value }) =>
    y(where(t(x, "mask").ne(0), value === "-inf" ? Number.NEGATIVE_INFINITY : (value as number), t(x, "x"))),
  matmul: (x, { ta, tb }) => y(swap(t(x, "a"), ta).matmul(swap(t(x, "b"), tb))),
  max: extremum("max"),
  max_all: extremum("max"),
  maximum: binary((a, b) => a.maximum(b)),
  mean: (x, args) => y(t(x, "x").mean(axes(args), keep(args))),
  min: extremum("min"),
  minimum: binary((a, b) => a.minimum(b)),
  mul: binary((a, b) => a.mul(b)),
  neg: unary((x) => x.neg()),
  norm2: (x, args) => y(t(x, "x").norm(axes(args))),
  one_hot: (x, { num_classes }) => y(oneHot(t(x, "ids"), num_classes as number)),
  outer: binary((a, b) => a.unsqueeze(1).mul(b.unsqueeze(0))),
  pad: (x, { pad, value }) => {
    const input = t(x, "x");
    const widths = input.shape.map(() => [0, 0] as [number, number]);
    const flat = pad as number[];
    for (let i = 0; i < flat.length / 2; i++)
      widths[input.rank - 1 - i] = [flat[2 * i] as number, flat[2 * i + 1] as number];
    return y(input.pad(widths, value as number));
  },
  permute: (x, { dims }) => y(t(x, "x").permute(dims as number[])),
  pow: (x, { exponent }) => y(t(x, "x").pow(exponent as number)),
  pow_tensor: binary((a, b) => a.pow(b)),
  reciprocal: unary((x) => x.reciprocal()),
  relu: unary((x) => x.relu()),
  repeat_interleave: (x, { repeats, dim }) => y(t(x, "x").repeatInterleave(repeats as number, dim as number)),
  reshape: (x, { shape }) => y(t(x, "x").reshape(shape as number[])),
  rms_norm: (x, { eps }) => y(rmsNorm(t(x, "x"), x["weight"], (eps as number | null) ?? undefined)),
  rotate_half: unary((x) => {
    const [a, b] = x.split((x.shape[x.rank - 1] as number) / 2, -1) as [Tensor, Tensor];
    return concat([b.neg(), a], -1);
  }),
  rsqrt: unary((x) => x.rsqrt()),
  scaled_dot_product_attention: (x, { is_causal, scale }) => {
    const mask = x["mask"];
    return y(
      attention(t(x, "q"), t(x, "k"), t(x, "v"), {
        causal: is_causal === true,
        scale: scale as number | undefined,
        mask: mask?.dtype === "i32" ? mask.ne(0) : mask,
      }),
    );
  },
  scatter_add: (x, args) => y(t(x, "x").scatterAdd(axis(args), t(x, "index"), t(x, "src"))),
  sigmoid: unary((x) => x.sigmoid()),
  silu: unary((x) => x.silu()),
  sin: unary((x) => x.sin()),
  slice: (x, args) => y(index(t(x, "x"), args["index"] as unknown[])),
  softmax: (x, args) => y(t(x, "x").softmax(axis(args))),
  softplus: unary((x) => x.softplus()),
  sort: (x, args) => ({ ...t(x, "x").sort(-1, { descending: args["descending"] === true }) }),
  split: (x, args) =>
    Object.fromEntries(
      t(x, "x")
        .split(args["sizes"] as number[], axis(args))
        .map((part, i) => [`part${i}`, part]),
    ),
  sqrt: unary((x) => x.sqrt()),
  square: unary((x) => x.square()),
  stack: (x, args) => y(stack(numbered(x), axis(args))),
  sub: binary((a, b) => a.sub(b)),
  sum: (x, args) => y(t(x, "x").sum(axes(args), keep(args))),
  tanh: unary((x) => x.tanh()),
  topk: (x, { k }) => ({ ...t(x, "x").topk(k as number) }),
  transpose: (x, { dim0, dim1 }) => y(t(x, "x").transpose(dim0 as number, dim1 as number)),
  tril: (x, { diagonal }) => y(tril(t(x, "x"), diagonal as number)),
  triu: (x, { diagonal }) => y(triu(t(x, "x"), diagonal as number)),
  var: (x, args) => y(t(x, "x").variance(axes(args), { unbiased: args["correction"] === 1 })),
  where: (x) => y(where(t(x, "cond").ne(0), t(x, "a"), t(x, "b"))),
};
