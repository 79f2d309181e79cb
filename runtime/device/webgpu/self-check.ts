/**
 * @file What an adapter claims is tried before kernels rely on it: that the lanes of a subgroup are neighbours, as reductions and tiles assume
 * and WGSL does not promise; and that each matrix unit multiplies what it is given, in the layout that this build writes (the extension is
 * experimental, and its type names have changed order before). What fails is not used, and that is said.
 */
import { toFloat16Bits } from "../../program/float16.ts";
import { add, builtin, KernelBuilder, mul, u, u32, vec } from "../gpu/build.ts";
import type { Module } from "../gpu/ir.ts";
import type { GpuTarget, MatrixUnit } from "../gpu/target.ts";
import { bufferUsage, mapRead } from "./usage.ts";
import { printWgsl } from "./wgsl.ts";

export interface CheckedTarget {
  readonly target: GpuTarget;
  readonly notices: readonly string[];
}

/** The target without what does not do as it says. */
export async function checkTarget(device: GPUDevice, claimed: GpuTarget): Promise<CheckedTarget> {
  const { subgroups, ...plain } = claimed;
  if (subgroups === undefined) return { target: claimed, notices: [] };
  if (!(await lanesAreNeighbours(device, claimed))) {
    const notice = "webgpu: subgroups of this adapter are not laid out as kernels expect; they are not used";
    return { target: { ...plain, matrixUnits: [] }, notices: [notice] };
  }
  const matrixUnits: MatrixUnit[] = [];
  const notices: string[] = [];
  for (const unit of claimed.matrixUnits) {
    if (await unitMultiplies(device, unit, subgroups)) matrixUnits.push(unit);
    else {
      const { m, n, k, input, result } = unit;
      notices.push(
        `webgpu: the matrix unit ${m}x${n}x${k} ${input} to ${result} gives wrong products here; it is not used`,
      );
    }
  }
  return { target: { ...claimed, matrixUnits }, notices };
}

async function lanesAreNeighbours(device: GPUDevice, { limits }: GpuTarget): Promise<boolean> {
  const size = Math.min(128, limits.invocations);
  const k = new KernelBuilder(size);
  const out = k.bind({ kind: "scratch", index: 0 }, u32, { isWritten: true, length: 3 * size });
  const local = builtin("localIndex");
  const at = k.let(mul(local, u(3)));
  k.store(out, at, k.subgroupLane());
  k.store(out, add(at, u(1)), k.subgroupSize());
  k.store(out, add(at, u(2)), k.subgroup("shuffleXor", k.let(add(local, u(0))), u(1)));
  const words = await runAlone(device, k.finish().module, [new Uint32Array(3 * size)]);
  if (words === undefined) return false;
  return Array.from({ length: size }, (_, i) => i).every((i) => {
    const [lane = -1, width = 1, neighbour] = words.subarray(3 * i, 3 * i + 3);
    return lane === i % width && neighbour === (i ^ 1);
  });
}

/** Small numbers, exact in 16 bits and in any order of adding them. */
const left = (row: number, i: number): number => ((row * 7 + i * 3) % 8) / 8;
const right = (i: number, col: number): number => ((i * 5 + col * 2) % 8) / 8;

/** One product: the left operand by rows, the right one by columns, so that a layout that is mirrored shows. */
async function unitMultiplies(
  device: GPUDevice,
  { m, n, k, input, result }: MatrixUnit,
  { min, max }: NonNullable<GpuTarget["subgroups"]>,
): Promise<boolean> {
  const b = new KernelBuilder(max);
  if (min !== max) b.fixSubgroupSize(max);
  const bind = (index: number, scalar: "f16" | "f32", length: number) =>
    b.bind({ kind: "scratch", index }, vec(scalar, 1), { isWritten: true, length });
  const [a, c, out] = [bind(0, input, m * k), bind(1, input, k * n), bind(2, result, m * n)];
  const rows = b.matrix({ role: "left", component: input, rows: m, cols: k });
  const cols = b.matrix({ role: "right", component: input, rows: k, cols: n });
  const sums = b.matrix({ role: "result", component: result, rows: m, cols: n });
  const memory = (binding: number, stride: number, columnMajor: boolean) => ({
    array: { binding },
    offset: u(0),
    stride,
    columnMajor,
  });
  b.matrixLoad(rows, memory(a.binding, k, false));
  b.matrixLoad(cols, memory(c.binding, k, true));
  b.matrixMultiplyAdd(sums, rows, cols);
  b.matrixStore(sums, memory(out.binding, n, false));
  const words = await runAlone(device, b.finish().module, [
    encode(input, m * k, (at) => left(Math.floor(at / k), at % k)),
    encode(input, k * n, (at) => right(at % k, Math.floor(at / k))),
    encode(result, m * n, () => 0),
  ]);
  if (words === undefined) return false;
  const expected = encode(result, m * n, (at) => {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += left(Math.floor(at / n), i) * right(i, at % n);
    return sum;
  });
  return expected.every((word, i) => word === words[i]);
}

/** The bits of so many elements, in whole words. */
function encode(scalar: "f16" | "f32", length: number, valueAt: (at: number) => number): Uint32Array {
  if (scalar === "f32") return new Uint32Array(Float32Array.from({ length }, (_, at) => valueAt(at)).buffer);
  const bits = new Uint16Array(Math.ceil(length / 2) * 2);
  for (let at = 0; at < length; at++) bits[at] = toFloat16Bits(valueAt(at));
  return new Uint32Array(bits.buffer);
}

/** One workgroup of a module over bindings with this content; what the last one holds then, or undefined where the module is refused. */
async function runAlone(
  device: GPUDevice,
  module: Module,
  contents: readonly Uint32Array[],
): Promise<Uint32Array | undefined> {
  device.pushErrorScope("validation");
  const buffers = contents.map((words) => {
    const usage = bufferUsage.storage | bufferUsage.copyDst | bufferUsage.copySrc;
    const buffer = device.createBuffer({ size: Math.max(16, words.byteLength), usage, label: "self-check" });
    device.queue.writeBuffer(buffer, 0, words.buffer as ArrayBuffer);
    return buffer;
  });
  const written = buffers.at(-1) as GPUBuffer;
  const staging = device.createBuffer({ size: written.size, usage: bufferUsage.mapRead | bufferUsage.copyDst });
  try {
    const code = device.createShaderModule({ code: printWgsl(module), label: "self-check" });
    const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module: code } });
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1);
    pass.end();
    encoder.copyBufferToBuffer(written, 0, staging, 0, written.size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(mapRead);
    return new Uint32Array(staging.getMappedRange().slice(0));
  } catch {
    // A module that does not compile is a claim that does not hold.
    return undefined;
  } finally {
    await device.popErrorScope().catch(() => null);
    for (const buffer of [...buffers, staging]) buffer.destroy();
  }
}
