/** @file Shape arithmetic with messages: broadcasting, axes, slices. */
import { type Shape, sizeOf } from "../program/dtype.ts";
import { formatShape, ShapeError } from "./errors.ts";

/** PyTorch's broadcasting: shapes are aligned at the end; an extent of 1 stretches. */
export function broadcastShapes(op: string, ...shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const shift = rank - shape.length;
    for (let i = 0; i < shape.length; i++) {
      const extent = shape[i] as number;
      if (extent === 1) continue;
      const have = out[shift + i] as number;
      if (have !== 1 && have !== extent) {
        throw new ShapeError(
          op,
          `shapes ${shapes.map(formatShape).join(" and ")} do not broadcast: axis ${i - shape.length} has ${have} and ${extent}`,
        );
      }
      out[shift + i] = extent;
    }
  }
  return out;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

/** A non-negative axis number; −1 is the last axis. */
export function resolveAxis(op: string, axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank) {
    throw new ShapeError(op, `axis ${axis} is out of range for a tensor of rank ${rank}`);
  }
  return resolved;
}

/** Distinct axes in ascending order; all of them where `axes` is absent. */
export function resolveAxes(op: string, axes: number | readonly number[] | undefined, rank: number): readonly number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axes === "number" ? [axes] : axes;
  const resolved = list.map((axis) => resolveAxis(op, axis, rank)).sort((a, b) => a - b);
  if (new Set(resolved).size !== resolved.length) throw new ShapeError(op, `axes [${list.join(", ")}] repeat an axis`);
  return resolved;
}

/** Fills in the one −1 of a shape to reach `size` elements. */
export function resolveShape(op: string, shape: Shape, from: Shape): Shape {
  const size = sizeOf(from);
  const open = shape.indexOf(-1);
  if (shape.some((extent, i) => !Number.isInteger(extent) || (extent < 0 && i !== open))) {
    throw new ShapeError(op, `${formatShape(shape)} is not a shape (one −1 is allowed)`);
  }
  if (open < 0) {
    if (sizeOf(shape) !== size)
      throw new ShapeError(op, `${formatShape(from)} has ${size} elements, ${formatShape(shape)} has ${sizeOf(shape)}`);
    return [...shape];
  }
  const rest = shape.reduce((product, extent, i) => (i === open ? product : product * extent), 1);
  if (rest === 0 || size % rest !== 0)
    throw new ShapeError(op, `${formatShape(from)} (${size} elements) does not divide into ${formatShape(shape)}`);
  return shape.map((extent, i) => (i === open ? size / rest : extent));
}

export interface SliceSpec {
  readonly start?: number | undefined;
  readonly stop?: number | undefined;
  readonly step?: number | undefined;
}

/** Python's slice of an axis: first element, step and count. */
export function resolveSlice(
  op: string,
  spec: SliceSpec,
  extent: number,
): { start: number; step: number; count: number } {
  const step = spec.step ?? 1;
  if (!Number.isInteger(step) || step === 0) throw new ShapeError(op, `step ${step} is not a nonzero integer`);
  const clampIndex = (value: number, low: number, high: number): number =>
    Math.min(Math.max(value < 0 ? value + extent : value, low), high);
  if (step > 0) {
    const start = clampIndex(spec.start ?? 0, 0, extent);
    const stop = clampIndex(spec.stop ?? extent, 0, extent);
    return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)) };
  }
  const start = clampIndex(spec.start ?? extent - 1, -1, extent - 1);
  const stop = spec.stop === undefined ? -1 : clampIndex(spec.stop, -1, extent - 1);
  return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)) };
}
