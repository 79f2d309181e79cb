/**
 * @file Which adapter: a real GPU, the fastest first. One that runs on the processor is taken only where it was asked for: it is slower
 * than the wasm device, and whoever gets it unasked believes to have a GPU.
 */
import { DeviceUnavailableError } from "../errors.ts";
import type { GpuHost } from "./host.ts";
import { explainNoAdapter } from "./no-adapter.ts";

/** `null` is Dawn's back end of that name, which validates everything and computes nothing. */
export type AdapterKind = "gpu" | "software" | "null";

export interface FoundAdapter {
  /** As its driver calls it where the host tells, else put together from what it tells. */
  readonly name: string;
  readonly kind: AdapterKind;
  readonly adapter: GPUAdapter;
}

/** `wanted` is a part of a name, or `software`. @throws DeviceUnavailableError that says what there is */
export async function chooseAdapter(host: GpuHost, wanted?: string): Promise<FoundAdapter> {
  if (wanted !== undefined) return findWanted(host, wanted);
  const first = await request(host.gpu, { powerPreference: "high-performance" });
  if (first !== undefined && (first.kind === "gpu" || (first.kind === "null" && host.dawn?.backend === "null")))
    return withDriversName(host, first);
  const all = await listAdapters(host);
  const real = all.find(({ kind }) => kind === "gpu");
  if (real !== undefined) return real;
  const [software] = all;
  if (software === undefined) throw explainNoAdapter(host.dawn !== undefined);
  throw new DeviceUnavailableError(
    `there is no GPU: the only adapter is '${software.name}', which runs on the processor`,
    "use the wasm device, which is faster; '--adapter software' takes this one all the same",
  );
}

/** Every adapter that the host offers, the fastest first. */
export async function listAdapters(host: GpuHost): Promise<readonly FoundAdapter[]> {
  const found: FoundAdapter[] = [];
  const add = (entry: FoundAdapter | undefined): void => {
    if (entry !== undefined && !found.some((other) => sameAdapter(entry, other))) found.push(entry);
  };
  const preferences: GPURequestAdapterOptions[] = [
    { powerPreference: "high-performance" },
    { powerPreference: "low-power" },
    { forceFallbackAdapter: true },
  ];
  for (const options of preferences) {
    const entry = await request(host.gpu, options);
    add(entry === undefined ? undefined : await withDriversName(host, entry));
  }
  for (const name of (await host.dawn?.names()) ?? []) {
    if (found.some((entry) => entry.name === name)) continue;
    const entry = await request((host.dawn as NonNullable<typeof host.dawn>).only(name), {});
    add(entry === undefined ? undefined : { ...entry, name });
  }
  return found;
}

async function findWanted(host: GpuHost, wanted: string): Promise<FoundAdapter> {
  const all = await listAdapters(host);
  if (all.length === 0) throw explainNoAdapter(host.dawn !== undefined);
  const found =
    wanted.toLowerCase() === "software"
      ? all.find(({ kind }) => kind === "software")
      : all.find((entry) => namesFor(entry).some((name) => name.toLowerCase().includes(wanted.toLowerCase())));
  if (found !== undefined) return found;
  const there = all.map(({ name, kind }) => `'${name}'${kind === "software" ? " (software)" : ""}`).join(", ");
  throw new DeviceUnavailableError(
    wanted.toLowerCase() === "software"
      ? "there is no adapter that runs on the processor"
      : `there is no adapter called '${wanted}'`,
    `there is ${there}; a part of a name is enough`,
  );
}

async function request(gpu: GPU, options: GPURequestAdapterOptions): Promise<FoundAdapter | undefined> {
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter(options);
  } catch {
    return undefined; // Dawn throws where a browser answers null
  }
  return adapter === null ? undefined : { adapter, name: describe(adapter.info), kind: kindOf(adapter) };
}

/** Dawn's JavaScript names are the drivers' made tame; the drivers' own are what people know. */
async function withDriversName(host: GpuHost, entry: FoundAdapter): Promise<FoundAdapter> {
  const names = (await host.dawn?.names()) ?? [];
  const name = names.find((candidate) => tame(candidate) === tame(entry.adapter.info.device));
  return name === undefined ? entry : { ...entry, name };
}

const tame = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");

function sameAdapter(a: FoundAdapter, b: FoundAdapter): boolean {
  return namesFor(a).join("\n") === namesFor(b).join("\n");
}

function namesFor({ name, adapter: { info } }: FoundAdapter): readonly string[] {
  return [name, info.device, info.description, info.architecture, info.vendor];
}

function describe({ description, device, architecture, vendor }: GPUAdapterInfo): string {
  const name = /^\d+$/.test(device) ? "" : device; // Deno gives the number that the device has on its bus
  return name || description || [vendor, architecture].filter((part) => part !== "").join(" ") || "unnamed adapter";
}

/** Drivers that run on the processor. Most say so themselves (`isFallbackAdapter`); lavapipe and WARP may not. */
const softwareDrivers = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;

function kindOf({ info }: GPUAdapter): AdapterKind {
  if (info.device === "null-backend") return "null";
  const words = [info.device, info.description, info.architecture, info.vendor].join(" ");
  return info.isFallbackAdapter || softwareDrivers.test(words) ? "software" : "gpu";
}
