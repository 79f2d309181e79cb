/** @file Whole training runs against PyTorch's: losses, norms and rates of each step, and the weights at the end; on every device. */
import type { HostInput, HostTensor, Session, Tensor } from "fgc/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CausalLMModel } from "../../stdlib/models/index.ts";
import * as optim from "../../stdlib/optim/index.ts";
import { makeOptimizer, makeSchedule } from "./build-optimizers.ts";
import { buildModel, loadWeights } from "./build-parts.ts";
import { testDevices } from "./devices.ts";
import {
  expectClose,
  expectGolden,
  type Golden,
  goldenCases,
  haveGoldens,
  type Json,
  rowOf,
  tensorOf,
  toleranceOf,
} from "./golden.ts";

function optimizerOf(golden: Golden, model: CausalLMModel): optim.AnyOptimizer {
  const { type, ...options } = golden.json["optimizer"] as Json & { type: string };
  const named = model.namedParameters();
  const exempt = golden.json["weight_decay_zero_for"] as string | undefined;
  if (exempt === undefined) return makeOptimizer(type, options, named);
  return makeOptimizer(
    "make_grouped_optimizer",
    {
      optimizer: type,
      group_map: [
        [exempt, "exempt"],
        [".", "rest"],
      ],
      group_config: { exempt: { weight_decay: 0 }, rest: {} },
      opt_kwargs: options,
    },
    named,
  );
}

describe.skipIf(!haveGoldens).each(testDevices)("training on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  it.each(goldenCases("train/"))("$name", async (golden) => {
    const {
      steps,
      accumulation,
      max_grad_norm: maxNorm,
    } = golden.json as { steps: number; accumulation: number; max_grad_norm: number | null };
    const model = loadWeights(buildModel(golden.args), golden);
    const optimizer = optimizerOf(golden, model);
    const given = golden.json["schedule"] as (Json & { type: string }) | null;
    const { type, ...options } = given ?? { type: "hf.constant" };
    const schedule = makeSchedule(type, options, optimizer);

    // Micro-batches, clipping and update as one Program.
    const step = session.compile((inputs: Record<string, Tensor>) => {
      const losses = Array.from({ length: accumulation }, (_, i) => {
        const tokens = inputs[`tokens${i}`]!;
        return model.forward({ inputIds: tokens, labels: tokens }).loss!.mul(1 / accumulation);
      });
      const loss = losses.reduce((sum, part) => sum.add(part));
      const gradients = optim.gradientsOf(loss, optimizer.parameters());
      const clipped =
        maxNorm === null ? { gradients, norm: optim.globalNorm(gradients) } : optim.clipGradNorm(gradients, maxNorm);
      optimizer.trace(clipped.gradients, inputs);
      return { loss, norm: clipped.norm };
    });

    const tokens = tensorOf(golden, "in.tokens");
    const rates = golden.json["lr_values"] as number[];
    const [losses, norms]: [number[], number[]] = [[], []];
    for (let s = 0; s < steps; s++) {
      expect(schedule.lastLr[0]).toBeCloseTo(rates[s]!, 12);
      const batches = Array.from({ length: accumulation }, (_, i): [string, HostInput] => [
        `tokens${i}`,
        rowOf(tokens, s * accumulation + i),
      ]);
      const { loss, norm } = await step({ ...Object.fromEntries(batches), ...optimizer.scalars() });
      losses.push(loss.data[0]!);
      norms.push(norm.data[0]!);
      optimizer.advance();
      schedule.step();
    }
    comparePerStep(losses, golden, "loss");
    comparePerStep(norms, golden, "grad_norm");
    for (const [name, parameter] of model.namedParameters())
      expectGolden(await session.read(parameter), golden, `final.${name}`);
  });
});

function comparePerStep(got: readonly number[], golden: Golden, name: string): void {
  const want = tensorOf(golden, `out.${name}`);
  const allowed: HostTensor | undefined = golden.tensors.get(`tol.${name}`);
  for (const [step, value] of got.entries()) {
    const tolerance = { ...toleranceOf(golden, `out.${name}`), ...(allowed && { atol: allowed.data[step]! }) };
    expectClose([value], [want.data[step]!], tolerance, `${golden.name} ${name} of step ${step}`);
  }
}
