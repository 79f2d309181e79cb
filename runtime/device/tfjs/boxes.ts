/**
 * @file Strides read backwards: an affine access to a flat buffer as a box of a reshaped one. `offset + Σ strides[i]·p[i]` over a domain is,
 * for nearly all that the tensor compiler makes, the elements `begin … begin + size` of the buffer seen with axes `dims`, taken in another
 * order, some of them backwards: reshape, slice, reverse and transpose instead of an index per element.
 */
import { type Shape, sizeOf } from "../../program/dtype.ts";

export interface Box {
  /** The part of the buffer that is reshaped: `length` elements from `base` on. */
  readonly base: number;
  readonly length: number;
  readonly dims: Shape;
  readonly begin: readonly number[];
  readonly size: Shape;
  /** The domain axis of each of `dims`; a last one without partner holds the steps between elements. */
  readonly axes: readonly number[];
  /** Positions in `axes` that are walked backwards. */
  readonly reversed: readonly number[];
}

/** Axes of extent 1 and those with stride 0 are not in the box. Undefined where the access is no box: overlapping windows, diagonals. */
export function findBox(offset: number, strides: readonly number[], domain: Shape, length: number): Box | undefined {
  let low = offset;
  const walked = strides
    .map((stride, axis) => ({ axis, stride: Math.abs(stride), extent: domain[axis] as number, backwards: stride < 0 }))
    .filter(({ stride, extent }) => stride !== 0 && extent > 1)
    .sort((a, b) => b.stride - a.stride);
  for (const { stride, extent, backwards } of walked) if (backwards) low -= stride * (extent - 1);
  if (walked.some(({ stride }, i) => i > 0 && (walked[i - 1]?.stride as number) % stride !== 0)) return undefined;
  const outer = walked[0]?.stride ?? 1;
  // Seen from the buffer's start, or, where that cuts an axis in two, from the first element on.
  for (const base of [0, low]) {
    const usable = Math.floor((length - base) / outer) * outer;
    const dims = walked.map(({ stride }, i) => (i === 0 ? usable : (walked[i - 1]?.stride as number)) / stride);
    const size = walked.map(({ extent }) => extent);
    const step = walked.at(-1)?.stride ?? 1;
    if (walked.length === 0) dims.push(usable);
    else if (step > 1) dims.push(step);
    if (dims.length > walked.length) size.push(1);
    const begin: number[] = [];
    let rest = low - base;
    for (const stride of [...walked.map((w) => w.stride), ...(dims.length > walked.length ? [1] : [])]) {
      begin.push(Math.floor(rest / stride));
      rest %= stride;
    }
    if (begin.every((from, i) => from + (size[i] as number) <= (dims[i] as number))) {
      const reversed = walked.flatMap(({ backwards }, i) => (backwards ? [i] : []));
      return { base, length: usable, dims, begin, size, axes: walked.map(({ axis }) => axis), reversed };
    }
  }
  return undefined;
}

/** Whether the box is the whole buffer in some order. */
export function isWhole({ base, length, dims, size }: Box, bufferLength: number): boolean {
  return base === 0 && length === bufferLength && sizeOf(size) === sizeOf(dims);
}
