/**
 * @file The crash of npm `webgpu` 0.6.2 in ten lines, kept to know when it is mended: nothing holds the object that `create()` returned, so it
 * is collected, its Dawn instance is freed, and the next poll for a pending promise reads freed memory.
 *
 *     node --expose-gc bench/gpu/dawn-crash.mjs            dies of SIGSEGV or SIGABRT
 *     node --expose-gc bench/gpu/dawn-crash.mjs --held     survives: what `runtime/device/webgpu/host.ts` does
 */
import { create } from "webgpu";

const flags = ["backend=null"];
async function openUnheld() {
  return (await create(flags).requestAdapter()).requestDevice();
}
async function openHeld() {
  globalThis[Symbol.for("fgc.gpu")] = create(flags);
  return (await globalThis[Symbol.for("fgc.gpu")].requestAdapter()).requestDevice();
}

const device = process.argv.includes("--held") ? await openHeld() : await openUnheld();
globalThis.gc?.();
await new Promise((resolve) => setTimeout(resolve, 10));
for (let i = 0; i < 20_000; i++) {
  await device.queue.onSubmittedWorkDone();
  if (globalThis.gc === undefined) new Array(1000).fill(i);
}
console.log("survived");
process.exit(0);
