/**
 * @file The tiny-llama-4M training workload, written on `fgc/runtime` alone: weights, tokens, model, AdamW. Its first losses are known, so a
 * timing can be told from a mistake.
 */
import {
  attention,
  concat,
  crossEntropy,
  embedding,
  fromData,
  grad,
  linear,
  Parameter,
  rmsNorm,
  StateTensor,
  type Tensor,
} from "../../runtime/index.ts";

export const sizes = {
  hidden: 256,
  intermediate: 768,
  heads: 4,
  layers: 4,
  vocabulary: 2000,
  theta: 10_000,
  eps: 1e-5,
};

/** Losses of the first steps by batch × length, from PyTorch; stay within 2e-4. */
export const expectedLosses: Readonly<Record<string, readonly number[]>> = {
  "4x128": [7.66641, 7.66254, 7.6451, 7.64031, 7.61401],
  "8x256": [7.64688, 7.62116, 7.61377, 7.57645, 7.55696],
  "32x512": [7.65085],
};

/** Floating point operations of a training step per token. */
export function flopsPerToken(length: number): number {
  const { hidden, intermediate, layers, vocabulary } = sizes;
  const matmuls = layers * (4 * hidden ** 2 + 3 * hidden * intermediate) + hidden * vocabulary;
  return 3 * (2 * matmuls + layers * 4 * length * hidden);
}

/** The generator of weights and tokens alike. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function drawTokens(): Int32Array {
  const draw = mulberry32(5678);
  const tokens = new Int32Array(1_048_576);
  for (let i = 1; i < tokens.length; i++) {
    tokens[i] =
      draw() < 0.75 ? ((tokens[i - 1] as number) * 7 + 11) % sizes.vocabulary : Math.floor(draw() * sizes.vocabulary);
  }
  return tokens;
}

/** Inputs and targets of step `step`. */
export function takeBatch(tokens: Int32Array, step: number, batch: number, length: number) {
  const rows = Math.floor(tokens.length / (length + 1));
  const inputs = new Int32Array(batch * length);
  const targets = new Int32Array(batch * length);
  for (let b = 0; b < batch; b++) {
    const start = ((step * batch + b) % rows) * (length + 1);
    inputs.set(tokens.subarray(start, start + length), b * length);
    targets.set(tokens.subarray(start + 1, start + length + 1), b * length);
  }
  return { inputs, targets };
}

interface Layer {
  readonly attentionNorm: Parameter;
  readonly query: Parameter;
  readonly key: Parameter;
  readonly value: Parameter;
  readonly output: Parameter;
  readonly mlpNorm: Parameter;
  readonly gate: Parameter;
  readonly up: Parameter;
  readonly down: Parameter;
}

export class TinyLlama {
  readonly parameters: Parameter[] = [];
  private readonly moments: { readonly first: StateTensor; readonly second: StateTensor }[];
  private readonly step = new StateTensor([], new Float32Array(1), { label: "step" });
  private readonly embed: Parameter;
  private readonly layers: readonly Layer[];
  private readonly finalNorm: Parameter;
  private readonly head: Parameter;

  constructor() {
    const { hidden, intermediate, vocabulary } = sizes;
    const draw = mulberry32(1234);
    const matrix = (label: string, rows: number, cols: number): Parameter => {
      const values = new Float32Array(rows * cols);
      for (let i = 0; i < values.length; i++)
        values[i] = 0.02 * Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
      return this.add(new Parameter([rows, cols], values, { label }));
    };
    const norm = (label: string): Parameter =>
      this.add(new Parameter([hidden], new Float32Array(hidden).fill(1), { label }));
    this.embed = matrix("embed", vocabulary, hidden);
    this.layers = Array.from({ length: sizes.layers }, (_, l) => ({
      attentionNorm: norm(`${l}.attentionNorm`),
      query: matrix(`${l}.query`, hidden, hidden),
      key: matrix(`${l}.key`, hidden, hidden),
      value: matrix(`${l}.value`, hidden, hidden),
      output: matrix(`${l}.output`, hidden, hidden),
      mlpNorm: norm(`${l}.mlpNorm`),
      gate: matrix(`${l}.gate`, intermediate, hidden),
      up: matrix(`${l}.up`, intermediate, hidden),
      down: matrix(`${l}.down`, hidden, intermediate),
    }));
    this.finalNorm = norm("finalNorm");
    this.head = matrix("head", vocabulary, hidden);
    this.moments = this.parameters.map((p) => {
      const zeros = (name: string): StateTensor =>
        new StateTensor(p.shape, () => new Float32Array(p.size), { label: `${p.label}.${name}` });
      return { first: zeros("m"), second: zeros("v") };
    });
  }

  private add(parameter: Parameter): Parameter {
    this.parameters.push(parameter);
    return parameter;
  }

  /** Forward, backward and AdamW: a whole step, for `session.compile`. */
  readonly train = ({ inputs, targets }: { inputs: Tensor; targets: Tensor }): { loss: Tensor } => {
    const loss = crossEntropy(this.logits(inputs), targets);
    const gradients = grad(loss, this.parameters);
    const step = this.step.add(1);
    this.step.assign(step);
    const [beta1, beta2, rate, decay] = [0.9, 0.999, 1e-3, 0.01];
    const power = (beta: number): Tensor => step.mul(Math.log(beta)).exp();
    const correction1 = power(beta1).neg().add(1);
    const correction2 = power(beta2).neg().add(1).sqrt();
    this.parameters.forEach((p, i) => {
      const g = gradients[i] as Tensor;
      const { first, second } = this.moments[i] as (typeof this.moments)[number];
      const m = first.mul(beta1).add(g.mul(1 - beta1));
      const v = second.mul(beta2).add(g.mul(g).mul(1 - beta2));
      first.assign(m);
      second.assign(v);
      const denominator = v.sqrt().div(correction2).add(1e-8);
      p.assign(p.mul(1 - rate * decay).sub(m.div(correction1).mul(rate).div(denominator)));
    });
    return { loss };
  };

  private logits(inputs: Tensor): Tensor {
    const [batch, length] = inputs.shape as readonly [number, number];
    const { hidden, heads, eps } = sizes;
    const headDim = hidden / heads;
    const { cos, sin } = rotaryTables(length, headDim);
    const split = (x: Tensor): Tensor => x.reshape([batch, length, heads, headDim]).permute([0, 2, 1, 3]);
    const rotate = (x: Tensor): Tensor => {
      const [a, b] = x.split(headDim / 2, 3) as [Tensor, Tensor];
      return concat([a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))], 3);
    };
    let x = embedding(this.embed, inputs);
    for (const layer of this.layers) {
      const normed = rmsNorm(x, layer.attentionNorm, eps);
      const [q, k, v] = [layer.query, layer.key, layer.value].map((w) => split(linear(normed, w))) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const mixed = attention(rotate(q), rotate(k), v, { causal: true, scale: 1 / Math.sqrt(headDim) });
      x = x.add(linear(mixed.permute([0, 2, 1, 3]).reshape([batch, length, hidden]), layer.output));
      const inner = rmsNorm(x, layer.mlpNorm, eps);
      x = x.add(linear(linear(inner, layer.gate).silu().mul(linear(inner, layer.up)), layer.down));
    }
    return linear(rmsNorm(x, this.finalNorm, eps), this.head);
  }
}

function rotaryTables(length: number, headDim: number): { cos: Tensor; sin: Tensor } {
  const half = headDim / 2;
  const angle = (i: number): number => Math.floor(i / half) * sizes.theta ** ((-2 * (i % half)) / headDim);
  const table = (fn: (x: number) => number): Tensor =>
    fromData(
      Float32Array.from({ length: length * half }, (_, i) => fn(angle(i))),
      [length, half],
    );
  return { cos: table(Math.cos), sin: table(Math.sin) };
}
