/**
 * @file Sums that a workgroup's invocations hold in slices (each has gone through its own steps of k), added up in shared memory: halves
 * onto halves while there are many, then one after another. The order is fixed by the shape alone.
 */
import { type ArrayRef, add, builtin, type KernelBuilder, lt, mul, u } from "../build.ts";
import type { Expr } from "../ir.ts";

export interface Slices {
  /** `values` times `slices × groups` elements, a slice's groups side by side. */
  readonly array: ArrayRef;
  readonly values: number;
  /** A power of two. */
  readonly slices: number;
  readonly groups: number;
}

/** Slices that one invocation adds up by itself: fewer barriers are worth more than idle invocations. */
const mostInARow = 8;

/** Emits the barriers and halvings. The result gives a value's total for a group; every invocation may ask for any. */
export function addSlices(
  k: KernelBuilder,
  { array, values, slices, groups }: Slices,
): (value: Expr, group: Expr) => Expr {
  const local = builtin("localIndex");
  const size = slices * groups;
  k.barrier();
  let left = slices;
  while (left > mostInARow) {
    left /= 2;
    const half = left * groups;
    k.if(lt(local, u(half)), () => {
      for (let value = 0; value < values; value++) {
        const at = add(local, u(value * size));
        k.set(array, at, add(k.get(array, at), k.get(array, add(at, u(half)))));
      }
    });
    k.barrier();
  }
  return (value, group) => {
    const first = k.let(add(mul(value, u(size)), group));
    let total = k.get(array, first);
    for (let slice = 1; slice < left; slice++) total = add(total, k.get(array, add(first, u(slice * groups))));
    return k.let(total);
  };
}
