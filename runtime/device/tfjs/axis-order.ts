/**
 * @file The order in which a fused kernel's axes are laid out. A loop nest may walk a buffer in any order; for whole tensors each order that
 * is not the buffer's is a transposed copy. So the axes are ordered as most elements lie in memory: the gradient of a bias sums over the
 * first axis of what is there rather than over the last of a copy. Axes of one position are left out: some backends know six and no more.
 */
import { type Shape, sizeOf } from "../../program/dtype.ts";
import type { Access, Store } from "../../program/kernel.ts";
import type { Instr } from "../../program/scalar.ts";

/** `order[i]` is the kernel's axis that is laid out as the i-th. Axes that are in none of them have one position. */
export function orderAxes(domain: Shape, accesses: readonly Access[]): readonly number[] {
  const natural = [...domain.keys()].filter((axis) => domain[axis] !== 1);
  const votes = new Map<string, { readonly order: readonly number[]; weight: number }>();
  for (const { strides } of accesses) {
    const stride = (axis: number): number => Math.abs(strides[axis] as number);
    const walked = natural.filter((axis) => stride(axis) !== 0);
    // Axes that an access does not walk keep their place behind the axis before them.
    const key = (axis: number): number => {
      const before = walked.findLast((candidate) => candidate <= axis);
      return before === undefined ? Number.POSITIVE_INFINITY : stride(before);
    };
    const order = natural.toSorted((a, b) => (key(a) === key(b) ? a - b : key(b) - key(a)));
    const weight = sizeOf(walked.map((axis) => domain[axis] as number));
    const vote = votes.get(order.join()) ?? { order, weight: 0 };
    vote.weight += weight;
    votes.set(order.join(), vote);
  }
  let best = { order: natural as readonly number[], weight: votes.get(natural.join())?.weight ?? 0 };
  for (const vote of votes.values()) if (vote.weight > best.weight) best = vote;
  return best.order;
}

function permute(strides: readonly number[], order: readonly number[]): readonly number[] {
  return order.map((axis) => strides[axis] as number);
}

export function permuteAccess(access: Access, order: readonly number[]): Access {
  const { dynamic, strides } = access;
  const turned = { ...access, strides: permute(strides, order) };
  if (dynamic === undefined) return turned;
  return {
    ...turned,
    dynamic: dynamic.map((d) => ({ ...d, index: { ...d.index, strides: permute(d.index.strides, order) } })),
  };
}

export function permuteStores(stores: readonly Store[], order: readonly number[]): readonly Store[] {
  return stores.map(({ access, value }) => ({ access: permuteAccess(access, order), value }));
}

export function permuteBody(body: readonly Instr[], order: readonly number[]): readonly Instr[] {
  return body.map((instr): Instr => {
    if (instr.op !== "index") return instr;
    const axis = order.indexOf(instr.axis);
    return axis < 0 ? { op: "const", value: 0, dtype: "i32" } : { ...instr, axis };
  });
}
