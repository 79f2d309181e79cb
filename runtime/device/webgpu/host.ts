/**
 * @file Where WebGPU comes from: `navigator.gpu` in browsers, workers and Deno; elsewhere Dawn, from the npm package `webgpu` if it is
 * there. Nothing of ours depends on that package, and a bundle for the browser contains no trace of it but its name.
 *
 * `create()` of that package returns the owner of Dawn's instance. Adapters, devices and queues do not keep it alive, and when it is
 * collected the next poll of a pending promise reads freed memory. So every instance is held by the global object and never let go.
 */
import { DeviceUnavailableError } from "../errors.ts";

/** The first instance lies here itself, so that other code of the same process can share it; further ones in a list beside it. */
const instanceKey = Symbol.for("fgc.gpu");
const furtherKey = Symbol.for("fgc.gpu.further");

interface Held {
  [instanceKey]?: GPU;
  [furtherKey]?: Map<string, GPU>;
}

export interface GpuHost {
  readonly gpu: GPU;
  /** Undefined where the host owns WebGPU (a browser, Deno) and gives adapters by its own choice only. */
  readonly dawn?: Dawn;
}

export interface Dawn {
  /** The names of all adapters, as their drivers give them. */
  names(): Promise<readonly string[]>;
  /** An instance that offers only the adapter of this name. */
  only(name: string): GPU;
  /** The back end that FGC_DAWN_FLAGS asks for: `null` computes nothing. */
  readonly backend: string | undefined;
}

export async function openHost(): Promise<GpuHost> {
  const own = typeof navigator === "undefined" ? undefined : (navigator as Partial<NavigatorGPU>).gpu;
  if (own !== undefined) return { gpu: own };
  if (!isNode())
    throw new DeviceUnavailableError(
      "this browser has no WebGPU",
      "use a current Chrome, Edge, Safari or Firefox over https or localhost, or the wasm device",
    );
  const { create } = await loadPackage();
  const flags = dawnFlags();
  const hold = globalThis as Held;
  hold[furtherKey] ??= new Map();
  const further = hold[furtherKey];
  const instance = (adapter: string): GPU => {
    const made = further.get(adapter) ?? create([...flags, `adapter=${adapter}`]);
    further.set(adapter, made);
    return made;
  };
  hold[instanceKey] ??= create(flags);
  return {
    gpu: hold[instanceKey],
    dawn: {
      names: () => namesOf(instance(noSuchAdapter)),
      only: instance,
      backend: flags.find((flag) => flag.startsWith("backend="))?.slice("backend=".length),
    },
  };
}

/** What `process` tells, in any host. */
export function environment(name: string): string | undefined {
  return typeof process === "undefined" ? undefined : process.env?.[name];
}

function isNode(): boolean {
  return typeof process !== "undefined" && typeof process.versions?.node === "string";
}

interface DawnPackage {
  create(flags: readonly string[]): GPU;
}

/** A variable, so that no bundler looks for the package when a bundle is made. */
const packageName: string = "webgpu";

/** From beside this code, and else from the working directory: a bundle may lie far from any `node_modules`. */
async function loadPackage(): Promise<DawnPackage> {
  try {
    return (await import(/* @vite-ignore */ packageName)) as DawnPackage;
  } catch (error) {
    if (!isMissing(error)) throw brokenPackage(error);
  }
  const { createRequire } = process.getBuiltinModule("node:module");
  const { pathToFileURL } = process.getBuiltinModule("node:url");
  let path: string;
  try {
    path = createRequire(`${process.cwd()}/`).resolve(packageName);
  } catch {
    throw new DeviceUnavailableError(
      "the npm package 'webgpu' is not installed",
      "run 'npm install webgpu' in the folder that you start from",
      { isInstalled: false },
    );
  }
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as DawnPackage;
  } catch (error) {
    throw brokenPackage(error);
  }
}

function isMissing(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return (
    (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") && (message ?? "").includes(`'${packageName}'`)
  );
}

function brokenPackage(error: unknown): DeviceUnavailableError {
  const reason = error instanceof Error ? (error.message.split("\n")[0] as string) : String(error);
  return new DeviceUnavailableError(
    `the npm package 'webgpu' does not load: ${reason}`,
    `it brings no library for ${process.platform}-${process.arch}, or one that wants a newer system; use the wasm device`,
  );
}

/**
 * Dawn's flags: ours and those of FGC_DAWN_FLAGS, `;` between them. Subgroup matrices are behind `allow_unsafe_apis`. Shared memory
 * need not be cleared, since no schedule reads what it did not write (the interpreter in `tests/support` sees to it): SwiftShader compiles a
 * product in a twelfth of the time. Timestamps are rounded to 0.1 ms, longer than most kernels take, unless that is switched off.
 */
function dawnFlags(): readonly string[] {
  const asked = (environment("FGC_DAWN_FLAGS") ?? "").split(";").filter((flag) => flag !== "");
  const toggles = ([prefix, own]: readonly [string, string]): string =>
    prefix +
    [own, ...asked.filter((flag) => flag.startsWith(prefix)).map((flag) => flag.slice(prefix.length))].join(",");
  return [
    ...asked.filter((flag) => !ownToggles.some(([prefix]) => flag.startsWith(prefix))),
    ...ownToggles.map(toggles),
  ];
}

const ownToggles = [
  ["enable-dawn-features=", "allow_unsafe_apis,disable_workgroup_init"],
  ["disable-dawn-features=", "timestamp_quantization"],
] as const;

/** Dawn has no call that lists adapters, but answers a name that no adapter has with the names that there are. */
const noSuchAdapter = "(none)";

async function namesOf(gpu: GPU): Promise<readonly string[]> {
  try {
    await gpu.requestAdapter();
  } catch (error) {
    return [...String(error).matchAll(/^ \* backend: '[^']*', name: '(.*)'$/gm)].map((match) => match[1] as string);
  }
  return [];
}
