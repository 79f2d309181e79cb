/** @file Loops over walk axes with moving pointers, the vector loop at their heart, and how a kernel's points are shared by threads. */
import type { Access } from "../../../program/kernel.ts";
import { i32, Local, type Operand, select } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";
import { type ByteRange, type KernelFunction, wholeBuffer } from "./stage.ts";
import { type Cursor, strideOf, type WalkAxis } from "./traversal.ts";

/**
 * How the points of a walk become units that threads share: the first `split` axes, flattened, and where these are too few, pieces of
 * the axis that follows.
 */
export interface Sharing {
  readonly split: number;
  /** Elements per piece of axis `split`; 0 where it is not cut. */
  readonly piece: number;
  readonly pieces: number;
  readonly units: number;
}

const wantedUnits = 64;
const smallestPiece = 256;

/** `cut`: may the axis after the split ones be cut into pieces? */
export function shareOut(axes: readonly WalkAxis[], outer: number, cut: boolean): Sharing {
  let units = 1;
  let split = 0;
  while (split < outer && units < wantedUnits) units *= (axes[split++] as WalkAxis).extent;
  const next = axes[split];
  if (cut && split === outer && next !== undefined && units < wantedUnits && next.extent > smallestPiece) {
    const ideal = Math.ceil((next.extent * units) / wantedUnits / 64) * 64;
    const piece = Math.max(smallestPiece, ideal);
    const pieces = Math.ceil(next.extent / piece);
    return { split, piece, pieces, units: units * pieces };
  }
  return { split, piece: 0, pieces: 1, units };
}

/** Runs `body` for each unit that the function is called for, with all cursors and counters at the unit's first point. `length` counts the elements of a piece. */
export function forEachUnit(
  kernel: KernelFunction,
  axes: readonly WalkAxis[],
  sharing: Sharing,
  cursors: readonly Cursor[],
  counters: readonly Local[],
  before: () => void,
  body: (length: Local | number) => void,
): void {
  const { f } = kernel;
  const { begin, end } = kernel.share(sharing.units);
  const moving = cursors.flatMap((cursor) => [...cursor.moving]);
  const homes = moving.map(({ pointer }) => f.let("i32", pointer));
  f.if(i32.lt_s(begin, end), () => {
    before();
    const unit = f.local("i32");
    const rest = f.local("i32");
    const start = f.local("i32");
    const length = f.local("i32");
    f.for(unit, begin, end, 1, () => {
      f.set(rest, unit);
      if (sharing.piece > 0) {
        f.set(start, i32.mul(i32.rem_u(rest, sharing.pieces), sharing.piece));
        f.set(rest, i32.div_u(rest, sharing.pieces));
        const left = f.let("i32", i32.sub((axes[sharing.split] as WalkAxis).extent, start));
        f.set(length, select(left, sharing.piece, i32.lt_s(left, sharing.piece)));
      }
      for (let axis = sharing.split - 1; axis >= 0; axis--) {
        const { extent } = axes[axis] as WalkAxis;
        const counter = counters[axis] as Local;
        if (axis === 0) f.set(counter, rest);
        else {
          f.set(counter, i32.rem_u(rest, extent));
          f.set(rest, i32.div_u(rest, extent));
        }
      }
      if (sharing.piece > 0) f.set(counters[sharing.split] as Local, start);
      moving.forEach(({ pointer, strides }, i) => {
        let address: Operand = homes[i] as Local;
        const axesHere = sharing.split + (sharing.piece > 0 ? 1 : 0);
        for (let axis = 0; axis < axesHere; axis++) {
          const stride = strides[axis] as number;
          if (stride !== 0) address = i32.add(address, i32.mul(counters[axis] as Local, stride));
        }
        f.set(pointer, address);
      });
      body(sharing.piece > 0 ? length : ((axes[sharing.split] as WalkAxis | undefined)?.extent ?? 1));
    });
  });
}

/** Nested loops over axes `from … to − 1`; pointers are back where they were afterwards. */
export function nest(
  f: FunctionBuilder,
  axes: readonly WalkAxis[],
  from: number,
  to: number,
  cursors: readonly Cursor[],
  counters: readonly Local[],
  body: () => void,
): void {
  if (from >= to) {
    body();
    return;
  }
  const { extent } = axes[from] as WalkAxis;
  const moving = cursors.flatMap((cursor) => [...cursor.moving]).filter(({ strides }) => strides[from] !== 0);
  f.for(counters[from] as Local, 0, extent, 1, () => {
    nest(f, axes, from + 1, to, cursors, counters, body);
    for (const { pointer, strides } of moving) f.bump(pointer, strides[from] as number);
  });
  for (const { pointer, strides } of moving) f.bump(pointer, -extent * (strides[from] as number));
  f.set(counters[from] as Local, 0);
}

export interface VectorLoop {
  /** How many elements: known, or a local holding a multiple of 4 or all that is left of `extent`. */
  readonly length: number | Local;
  readonly extent: number;
  readonly unroll: number;
  readonly cursors: readonly Cursor[];
  /** Counts elements, where the body asks for the position. */
  readonly counter: Local;
  /** One vector: `count` lanes from `at` past the pointers; `slot` numbers the vectors of an iteration. */
  readonly block: (at: number, count: number, slot: number) => void;
  /** Must pointers be back at the end? */
  readonly restore: boolean;
  /** Does the block walk further axes inside? Then each vector enters its rows anew, from the pointers that this loop advances. */
  readonly encloses?: boolean;
}

/** `for` along the vector axis: `unroll` vectors per iteration, then single ones, then what is left of a vector. */
export function vectorLoop(f: FunctionBuilder, loop: VectorLoop): void {
  const { length, extent, unroll, cursors, counter, block } = loop;
  const moving = cursors.flatMap((cursor) => (loop.encloses === true ? cursor.outer : cursor.inner));
  const advance = (elements: number): void => {
    for (const { pointer, stride } of moving) f.bump(pointer, elements * stride);
    f.bump(counter, elements);
  };
  const step = (vectors: number): void => {
    for (let slot = 0; slot < vectors; slot++) f.scope(() => block(slot * 4, 4, slot));
  };
  if (length instanceof Local) {
    const left = f.let("i32", length);
    const run = (vectors: number): void =>
      f.while(
        () => i32.ge_s(left, vectors * 4),
        () => {
          step(vectors);
          advance(vectors * 4);
          f.bump(left, -vectors * 4);
        },
      );
    if (unroll > 1) run(unroll);
    run(1);
    if (extent % 4 !== 0) f.if(left, () => f.scope(() => block(0, extent % 4, 0)));
    return;
  }
  const rounds = Math.floor(length / (4 * unroll));
  const singles = Math.floor(length / 4) - rounds * unroll;
  const tail = length % 4;
  let moved = 0;
  if (rounds > 1 || (rounds === 1 && unroll > 1)) {
    moved = rounds * unroll * 4;
    f.for(f.local("i32"), 0, rounds, 1, () => {
      step(unroll);
      advance(unroll * 4);
    });
  } else step(rounds * unroll);
  const reached = moved > 0 ? 0 : rounds * unroll * 4;
  for (let i = 0; i < singles; i++) f.scope(() => block(reached + i * 4, 4, i % unroll));
  if (tail > 0) f.scope(() => block(reached + singles * 4, tail, singles % unroll));
  if (loop.restore && moved > 0) advance(-moved);
}

/** The bytes of an access that a walk of the axes reaches. */
export function rangeOf(access: Access, bytes: number, axes: readonly WalkAxis[]): ByteRange {
  if (access.dynamic !== undefined && access.dynamic.length > 0) return wholeBuffer;
  if (axes.some(({ extent }) => extent === 0)) return [0, 0];
  const reaches = axes.map((axis) => (axis.extent - 1) * strideOf(access.strides, axis));
  const sum = (some: readonly number[]): number => some.reduce((total, reach) => total + reach, access.offset);
  return [sum(reaches.filter((reach) => reach < 0)) * bytes, (sum(reaches.filter((reach) => reach > 0)) + 1) * bytes];
}
