/**
 * @file A kernel's domain with as few axes as can be: those of extent 1 go, neighbours that every access walks as one become one, and the
 * axis along which most accesses are contiguous comes last. Each axis that is left costs a division per element.
 */
import type { Access } from "../../program/kernel.ts";
import type { Instr } from "../../program/scalar.ts";
import { div, type KernelBuilder, mul, sub, u } from "./build.ts";
import type { Expr } from "./ir.ts";

export interface Space {
  readonly extents: readonly number[];
  /** How many of the last axes are reduced. */
  readonly innerRank: number;
  access(access: Access): Access;
  body(body: readonly Instr[]): readonly Instr[];
}

export interface SpaceParts {
  readonly domain: readonly number[];
  readonly innerRank: number;
  readonly accesses: readonly Access[];
  readonly bodies: readonly (readonly Instr[])[];
  /** Axes in the order wanted, within the outer and the inner ones. */
  readonly order?: readonly number[];
}

export function simplify({ domain, innerRank, accesses, bodies, order }: SpaceParts): Space {
  const outerRank = domain.length - innerRank;
  const walks = accesses.flatMap(({ strides, dynamic = [] }) => [
    strides,
    ...dynamic.map(({ index }) => index.strides),
  ]);
  const named = new Set(bodies.flatMap((body) => body.flatMap((instr) => (instr.op === "index" ? [instr.axis] : []))));
  const groups: number[][] = [];
  const axes = (order ?? domain.map((_, axis) => axis)).filter((axis) => domain[axis] !== 1);
  for (const axis of axes) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    const merges =
      group !== undefined &&
      last !== undefined &&
      last < outerRank === axis < outerRank &&
      !named.has(last) &&
      !named.has(axis) &&
      walks.every((strides) => strides[last] === (strides[axis] as number) * (domain[axis] as number));
    if (merges) group.push(axis);
    else groups.push([axis]);
  }
  const place = (axis: number): number => groups.findIndex((group) => group.includes(axis));
  const follow = (strides: readonly number[]): number[] =>
    groups.map((group) => strides[group.at(-1) as number] as number);
  return {
    extents: groups.map((group) => group.reduce((product, axis) => product * (domain[axis] as number), 1)),
    innerRank: groups.filter(([axis]) => (axis as number) >= outerRank).length,
    access: ({ buffer, offset, strides, dynamic }) => ({
      buffer,
      offset,
      strides: follow(strides),
      ...(dynamic === undefined
        ? {}
        : {
            dynamic: dynamic.map(({ index, ...rest }) => ({
              ...rest,
              index: { ...index, strides: follow(index.strides) },
            })),
          }),
    }),
    body: (body) =>
      body.map((instr) => {
        if (instr.op !== "index") return instr;
        const axis = place(instr.axis);
        return axis < 0 ? { op: "const", value: 0, dtype: "i32" } : { op: "index", axis };
      }),
  };
}

/** Some axes of a domain, for a walk whose innermost axis most accesses find contiguous; writes count double. */
export function contiguousOrder(
  domain: readonly number[],
  reads: readonly Access[],
  writes: readonly Access[],
  axes: readonly number[] = domain.map((_, axis) => axis),
): readonly number[] {
  const [first] = axes;
  if (first === undefined) return [];
  const weight = (axis: number): number =>
    domain[axis] === 1 ? -1 : [...reads, ...writes, ...writes].filter(({ strides }) => strides[axis] === 1).length;
  const last = axes.reduce((best, axis) => (weight(axis) >= weight(best) ? axis : best), first);
  const guide = [...writes, ...reads].find(
    ({ strides }) => strides[last] === 1 && axes.every((axis) => (strides[axis] as number) > 0 || domain[axis] === 1),
  );
  const others = axes.filter((axis) => axis !== last);
  if (guide !== undefined) others.sort((a, b) => (guide.strides[b] as number) - (guide.strides[a] as number));
  return [...others, last];
}

/** The position on each axis of the element `index` of a row-major domain. */
export function positions(b: KernelBuilder, index: Expr, extents: readonly number[]): Expr[] {
  const result: Expr[] = new Array(extents.length);
  let rest = index;
  for (let axis = extents.length - 1; axis > 0; axis--) {
    const extent = extents[axis] as number;
    const quotient = b.let(div(rest, u(extent)));
    result[axis] = extent === 1 ? u(0) : b.let(sub(rest, mul(quotient, u(extent))));
    rest = quotient;
  }
  if (extents.length > 0) result[0] = extents[0] === 1 ? u(0) : rest;
  return result;
}
