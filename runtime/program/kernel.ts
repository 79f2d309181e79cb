/**
 * @file The kernel IR: what a device runs. Plain data, free of any target's habits (WGSL, SPIR-V and WebAssembly are all
 * emitted from it), and small: two generic kernels that fusion fills with scalar code, and a few whose loop structure is
 * worth knowing by name.
 *
 * All offsets and strides count elements, never bytes.
 */
import type { Instr, ReduceOp, Reg } from "./scalar.ts";

/** Index into `Program.buffers`. */
export type BufferId = number;

/**
 * How a kernel reaches a buffer from a point `p` of its domain: element `offset + Σ strides[i]·p[i] (+ Σ dynamic)`.
 * A stride of 0 broadcasts; a negative one flips. `dynamic` adds `scale · index[0 or the element at its own strides]`, where
 * `index` is an i32 buffer read at run time: rows of a table chosen by token ids, or a slot of a cache.
 */
export interface Access {
  readonly buffer: BufferId;
  readonly offset: number;
  readonly strides: readonly number[];
  readonly dynamic?: readonly DynamicOffset[];
}

export interface DynamicOffset {
  /** An i32 element, itself reached from the domain point (strides all 0: one scalar for the whole kernel). */
  readonly index: { readonly buffer: BufferId; readonly offset: number; readonly strides: readonly number[] };
  /** Elements per unit of the index. */
  readonly scale: number;
  /** The index is clamped to 0 … extent − 1, so that no input can make a kernel leave its buffer. */
  readonly extent: number;
}

/** A matrix operand: `rows × cols` with any two strides, and one stride per batch axis. */
export interface MatrixAccess {
  readonly buffer: BufferId;
  readonly offset: number;
  readonly rowStride: number;
  readonly colStride: number;
  readonly batchStrides: readonly number[];
}

/** A fused element-wise kernel: for each point of `domain` run `body`, then store. */
export interface LoopKernel {
  readonly kind: "loop";
  readonly label: string;
  readonly domain: readonly number[];
  readonly inputs: readonly Access[];
  readonly body: readonly Instr[];
  readonly outputs: readonly Store[];
}

export interface Store {
  readonly access: Access;
  readonly value: Reg;
}

/**
 * A fused reduction. The domain is `outer ++ inner`; the last `innerRank` axes are reduced. For each outer point the phases run in order:
 *
 *   1. `body` runs for every inner point (it may read the row registers of earlier phases, see below),
 *   2. its `reduce` entries combine a register over all inner points into one row value each,
 *   3. `rowBody` computes on row values,
 *   4. stores of element values (`outputs`, per inner point) and of row values (`rowOutputs`, once) happen.
 *
 * Registers: a phase's `body` numbers its registers from `rowBase` on, where registers 0 … rowBase − 1 are the row values known so far:
 * for every earlier phase in order its reduce results, then its rowBody results. `rowBody` continues the same row numbering after the
 * phase's own reduce results. Loads in `body` may touch any axis; loads in `rowBody` use strides that are 0 on the inner axes.
 * So softmax, cross-entropy and the norms, forward and backward, are one kernel each, and re-read (or recompute) instead of storing.
 */
export interface ReduceKernel {
  readonly kind: "reduce";
  readonly label: string;
  readonly domain: readonly number[];
  readonly innerRank: number;
  readonly inputs: readonly Access[];
  readonly phases: readonly ReducePhase[];
}

export interface ReducePhase {
  readonly body: readonly Instr[];
  readonly reduce: readonly { readonly op: ReduceOp; readonly value: Reg }[];
  readonly rowBody: readonly Instr[];
  readonly outputs: readonly Store[];
  readonly rowOutputs: readonly Store[];
}

/**
 * `out[b, m, n] = epilogue(alpha · Σ_k a[b, m, k] · b[b, k, n])`. Transposes are strides. The epilogue is scalar code over the domain
 * `[...batch, M, N]`: register 0 is the product, and it may load further tensors (bias, residual, gate).
 */
export interface MatmulKernel {
  readonly kind: "matmul";
  readonly label: string;
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: MatrixAccess;
  readonly b: MatrixAccess;
  readonly inputs: readonly Access[];
  /** Numbered from 1: register 0 is the product. Empty for a plain product. */
  readonly epilogue: readonly Instr[];
  readonly outputs: readonly Store[];
}

/** Which keys a query may see, beside the optional mask tensor. Query t of T stands at position `t + S − T` (or `t + kvLength − T`). */
export interface AttentionMasking {
  readonly causal: boolean;
  /** A query sees the last `window` positions, its own included. */
  readonly window?: number;
}

/**
 * `out[b,h,t,:] = Σ_s softmax_s(scale · q[b,h,t,:]·k[b,h',s,:] + mask + slope[h]·(s − t'))  v[b,h',s,:]` with h' = ⌊h·K/H⌋, never holding T×S scores.
 * Accesses have the domain axes [B, heads, positions, headDim]. `lse` [B, H, T] keeps log Σ exp for the backward kernel.
 * A query with no visible key gives 0 (and lse = −inf).
 */
export interface AttentionKernel {
  readonly kind: "attention";
  readonly label: string;
  readonly dims: AttentionDims;
  readonly scale: number;
  readonly masking: AttentionMasking;
  readonly q: Access;
  readonly k: Access;
  readonly v: Access;
  /** f32 added to the scores, or bool (true = may attend); domain [B, H, T, S]. */
  readonly mask?: Access;
  /** i32: the first key that a query sees; domain [B, H, T, S], stride 0 on S. Documents of a packed sequence need no T×S mask. */
  readonly firstKey?: Access;
  /** ALiBi slopes f32 [H]. */
  readonly slopes?: Access;
  /** i32 scalar: only the first so many keys are valid (KV cache). */
  readonly kvLength?: BufferId;
  readonly out: Access;
  readonly lse: Access;
}

export interface AttentionDims {
  readonly batch: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly queries: number;
  readonly keys: number;
  readonly headDim: number;
}

/** Gradients of `AttentionKernel`, recomputing the scores from q, k and lse. `dslopes` [H] only where slopes are trained. */
export interface AttentionBackwardKernel {
  readonly kind: "attentionBackward";
  readonly label: string;
  readonly dims: AttentionDims;
  readonly scale: number;
  readonly masking: AttentionMasking;
  readonly q: Access;
  readonly k: Access;
  readonly v: Access;
  readonly mask?: Access;
  readonly firstKey?: Access;
  readonly slopes?: Access;
  readonly kvLength?: BufferId;
  readonly out: Access;
  readonly lse: Access;
  readonly dout: Access;
  readonly dq: Access;
  readonly dk: Access;
  readonly dv: Access;
  readonly dslopes?: Access;
}

/**
 * `out[index[i], :] += src[i, :]` into a zeroed `out` of [rows, cols]; rows are added in the order of i, whatever the number of threads.
 * Indices outside 0 … rows − 1 are skipped.
 */
export interface ScatterAddKernel {
  readonly kind: "scatterAdd";
  readonly label: string;
  readonly rows: number;
  readonly cols: number;
  readonly count: number;
  /** Domain [count]. */
  readonly index: Access;
  /** Domain [count, cols]. */
  readonly src: Access;
  /** Domain [rows, cols]. */
  readonly out: Access;
}

/** Running sum along the last axis of the domain. */
export interface CumsumKernel {
  readonly kind: "cumsum";
  readonly label: string;
  readonly domain: readonly number[];
  readonly input: Access;
  readonly output: Access;
}

/** Position (i32) of the largest or smallest along the last axis; the lowest index among equals. */
export interface ArgReduceKernel {
  readonly kind: "argreduce";
  readonly label: string;
  readonly op: "max" | "min";
  readonly domain: readonly number[];
  readonly input: Access;
  /** Strides are 0 on the last axis. */
  readonly output: Access;
}

/** Stable sort along the last axis: values, and their former positions (i32). */
export interface SortKernel {
  readonly kind: "sort";
  readonly label: string;
  readonly descending: boolean;
  readonly domain: readonly number[];
  readonly input: Access;
  readonly values: Access;
  readonly indices: Access;
}

export type Kernel =
  | LoopKernel
  | ReduceKernel
  | MatmulKernel
  | AttentionKernel
  | AttentionBackwardKernel
  | ScatterAddKernel
  | CumsumKernel
  | ArgReduceKernel
  | SortKernel;
