/**
 * @file A WebGPU adapter for tests: SwiftShader, which runs on the processor and comes with Debian's Chromium. It judges whether results
 * are right, never how fast.
 */
import { existsSync } from "node:fs";

const driver = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Names the driver to Vulkan's loader, unless someone has named one. Must run before anything opens WebGPU in this process. */
export function useSoftwareGpu(): void {
  if (
    process.env["VK_ICD_FILENAMES"] === undefined &&
    process.env["VK_DRIVER_FILES"] === undefined &&
    existsSync(driver)
  )
    process.env["VK_ICD_FILENAMES"] = driver;
  process.env["XDG_RUNTIME_DIR"] ??= "/tmp";
}

let reason: Promise<string | undefined> | undefined;

/** Why tests on WebGPU's software adapter cannot run here; undefined where they can. Print it when you skip. */
export function gpuSkipReason(): Promise<string | undefined> {
  reason ??= findReason();
  return reason;
}

async function findReason(): Promise<string | undefined> {
  useSoftwareGpu();
  const { openHost } = await import("../../runtime/device/webgpu/host.ts");
  const { chooseAdapter } = await import("../../runtime/device/webgpu/adapter.ts");
  try {
    await chooseAdapter(await openHost(), "software");
    return undefined;
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    return `no WebGPU software adapter: ${message}${hint === undefined ? "" : ` (${hint})`}`;
  }
}
