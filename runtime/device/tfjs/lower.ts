/** @file A Program as a plan of TensorFlow.js operations: kernels recorded one after another over what the buffers hold. */
import { sizeOf } from "../../program/dtype.ts";
import type { BufferDecl, Program } from "../../program/program.ts";
import type { Context } from "./access.ts";
import type { Tf } from "./api.ts";
import { Contents } from "./contents.ts";
import { recordKernel } from "./kernels/index.ts";
import { Ops } from "./ops.ts";
import { tensorTypeOf, toTensorData } from "./storage.ts";
import type { Traits } from "./traits.ts";
import { type Plan, Recorder } from "./values.ts";

export interface Slot {
  readonly decl: BufferDecl;
  readonly id: number;
}

export interface LoweredProgram {
  readonly plan: Plan;
  /** Filled before each run. */
  readonly inputs: readonly Slot[];
  readonly states: readonly Slot[];
  readonly outputs: readonly Slot[];
  /** What states hold after a run, for those that it writes. */
  readonly effects: readonly Slot[];
}

export function lowerProgram(tf: Tf, traits: Traits, program: Program): LoweredProgram {
  const recorder = new Recorder();
  const ops = new Ops(tf, recorder);
  const contents = new Contents(ops, program.buffers);
  const inputs: Slot[] = [];
  const states: Slot[] = [];
  for (const decl of program.buffers) {
    const shape = [sizeOf(decl.shape)];
    const type = tensorTypeOf(decl.dtype);
    if (decl.kind === "const") {
      const data = decl.data ?? [];
      const make = () => tf.tensor(toTensorData(decl.dtype, data), shape, type);
      contents.set(decl.id, recorder.constant(`buffer ${decl.id}`, shape, type, make));
    } else if (decl.kind === "input" || decl.kind === "state") {
      const value = recorder.leaf(shape, type);
      contents.set(decl.id, value);
      (decl.kind === "input" ? inputs : states).push({ decl, id: value.id });
    }
  }
  const context: Context = {
    ops,
    traits,
    contents,
    dtypeOf: (buffer) => (program.buffers[buffer] as BufferDecl).dtype,
  };
  for (const kernel of program.kernels) {
    recorder.beginKernel(kernel.label);
    recordKernel(context, kernel);
  }
  recorder.beginKernel("");
  const after = (decl: BufferDecl) => ({ decl, value: contents.get(decl.id) });
  const outputs = program.buffers.filter(({ kind }) => kind === "output").map(after);
  const effects = states
    .map(({ decl, id }) => ({ before: id, ...after(decl) }))
    .filter(({ before, value }) => value.id !== before);
  return {
    plan: recorder.finish([...outputs, ...effects].map(({ value }) => value)),
    inputs,
    states,
    outputs: outputs.map(({ decl, value }) => ({ decl, id: value.id })),
    effects: effects.map(({ decl, value }) => ({ decl, id: value.id })),
  };
}
