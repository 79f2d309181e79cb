/** @file Every operation of the golden vectors, forward and backward, on every device. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Session, type Tensor, validateProgram, vjp } from "../../runtime/index.ts";
import { testDevices } from "./devices.ts";
import { expectGolden, goldenCases, haveGoldens, tensorOf, tensorsBelow } from "./golden.ts";
import { operations } from "./op-table.ts";

describe.skipIf(!haveGoldens).each(testDevices)("golden operations on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  test.each(goldenCases("ops/"))("$name", async (golden) => {
    const operation = operations[golden.target];
    if (operation === undefined) throw new Error(`no row for ${golden.target}`);
    const inputs = tensorsBelow(golden, "in.");
    const cotangents = [...tensorsBelow(golden, "cot.").keys()];
    const wanted = [...tensorsBelow(golden, "grad.").keys()];
    const run = session.compile(
      (x: Record<string, Tensor>) => {
        const named = Object.fromEntries([...inputs.keys()].map((key) => [key, x[key] as Tensor]));
        const results = operation(named, golden.args);
        const gradients = vjp(
          cotangents.map((key) => results[key] as Tensor),
          cotangents.map((key) => x[`cot.${key}`] as Tensor),
          wanted.map((key) => named[key] as Tensor),
        );
        return {
          ...Object.fromEntries(Object.entries(results).map(([key, tensor]) => [`out.${key}`, tensor])),
          ...Object.fromEntries(wanted.map((key, i) => [`grad.${key}`, gradients[i] as Tensor])),
        };
      },
      { name: golden.name },
    );
    const seeds = [...tensorsBelow(golden, "cot.")].map(([key, tensor]) => [`cot.${key}`, tensor] as const);
    const before = session.programs().length;
    const got = await run(Object.fromEntries([...inputs, ...seeds]));
    for (const program of session.programs().slice(before)) expect(validateProgram(program)).toEqual([]);
    for (const name of golden.tensors.keys()) {
      const result = got[name];
      // PyTorch records the gradient of a scalar as [1].
      if (result !== undefined) expectGolden({ ...result, shape: tensorOf(golden, name).shape }, golden, name);
      else if (!name.startsWith("in.") && !name.startsWith("cot.")) throw new Error(`nothing computes ${name}`);
    }
  });
});
