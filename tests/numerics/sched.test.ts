/** @file Learning-rate schedules: the golden rates, by formula and step by step, and resuming. */
import { Parameter } from "fgc/runtime";
import { describe, expect, it } from "vitest";
import * as optim from "../../stdlib/optim/index.ts";
import { makeSchedule } from "./build-optimizers.ts";
import { expectClose, type Golden, goldenCases, haveGoldens, tensorOf, toleranceOf } from "./golden.ts";

function makeOptimizer(baseRates: readonly number[]): optim.SGD {
  return new optim.SGD(
    baseRates.map((lr, i) => ({
      lr,
      params: [[`p${i}`, new Parameter([1], Float32Array.of(0))] as optim.NamedParameter],
    })),
  );
}

function goldenRates({ json }: Golden): number[][] {
  return (json["lr_values"] as (number | number[])[]).map((value) => [value].flat());
}

describe.skipIf(!haveGoldens)("schedules", () => {
  it.each(goldenCases("sched/"))("$name", (golden) => {
    const bases = golden.json["base_lr"] as number[];
    const optimizer = makeOptimizer(bases);
    const schedule = makeSchedule(golden.target, golden.args, optimizer);
    const steps = [...tensorOf(golden, "in.step").data];
    const want = goldenRates(golden);
    const got = steps.map((step) => bases.map((base) => schedule.rate(step, base)));
    expectClose(got.flat(), want.flat(), toleranceOf(golden, "lr_values"), golden.name);

    // The same by stepping, as far as the vectors go without a gap, and with a resume in between.
    const contiguous = steps.findIndex((step, i) => step !== i);
    for (let step = 0; step < (contiguous === -1 ? steps.length : contiguous); step++) {
      expectClose(schedule.lastLr, want[step]!, toleranceOf(golden, "lr_values"), `${golden.name} at ${step}`);
      schedule.step();
    }
    const resumed = makeSchedule(golden.target, golden.args, makeOptimizer(bases));
    resumed.loadStateDict(JSON.parse(JSON.stringify(schedule.stateDict())) as optim.ScheduleState);
    expect(resumed.lastLr).toEqual(schedule.lastLr);
  });
});

describe("one cycle", () => {
  const ratesOf = (options: optim.OneCycleLROptions, steps: readonly number[]): number[] => {
    const schedule = new optim.OneCycleLR(makeOptimizer([0.1]), options);
    return steps.map((step) => schedule.rate(step, 0.1));
  };
  const near = (got: readonly number[], want: readonly number[]): void => {
    for (const [i, rate] of want.entries()) expect(got[i]).toBeCloseTo(rate, 12);
  };

  it("rises over its share of the steps, then comes down to the last one, and stays", () => {
    // 0.3 · 20 − 1 = 5 steps up; halfway down a cosine is the mean of both ends.
    const low = 0.1 / 25 / 1e4;
    near(ratesOf({ totalSteps: 20 }, [0, 5, 12, 19, 30]), [0.004, 0.1, (0.1 + low) / 2, low, low]);
  });
  it("moves along lines where told", () => {
    near(
      ratesOf({ totalSteps: 20, annealStrategy: "linear", divFactor: 10, finalDivFactor: 1 }, [1, 12]),
      [0.028, 0.055],
    );
  });
  it("in three phases falls as fast as it rose", () => {
    near(
      ratesOf({ totalSteps: 40, threePhase: true, pctStart: 0.25, divFactor: 10, finalDivFactor: 10 }, [0, 9, 18, 39]),
      [0.01, 0.1, 0.01, 0.001],
    );
  });
  it("takes the run's length from the trainer, unless the config gives one", () => {
    const own = new optim.OneCycleLR(makeOptimizer([0.1]), {});
    expect(() => own.rate(1, 0.1)).toThrow(/how many steps/);
    own.setRunLength(20);
    expect(own.rate(5, 0.1)).toBeCloseTo(0.1, 12);
    const fixed = new optim.OneCycleLR(makeOptimizer([0.1]), { totalSteps: 40 });
    fixed.setRunLength(20);
    expect(fixed.rate(11, 0.1)).toBeCloseTo(0.1, 12);
  });
  it("refuses a rise without a fall", () => {
    expect(() => new optim.OneCycleLR(makeOptimizer([1]), { pctStart: 1.2 })).toThrow(/pct_start is 1.2/);
  });
});

describe("schedules, misuse", () => {
  it("names the nearest schedule", () => {
    expect(() => optim.getScheduler("cosin", makeOptimizer([1]))).toThrow(
      /no learning-rate schedule is called 'cosin'/,
    );
  });
  it("refuses a decay that begins inside the cool-down", () => {
    expect(
      () => new optim.InfiniteLR(makeOptimizer([1]), { warmupSteps: 10, cooldownSteps: 5, checkpointStep: 12 }),
    ).toThrow(/checkpoint_step 12/);
  });
  it("refuses milestones that do not rise", () => {
    const parts = [1, 2, 3].map(() => (o: optim.AnyOptimizer) => new optim.ConstantLR(o));
    expect(() => optim.sequentialLrFactory(makeOptimizer([1]), parts, [5, 5])).toThrow(/rising milestones/);
  });
  it("cosine with warm-up as a class is the named one", () => {
    const named = optim.getScheduler("cosine", makeOptimizer([1]), { numWarmupSteps: 10, numTrainingSteps: 100 });
    const own = new optim.CosineWithWarmup(makeOptimizer([1]), { numWarmupSteps: 10, numTrainingSteps: 100 });
    for (let step = 0; step <= 100; step++) expect(own.rate(step, 0.3)).toBeCloseTo(named.rate(step, 0.3), 15);
  });
});
