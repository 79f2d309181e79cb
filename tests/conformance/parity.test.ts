/** @file Whole runs: from one seed every device draws the same weights and the same dropout, and trains along the same curve. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dropout, openSession, type Session, StateTensor, type Tensor, uniform } from "../../runtime/index.ts";
import { testDevices } from "../numerics/devices.ts";
import { type MiniTraining, makeMiniTraining } from "./mini-training.ts";

const steps = 8;

/**
 * After each step AdamW has divided a gradient by its own size, so a difference in the last bits of a small one moves its weight by
 * up to the rate: curves part slowly. Eight steps stay within this much, relative.
 */
const curveTolerance = { f32: 2e-5, f16: 4e-3, bf16: 2e-2 } as const;

async function onReference<T>(run: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession({ device: "reference" });
  try {
    return await run(session);
  } finally {
    await session.close();
  }
}

const curves = new Map<string, Promise<MiniTraining>>();
function referenceCurve(compute: keyof typeof curveTolerance): Promise<MiniTraining> {
  const known = curves.get(compute) ?? onReference((session) => makeMiniTraining(session, steps, { compute }));
  curves.set(compute, known);
  return known;
}

/** A dropped-out tensor, its gradient's mask and raw draws, of any sizes and counters. */
async function draws(session: Session): Promise<readonly (readonly number[])[]> {
  const counter = new StateTensor([], Int32Array.of(41), { dtype: "i32", label: "counter" });
  const draw = session.compile(({ x }: Record<"x", Tensor>) => {
    counter.assign(counter.add(1));
    return {
      dropped: dropout(x, 0.1, { seed: 12345, counter }),
      again: dropout(x, 0.5, { seed: -7, counter }),
      raw: uniform([7, 33], { seed: 2 ** 31 - 1, counter }),
    };
  });
  const x = { data: new Float32Array(70 * 67).fill(0.5), shape: [70, 67], dtype: "f32" } as const;
  const results: number[][] = [];
  for (let i = 0; i < 3; i++) for (const { data } of Object.values(await draw({ x }))) results.push([...data]);
  return results;
}

describe.each(testDevices.filter(({ name }) => name !== "reference"))("a run on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  it("draws the reference's random numbers, bit for bit", async () => {
    expect(await draws(session)).toEqual(await onReference(draws));
  });

  it.each(["f32", "f16", "bf16"] as const)(
    `trains along the reference's curve for ${steps} steps, %s`,
    async (compute) => {
      const want = await referenceCurve(compute);
      const got = await makeMiniTraining(session, steps, { compute });
      const tolerance = curveTolerance[compute];
      for (const curve of ["losses", "gradientNorms"] as const)
        got[curve].forEach((value, step) => {
          const expected = want[curve][step] as number;
          expect(
            Math.abs(value - expected) / expected,
            `${curve} of step ${step}: ${value}, not ${expected}`,
          ).toBeLessThan(curve === "losses" ? tolerance : 20 * tolerance);
        });
      expect(want.losses.at(-1) as number).toBeLessThan(want.losses[0] as number);
    },
  );
});
