/**
 * @file Finding TensorFlow.js: which backend packages there are, in which order they are tried, and what is said where one is missing or does
 * not load. Nothing here is imported before it is asked for, and no bundler sees the names.
 */
import { DeviceUnavailableError } from "../errors.ts";
import type { Tf } from "./api.ts";
import { environment, findPackage, MissingPackageError } from "./host.ts";

interface BackendPackage {
  readonly short: string;
  readonly name: string;
  /** What the package registers itself as. */
  readonly backend: string;
  /** The package brings the whole op API; the others only a backend for `@tensorflow/tfjs-core`. */
  readonly isComplete: boolean;
}

/** Fastest first: the order in which they are tried. */
const packages: readonly BackendPackage[] = [
  { short: "node-gpu", name: "@tensorflow/tfjs-node-gpu", backend: "tensorflow", isComplete: true },
  { short: "node", name: "@tensorflow/tfjs-node", backend: "tensorflow", isComplete: true },
  { short: "webgpu", name: "@tensorflow/tfjs-backend-webgpu", backend: "webgpu", isComplete: false },
  { short: "wasm", name: "@tensorflow/tfjs-backend-wasm", backend: "wasm", isComplete: false },
  { short: "cpu", name: "@tensorflow/tfjs-backend-cpu", backend: "cpu", isComplete: false },
];

/** Only by name: it has no 32-bit integers. */
const webgl: BackendPackage = {
  short: "webgl",
  name: "@tensorflow/tfjs-backend-webgl",
  backend: "webgl",
  isComplete: false,
};

const withoutIt = "the devices wasm and webgpu need no TensorFlow.js";

export interface Backend {
  readonly tf: Tf;
  /** As `tf.setBackend` knows it. */
  readonly name: string;
  readonly packageName: string;
  readonly version: string;
  readonly notices: readonly string[];
}

/** The backend that `asked` names (`node-gpu`, or a package), else that of FGC_TFJS_BACKEND, else the fastest that is installed and loads. */
export async function openBackend(asked = environment("FGC_TFJS_BACKEND")): Promise<Backend> {
  if (asked !== undefined && asked !== "") return openNamed(asked);
  const notices: string[] = [];
  for (const candidate of packages) {
    try {
      const backend = await openPackage(candidate);
      return { ...backend, notices: [...notices, ...slownessOf(candidate), ...backend.notices] };
    } catch (error) {
      if (error instanceof MissingPackageError) continue;
      if (!(error instanceof DeviceUnavailableError)) throw error;
      notices.push(`tfjs: ${error.message}`);
    }
  }
  throw new DeviceUnavailableError(
    notices.length === 0
      ? "TensorFlow.js is not installed"
      : `no backend of TensorFlow.js works here: ${notices.map((notice) => notice.replace(/^tfjs: /, "")).join("; ")}`,
    `run 'npm install @tensorflow/tfjs-node-gpu' (with a CUDA GPU) or 'npm install @tensorflow/tfjs-node'; ${withoutIt}`,
    { isInstalled: notices.length > 0 },
  );
}

async function openNamed(asked: string): Promise<Backend> {
  const known = [...packages, webgl];
  const found = known.find(({ short, name }) => asked === short || asked === name || `@tensorflow/${asked}` === name);
  if (found === undefined)
    throw new DeviceUnavailableError(
      `tfjs has no backend '${asked}'`,
      `backends are ${known.map(({ short }) => short).join(", ")}`,
    );
  try {
    return await openPackage(found);
  } catch (error) {
    if (!(error instanceof MissingPackageError)) throw error;
    const wanted = found.isComplete ? found.name : `${found.name} @tensorflow/tfjs-core`;
    throw new DeviceUnavailableError(
      `the npm package '${error.packageName}' is not installed`,
      `run 'npm install ${wanted}' in the folder that you start from; ${withoutIt}`,
      { isInstalled: false },
    );
  }
}

async function openPackage({ name, backend, isComplete }: BackendPackage): Promise<Backend> {
  const own = findPackage(name);
  // The copy that the backend itself would load: it registers there.
  const core = isComplete ? own : findPackage("@tensorflow/tfjs-core", own.path);
  quietTensorFlow();
  try {
    const tf = core.load() as Tf;
    tf.enableProdMode(); // no checks for NaN after each op, and no banner that recommends another backend
    own.load();
    if (!(await tf.setBackend(backend))) throw new Error("its backend cannot be initialized");
    await tf.ready();
    return { tf, name: backend, packageName: name, version: own.version, notices: noticesOf(tf, name) };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] as string) : String(error);
    const remedy = isComplete
      ? `'npm rebuild ${name} --build-addon-from-source' fetches or builds its native library again`
      : `reinstall it with the same version of @tensorflow/tfjs-core`;
    throw new DeviceUnavailableError(
      `the npm package '${name}' is installed but does not work: ${reason}`,
      `${remedy}, or name another backend; ${withoutIt}`,
    );
  }
}

/** The library behind tfjs-node logs what it was compiled for to the terminal. */
function quietTensorFlow(): void {
  if (environment("TF_CPP_MIN_LOG_LEVEL") === undefined && typeof process !== "undefined")
    process.env["TF_CPP_MIN_LOG_LEVEL"] = "2";
}

function slownessOf({ name, short }: BackendPackage): readonly string[] {
  if (short === "cpu" || short === "wasm")
    return [
      `tfjs: ${name} is what is installed; @tensorflow/tfjs-node is many times faster, and so is the device wasm`,
    ];
  return [];
}

/** Whether the native library computes on a GPU; undefined for other backends. */
export function usesGpu(tf: Tf): boolean | undefined {
  if (tf.getBackend() !== "tensorflow") return undefined;
  return (tf.backend() as { readonly isUsingGpuDevice?: boolean }).isUsingGpuDevice === true;
}

function noticesOf(tf: Tf, name: string): readonly string[] {
  const gpu = usesGpu(tf);
  if (name === "@tensorflow/tfjs-node-gpu" && gpu === false)
    return [
      "tfjs: @tensorflow/tfjs-node-gpu finds no GPU (driver, CUDA or cuDNN of its version missing) and computes on the processor",
    ];
  if (gpu === true && environment("NVIDIA_TF32_OVERRIDE") !== "0")
    return ["tfjs: TensorFlow multiplies f32 matrices as TF32 on newer GPUs; NVIDIA_TF32_OVERRIDE=0 keeps all digits"];
  if (name === webgl.name) return ["tfjs: WebGL computes integers in floats: positions beyond 2^24 are wrong"];
  return [];
}
