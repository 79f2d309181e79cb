/** @file The adapters of this machine as `fgc devices` shows them. */
import type { AdapterDescription, DeviceDescription } from "../description.ts";
import { DeviceUnavailableError } from "../errors.ts";
import { chooseAdapter, type FoundAdapter, listAdapters } from "./adapter.ts";
import { openHost } from "./host.ts";
import { adapterFeatures, adapterTarget, wantedLimits } from "./open.ts";

export async function describeDevice(): Promise<DeviceDescription> {
  const host = await openHost();
  const adapters = await listAdapters(host);
  const described = adapters.map(describeAdapter);
  try {
    const { name } = await chooseAdapter(host);
    const taken = described.find((adapter) => adapter.name === name);
    const others = described.filter((adapter) => adapter !== taken);
    return {
      name: "webgpu",
      available: true,
      features: taken?.features ?? [],
      adapters: taken === undefined ? others : [taken, ...others],
    };
  } catch (error) {
    if (!(error instanceof DeviceUnavailableError)) throw error;
    const { message: reason, hint } = error;
    return { name: "webgpu", available: false, reason, hint, features: [], adapters: described };
  }
}

function describeAdapter({ name, kind, adapter }: FoundAdapter): AdapterDescription {
  const limits = Object.fromEntries(wantedLimits.map((limit) => [limit, adapter.limits[limit]]));
  return {
    name,
    isSoftware: kind !== "gpu",
    features: adapterFeatures(adapterTarget(adapter)),
    limits,
  };
}
