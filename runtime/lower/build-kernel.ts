/** @file From drafts to kernels: registers get their final numbers, positions become instructions, targets become buffers. */
import type { Access, BufferId, DynamicOffset, Kernel, ReducePhase, Store } from "../program/kernel.ts";
import type { Instr } from "../program/scalar.ts";
import type { Node } from "../tensor/graph.ts";
import { matrixOperands } from "./build-single.ts";
import {
  type Draft,
  type DraftAccess,
  type DraftInstr,
  type DraftPhase,
  type DraftStore,
  mapRefs,
  type Ref,
} from "./draft.ts";
import type { Group, Home } from "./group.ts";
import type { Storage } from "./views.ts";

/** Where stored nodes and homes lie. */
export interface Places {
  readonly storage: Storage;
  bufferOf(target: Node | Home): { readonly buffer: BufferId; readonly offset: number };
}

export function buildKernel(group: Group, draft: Draft, label: string, places: Places): Kernel {
  const domain = draft.domain.map(({ extent }) => extent);
  const inputs = draft.inputs.map((access) => buildAccess(access, places));
  const phases = numberPhases(draft, group.kind === "matmul" ? 1 : 0, places);
  if (group.kind === "reduce")
    return { kind: "reduce", label, domain, innerRank: draft.innerRank, inputs, phases: phases.filter(isUseful) };
  const { body, outputs } = phases[1] as ReducePhase;
  if (group.kind === "loop") return { kind: "loop", label, ...pointDomain(domain, inputs, outputs), body };
  return { kind: "matmul", label, ...matrixOperands(group, draft, inputs, outputs, places), epilogue: body };
}

/** A kernel without axes runs one point of one axis, so that no device has to treat it apart. */
function pointDomain(
  domain: readonly number[],
  inputs: readonly Access[],
  outputs: readonly Store[],
): { domain: readonly number[]; inputs: readonly Access[]; outputs: readonly Store[] } {
  if (domain.length > 0) return { domain, inputs, outputs };
  const still = (access: Access): Access => ({
    ...access,
    strides: [0],
    ...(access.dynamic === undefined
      ? {}
      : { dynamic: access.dynamic.map((d) => ({ ...d, index: { ...d.index, strides: [0] } })) }),
  });
  return {
    domain: [1],
    inputs: inputs.map(still),
    outputs: outputs.map((store) => ({ ...store, access: still(store.access) })),
  };
}

function isUseful({ body, reduce, rowBody, outputs, rowOutputs }: ReducePhase): boolean {
  return body.length + reduce.length + rowBody.length + outputs.length + rowOutputs.length > 0;
}

export function buildAccess({ target, offset, strides, dynamic }: DraftAccess, places: Places): Access {
  const place = places.bufferOf(target);
  const access = { buffer: place.buffer, offset: place.offset + offset, strides };
  if (dynamic === undefined) return access;
  const offsets = dynamic.map(({ index, scale, extent }): DynamicOffset => {
    const at = places.bufferOf(index.target);
    return { index: { buffer: at.buffer, offset: at.offset + index.offset, strides: index.strides }, scale, extent };
  });
  return { ...access, dynamic: offsets };
}

function numberPhases(draft: Draft, rowsGiven: number, places: Places): ReducePhase[] {
  const rows: number[] = Array.from({ length: rowsGiven }, (_, i) => i);
  let rowCount = rowsGiven;
  const stores = (list: readonly DraftStore[], number: (ref: Ref) => number): Store[] =>
    list.map(({ access, value }) => ({ access: buildAccess(access, places), value: number(value) }));
  return draft.phases.map((phase: DraftPhase): ReducePhase => {
    const elements: number[] = [];
    const number = (ref: Ref): number => (ref >= 0 ? (rows[ref] as number) : (elements[-ref - 1] as number));
    const body = expand(phase.body, rowCount, number, (register) => elements.push(register));
    const reduce = phase.reduce.map(({ op, value }) => ({ op, value: number(value) }));
    const outputs = stores(phase.outputs, number);
    for (const _ of phase.reduce) rows.push(rowCount++);
    const rowBody = expand(phase.rowBody, rowCount, number, (register) => rows.push(register));
    rowCount += rowBody.length;
    return { body, reduce, rowBody, outputs, rowOutputs: stores(phase.rowOutputs, number) };
  });
}

/** Final instructions from register `base` on; `define` receives the register of each draft instruction. */
function expand(
  code: readonly DraftInstr[],
  base: number,
  number: (ref: Ref) => number,
  define: (register: number) => void,
): Instr[] {
  const out: Instr[] = [];
  const push = (instr: Instr): number => base + out.push(instr) - 1;
  for (const instr of code)
    define(instr.op === "iota" ? position(instr.offset, instr.strides, push) : push(mapRefs(instr, number)));
  return out;
}

/** `offset + Σ strides[i] · p[i]` as i32 instructions. */
function position(offset: number, strides: readonly number[], push: (instr: Instr) => number): number {
  let sum: number | undefined;
  const add = (register: number): void => {
    sum = sum === undefined ? register : push({ op: "binary", fn: "add", a: sum, b: register });
  };
  strides.forEach((stride, axis) => {
    if (stride === 0) return;
    const index = push({ op: "index", axis });
    add(
      stride === 1
        ? index
        : push({ op: "binary", fn: "mul", a: index, b: push({ op: "const", value: stride, dtype: "i32" }) }),
    );
  });
  if (offset !== 0 || sum === undefined) add(push({ op: "const", value: offset, dtype: "i32" }));
  return sum as unknown as number;
}
