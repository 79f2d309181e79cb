/** @file `fgc train` of the built package: builds, hands its flags to the trainer, ends with the trainer's code; also from the code that V8 kept. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { cli, makeWorkspace, run } from "./support.ts";

const workspace = makeWorkspace();
afterAll(() => workspace.remove());

it("trains in float16 on the device that is asked for, and passes a fault of the device on", async () => {
  const options = { cwd: workspace.mini, env: workspace.env };
  // The second run of the command line starts from kept code, which some versions of Node treat in a way of their own.
  for (const steps of [1, 2]) {
    const flags = ["--device", "wasm", "--dtype", "float16", "--", "--max-steps", `${steps}`, "--json"];
    const { code, stdout, stderr } = await run(cli, ["train", ...flags], options);
    expect([code, stderr]).toEqual([0, expect.stringContaining("trainer.mjs --device wasm --dtype float16")]);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      step: steps,
      device: expect.stringMatching(/^wasm, .*, float16$/),
    });
  }
  expect(readdirSync(join(workspace.mini, "output_models/mini/checkpoints"))).toContain("checkpoint-2");

  const missing = await run(
    cli,
    ["train", "--device", "webgpu", "--adapter", "a graphics card from the future"],
    options,
  );
  expect(missing.code).toBe(4);
  expect(missing.stderr).toContain("error[device/unavailable]");
});
