/** @file Settings in the page's address: `trainer.html#device=wasm&threads=4&steps=200`. A link can set them, and a reload keeps them. */
import type { RunSettings } from "../protocol.ts";

export function readSettings(hash: string): RunSettings {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const device = values.get("device");
  const adapter = values.get("adapter");
  const number = (name: string): number | undefined => {
    const value = Number(values.get(name));
    return Number.isInteger(value) && value >= 1 ? value : undefined;
  };
  const [threads, maxSteps] = [number("threads"), number("steps")];
  return {
    device: device === "webgpu" || device === "wasm" ? device : "auto",
    ...(adapter === null ? {} : { adapter }),
    ...(threads === undefined ? {} : { threads }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
  };
}

/** Empty where everything is as the config says. */
export function settingsHash({ device, adapter, threads, maxSteps }: RunSettings): string {
  const values = new URLSearchParams({
    ...(device === "auto" ? {} : { device }),
    ...(adapter === undefined ? {} : { adapter }),
    ...(threads === undefined ? {} : { threads: String(threads) }),
    ...(maxSteps === undefined ? {} : { steps: String(maxSteps) }),
  });
  return values.size === 0 ? "" : `#${values}`;
}
