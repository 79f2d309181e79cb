/** @file What the tensor compiler makes of well-known functions: the printed Programs are in samples/, and each claims a fusion. */
import { expect, test } from "vitest";
import {
  assignWhere,
  attention,
  concat,
  crossEntropy,
  grad,
  layerNorm,
  linear,
  linearCrossEntropy,
  Parameter,
  printProgram,
  rmsNorm,
  StateTensor,
  type Tensor,
  updateSlice,
  validateProgram,
  vjp,
  withPrecision,
} from "../../runtime/index.ts";
import { type InputSpecs, programOf } from "./trace.ts";

type Fn = (x: Record<string, Tensor>) => Record<string, Tensor>;
const t = (x: Record<string, Tensor>, name: string): Tensor => x[name] as Tensor;
const zeros = (n: number) => () => new Float32Array(n);

interface Sample {
  readonly claim: string;
  readonly specs: InputSpecs;
  readonly fn: Fn;
  readonly kernels: number;
}

const rope = (x: Tensor, cos: Tensor, sin: Tensor): Tensor => {
  const [a, b] = x.split((x.shape[x.rank - 1] as number) / 2, -1) as [Tensor, Tensor];
  return x.mul(cos).add(concat([b.neg(), a], -1).mul(sin));
};

const samples: readonly Sample[] = [
  {
    claim: "softmax-is-one-kernel",
    specs: { x: ["f32", [4, 8, 16]] },
    fn: (x) => ({ y: t(x, "x").softmax(-1) }),
    kernels: 1,
  },
  {
    claim: "softmax-backward-is-one-kernel",
    specs: { x: ["f32", [4, 16]], g: ["f32", [4, 16]] },
    fn: (x) => ({ dx: vjp([t(x, "x").softmax(-1)], [t(x, "g")], [t(x, "x")])[0] as Tensor }),
    kernels: 1,
  },
  {
    claim: "rms-norm-with-its-residual-is-one-kernel",
    specs: { x: ["f32", [2, 8, 16]], residual: ["f32", [2, 8, 16]], w: ["f32", [16]] },
    fn: (x) => {
      const h = t(x, "x").add(t(x, "residual"));
      return { h, y: rmsNorm(h, t(x, "w"), 1e-5) };
    },
    kernels: 1,
  },
  {
    claim: "layer-norm-backward-is-one-kernel-per-reduction-direction",
    specs: { x: ["f32", [8, 16]], w: ["f32", [16]], b: ["f32", [16]], g: ["f32", [8, 16]] },
    fn: (x) => {
      const [dx, dw, db] = vjp(
        [layerNorm(t(x, "x"), t(x, "w"), t(x, "b"))],
        [t(x, "g")],
        [t(x, "x"), t(x, "w"), t(x, "b")],
      ) as [Tensor, Tensor, Tensor];
      return { dx, dw, db };
    },
    kernels: 2,
  },
  {
    claim: "cross-entropy-and-its-gradient-read-the-logits-in-one-kernel",
    specs: { logits: ["f32", [8, 32]], labels: ["i32", [8]] },
    fn: (x) => {
      const loss = crossEntropy(t(x, "logits"), t(x, "labels"));
      return { loss, d: grad(loss, [t(x, "logits")])[0] as Tensor };
    },
    kernels: 4,
  },
  {
    claim: "textbook-rotary-embedding-is-one-loop",
    specs: { x: ["f32", [2, 8, 4, 16]], cos: ["f32", [8, 1, 16]], sin: ["f32", [8, 1, 16]] },
    fn: (x) => ({ y: rope(t(x, "x"), t(x, "cos"), t(x, "sin")) }),
    kernels: 1,
  },
  {
    claim: "bias-and-activation-are-the-epilogue-of-a-product",
    specs: { x: ["f32", [4, 8, 16]], w: ["f32", [32, 16]], b: ["f32", [32]] },
    fn: (x) => ({ y: linear(t(x, "x"), t(x, "w"), t(x, "b")).gelu() }),
    kernels: 1,
  },
  {
    claim: "swiglu-backward-is-the-epilogue-of-one-product",
    specs: { gate: ["f32", [8, 32]], up: ["f32", [8, 32]], w: ["f32", [16, 32]], g: ["f32", [8, 16]] },
    fn: (x) => {
      const y = linear(t(x, "gate").silu().mul(t(x, "up")), t(x, "w"));
      const [dGate, dUp] = vjp([y], [t(x, "g")], [t(x, "gate"), t(x, "up")]) as [Tensor, Tensor];
      return { dGate, dUp };
    },
    kernels: 1,
  },
  {
    claim: "attention-reads-split-heads-without-copies",
    specs: {
      x: ["f32", [2, 8, 32]],
      wq: ["f32", [32, 32]],
      wk: ["f32", [32, 32]],
      wv: ["f32", [32, 32]],
      wo: ["f32", [32, 32]],
    },
    fn: (x) => {
      const heads = (name: string): Tensor => linear(t(x, "x"), t(x, name)).reshape([2, 8, 4, 8]).transpose(1, 2);
      const o = attention(heads("wq"), heads("wk"), heads("wv"), { causal: true });
      return { y: linear(o.transpose(1, 2).reshape([2, 8, 32]), t(x, "wo")).add(t(x, "x")) };
    },
    kernels: 5,
  },
  {
    claim: "adamw-is-the-epilogue-of-the-weight-gradient",
    specs: { x: ["f32", [8, 16]], g: ["f32", [8, 32]], lr: ["f32", []] },
    fn: (x) => {
      const [w, m, v] = ["w", "m", "v"].map((label) => new Parameter([32, 16], zeros(512), { label })) as [
        Parameter,
        Parameter,
        Parameter,
      ];
      const dw = vjp([linear(t(x, "x"), w)], [t(x, "g")], [w])[0] as Tensor;
      const m1 = m.mul(0.9).add(dw.mul(0.1));
      const v1 = v.mul(0.999).add(dw.mul(dw).mul(0.001));
      m.assign(m1);
      v.assign(v1);
      w.assign(w.sub(m1.div(v1.sqrt().add(1e-8)).mul(t(x, "lr"))));
      return {};
    },
    kernels: 1,
  },
  {
    claim: "a-cache-is-written-in-place",
    specs: { k: ["f32", [1, 2, 1, 8]], at: ["i32", []], q: ["f32", [1, 2, 1, 8]] },
    fn: (x) => {
      const cache = new StateTensor([1, 2, 16, 8], zeros(256), { label: "cache" });
      const next = updateSlice(cache, t(x, "k"), 2, t(x, "at"));
      cache.assign(next);
      return { y: attention(t(x, "q"), next, next, { kvLength: t(x, "at").add(1) }) };
    },
    kernels: 3,
  },
  {
    claim: "states-that-swap-are-one-loop",
    specs: {},
    fn: () => {
      const [a, b] = ["a", "b"].map((label) => new StateTensor([4], zeros(4), { label })) as [StateTensor, StateTensor];
      a.assign(b);
      b.assign(a);
      return {};
    },
    kernels: 1,
  },
  {
    claim: "chunked-cross-entropy-overwrites-its-logits",
    specs: { h: ["f32", [8, 4]], w: ["f32", [16, 4]], labels: ["i32", [8]] },
    fn: (x) => {
      const loss = linearCrossEntropy(t(x, "h"), t(x, "w"), t(x, "labels"), { chunkBytes: 256 });
      const [dh, dw] = grad(loss, [t(x, "h"), t(x, "w")]) as [Tensor, Tensor];
      return { loss, dh, dw };
    },
    kernels: 10,
  },
  {
    claim: "a-16-bit-block-keeps-one-narrow-copy-of-each-weight-and-nothing-wide",
    specs: { x: ["f32", [8, 16]], gain: ["f32", [16]], g: ["f32", [8, 16]] },
    fn: (x) => {
      const weights = ["gate", "up"].map((label) => new Parameter([32, 16], zeros(512), { label }));
      const [gate, up] = weights as [Parameter, Parameter];
      const down = new Parameter([16, 32], zeros(512), { label: "down" });
      return withPrecision({ compute: "f16" }, () => {
        const h = rmsNorm(t(x, "x"), t(x, "gain"), 1e-5);
        const y = linear(linear(h, gate).silu().mul(linear(h, up)), down).add(t(x, "x"));
        const [dx, ...d] = vjp([y], [t(x, "g")], [t(x, "x"), gate, up, down]) as [Tensor, Tensor, Tensor, Tensor];
        return { y, dx, dGate: d[0] as Tensor, dUp: d[1] as Tensor, dDown: d[2] as Tensor };
      });
    },
    kernels: 15,
  },
  {
    claim: "adamw-is-the-epilogue-of-a-16-bit-product-without-rounding",
    specs: { x: ["f32", [8, 16]], g: ["f32", [8, 32]], lr: ["f32", []] },
    fn: (x) => {
      const [w, v] = ["w", "v"].map((label) => new Parameter([32, 16], zeros(512), { label })) as [
        Parameter,
        Parameter,
      ];
      const y = withPrecision({ compute: "bf16" }, () => linear(t(x, "x"), w));
      const dw = vjp([y], [t(x, "g")], [w])[0] as Tensor;
      const v1 = v.mul(0.999).add(dw.mul(dw).mul(0.001));
      v.assign(v1);
      w.assign(w.sub(dw.div(v1.sqrt().add(1e-8)).mul(t(x, "lr"))));
      return {};
    },
    kernels: 3,
  },
  {
    claim: "16-bit-attention-reads-and-writes-16-bits",
    specs: {
      x: ["f32", [2, 8, 32]],
      wq: ["f32", [32, 32]],
      wk: ["f32", [32, 32]],
      wv: ["f32", [32, 32]],
      g: ["f32", [2, 8, 32]],
    },
    fn: (x) =>
      withPrecision({ compute: "f16" }, () => {
        const heads = (name: string): Tensor => linear(t(x, "x"), t(x, name)).reshape([2, 8, 4, 8]).transpose(1, 2);
        const o = attention(heads("wq"), heads("wk"), heads("wv"), { causal: true });
        const y = o.transpose(1, 2).reshape([2, 8, 32]).add(t(x, "x"));
        return { y, dx: vjp([y], [t(x, "g")], [t(x, "x")])[0] as Tensor };
      }),
    kernels: 14,
  },
  {
    claim: "an-update-under-a-condition-stays-one-loop",
    specs: { g: ["f32", [16]], isFinite: ["bool", []] },
    fn: (x) => {
      const [w, m] = ["w", "m"].map((label) => new Parameter([16], zeros(16), { label })) as [Parameter, Parameter];
      assignWhere(t(x, "isFinite"), () => {
        const m1 = m.mul(0.9).add(t(x, "g").mul(0.1));
        m.assign(m1);
        w.assign(w.sub(m1.mul(0.01)));
      });
      return {};
    },
    kernels: 1,
  },
];

test.each(samples)("$claim", async ({ claim, specs, fn, kernels }) => {
  const program = programOf(claim, specs, fn);
  expect(validateProgram(program)).toEqual([]);
  // State ids count up over a process; the labels say which they are.
  const text = printProgram(program).replace(/ s\d+ \(/g, " (");
  await expect(text).toMatchFileSnapshot(`samples/${claim}.txt`);
  expect(program.kernels).toHaveLength(kernels);
});
