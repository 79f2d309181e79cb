/** @file Compiled kernels, kept by their text: the equal layers of a model share one, and so do all programs of a device. */
import { DeviceError } from "../errors.ts";
import type { Faults } from "./faults.ts";
import { computeStage } from "./usage.ts";

export class Pipelines {
  private readonly device: GPUDevice;
  private readonly faults: Faults;
  /** A driver on the processor compiles on the caller's own core: waiting for it, which Dawn does by asking again and again, takes as much once more. */
  private readonly isSoftware: boolean;
  private readonly compiled = new Map<string, Promise<GPUComputePipeline>>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();

  constructor(device: GPUDevice, faults: Faults, { isSoftware = false }: { readonly isSoftware?: boolean } = {}) {
    this.device = device;
    this.faults = faults;
    this.isSoftware = isSoftware;
  }

  /** `signature`: one letter per binding, `w` where it is writable. */
  layout(signature: string): GPUBindGroupLayout {
    const known = this.layouts.get(signature);
    if (known !== undefined) return known;
    const layout = this.device.createBindGroupLayout({
      label: signature,
      entries: [...signature].map((letter, binding) => ({
        binding,
        visibility: computeStage,
        // Every range holds a vector (`Formats.bytes`): said here it is checked when groups are made, not at each dispatch.
        buffer: { type: letter === "w" ? "storage" : "read-only-storage", minBindingSize: 16 },
      })),
    });
    this.layouts.set(signature, layout);
    return layout;
  }

  get(code: string, signature: string, label: string): Promise<GPUComputePipeline> {
    const known = this.compiled.get(code);
    if (known !== undefined) return known;
    const pipeline = this.compile(code, signature, label);
    this.compiled.set(code, pipeline);
    return pipeline;
  }

  private async compile(code: string, signature: string, label: string): Promise<GPUComputePipeline> {
    // An error is shown with the text around it; without a scope of its own it would be shown twice.
    this.device.pushErrorScope("validation");
    const module = this.device.createShaderModule({ code, label });
    const layout = this.device.createPipelineLayout({ bindGroupLayouts: [this.layout(signature)] });
    const descriptor = { label, layout, compute: { module, entryPoint: "main" } };
    const pipeline = this.isSoftware
      ? Promise.resolve(this.device.createComputePipeline(descriptor))
      : this.device.createComputePipelineAsync(descriptor);
    const fault = this.device.popErrorScope();
    try {
      const result = await pipeline;
      const error = await fault;
      if (error !== null) throw new DeviceError(error.message);
      return result;
    } catch (error) {
      this.faults.check();
      const explained = await this.faults.explain(error);
      const { messages } = await module.getCompilationInfo();
      const first = messages.find(({ type }) => type === "error");
      const reason = first?.message ?? (await fault)?.message ?? explained.message;
      throw new DeviceError(`webgpu: kernel "${label}" does not compile: ${reason}\n${excerpt(code, first?.lineNum)}`);
    }
  }
}

/** Some lines around one, numbered; the first ones where the place is not known. */
function excerpt(code: string, line = 1): string {
  const from = Math.max(0, line - 6);
  return code
    .split("\n")
    .slice(from, line + 5)
    .map((text, i) => `${from + i + 1 === line ? ">" : " "}${String(from + i + 1).padStart(4)} | ${text}`)
    .join("\n");
}
