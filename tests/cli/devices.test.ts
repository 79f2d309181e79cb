/** @file `fgc devices`: what it prints of devices that are there, and of those that are not; and the flags of `fgc train` that choose one. */
import { describe, expect, it } from "vitest";
import type { DeviceDescription } from "../../compiler/cli/host.ts";
import { fgc, type MemoryWorld } from "./memory-host.ts";

const devices: readonly DeviceDescription[] = [
  {
    name: "webgpu",
    available: true,
    features: ["shader-f16"],
    adapters: [
      {
        name: "NVIDIA H100 PCIe",
        isSoftware: false,
        features: ["shader-f16", "subgroups", "timestamp-query", "chromium-experimental-subgroup-matrix"],
        limits: { maxBufferSize: 2 ** 32, maxStorageBufferBindingSize: 2 ** 31 - 4, maxComputeWorkgroupSizeX: 1024 },
      },
      { name: "SwiftShader Device (LLVM 10.0.0)", isSoftware: true, features: [], limits: {} },
    ],
  },
  { name: "wasm", available: true, threads: 8, features: ["simd", "relaxed-fma"], adapters: [] },
  {
    name: "tfjs",
    available: false,
    reason: "no package of TensorFlow.js is installed here, nor anywhere above this folder, and the bundle has none",
    hint: "npm install @tensorflow/tfjs-node-gpu",
    features: [],
    adapters: [],
  },
];
/** No project anywhere: the devices are the machine's. */
const world: MemoryWorld = { files: { "/elsewhere/readme": "" }, cwd: "/elsewhere", devices };

describe("fgc devices", () => {
  it("says what is there and why the rest is not, in 80 columns", async () => {
    const { code, stdout, stderr } = await fgc(world, "devices");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`webgpu     2 adapters
           NVIDIA H100 PCIe
             features  shader-f16, subgroups, timestamp-query,
                       chromium-experimental-subgroup-matrix
             limits    buffer size 4 GiB, storage buffer binding size 2 GiB,
                       compute workgroup size x 1,024
           SwiftShader Device (LLVM 10.0.0) (software: only when asked for)

wasm       8 threads, simd, relaxed-fma

tfjs       not available: no package of TensorFlow.js is installed here, nor
           anywhere above this folder, and the bundle has none
           npm install @tensorflow/tfjs-node-gpu
`);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("--json gives all of it as it is", async () => {
    const { stdout } = await fgc(world, "devices", "--json");
    expect(JSON.parse(stdout)).toEqual({ ok: true, devices });
  });

  it("a driver that ends the process that asks it is a fault of the environment, too", async () => {
    const { devices: _, ...broken } = world;
    const { code, stdout, stderr } = await fgc(broken, "devices");
    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toMatch(/^error: a driver .* \(SIGSEGV: \)\n$/);
  });

  it("a machine on which nothing opens is a fault of the environment", async () => {
    const none = devices.filter(({ available }) => !available);
    expect((await fgc({ ...world, devices: none }, "devices")).code).toBe(4);
  });
});

it("fgc train hands on the device, the adapter and the type", async () => {
  const project: MemoryWorld = {
    files: {
      "/ws/forgather_workspace/shared.yaml": "",
      "/ws/project/meta.yaml": "name: Tiny\ndefault_config: tiny.yaml\n",
      "/ws/project/templates/configs/tiny.yaml": "meta: { config_name: Tiny }\nmain: [1]\n",
    },
  };
  const flags = ["--device", "webgpu", "--adapter", "NVIDIA", "--dtype", "float16"];
  const { stdout } = await fgc(project, "train", "--dry-run", ...flags);
  expect(stdout).toContain("trainer.mjs --device webgpu --adapter NVIDIA --dtype float16");
});
