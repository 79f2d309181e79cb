/**
 * @file Loads and stores: what an `Access` means for buffers that are flat tensors. Boxes become reshapes, slices and transposes that
 * broadcasting finishes; what is left (positions read at run time, overlapping windows) becomes a gather or a scatter of rows, with indices
 * that are made once where they are known.
 */
import { type DType, type Shape, sizeOf } from "../../program/dtype.ts";
import type { Access, BufferId } from "../../program/kernel.ts";
import { findBox, isWhole } from "./boxes.ts";
import type { Contents } from "./contents.ts";
import { multiplyIntegers } from "./integers.ts";
import type { Ops } from "./ops.ts";
import { roundToStorage } from "./storage.ts";
import type { Traits } from "./traits.ts";
import type { Value } from "./values.ts";

/** What lowering a kernel needs at hand. */
export interface Context {
  readonly ops: Ops;
  readonly traits: Traits;
  readonly contents: Contents;
  dtypeOf(buffer: BufferId): DType;
}

/** The elements of an access: of the domain's rank, with extent 1 on axes that the access does not walk; a single one as [1]. */
export function readAccess(context: Context, access: Access, domain: Shape): Value {
  const { ops, contents } = context;
  const flat = contents.get(access.buffer);
  const loaded = access.dynamic === undefined ? readBox(ops, flat, access, domain) : undefined;
  const found = loaded ?? readRows(context, flat, access, domain);
  return context.dtypeOf(access.buffer) === "bool" ? ops.cast(found, "bool") : found;
}

function readBox(ops: Ops, flat: Value, { offset, strides }: Access, domain: Shape): Value | undefined {
  const box = findBox(offset, strides, domain, sizeOf(flat.shape));
  if (box === undefined) return undefined;
  const part = ops.slice(flat, [box.base], [box.length]);
  if (box.axes.length === 0) return ops.slice(part, box.begin, [1]); // one element, which broadcasts as it is
  const cut = ops.slice(ops.reshape(part, box.dims), box.begin, box.size);
  const turned = ops.reverse(cut, box.reversed);
  const inMemoryOrder = ops.reshape(
    turned,
    box.axes.map((axis) => domain[axis] as number),
  );
  const order = [...box.axes.keys()].sort((a, b) => (box.axes[a] as number) - (box.axes[b] as number));
  const shape = domain.map((extent, axis) => (box.axes.includes(axis) ? extent : 1));
  return ops.reshape(ops.transpose(inMemoryOrder, order), shape);
}

/** Which rows of a buffer, seen as rows of `width` elements, an access names; `width` walks the domain's last axis. */
interface Rows {
  readonly width: number;
  /** i32, of the domain's rank; extent 1 on the last axis where `width` is not 1. */
  readonly index: Value;
}

function findRows(context: Context, access: Access, domain: Shape, length: number): Rows {
  const { ops } = context;
  const { offset, strides, dynamic = [] } = access;
  const last = domain.length - 1;
  const extent = domain[last] ?? 1;
  const others = [offset, length, ...strides.slice(0, -1), ...dynamic.map(({ scale }) => scale)];
  const inRows =
    strides[last] === 1 &&
    dynamic.every(({ index }) => index.strides[last] === 0) &&
    others.every((step) => step % extent === 0);
  const width = inRows ? extent : 1;
  const shape = domain.map((e, axis) => (strides[axis] === 0 || (inRows && axis === last) ? 1 : e));
  const steps = strides.map((stride) => stride / width);
  let index = ops.integers(`rows ${offset / width} ${steps.join()}`, shape, () => affine(offset / width, steps, shape));
  for (const { index: at, scale, extent: positions } of dynamic) {
    const position = readAccess(context, at, domain);
    const inside = ops.arithmetic("minimum", ops.arithmetic("maximum", position, ops.i32(0)), ops.i32(positions - 1));
    index = ops.add(index, multiplyIntegers(context, inside, ops.i32(scale / width)));
  }
  return { width, index };
}

/** `offset + Σ strides[i]·p[i]` for the points of a shape, in row-major order. */
export function affine(offset: number, strides: readonly number[], shape: Shape): Int32Array {
  let values = Int32Array.of(offset);
  for (const [axis, extent] of shape.entries()) {
    if (extent === 1) continue;
    const stride = strides[axis] as number;
    const next = new Int32Array(values.length * extent);
    for (let i = 0, at = 0; i < values.length; i++)
      for (let j = 0; j < extent; j++) next[at++] = (values[i] as number) + j * stride;
    values = next;
  }
  return values;
}

function readRows(context: Context, flat: Value, access: Access, domain: Shape): Value {
  const { ops } = context;
  const length = sizeOf(flat.shape);
  const { width, index } = findRows(context, access, domain, length);
  const rows = ops.gatherRows(ops.reshape(flat, [length / width, width]), index);
  return ops.reshape(rows, width === 1 ? index.shape : [...index.shape.slice(0, -1), width]);
}

/** Stores an element per point of the domain. Where several points share an element the last one's value stays. */
export function storeAccess(context: Context, access: Access, domain: Shape, value: Value): void {
  const { ops, contents } = context;
  const dtype = context.dtypeOf(access.buffer);
  const stored = roundToStorage(context, value, dtype);
  const targets = [access.strides, ...(access.dynamic ?? []).map(({ index }) => index.strides)];
  const shape = domain.map((extent, axis) => (targets.every((strides) => strides[axis] === 0) ? 1 : extent));
  const wide =
    stored.shape.length === domain.length
      ? stored
      : ops.reshape(
          stored,
          domain.map(() => 1),
        );
  const begin = wide.shape.map((extent, axis) => (shape[axis] === 1 ? extent - 1 : 0));
  const kept = ops.slice(
    wide,
    begin,
    wide.shape.map((extent, axis) => (shape[axis] === 1 ? 1 : extent)),
  );
  const content = ops.broadcastTo(kept, shape);
  if (access.dynamic === undefined && storeBox(context, access, shape, content)) return;
  const length = contents.lengthOf(access.buffer);
  const { width, index } = findRows(context, access, shape, length);
  const indexShape = width === 1 ? shape : [...shape.slice(0, -1), 1];
  const count = sizeOf(indexShape);
  const rows = ops.reshape(ops.broadcastTo(index, indexShape), [count]);
  const table = ops.reshape(contents.get(access.buffer), [length / width, width]);
  const replaced = ops.replaceRows(table, rows, ops.reshape(content, [count, width]));
  contents.set(access.buffer, ops.reshape(replaced, [length]));
}

function storeBox({ ops, contents }: Context, access: Access, shape: Shape, content: Value): boolean {
  const length = contents.lengthOf(access.buffer);
  const box = findBox(access.offset, access.strides, shape, length);
  if (box === undefined) return false;
  const sorted = ops.transpose(ops.reshape(content, box.axes.length === 0 ? [] : shape), [
    ...memoryOrder(box.axes, shape),
  ]);
  const inMemoryOrder = ops.reverse(ops.reshape(sorted, box.size), box.reversed);
  if (isWhole(box, length)) {
    contents.set(access.buffer, ops.reshape(inMemoryOrder, [length]));
    return true;
  }
  const partial = box.dims.flatMap((extent, i) => (extent === box.size[i] ? [] : [i]));
  const [axis = 0] = partial;
  const inner = sizeOf(box.dims.slice(axis + 1));
  if (box.base === 0 && box.length === length && partial.length === 1) {
    const outer = sizeOf(box.dims.slice(0, axis));
    const [start, size] = [(box.begin[axis] as number) * inner, (box.size[axis] as number) * inner];
    contents.setPart(access.buffer, { outer, start, size, value: ops.reshape(inMemoryOrder, [outer, size]) });
    return true;
  }
  contents.set(access.buffer, embed(ops, contents.get(access.buffer), box, inMemoryOrder));
  return true;
}

/** All axes of the domain, those of the box first, in its order. */
function memoryOrder(axes: readonly number[], shape: Shape): readonly number[] {
  if (axes.length === 0) return [];
  return [...shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
}

/** The old elements with a box of new ones, put together axis by axis from the last to the first. */
function embed(ops: Ops, old: Value, box: NonNullable<ReturnType<typeof findBox>>, content: Value): Value {
  const part = ops.reshape(ops.slice(old, [box.base], [box.length]), box.dims);
  let whole = content;
  for (let axis = box.dims.length - 1; axis >= 0; axis--) {
    const [from, extent] = [box.begin[axis] as number, box.dims[axis] as number];
    const to = from + (box.size[axis] as number);
    const piece = (start: number, end: number): Value[] =>
      start === end
        ? []
        : [
            ops.slice(
              part,
              box.dims.map((_, i) => (i < axis ? (box.begin[i] as number) : i === axis ? start : 0)),
              box.dims.map((e, i) => (i < axis ? (box.size[i] as number) : i === axis ? end - start : e)),
            ),
          ];
    whole = ops.concat([...piece(0, from), whole, ...piece(to, extent)], axis);
  }
  const length = sizeOf(old.shape);
  const end = box.base + box.length;
  const outside = (start: number, stop: number): Value[] =>
    start === stop ? [] : [ops.slice(old, [start], [stop - start])];
  return ops.concat([...outside(0, box.base), ops.reshape(whole, [box.length]), ...outside(end, length)], 0);
}
