/**
 * @file Index maps: where in a node's index space a point of a kernel's domain lies, as one affine form per axis. Movement ops
 * are maps between maps, so they cost nothing at run time. A reshape is affine only where extents divide; where a domain axis
 * straddles a boundary, the domain has to be refined (one axis becomes two), which `Refine` asks for.
 */
import type { Shape } from "../program/dtype.ts";
import type { Node } from "../tensor/graph.ts";

/** `offset + Σ stride · p[axis]` over domain axes. */
export interface Coord {
  readonly offset: number;
  readonly terms: readonly Term[];
}
export interface Term {
  readonly axis: number;
  readonly stride: number;
}
/** One coordinate per axis of a node. */
export type IndexMap = readonly Coord[];

/** Thrown where a domain axis must be split into (extent / inner, inner). */
export class Refine extends Error {
  readonly axis: number;
  readonly inner: number;
  constructor(axis: number, inner: number) {
    super(`axis ${axis} must be split at ${inner}`);
    this.axis = axis;
    this.inner = inner;
  }
}

/** Thrown where no refinement makes `node` reachable: it has to be stored before it is read this way. */
export class Unfit extends Error {
  readonly node: Node;
  constructor(node: Node, why: string) {
    super(`node ${node.id} (${node.op.kind}): ${why}`);
    this.node = node;
  }
}

export const origin: Coord = { offset: 0, terms: [] };

export function keyOfMap(map: IndexMap): string {
  return map.map(({ offset, terms }) => `${offset}${terms.map((t) => `+${t.stride}p${t.axis}`).join("")}`).join(",");
}

/** The sum of coordinates times factors, terms by axis. */
export function combine(parts: readonly { readonly coord: Coord; readonly factor: number }[], offset = 0): Coord {
  const strides = new Map<number, number>();
  let total = offset;
  for (const { coord, factor } of parts) {
    total += coord.offset * factor;
    for (const { axis, stride } of coord.terms) strides.set(axis, (strides.get(axis) ?? 0) + stride * factor);
  }
  const terms = [...strides].filter(([, stride]) => stride !== 0).map(([axis, stride]) => ({ axis, stride }));
  return { offset: total, terms: terms.sort((a, b) => a.axis - b.axis) };
}

/**
 * The map of a reshape's argument (shape `to`) from the map of its result (shape `from`): the same row-major position.
 *
 * @throws Refine, or Unfit naming `source` where the boundaries cannot be made to agree
 */
export function reshapeMap(map: IndexMap, from: Shape, to: Shape, extents: readonly number[], source: Node): IndexMap {
  const out: Coord[] = [];
  for (const group of alignReshape(from, to)) {
    let flat = origin;
    for (let i = group.from[0]; i < group.from[1]; i++) {
      flat = combine([
        { coord: flat, factor: from[i] as number },
        { coord: map[i] as Coord, factor: 1 },
      ]);
    }
    const coords: Coord[] = [];
    for (let j = group.to[1] - 1; j >= group.to[0]; j--) {
      const extent = to[j] as number;
      const isOutermost = to.slice(group.to[0], j).every((n) => n === 1);
      if (extent === 1) coords.unshift(origin);
      else if (isOutermost) {
        coords.unshift(flat);
        flat = origin;
      } else {
        const { low, high } = divide(flat, extent, extents, source);
        coords.unshift(low);
        flat = high;
      }
    }
    out.push(...coords);
  }
  return out;
}

/** Runs of axes with equal products on both sides, in order. */
export function alignReshape(
  from: Shape,
  to: Shape,
): { readonly from: readonly [number, number]; readonly to: readonly [number, number] }[] {
  const groups: { from: [number, number]; to: [number, number] }[] = [];
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    const start = { i, j };
    let a = i < from.length ? (from[i++] as number) : 1;
    let b = j < to.length ? (to[j++] as number) : 1;
    while (a !== b) {
      if (a < b) a *= from[i++] as number;
      else b *= to[j++] as number;
    }
    groups.push({ from: [start.i, i], to: [start.j, j] });
  }
  return groups;
}

/** Quotient and remainder of a coordinate by `extent`, as affine forms. */
function divide(coord: Coord, extent: number, extents: readonly number[], source: Node): { low: Coord; high: Coord } {
  const quotient = Math.floor(coord.offset / extent);
  const rest = coord.offset - quotient * extent;
  const high: Term[] = [];
  const low: Term[] = [];
  let min = rest;
  let max = rest;
  for (const term of coord.terms) {
    const reach = term.stride * ((extents[term.axis] as number) - 1);
    if (term.stride % extent === 0) high.push({ axis: term.axis, stride: term.stride / extent });
    else {
      low.push(term);
      if (reach > 0) max += reach;
      else min += reach;
    }
  }
  if (min < 0 || max >= extent) {
    for (const { axis, stride } of low) {
      const inner = extent / Math.abs(stride);
      const n = extents[axis] as number;
      if (Number.isInteger(inner) && inner > 1 && inner < n && n % inner === 0) throw new Refine(axis, inner);
    }
    throw new Unfit(source, `a reshape does not line up with extent ${extent}`);
  }
  return { low: { offset: rest, terms: low }, high: { offset: quotient, terms: high } };
}

/** The argument's map from the result's, for movement other than reshape. */
export function moveMap(node: Node, map: IndexMap): IndexMap {
  const source = node.args[0] as Node;
  const { op } = node;
  switch (op.kind) {
    case "permute": {
      const out = new Array<Coord>(map.length);
      op.axes.forEach((from, to) => {
        out[from] = map[to] as Coord;
      });
      return out;
    }
    case "expand":
      return map.map((coord, i) => (source.shape[i] === 1 ? origin : coord));
    case "slice":
      return map.map((coord, i) => combine([{ coord, factor: op.steps[i] as number }], op.starts[i] as number));
    case "barrier":
      return map;
    default:
      throw new Error(`${op.kind} does not move elements`);
  }
}
