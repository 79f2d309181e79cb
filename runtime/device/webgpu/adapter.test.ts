import { describe, expect, it } from "vitest";
import { chooseAdapter, listAdapters } from "./adapter.ts";
import type { GpuHost } from "./host.ts";

interface FakeAdapter {
  readonly vendor?: string;
  readonly device?: string;
  readonly description?: string;
  readonly fallback?: boolean;
}

const adapterOf = ({ vendor = "", device = "", description = "", fallback = false }: FakeAdapter): GPUAdapter =>
  ({ info: { vendor, architecture: "", device, description, isFallbackAdapter: fallback } }) as unknown as GPUAdapter;

const gpuOf = (answer: (options: GPURequestAdapterOptions) => FakeAdapter | undefined): GPU =>
  ({
    requestAdapter: async (options: GPURequestAdapterOptions = {}) => {
      const found = answer(options);
      return found === undefined ? null : adapterOf(found);
    },
  }) as unknown as GPU;

/** Dawn over these adapters, by their drivers' names; the first is what it gives unasked. */
function dawnHost(adapters: Readonly<Record<string, FakeAdapter>>, backend?: string): GpuHost {
  const [first] = Object.values(adapters);
  return {
    gpu: gpuOf(({ forceFallbackAdapter }) => (forceFallbackAdapter ? undefined : first)),
    dawn: { names: async () => Object.keys(adapters), only: (name) => gpuOf(() => adapters[name]), backend },
  };
}

const swiftShader = { vendor: "google", device: "swiftshader-device-subzero-", fallback: true };
const lavapipe = { vendor: "mesa", device: "llvmpipe-llvm-15-0-6-256-bits-" };
const h100 = { vendor: "nvidia", device: "nvidia-h100-pcie", description: "NVIDIA: 550.54" };
const names = {
  "NVIDIA H100 PCIe": h100,
  "llvmpipe (LLVM 15.0.6, 256 bits)": lavapipe,
  "SwiftShader Device (Subzero)": swiftShader,
};

describe("choosing an adapter", () => {
  it("takes the GPU, by the name that its driver gives", async () => {
    expect(await chooseAdapter(dawnHost(names))).toMatchObject({ name: "NVIDIA H100 PCIe", kind: "gpu" });
  });

  it("finds a GPU behind a software driver that comes first", async () => {
    const host = dawnHost({ "llvmpipe (LLVM 15.0.6, 256 bits)": lavapipe, "NVIDIA H100 PCIe": h100 });
    expect(await chooseAdapter(host)).toMatchObject({ name: "NVIDIA H100 PCIe" });
  });

  it("takes a software adapter only when asked", async () => {
    const host = dawnHost({ "SwiftShader Device (Subzero)": swiftShader });
    await expect(chooseAdapter(host)).rejects.toMatchObject({
      name: "DeviceUnavailableError",
      message: expect.stringContaining("'SwiftShader Device (Subzero)', which runs on the processor"),
    });
    expect(await chooseAdapter(host, "software")).toMatchObject({ kind: "software" });
    expect(await chooseAdapter(dawnHost(names), "software")).toMatchObject({ kind: "software" });
  });

  it("knows a part of a name, whatever its case", async () => {
    expect(await chooseAdapter(dawnHost(names), "LLVMpipe")).toMatchObject({ kind: "software" });
    expect(await chooseAdapter(dawnHost(names), "nvidia")).toMatchObject({ name: "NVIDIA H100 PCIe" });
  });

  it("says what there is where a name is unknown", async () => {
    await expect(chooseAdapter(dawnHost(names), "radeon")).rejects.toMatchObject({
      message: "there is no adapter called 'radeon'",
      hint: expect.stringContaining("'NVIDIA H100 PCIe', 'llvmpipe (LLVM 15.0.6, 256 bits)' (software)"),
    });
  });

  it("says what is missing where there is none", async () => {
    await expect(chooseAdapter(dawnHost({}))).rejects.toMatchObject({ name: "DeviceUnavailableError" });
    const browser: GpuHost = { gpu: gpuOf(() => undefined) };
    await expect(chooseAdapter(browser)).rejects.toMatchObject({ hint: expect.stringContaining("chrome://gpu") });
    await expect(chooseAdapter(browser, "software")).rejects.toMatchObject({ name: "DeviceUnavailableError" });
  });

  it("takes the back end that computes nothing only where Dawn's flags name it", async () => {
    const nothing = { "Null backend": { device: "null-backend" } };
    expect(await chooseAdapter(dawnHost(nothing, "null"))).toMatchObject({ kind: "null" });
    await expect(chooseAdapter(dawnHost(nothing))).rejects.toMatchObject({ name: "DeviceUnavailableError" });
  });

  it("lists each adapter once", async () => {
    expect((await listAdapters(dawnHost(names))).map(({ name }) => name)).toEqual(Object.keys(names));
    const browser: GpuHost = { gpu: gpuOf(() => ({ vendor: "apple" })) };
    expect((await listAdapters(browser)).map(({ name }) => name)).toEqual(["apple"]);
    const deno: GpuHost = { gpu: gpuOf(() => ({ vendor: "4318", device: "9009", description: "NVIDIA H100 PCIe" })) };
    expect((await listAdapters(deno)).map(({ name }) => name)).toEqual(["NVIDIA H100 PCIe"]);
  });
});
