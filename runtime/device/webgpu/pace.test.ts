import { afterEach, describe, expect, it, vi } from "vitest";
import { Pace } from "./pace.ts";

/** A GPU that needs `runMs` for each run, on a clock of its own; whoever waits for it sees a result only every `pollMs`. */
async function simulate({ runMs, pollMs, runs }: Record<"runMs" | "pollMs" | "runs", number>) {
  let now = 0;
  let busyUntil = 0;
  const ends: number[] = [];
  const fences: { readonly at: number; readonly resolve: () => void }[] = [];
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const onSubmittedWorkDone = () =>
    new Promise<void>((resolve) => {
      fences.push({ at: busyUntil, resolve });
    });
  const pace = new Pace({ onSubmittedWorkDone } as unknown as GPUQueue);
  let inFlight = 0;
  for (let i = 0; i < runs; i++) {
    const pause = pace.wait();
    if (pause !== undefined) {
      const fence = fences.shift() as (typeof fences)[number];
      now = Math.max(now, Math.ceil(fence.at / pollMs) * pollMs);
      fence.resolve();
      await pause;
    }
    busyUntil = Math.max(busyUntil, now) + runMs;
    ends.push(busyUntil);
    pace.submitted();
    if (i > runs / 2) inFlight = Math.max(inFlight, ends.filter((end) => end > now).length);
  }
  return { inFlight, msPerRun: busyUntil / runs };
}

afterEach(() => void vi.restoreAllMocks());

describe("the pace", () => {
  it("is two runs in flight where runs are long", async () => {
    const { inFlight, msPerRun } = await simulate({ runMs: 100, pollMs: 0.1, runs: 100 });
    expect(inFlight).toBe(2);
    expect(msPerRun).toBeCloseTo(100);
  });

  it("waits seldom where runs are short", async () => {
    const { inFlight, msPerRun } = await simulate({ runMs: 0.1, pollMs: 0.1, runs: 1000 });
    expect(inFlight).toBeLessThanOrEqual(32);
    expect(msPerRun).toBeCloseTo(0.1, 2);
  });

  it("keeps the GPU busy on a host that looks for results every 11.5 ms", async () => {
    const { msPerRun } = await simulate({ runMs: 2, pollMs: 11.5, runs: 2000 });
    expect(msPerRun).toBeLessThan(2.2);
  });
});
