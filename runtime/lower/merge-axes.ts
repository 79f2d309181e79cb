/**
 * @file Merges neighbouring domain axes that every access walks as one, so that devices see as few and as long axes as possible.
 * A product keeps its rows and columns: pieces into which maps have split them must come together again.
 */
import type { Shape } from "../program/dtype.ts";
import type { DomainAxis, Draft, DraftAccess, DraftInstr } from "./draft.ts";

/** The draft with merged axes, or undefined where a product's rows or columns stay in pieces. */
export function mergeAxes(draft: Draft, product: Shape | undefined): Draft | undefined {
  let merged = draft;
  const canJoin = (i: number): boolean => {
    const [a, b] = [merged.domain[i] as DomainAxis, merged.domain[i + 1] as DomainAxis];
    if (i + 1 === merged.domain.length - merged.innerRank) return false;
    if (product !== undefined && a.spaceAxis !== b.spaceAxis) return false;
    return linearForms(merged).every((strides) => strides[i] === (strides[i + 1] as number) * b.extent);
  };
  for (let i = merged.domain.length - 2; i >= 0; i--) if (canJoin(i)) merged = joinAxes(merged, i);
  if (product === undefined) return merged;
  const inPieces = [product.length - 2, product.length - 1].some(
    (axis) => merged.domain.filter(({ spaceAxis }) => spaceAxis === axis).length > 1,
  );
  return inPieces ? undefined : merged;
}

function linearForms({ inputs, phases }: Draft): (readonly number[])[] {
  const forms: (readonly number[])[] = [];
  const add = (access: DraftAccess): void => {
    forms.push(access.strides);
    for (const { index } of access.dynamic ?? []) forms.push(index.strides);
  };
  inputs.forEach(add);
  for (const phase of phases) {
    for (const store of [...phase.outputs, ...phase.rowOutputs]) add(store.access);
    for (const instr of [...phase.body, ...phase.rowBody]) if (instr.op === "iota") forms.push(instr.strides);
  }
  return forms;
}

function joinAxes(draft: Draft, i: number): Draft {
  const drop = (strides: readonly number[]): readonly number[] => strides.filter((_, axis) => axis !== i);
  const access = (a: DraftAccess): DraftAccess => ({
    ...a,
    strides: drop(a.strides),
    ...(a.dynamic === undefined
      ? {}
      : { dynamic: a.dynamic.map((d) => ({ ...d, index: { ...d.index, strides: drop(d.index.strides) } })) }),
  });
  const instr = (x: DraftInstr): DraftInstr => (x.op === "iota" ? { ...x, strides: drop(x.strides) } : x);
  const [a, b] = [draft.domain[i] as DomainAxis, draft.domain[i + 1] as DomainAxis];
  const inner = draft.innerRank - (i >= draft.domain.length - draft.innerRank ? 1 : 0);
  return {
    domain: [...draft.domain.slice(0, i), { ...b, extent: a.extent * b.extent }, ...draft.domain.slice(i + 2)],
    innerRank: inner,
    inputs: draft.inputs.map(access),
    phases: draft.phases.map((phase) => ({
      body: phase.body.map(instr),
      rowBody: phase.rowBody.map(instr),
      reduce: phase.reduce,
      outputs: phase.outputs.map((store) => ({ ...store, access: access(store.access) })),
      rowOutputs: phase.rowOutputs.map((store) => ({ ...store, access: access(store.access) })),
    })),
  };
}
