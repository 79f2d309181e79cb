/** @file WebGPU is there, but no adapter: what is missing on this machine, as far as that can be found out. */
import { DeviceUnavailableError } from "../errors.ts";

export function explainNoAdapter(isDawn: boolean): DeviceUnavailableError {
  if (!isDawn)
    return new DeviceUnavailableError(
      "WebGPU offers no adapter here",
      "switch hardware acceleration on in the browser's settings, see chrome://gpu, or use the wasm device",
    );
  if (process.platform !== "linux")
    return new DeviceUnavailableError(
      "WebGPU finds no GPU on this machine",
      "update the graphics driver, or use the wasm device",
    );
  return loadsVulkan()
    ? new DeviceUnavailableError(
        "Vulkan's loader is installed, but finds no driver for a GPU",
        "install the GPU's driver; name its manifest in VK_DRIVER_FILES where it lies elsewhere; give a container the 'graphics' capability (NVIDIA_DRIVER_CAPABILITIES=all)",
      )
    : new DeviceUnavailableError(
        "Vulkan's loader, libvulkan.so.1, is not installed",
        "install it (Debian, Ubuntu: libvulkan1; Fedora: vulkan-loader), and the GPU's driver; or use the wasm device",
      );
}

/** Asks the system's own linker, as Dawn does. Node then finds that the library is no addon of its own, which is the sign that it is there. */
function loadsVulkan(): boolean {
  try {
    process.dlopen({ exports: {} }, "libvulkan.so.1");
    return true;
  } catch (error) {
    return !/cannot open shared object/.test(String(error));
  }
}
