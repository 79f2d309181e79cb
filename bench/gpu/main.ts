/** @file The GPU benchmark, bundled by `run.mjs`, which describes its flags. */
import { openForBench } from "./device.ts";
import { benchDispatch } from "./dispatch.ts";
import { benchMatmul } from "./matmul.ts";
import { readOptions } from "./options.ts";
import { benchModels } from "./training.ts";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.only.has("matmul") || options.only.has("dispatch")) {
    const { device, setting } = await openForBench(options);
    if (options.only.has("matmul")) await benchMatmul(device, setting, options);
    if (options.only.has("dispatch")) await benchDispatch(device, setting, options);
    await device.close();
  }
  await benchModels(options);
}

try {
  await main();
} catch (error) {
  const { message, hint } = error as Error & { hint?: string };
  console.error(`bench: ${message}${hint === undefined ? "" : ` (${hint})`}`);
  process.exitCode = 1;
}
