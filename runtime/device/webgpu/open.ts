/** @file Opens an adapter's device with everything that it offers and kernels can use, and says what that is. */
import type { DeviceInfo, DeviceOptions } from "../device.ts";
import { DeviceUnavailableError } from "../errors.ts";
import { scheduleKernel } from "../gpu/schedule/index.ts";
import type { GpuTarget, MatrixUnit } from "../gpu/target.ts";
import type { FoundAdapter } from "./adapter.ts";
import { WebGpuDevice } from "./device.ts";
import { environment } from "./host.ts";
import type { ScheduleKernel } from "./plan.ts";
import { checkTarget } from "./self-check.ts";

export const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
] as const;

const matrixFeature = "chromium-experimental-subgroup-matrix";
const widthFeature = "subgroup-size-control";

export interface OpenAdapterOptions extends Pick<DeviceOptions, "deterministicFma"> {
  readonly schedule?: ScheduleKernel;
}

export async function openAdapter(
  { adapter, name, kind }: FoundAdapter,
  { schedule = scheduleKernel, deterministicFma = false }: OpenAdapterOptions = {},
): Promise<WebGpuDevice> {
  const profiling = environment("FGC_PROFILE") === "1";
  const features = [...kernelFeatures(), ...(profiling ? ["timestamp-query"] : [])].filter((feature) =>
    adapter.features.has(feature),
  );
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      label: "fgc",
      requiredFeatures: features as GPUFeatureName[],
      requiredLimits: Object.fromEntries(wantedLimits.map((limit) => [limit, adapter.limits[limit]])),
    });
  } catch (error) {
    throw new DeviceUnavailableError(
      `the GPU '${name}' does not open: ${error instanceof Error ? error.message : String(error)}`,
      "another program may hold it; or use the wasm device",
    );
  }
  const claimed = targetOf(device, adapter.info);
  // The null back end computes nothing: what it would answer says nothing.
  const checked = kind === "null" ? { target: claimed, notices: [] } : await checkTarget(device, claimed);
  const { target } = checked;
  const notices = [...checked.notices];
  if (kind === "software")
    notices.push(`webgpu runs on '${name}', which is a driver for the processor: for tests, not for speed`);
  if (deterministicFma)
    notices.push("webgpu: the driver decides where multiplications and additions are fused, so bits may differ");
  const hasProfile = profiling && device.features.has("timestamp-query");
  if (profiling && !hasProfile) notices.push(`webgpu: '${name}' keeps no time, so there will be no profile`);
  const info: DeviceInfo = { name: "webgpu", threads: 1, adapter: name, features: adapterFeatures(target), notices };
  return new WebGpuDevice(device, { info, target, hasProfile, isSoftware: kind === "software", schedule });
}

/** What kernels make use of, less what FGC_GPU_WITHOUT names: so the plain paths can be run, and compared, on hardware that has more. */
function kernelFeatures(): readonly string[] {
  const without = (environment("FGC_GPU_WITHOUT") ?? "").split(",");
  return ["shader-f16", "subgroups", widthFeature, matrixFeature].filter((feature) => !without.includes(feature));
}

/** What a device of this adapter would offer. */
export function adapterTarget(adapter: GPUAdapter): GpuTarget {
  const features = new Set(kernelFeatures().filter((feature) => adapter.features.has(feature)));
  return targetOf({ limits: adapter.limits, features }, adapter.info);
}

interface Offer {
  readonly limits: GPUSupportedLimits;
  readonly features: { has(feature: string): boolean };
}

function targetOf({ limits, features }: Offer, info: GPUAdapterInfo): GpuTarget {
  const [min, max] = [info.subgroupMinSize, info.subgroupMaxSize];
  // Widths decide how reductions are scheduled: powers of two, or not at all.
  const areSane = [min, max].every((width) => width >= 4 && width <= 128 && Number.isInteger(Math.log2(width)));
  const hasSubgroups = features.has("subgroups") && areSane && min <= max;
  return {
    limits: {
      sharedBytes: limits.maxComputeWorkgroupStorageSize,
      invocations: Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX),
      bindings: limits.maxStorageBuffersPerShaderStage,
      workgroups: limits.maxComputeWorkgroupsPerDimension,
    },
    f16: features.has("shader-f16"),
    ...(hasSubgroups ? { subgroups: { min, max, isFixable: features.has(widthFeature) } } : {}),
    matrixUnits: hasSubgroups && features.has(matrixFeature) ? matrixUnitsOf(info) : [],
  };
}

/** Dawn's own addition to the adapter's info. */
interface SubgroupMatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

function matrixUnitsOf(info: GPUAdapterInfo): readonly MatrixUnit[] {
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig> };
  return [...subgroupMatrixConfigs].flatMap(({ componentType: input, resultComponentType: result, M, N, K }) =>
    isFloat(input) && isFloat(result) ? [{ m: M, n: N, k: K, input, result }] : [],
  );
}

const isFloat = (type: string): type is "f16" | "f32" => type === "f16" || type === "f32";

/** For logs and `fgc devices`. */
export function adapterFeatures({ f16, subgroups, matrixUnits }: GpuTarget): readonly string[] {
  const width = subgroups?.min === subgroups?.max ? `${subgroups?.min}` : `${subgroups?.min}–${subgroups?.max}`;
  return [
    ...(f16 ? ["f16"] : []),
    ...(subgroups === undefined ? [] : [`subgroups of ${width}`]),
    ...matrixUnits.map(({ m, n, k, input, result }) => `matrix units ${m}x${n}x${k} ${input} to ${result}`),
  ];
}
