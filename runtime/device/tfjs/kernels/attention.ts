/**
 * @file Attention and its gradient from products and a softmax. Here the T×S scores are held: the op API has no loop to keep them in pieces.
 * Query heads that share a key head are rows of one product with it.
 */
import type { Access, AttentionBackwardKernel, AttentionDims, AttentionKernel } from "../../../program/kernel.ts";
import { type Context, readAccess, storeAccess } from "../access.ts";
import type { Ops } from "../ops.ts";
import type { Value } from "../values.ts";
import { HeadGroups } from "./head-groups.ts";
import { multiply } from "./matmul.ts";

type Shared = Pick<
  AttentionKernel,
  "dims" | "scale" | "masking" | "q" | "k" | "v" | "mask" | "firstKey" | "slopes" | "kvLength"
>;

/** What both directions begin with. */
interface Scores {
  readonly groups: HeadGroups;
  /** [B·K, G·T, d], with the scale already in it: there are fewer of these than scores. */
  readonly q: Value;
  /** [B·K, S, d], as `v`. */
  readonly k: Value;
  readonly v: Value;
  /** [B, H, T, S]: −∞ where a query may not attend. */
  readonly scores: Value;
  /** f32, key position minus query position; [1, 1, T, S]. */
  readonly distance: Value;
}

function recordScores(context: Context, kernel: Shared): Scores {
  const { ops } = context;
  const { dims, scale } = kernel;
  const groups = new HeadGroups(ops, dims);
  const queries = readFull(context, kernel.q, [dims.batch, dims.heads, dims.queries, dims.headDim]);
  const q = groups.foldQueries(ops.mul(queries, ops.f32(scale)));
  const keyShape = [dims.batch, dims.kvHeads, dims.keys, dims.headDim];
  const k = groups.foldKeys(readFull(context, kernel.k, keyShape));
  const v = groups.foldKeys(readFull(context, kernel.v, keyShape));
  let scores = groups.unfoldScores(multiply(context, q, k, { transposeB: true }));
  const keyAt = ops.iota(4, 3, dims.keys);
  const valid = kernel.kvLength === undefined ? ops.i32(dims.keys) : scalarOf(context, kernel.kvLength);
  const queryAt = ops.add(ops.iota(4, 2, dims.queries), ops.sub(valid, ops.i32(dims.queries)));
  const distance = ops.cast(ops.sub(keyAt, queryAt), "float32");
  if (kernel.slopes !== undefined) {
    const slopes = ops.reshape(readFull(context, kernel.slopes, [dims.heads]), [1, dims.heads, 1, 1]);
    scores = ops.add(scores, ops.mul(slopes, distance));
  }
  const domain = [dims.batch, dims.heads, dims.queries, dims.keys];
  const mask = kernel.mask === undefined ? undefined : readAccess(context, kernel.mask, domain);
  if (mask?.type === "float32") scores = ops.add(scores, mask);
  const visible = conjunction(ops, [
    ...visibilityOf(context, kernel, keyAt, queryAt, valid),
    ...(mask?.type === "bool" ? [mask] : []),
  ]);
  // Added, rather than chosen by `where`, which would spread the mask over all heads first.
  if (visible !== undefined)
    scores = ops.add(scores, ops.where(visible, ops.f32(0), ops.f32(Number.NEGATIVE_INFINITY)));
  return { groups, q, k, v, scores, distance };
}

/** What has to hold for a query to see a key; none where every one sees all. */
function visibilityOf(
  context: Context,
  { dims, masking, firstKey, kvLength }: Shared,
  keyAt: Value,
  queryAt: Value,
  valid: Value,
): readonly Value[] {
  const { ops } = context;
  const rules: Value[] = [];
  if (kvLength !== undefined) rules.push(ops.compare("less", keyAt, valid));
  if (masking.causal) rules.push(ops.compare("lessEqual", keyAt, queryAt));
  if (masking.window !== undefined) rules.push(ops.compare("less", ops.sub(queryAt, keyAt), ops.i32(masking.window)));
  if (firstKey !== undefined) {
    const first = readAccess(context, firstKey, [dims.batch, dims.heads, dims.queries, dims.keys]);
    rules.push(ops.compare("greaterEqual", keyAt, first));
  }
  return rules;
}

function conjunction(ops: Ops, rules: readonly Value[]): Value | undefined {
  return rules.reduce<Value | undefined>(
    (all, rule) => (all === undefined ? rule : ops.compare("logicalAnd", all, rule)),
    undefined,
  );
}

function readFull(context: Context, access: Access, domain: readonly number[]): Value {
  return context.ops.broadcastTo(readAccess(context, access, domain), domain);
}

function scalarOf({ ops, contents }: Context, buffer: number): Value {
  return ops.reshape(ops.slice(contents.get(buffer), [0], [1]), [1, 1, 1, 1]);
}

/** `replacement` where `value` is `unwanted`. */
function instead(ops: Ops, value: Value, unwanted: number, replacement: number): Value {
  return ops.where(ops.compare("equal", value, ops.f32(unwanted)), ops.f32(replacement), value);
}

export function recordAttention(context: Context, kernel: AttentionKernel): void {
  const { ops } = context;
  const { dims } = kernel;
  if (isEmpty(dims)) return;
  const { groups, v, scores } = recordScores(context, kernel);
  const max = ops.reduce("max", scores, [3]);
  // Of a query that sees nothing the largest score is −∞; with 0 in its place every exponential is 0.
  const shift = instead(ops, max, Number.NEGATIVE_INFINITY, 0);
  const exps = ops.unary("exp", ops.sub(scores, shift));
  const sum = ops.reduce("sum", exps, [3]);
  const weighted = groups.unfoldQueries(multiply(context, groups.foldScores(exps), v));
  const out = ops.div(weighted, instead(ops, sum, 0, 1));
  const lse = ops.add(shift, ops.unary("log", sum)); // log 0 = −∞ where nothing is seen
  storeAccess(context, kernel.out, [dims.batch, dims.heads, dims.queries, dims.headDim], out);
  const rows = [dims.batch, dims.heads, dims.queries];
  storeAccess(context, kernel.lse, rows, ops.reshape(lse, rows));
}

export function recordAttentionBackward(context: Context, kernel: AttentionBackwardKernel): void {
  const { ops } = context;
  const { dims, scale } = kernel;
  if (isEmpty(dims)) return;
  const { groups, q, k, v, scores, distance } = recordScores(context, kernel);
  const rows = [dims.batch, dims.heads, dims.queries];
  const queryShape = [...rows, dims.headDim];
  const lse = ops.reshape(readFull(context, kernel.lse, rows), [...rows, 1]);
  const p = ops.unary("exp", ops.sub(scores, instead(ops, lse, Number.NEGATIVE_INFINITY, 0)));
  const dout = readFull(context, kernel.dout, queryShape);
  const out = readFull(context, kernel.out, queryShape);
  const delta = ops.reduce("sum", ops.mul(dout, out), [3]);
  const foldedDout = groups.foldQueries(dout);
  const dp = groups.unfoldScores(multiply(context, foldedDout, v, { transposeB: true }));
  const ds = ops.mul(p, ops.sub(dp, delta));
  const folded = groups.foldScores(ds);
  const dq = ops.mul(groups.unfoldQueries(multiply(context, folded, k)), ops.f32(scale));
  const dk = groups.unfoldKeys(multiply(context, folded, q, { transposeA: true }));
  const dv = groups.unfoldKeys(multiply(context, groups.foldScores(p), foldedDout, { transposeA: true }));
  const keyShape = [dims.batch, dims.kvHeads, dims.keys, dims.headDim];
  const dslopes =
    kernel.dslopes === undefined
      ? undefined
      : ops.reshape(ops.reduce("sum", ops.mul(ds, distance), [0, 2, 3]), [dims.heads]);
  storeAccess(context, kernel.dq, queryShape, dq);
  storeAccess(context, kernel.dk, keyShape, dk);
  storeAccess(context, kernel.dv, keyShape, dv);
  if (kernel.dslopes !== undefined && dslopes !== undefined)
    storeAccess(context, kernel.dslopes, [dims.heads], dslopes);
}

function isEmpty({ batch, heads, queries, headDim }: AttentionDims): boolean {
  return batch * heads * queries * headDim === 0;
}
