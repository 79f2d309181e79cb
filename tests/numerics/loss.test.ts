/** @file Losses against the golden vectors, values and gradients, on every device. */
import { grad, type Session, type Tensor } from "fgc/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as loss from "../../stdlib/loss/index.ts";
import { testDevices } from "./devices.ts";
import { expectGolden, type Golden, goldenCases, haveGoldens, tensorOf, tensorsBelow } from "./golden.ts";

type Inputs = Record<string, Tensor>;

function lossOf({ target, args }: Golden, inputs: Inputs): Tensor {
  const { logits, labels, hidden_states: hidden, weight, bias } = inputs as { labels: Tensor } & Inputs;
  switch (target) {
    case "CausalLoss":
    case "modelsrc.CausalLoss":
      return new loss.CausalLoss().forward(logits!, labels);
    case "ChunkedCausalLoss":
      return new loss.ChunkedCausalLoss({ chunkSize: args["chunk_size"] as number }).forward(logits!, labels);
    case "RescaleLoss":
      return new loss.RescaleLoss(new loss.CausalLoss(), args["scale_factor"] as number).forward(logits!, labels);
    case "LinearCrossEntropyLoss":
      return new loss.LinearCrossEntropyLoss(
        { weight: weight!, bias },
        { chunkSize: args["chunk_size"] as number },
      ).forward(hidden!, labels);
    default:
      throw new Error(`no loss is called ${target}`);
  }
}

describe.skipIf(!haveGoldens).each(testDevices)("losses on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  it.each(goldenCases("loss/"))("$name", async (golden) => {
    const wanted = [...tensorsBelow(golden, "grad.").keys()];
    const ungraded = ((golden.json["without_grad"] ?? []) as string[]).map((name) => name.replace(/^(in|param)\./, ""));
    const step = session.compile((inputs: Inputs) => {
      const value = lossOf(golden, inputs);
      const gradients = grad(
        value,
        [...wanted, ...ungraded].map((name) => inputs[name]!),
      );
      return {
        value,
        ...Object.fromEntries([...wanted, ...ungraded].map((name, i) => [`grad.${name}`, gradients[i]!])),
      };
    });
    const { value, ...gradients } = (await step(
      Object.fromEntries([...tensorsBelow(golden, "in."), ...tensorsBelow(golden, "param.")]),
    )) as Record<string, Awaited<ReturnType<Session["read"]>>>;
    expectGolden(value!, golden, "out.loss");
    for (const name of wanted) expectGolden(gradients[`grad.${name}`]!, golden, `grad.${name}`);
    // Where nothing counts, ours are zeros.
    for (const name of ungraded) expect(gradients[`grad.${name}`]!.data.every((x) => x === 0)).toBe(true);
  });

  it("the causal loss from hidden states is the one from logits", async () => {
    const [golden] = goldenCases("loss/fused_linear_ignored");
    const causal = new loss.CausalLoss();
    const step = session.compile(({ hidden_states: hidden, weight, labels }: Inputs) => {
      const fused = causal.forwardHidden(hidden!, { weight: weight! }, labels!);
      return { fused, gradient: grad(fused, [weight!])[0]! };
    });
    const got = await step(Object.fromEntries([...tensorsBelow(golden!, "in."), ...tensorsBelow(golden!, "param.")]));
    expectGolden(got.fused, golden!, "out.loss");
    expectGolden(got.gradient, golden!, "grad.weight");
  });

  it("label smoothing and the z-loss, from logits and from hidden states: formula and gradients", async () => {
    const [rows, width, words] = [5, 4, 7];
    const wave = (n: number, phase: number): Float32Array =>
      Float32Array.from({ length: n }, (_, i) => 2 * Math.sin(1.3 * i + phase));
    const hidden = { data: wave(rows * width, 0.2), shape: [1, rows, width], dtype: "f32" } as const;
    const weight = { data: wave(words * width, 1.1), shape: [words, width], dtype: "f32" } as const;
    const labels = { data: Int32Array.of(0, 3, -100, 6, 1), shape: [1, rows], dtype: "i32" } as const;
    const options = { labelSmoothing: 0.1, zLoss: 0.05 };
    const causal = new loss.CausalLoss(options);
    const step = session.compile(({ hidden: h, weight: w, labels: l }: Inputs) => {
      const plain = causal.forward(h!.matmul(w!.T), l!);
      const fused = new loss.LinearCrossEntropyLoss({ weight: w! }, options).forward(h!, l!);
      const [plainHidden, plainWeight] = grad(plain, [h!, w!]);
      const [fusedHidden, fusedWeight] = grad(fused, [h!, w!]);
      return {
        plain,
        fused,
        differences: plainHidden!.sub(fusedHidden!).abs().max().maximum(plainWeight!.sub(fusedWeight!).abs().max()),
        size: plainWeight!.abs().max(),
      };
    });
    const got = await step({ hidden, weight, labels });

    // Position t answers for the label at t + 1; the third label does not count, and behind the last there is none.
    const terms = [3, -100, 6, 1].flatMap((label, t) => {
      if (label < 0) return [];
      const logits = Array.from({ length: words }, (_, v) =>
        Array.from({ length: width }, (_, c) => hidden.data[t * width + c]! * weight.data[v * width + c]!).reduce(
          (sum, term) => sum + term,
        ),
      );
      const logSum = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
      const mean = logits.reduce((sum, z) => sum + z, 0) / words;
      return [logSum - 0.9 * logits[label]! - 0.1 * mean + 0.05 * logSum ** 2];
    });
    const want = terms.reduce((sum, term) => sum + term, 0) / terms.length;
    expect(Math.abs(got.plain.data[0]! - want)).toBeLessThan(2e-6 * want);
    expect(Math.abs(got.fused.data[0]! - want)).toBeLessThan(2e-6 * want);
    expect(got.size.data[0]).toBeGreaterThan(0.1);
    expect(got.differences.data[0]).toBeLessThan(2e-6);
  });

  it("a loss over nothing is 0, and rescaling can be left out", async () => {
    const [golden] = goldenCases("loss/chunked_all_ignored");
    const rescaled = new loss.RescaleLoss(new loss.CausalLoss(), 0.25);
    const step = session.compile(({ logits, labels }: Inputs) => ({
      nothing: new loss.CausalLoss().forward(logits!, labels!),
      scaled: rescaled.forward(logits!, labels!.mul(0)),
      plain: rescaled.noRescale(() => rescaled.forward(logits!, labels!.mul(0))),
    }));
    const got = await step({ logits: tensorOf(golden!, "in.logits"), labels: tensorOf(golden!, "in.labels") });
    expect(got.nothing.data[0]).toBe(0);
    expect(got.scaled.data[0]).toBeCloseTo(got.plain.data[0]! / 4, 6);
  });
});
