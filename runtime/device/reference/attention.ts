/** @file Attention and its gradient, one query at a time, as the formula says. */
import type { Access, AttentionBackwardKernel, AttentionKernel } from "../../program/kernel.ts";
import { type Buffer, type Buffers, read, write } from "./buffers.ts";

type Shared = Pick<AttentionKernel, "dims" | "scale" | "masking" | "q" | "k" | "v" | "mask" | "firstKey" | "slopes"> & {
  readonly kvLength?: number;
};

/** The score of a query and a key with everything added, or −∞ where the query may not attend. */
function score(kernel: Shared, buffers: Buffers, b: number, h: number, t: number, s: number): number {
  const { dims, scale, masking } = kernel;
  const group = Math.floor((h * dims.kvHeads) / dims.heads);
  const valid = kernel.kvLength ?? dims.keys;
  const position = t + valid - dims.queries;
  if (
    s >= valid ||
    (masking.causal && s > position) ||
    (masking.window !== undefined && position - s >= masking.window)
  )
    return Number.NEGATIVE_INFINITY;
  if (kernel.firstKey !== undefined && s < read(buffers, kernel.firstKey, [b, h, t, s]))
    return Number.NEGATIVE_INFINITY;
  let dot = 0;
  for (let i = 0; i < dims.headDim; i++)
    dot += read(buffers, kernel.q, [b, h, t, i]) * read(buffers, kernel.k, [b, group, s, i]);
  let total = dot * scale;
  if (kernel.slopes !== undefined) total += read(buffers, kernel.slopes, [h]) * (s - position);
  if (kernel.mask !== undefined) {
    const mask = read(buffers, kernel.mask, [b, h, t, s]);
    if ((buffers[kernel.mask.buffer] as Buffer).dtype !== "bool") total += mask;
    else if (mask === 0) return Number.NEGATIVE_INFINITY;
  }
  return total;
}

function forEachQuery({ dims }: Shared, visit: (b: number, h: number, t: number) => void): void {
  for (let b = 0; b < dims.batch; b++)
    for (let h = 0; h < dims.heads; h++) for (let t = 0; t < dims.queries; t++) visit(b, h, t);
}

export function runAttention(kernel: AttentionKernel, buffers: Buffers): void {
  const { kvLength, ...rest } = kernel;
  const shared: Shared =
    kvLength === undefined ? rest : { ...rest, kvLength: (buffers[kvLength] as Buffer).data[0] as number };
  const { dims } = kernel;
  forEachQuery(shared, (b, h, t) => {
    const group = Math.floor((h * dims.kvHeads) / dims.heads);
    const scores = Array.from({ length: dims.keys }, (_, s) => score(shared, buffers, b, h, t, s));
    const max = scores.reduce((m, x) => Math.max(m, x), Number.NEGATIVE_INFINITY);
    const exps = scores.map((x) => (x === Number.NEGATIVE_INFINITY ? 0 : Math.exp(x - max)));
    const sum = exps.reduce((total, x) => total + x, 0);
    for (let i = 0; i < dims.headDim; i++) {
      let out = 0;
      for (let s = 0; s < dims.keys; s++)
        if (exps[s] !== 0) out += (exps[s] as number) * read(buffers, kernel.v, [b, group, s, i]);
      write(buffers, kernel.out, [b, h, t, i], sum === 0 ? 0 : out / sum);
    }
    write(buffers, kernel.lse, [b, h, t], sum === 0 ? Number.NEGATIVE_INFINITY : max + Math.log(sum));
  });
}

export function runAttentionBackward(kernel: AttentionBackwardKernel, buffers: Buffers): void {
  const { dims, scale } = kernel;
  const kvLength = kernel.kvLength === undefined ? undefined : ((buffers[kernel.kvLength] as Buffer).data[0] as number);
  const shared: Shared = kvLength === undefined ? kernelWithout(kernel) : { ...kernelWithout(kernel), kvLength };
  const dq = new Float64Array(dims.batch * dims.heads * dims.queries * dims.headDim);
  const dk = new Float64Array(dims.batch * dims.kvHeads * dims.keys * dims.headDim);
  const dv = new Float64Array(dk.length);
  const dslopes = new Float64Array(dims.heads);
  const add = (sums: Float64Array, at: number, value: number): void => {
    sums[at] = (sums[at] as number) + value;
  };
  const position = (kvLength ?? dims.keys) - dims.queries;
  forEachQuery(shared, (b, h, t) => {
    const group = Math.floor((h * dims.kvHeads) / dims.heads);
    const lse = read(buffers, kernel.lse, [b, h, t]);
    if (lse === Number.NEGATIVE_INFINITY) return;
    let delta = 0; // Σ dout · out = Σ_s p · dp, without a second pass over the keys
    for (let i = 0; i < dims.headDim; i++)
      delta += read(buffers, kernel.dout, [b, h, t, i]) * read(buffers, kernel.out, [b, h, t, i]);
    const queryAt = ((b * dims.heads + h) * dims.queries + t) * dims.headDim;
    for (let s = 0; s < dims.keys; s++) {
      const x = score(shared, buffers, b, h, t, s);
      if (x === Number.NEGATIVE_INFINITY) continue;
      const p = Math.exp(x - lse);
      let dp = 0;
      for (let i = 0; i < dims.headDim; i++)
        dp += read(buffers, kernel.dout, [b, h, t, i]) * read(buffers, kernel.v, [b, group, s, i]);
      const ds = p * (dp - delta);
      const keyAt = ((b * dims.kvHeads + group) * dims.keys + s) * dims.headDim;
      for (let i = 0; i < dims.headDim; i++) {
        add(dq, queryAt + i, ds * scale * read(buffers, kernel.k, [b, group, s, i]));
        add(dk, keyAt + i, ds * scale * read(buffers, kernel.q, [b, h, t, i]));
        add(dv, keyAt + i, p * read(buffers, kernel.dout, [b, h, t, i]));
      }
      add(dslopes, h, ds * (s - t - position));
    }
  });
  const { batch, heads, kvHeads, queries, keys, headDim } = dims;
  writeAll(buffers, kernel.dq, [batch, heads, queries, headDim], dq);
  writeAll(buffers, kernel.dk, [batch, kvHeads, keys, headDim], dk);
  writeAll(buffers, kernel.dv, [batch, kvHeads, keys, headDim], dv);
  if (kernel.dslopes !== undefined) writeAll(buffers, kernel.dslopes, [heads], dslopes);
}

function kernelWithout({ kvLength: _, ...rest }: AttentionBackwardKernel): Shared {
  return rest;
}

function writeAll(buffers: Buffers, access: Access, shape: readonly number[], values: Float64Array): void {
  const point = shape.map(() => 0);
  for (const value of values) {
    write(buffers, access, point, value);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      point[axis] = (point[axis] as number) + 1;
      if ((point[axis] as number) < (shape[axis] as number)) break;
      point[axis] = 0;
    }
  }
}
