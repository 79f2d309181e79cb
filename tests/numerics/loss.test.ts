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
