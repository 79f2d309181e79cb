/** @file Tracing a function into a Program without a session, for tests of the tensor compiler. */
import type { DType, Shape, Tensor } from "../../runtime/index.ts";
import { Tensor as TensorClass } from "../../runtime/index.ts";
import { lower } from "../../runtime/lower/lower.ts";
import type { Program } from "../../runtime/program/program.ts";
import { createNode } from "../../runtime/tensor/graph.ts";
import { createTrace, runTrace } from "../../runtime/tensor/trace.ts";

export type InputSpecs = Readonly<Record<string, readonly [DType, Shape]>>;

export function programOf(
  name: string,
  specs: InputSpecs,
  fn: (inputs: Record<string, Tensor>) => Record<string, Tensor>,
): Program {
  const inputs = Object.fromEntries(
    Object.entries(specs).map(([input, [dtype, shape]]) => [
      input,
      new TensorClass(createNode({ kind: "input", name: input }, [], shape, dtype)),
    ]),
  );
  const trace = createTrace();
  const outputs = runTrace(trace, () => fn(inputs));
  const nodes = new Map(Object.entries(outputs).map(([output, tensor]) => [output, tensor.node]));
  return lower({ name, outputs: nodes, effects: trace.effects }).program;
}
