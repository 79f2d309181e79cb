/** @file Attention, forward and backward, with every option and in the shapes of training, prefill and decoding. */
import type { Access, AttentionDims } from "../../../runtime/program/kernel.ts";
import { type KernelCase, Sketch } from "../sketch.ts";

interface AttentionCase {
  readonly dims: AttentionDims;
  readonly causal?: boolean;
  readonly window?: number;
  readonly mask?: "bool" | "f32";
  /** Documents of a packed sequence begin at these positions. */
  readonly documents?: readonly number[];
  readonly slopes?: boolean;
  readonly kvLength?: number;
  /** [B, T, H, d] in memory, as projections leave it. */
  readonly interleaved?: boolean;
  /** Factor on the queries: large scores make a softmax that is nearly one-hot. */
  readonly gain?: number;
  readonly seed?: number;
}

const dims = (
  batch: number,
  heads: number,
  kvHeads: number,
  queries: number,
  keys: number,
  headDim: number,
): AttentionDims => ({ batch, heads, kvHeads, queries, keys, headDim });

const cases: readonly AttentionCase[] = [
  { dims: dims(1, 4, 4, 128, 128, 64), causal: true },
  { dims: dims(1, 4, 2, 37, 37, 16), causal: true, interleaved: true },
  { dims: dims(2, 3, 1, 70, 70, 20), causal: true, window: 9 },
  { dims: dims(1, 2, 2, 10, 45, 8), causal: true },
  { dims: dims(2, 2, 2, 33, 50, 6), mask: "bool" },
  { dims: dims(1, 2, 1, 33, 33, 12), mask: "f32", causal: true },
  { dims: dims(2, 4, 4, 40, 40, 32), causal: true, slopes: true },
  { dims: dims(1, 1, 1, 300, 300, 32), causal: true },
  { dims: dims(1, 2, 2, 65, 65, 32) },
  { dims: dims(1, 2, 1, 64, 128, 128), causal: true },
  { dims: dims(1, 1, 1, 20, 20, 7), causal: true },
  { dims: dims(1, 1, 1, 17, 17, 1) },
  { dims: dims(1, 2, 1, 9, 9, 96), causal: true, interleaved: true },
  { dims: dims(1, 1, 1, 12, 12, 160), causal: true },
  { dims: dims(2, 6, 3, 1, 1, 8), causal: true },
  { dims: dims(1, 8, 2, 50, 50, 16), causal: true, documents: [0, 11, 12, 40] },
  { dims: dims(2, 2, 2, 66, 66, 16), causal: true, documents: [0, 64], window: 30, interleaved: true },
  { dims: dims(1, 4, 2, 31, 31, 8), causal: true, window: 1 },
  { dims: dims(1, 2, 2, 40, 40, 16), causal: true, mask: "bool", slopes: true, window: 20 },
  { dims: dims(1, 2, 2, 24, 24, 16), causal: true, gain: 200 },
  { dims: dims(600, 2, 1, 2, 3, 4), causal: true },
  // more heads × batch than one axis of a dispatch holds
  { dims: dims(33_000, 2, 2, 1, 1, 2) },
  { dims: dims(1, 1, 1, 0, 5, 8) },
  // decoding from a cache, of which a part is filled
  { dims: dims(2, 4, 2, 1, 77, 64), causal: true, kvLength: 50 },
  { dims: dims(1, 4, 4, 3, 90, 10), causal: true, kvLength: 41, window: 20 },
  { dims: dims(1, 2, 2, 8, 64, 16), causal: true, kvLength: 30 },
  { dims: dims(1, 8, 1, 1, 1025, 32), causal: true, kvLength: 1000 },
  { dims: dims(1, 2, 2, 1, 16, 8), causal: true, kvLength: 1 },
  { dims: dims(2, 2, 1, 16, 16, 8), causal: true, kvLength: 16, interleaved: true },
];

function describeCase({ dims: d, seed: _, ...options }: AttentionCase): string {
  const said = Object.entries(options).map(([name, value]) => (value === true ? name : `${name} ${value}`));
  const heads = d.heads === d.kvHeads ? `${d.heads}` : `${d.heads}/${d.kvHeads}`;
  return `batch ${d.batch}, heads ${heads}, ${d.queries}×${d.keys}, width ${d.headDim}${said.map((x) => `, ${x}`).join("")}`;
}

function sketch(entry: AttentionCase, seed: number): Sketch {
  const s = new Sketch(seed);
  const { batch, heads, kvHeads, queries, keys, headDim } = entry.dims;
  const tensor = (kind: "input" | "output", h: number, t: number): Access => {
    const access = s.whole(s.add(kind, "f32", [batch, h, t, headDim]));
    return entry.interleaved ? { ...access, strides: [t * h * headDim, headDim, h * headDim, 1] } : access;
  };
  const [q, k, v] = [tensor("input", heads, queries), tensor("input", kvHeads, keys), tensor("input", kvHeads, keys)];
  if (entry.gain !== undefined) {
    const data = s.inputs.get(`b${q.buffer}`) as Float32Array;
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) * entry.gain;
  }
  const out = tensor("output", heads, queries);
  const lse = s.output([batch, heads, queries]);
  const mask =
    entry.mask === undefined
      ? undefined
      : { ...s.input([batch, queries, keys], entry.mask), strides: [queries * keys, 0, keys, 1] };
  const slopes = entry.slopes ? s.input([heads]) : undefined;
  const firstKey = entry.documents === undefined ? undefined : firstKeys(s, queries, entry.documents);
  const common = {
    label: "attention",
    dims: entry.dims,
    scale: 1 / Math.sqrt(headDim),
    masking: { causal: entry.causal ?? false, ...(entry.window === undefined ? {} : { window: entry.window }) },
    q,
    k,
    v,
    out,
    lse,
    ...(mask === undefined ? {} : { mask }),
    ...(slopes === undefined ? {} : { slopes }),
    ...(firstKey === undefined ? {} : { firstKey }),
  };
  if (entry.kvLength !== undefined) return s.push({ kind: "attention", ...common, kvLength: s.scalar(entry.kvLength) });
  const [dq, dk, dv] = [
    tensor("output", heads, queries),
    tensor("output", kvHeads, keys),
    tensor("output", kvHeads, keys),
  ];
  const dslopes = entry.slopes ? { dslopes: s.output([heads]) } : {};
  return s.push(
    { kind: "attention", ...common },
    { kind: "attentionBackward", ...common, dout: tensor("input", heads, queries), dq, dk, dv, ...dslopes },
  );
}

/** For each query the position where its document begins, for all of the batch. */
function firstKeys(s: Sketch, length: number, documents: readonly number[]): Access {
  const starts = Array.from({ length }, (_, t) => documents.filter((at) => at <= t).at(-1) as number);
  return { ...s.set(s.input([length], "i32"), starts), strides: [0, 0, 1, 0] };
}

export const attentionCases: readonly KernelCase[] = cases.map((entry, i) => ({
  name: describeCase(entry),
  sketch: () => sketch(entry, 400 + i),
}));
