/**
 * @file A Program for tests of the WebGPU device itself, and a schedule that knows this one kernel: they judge memory and runs, not the
 * kernels of the library.
 */
import { add, builtin, gridOf, KernelBuilder, linearWorkgroup, lt, mul, u } from "../../runtime/device/gpu/build.ts";
import type { ScheduleKernel } from "../../runtime/device/webgpu/plan.ts";
import type { Program } from "../../runtime/program/program.ts";
import { programVersion } from "../../runtime/program/program.ts";

/** `sum += x; out = sum`, over `size` elements; `sum` is a state of that id. */
export function accumulator(size: number, { state = "sum", name = "accumulate" } = {}): Program {
  const shape = [size];
  const access = (buffer: number) => ({ buffer, offset: 0, strides: [1] });
  const add = (label: string, a: number, b: number, to: number) =>
    ({
      kind: "loop",
      label,
      domain: shape,
      inputs: [access(a), access(b)],
      body: [
        { op: "load", access: 0, dtype: "f32" },
        { op: "load", access: 1, dtype: "f32" },
        { op: "binary", fn: "add", a: 0, b: 1 },
      ],
      outputs: [{ access: access(to), value: 2 }],
    }) as const;
  return {
    version: programVersion,
    name,
    buffers: [
      { id: 0, kind: "input", dtype: "f32", shape, name: "x" },
      { id: 1, kind: "state", dtype: "f32", shape, name: state, label: `model.${state}` },
      { id: 2, kind: "temp", dtype: "f32", shape, name: "", arenaOffset: 0 },
      { id: 3, kind: "const", dtype: "f32", shape, name: "", data: new Float32Array(size) },
      { id: 4, kind: "output", dtype: "f32", shape, name: "out" },
    ],
    kernels: [add("sum", 0, 1, 2), add("keep", 2, 3, 1), add("out", 2, 3, 4)],
    arenaBytes: size * 4,
  };
}

/** For loops over one axis that add two buffers. */
export const scheduleAddition: ScheduleKernel = (kernel, context) => {
  if (kernel.kind !== "loop") throw new TypeError(`no ${kernel.kind} in these tests`);
  const [a, b] = kernel.inputs;
  const [out] = kernel.outputs;
  const size = kernel.domain[0] as number;
  const k = new KernelBuilder(64);
  const grid = gridOf(Math.ceil(size / 64), context.target.limits.workgroups);
  const index = k.let(add(mul(linearWorkgroup(grid), u(64)), builtin("localIndex")));
  const to = k.buffer(context, out?.access.buffer ?? 0, { isWritten: true });
  const [left, right] = [a, b].map((access) => k.buffer(context, access?.buffer ?? 0, { isWritten: false }));
  if (left === undefined || right === undefined) throw new TypeError("two inputs are wanted");
  k.if(lt(index, u(size)), () => k.store(to, index, add(k.load(left, index), k.load(right, index))));
  return { dispatches: [{ ...k.finish(), grid }], scratch: [] };
};
