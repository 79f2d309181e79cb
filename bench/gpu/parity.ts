/** @file The 4M model trained on several devices from one seed, step by step; bundled by `parity.mjs`, which describes its flags. */
import { type DeviceName, openSession, type withPrecision } from "../../runtime/index.ts";
import { seedWeights } from "../../stdlib/nn/index.ts";
import { batchOf, compileTrainStep, makeTinyLlama, makeTokens } from "../../tests/numerics/tiny-llama.ts";
import { argument, line } from "../lib/measure.ts";

const devices = argument("devices", "wasm,webgpu").split(",") as DeviceName[];
const adapter = argument("adapter", "");
const [steps, batch, length] = (["steps", "batch", "length"] as const).map((name, i) =>
  Number(argument(name, ["50", "2", "64"][i] as string)),
) as [number, number, number];
const compute = argument("dtype", "f32") as Parameters<typeof withPrecision>[0]["compute"];
const seed = argument("seed", "");
/** Relative to the first device's loss. Rounding differs in the last bit of a step's gradients; AdamW's first steps follow signs, so curves part slowly. */
const tolerance = Number(argument("tolerance", compute === "f32" ? "2e-4" : "2e-2"));

const tokens = makeTokens(Math.min(1_048_576, (length + 1) * batch * (steps + 1)));

async function curve(device: DeviceName): Promise<readonly number[]> {
  const session = await openSession({ device, ...(device === "webgpu" && adapter !== "" ? { adapter } : {}) });
  const model = makeTinyLlama();
  if (seed !== "") seedWeights(model, Number(seed));
  const train = compileTrainStep(session, model, compute);
  const losses: number[] = [];
  const start = performance.now();
  for (let step = 0; step < steps; step++) losses.push(await train.step(batchOf(tokens, step, batch, length)));
  const { name, adapter: hardware = name } = session.device;
  line({
    bench: "curve",
    device,
    adapter: hardware,
    dtype: compute,
    shape: `${batch}x${length}`,
    steps,
    losses,
    msPerStep: (performance.now() - start) / steps,
  });
  await session.close();
  return losses;
}

const [first, ...others] = devices as [DeviceName, ...DeviceName[]];
const want = await curve(first);
for (const device of others) {
  const got = await curve(device);
  const differences = got.map((loss, step) => Math.abs(loss - (want[step] as number)) / (want[step] as number));
  const largest = Math.max(...differences);
  const agrees = largest <= tolerance; // NaN is no agreement
  line({
    bench: "parity",
    devices: `${first}, ${device}`,
    dtype: compute,
    shape: `${batch}x${length}`,
    steps,
    first: want[0],
    last: want.at(-1),
    largestDifference: largest,
    atStep: differences.indexOf(largest),
    tolerance,
    agrees,
  });
  if (!agrees) process.exitCode = 1;
}
