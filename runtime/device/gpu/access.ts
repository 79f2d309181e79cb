/**
 * @file From an `Access` and a point of a kernel's domain to an index, and the element there as a register. A point is one u32 per axis; with
 * `width` 4 it is that of the first of four neighbours along `axis`.
 */
import type { Access } from "../../program/kernel.ts";
import {
  add,
  cast,
  compose,
  constant,
  constantOf,
  type KernelBuilder,
  lane,
  max,
  min,
  mul,
  splat,
  u,
} from "./build.ts";
import type { Expr } from "./ir.ts";
import type { KernelMemory } from "./memory.ts";

export interface Lanes {
  readonly width: 1 | 4;
  /** The axis of the domain along which the lanes lie; the last one unless given. */
  readonly axis?: number;
}

export const oneLane: Lanes = { width: 1 };

/**
 * How an access meets four neighbours along an axis: one element for all of them, four in a row whose first is at a multiple of four
 * (where the point's position along the axis is one), or four anywhere.
 */
export function reachAlong(access: Access, axis: number, domain: readonly number[]): "one" | "vector" | "scattered" {
  const { offset, strides, dynamic = [] } = access;
  const along = strides[axis] ?? 0;
  if (dynamic.some(({ index }) => (index.strides[axis] ?? 0) !== 0)) return "scattered";
  if (along === 0) return "one";
  const others = strides.filter((_, i) => i !== axis && domain[i] !== 1);
  const steps = [offset, ...others, ...dynamic.map(({ scale }) => scale)];
  return along === 1 && steps.every((step) => step % 4 === 0) ? "vector" : "scattered";
}

/** Σ strides·point + offset. A negative stride is a large constant: u32 wraps. */
export function linearIndex(strides: readonly number[], point: readonly Expr[], offset = 0): Expr {
  const terms = strides.map((stride, i) => mul(point[i] as Expr, u(stride)));
  return add(terms.reduce(add, u(0)), u(offset));
}

/** The element that an access names at a point. Indices read at run time are clamped. */
export function accessIndex(b: KernelBuilder, memory: KernelMemory, access: Access, point: readonly Expr[]): Expr {
  let at = linearIndex(access.strides, point, access.offset);
  for (const { index, scale, extent } of access.dynamic ?? []) {
    const value = memory.load(index.buffer, b.let(linearIndex(index.strides, point, index.offset)));
    const clamped = min(max(value, constant(0, "i32")), constant(extent - 1, "i32"));
    at = add(at, mul(cast(clamped, "u32"), u(scale)));
  }
  return b.let(at);
}

const axisOf = ({ axis }: Lanes, { strides }: Access): number => axis ?? strides.length - 1;

/** A point's neighbour along an axis. */
function neighbour(point: readonly Expr[], axis: number, step: number): readonly Expr[] {
  return point.map((position, i) => (i === axis ? add(position, u(step)) : position));
}

/**
 * The element at a point as an f32, i32 or bool; with four lanes a vector, or a scalar where all of them see the same element.
 * Everything read may lie up to three elements past the domain's end, inside what a buffer's range is padded to.
 */
export function loadAccess(
  b: KernelBuilder,
  memory: KernelMemory,
  access: Access,
  point: readonly Expr[],
  lanes: Lanes = oneLane,
): Expr {
  const { buffer } = access;
  const axis = axisOf(lanes, access);
  const domain = point.map((position) => (constantOf(position) === 0 ? 1 : 0));
  const reach = lanes.width === 1 ? "one" : reachAlong(access, axis, domain);
  if (reach === "one") return memory.load(buffer, accessIndex(b, memory, access, point));
  if (reach === "vector") {
    const index = accessIndex(b, memory, access, point);
    if (memory.isWide(buffer)) return memory.loadVector(buffer, index);
    return b.let(compose([0, 1, 2, 3].map((i) => memory.load(buffer, add(index, u(i))))));
  }
  const indices = scatteredIndices(b, memory, access, point, axis);
  return b.let(compose(indices.map((index) => memory.load(buffer, index))));
}

function scatteredIndices(
  b: KernelBuilder,
  memory: KernelMemory,
  access: Access,
  point: readonly Expr[],
  axis: number,
): readonly Expr[] {
  if (access.dynamic?.some(({ index }) => (index.strides[axis] ?? 0) !== 0))
    return [0, 1, 2, 3].map((i) => accessIndex(b, memory, access, neighbour(point, axis, i)));
  const index = accessIndex(b, memory, access, point);
  return [0, 1, 2, 3].map((i) => add(index, u(i * (access.strides[axis] as number))));
}

/** Stores a register at a point, rounded as the buffer's dtype wants it. With four lanes a scalar is stored in each. */
export function storeAccess(
  b: KernelBuilder,
  memory: KernelMemory,
  access: Access,
  point: readonly Expr[],
  value: Expr,
  lanes: Lanes = oneLane,
): void {
  const { buffer } = access;
  if (lanes.width === 1) {
    memory.store(buffer, accessIndex(b, memory, access, point), value);
    return;
  }
  const axis = axisOf(lanes, access);
  const wide = b.let(splat(value, 4));
  if (memory.isWide(buffer)) {
    memory.storeVector(buffer, accessIndex(b, memory, access, point), wide);
    return;
  }
  scatteredIndices(b, memory, access, point, axis).forEach((index, i) => {
    memory.store(buffer, index, lane(wide, i));
  });
}
