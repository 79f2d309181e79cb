/** @file The types of a reduction's row registers, phase by phase. */
import type { DType } from "../../../program/dtype.ts";
import type { ReducePhase } from "../../../program/kernel.ts";
import { registerTypes } from "../../../program/scalar.ts";
import { vec } from "../build.ts";
import type { ValueType } from "../ir.ts";

export interface PhaseTypes {
  /** Row registers known before the phase. */
  readonly before: readonly ValueType[];
  /** What the phase reduces. */
  readonly reduced: readonly ValueType[];
  readonly after: readonly ValueType[];
}

export function phaseTypes(phases: readonly ReducePhase[]): readonly PhaseTypes[] {
  let known: readonly DType[] = [];
  return phases.map((phase) => {
    const before = known;
    const elements = registerTypes(phase.body, before);
    const reduced = phase.reduce.map(({ value }) => elements[value] as DType);
    known = registerTypes(phase.rowBody, [...before, ...reduced]);
    return { before: before.map(valueType), reduced: reduced.map(valueType), after: known.map(valueType) };
  });
}

const valueType = (dtype: DType): ValueType => vec(dtype === "i32" ? "i32" : dtype === "bool" ? "bool" : "f32", 1);
