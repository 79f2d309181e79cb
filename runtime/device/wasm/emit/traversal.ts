/**
 * @file How a kernel's domain is walked: axes that every access crosses in one stride are merged, the axis that suits SIMD becomes
 * the innermost, and accesses become cursors whose pointers the loops advance, so that no index is multiplied inside.
 */
import type { DType } from "../../../program/dtype.ts";
import type { Access } from "../../../program/kernel.ts";
import { type Code, i32, i32x4, type Local, type Operand, select, v128 } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";
import { type Element, elements } from "./element.ts";

/** An access, and what its buffer holds. */
export interface Target {
  readonly access: Access;
  readonly dtype: DType;
}

/** One axis of the walk. `members` are the kernel's axes that it stands for, outermost first. */
export interface WalkAxis {
  readonly extent: number;
  readonly members: readonly number[];
}

function strideLists(accesses: readonly Access[]): readonly (readonly number[])[] {
  return accesses.flatMap((access) => [
    access.strides,
    ...(access.dynamic ?? []).map((dynamic) => dynamic.index.strides),
  ]);
}

/**
 * Merges neighbours among `axes` where all accesses allow it and neither is asked for by an `index` instruction. Axes of extent 1 go.
 */
export function mergeAxes(
  domain: readonly number[],
  axes: readonly number[],
  accesses: readonly Access[],
  indexed: ReadonlySet<number>,
): WalkAxis[] {
  const lists = strideLists(accesses);
  const merged: { extent: number; members: number[] }[] = [];
  for (const axis of axes) {
    const extent = domain[axis] as number;
    if (extent === 1 && !indexed.has(axis)) continue;
    const last = merged.at(-1);
    const previous = last?.members.at(-1);
    const joins =
      last !== undefined &&
      previous !== undefined &&
      !indexed.has(axis) &&
      !indexed.has(previous) &&
      lists.every((strides) => (strides[previous] as number) === (strides[axis] as number) * extent);
    if (joins) {
      last.extent *= extent;
      last.members.push(axis);
    } else merged.push({ extent, members: [axis] });
  }
  return merged;
}

/** The stride of an access along a walk axis, in elements: that of its innermost member. */
export function strideOf(strides: readonly number[], axis: WalkAxis | undefined): number {
  const member = axis?.members.at(-1);
  return member === undefined ? 0 : (strides[member] as number);
}

/**
 * The walk axis to take four at a time: where loads and stores touch neighbours, or one element, not scattered ones. Stores count
 * double; among equals the innermost wins.
 */
export function chooseVectorAxis(
  axes: readonly WalkAxis[],
  loads: readonly Access[],
  stores: readonly Access[],
): number {
  let best = axes.length - 1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let i = axes.length - 1; i >= 0; i--) {
    const axis = axes[i] as WalkAxis;
    const cost = (access: Access): number => {
      const stride = strideOf(access.strides, axis);
      const dynamic = (access.dynamic ?? []).some((d) => strideOf(d.index.strides, axis) !== 0);
      return dynamic ? 6 : stride === 1 || stride === 0 ? 1 : 4;
    };
    const sum = loads.reduce((s, a) => s + cost(a), 0) + 2 * stores.reduce((s, a) => s + cost(a), 0);
    // Lanes left empty by a short axis waste their share of everything.
    const used = axis.extent / (4 * Math.ceil(axis.extent / 4));
    const total = sum / used + (axis.extent < 16 ? 4 / axis.extent : 0);
    if (total < bestCost - 1e-9) {
      best = i;
      bestCost = total;
    }
  }
  return best;
}

interface DynamicCursor {
  readonly pointer: Local;
  /** Bytes per walk axis. */
  readonly strides: readonly number[];
  readonly scaleBytes: number;
  readonly extent: number;
}

/** A moving pointer for one access. */
export class Cursor {
  readonly element: Element;
  readonly pointer: Local;
  /** Bytes per walk axis. */
  readonly strides: readonly number[];
  readonly dynamics: readonly DynamicCursor[];
  /** Where a dynamic offset is the same for all of the vector axis: pointer and offset together, set when the innermost loop starts. */
  readonly row: Local | undefined;
  private readonly vector: number;

  /** `vector` is the walk axis taken four at a time (−1: none). `bases` are the addresses of the access and of its dynamic indices. */
  constructor(
    f: FunctionBuilder,
    operand: Target,
    axes: readonly WalkAxis[],
    vector: number,
    bases: readonly Operand[],
  ) {
    const { access, dtype } = operand;
    this.element = elements[dtype];
    this.vector = vector;
    this.pointer = f.let("i32", bases[0] as Operand);
    this.strides = axes.map((axis) => strideOf(access.strides, axis) * this.element.bytes);
    this.dynamics = (access.dynamic ?? []).map((dynamic, i) => ({
      pointer: f.let("i32", bases[i + 1] as Operand),
      strides: axes.map((axis) => strideOf(dynamic.index.strides, axis) * 4),
      scaleBytes: dynamic.scale * this.element.bytes,
      extent: dynamic.extent,
    }));
    this.row = this.dynamics.some((d) => this.along(d.strides) === 0) ? f.local("i32") : undefined;
  }

  private along(strides: readonly number[]): number {
    return strides[this.vector] ?? 0;
  }

  /** Every pointer with its strides, for the loops that advance them. */
  get moving(): readonly { readonly pointer: Local; readonly strides: readonly number[] }[] {
    return [this, ...this.dynamics];
  }

  /** Does the element change along the vector axis? */
  get varies(): boolean {
    return this.along(this.strides) !== 0 || this.dynamics.some((d) => this.along(d.strides) !== 0);
  }

  /** Is it one and the same element for the whole kernel? */
  get fixed(): boolean {
    return this.moving.every(({ strides }) => strides.every((stride) => stride === 0)) && this.dynamics.length === 0;
  }

  /** To be run where the innermost loop starts: folds in the offsets that hold for all of it. */
  enterRow(f: FunctionBuilder): void {
    if (this.row === undefined) return;
    let address: Operand = this.pointer;
    for (const dynamic of this.dynamics) {
      if (this.along(dynamic.strides) === 0)
        address = i32.add(address, dynamicOffset(f, dynamic, i32.load(dynamic.pointer)));
    }
    f.set(this.row, address);
  }

  /** The pointers that the innermost loop advances. */
  get inner(): readonly { readonly pointer: Local; readonly stride: number }[] {
    const main = { pointer: this.row ?? this.pointer, stride: this.along(this.strides) };
    return [main, ...this.dynamics.map((d) => ({ pointer: d.pointer, stride: this.along(d.strides) }))].filter(
      (m) => m.stride !== 0,
    );
  }

  /** The pointers that a loop along the vector axis advances when it lies outside of others: rows inside are entered from them. */
  get outer(): readonly { readonly pointer: Local; readonly stride: number }[] {
    return this.moving
      .map(({ pointer, strides }) => ({ pointer, stride: this.along(strides) }))
      .filter(({ stride }) => stride !== 0);
  }

  /** The address of a lane, as pointer and constant offset. `at` counts elements of the vector axis past the pointer. */
  private addressOf(f: FunctionBuilder, at: number): { address: Operand; offset: number } {
    let address: Operand = this.row ?? this.pointer;
    const distance = at * this.along(this.strides);
    for (const dynamic of this.dynamics) {
      const stride = this.along(dynamic.strides);
      if (stride === 0) continue;
      const index =
        stride > 0 ? i32.load(dynamic.pointer, at * stride) : i32.load(i32.add(dynamic.pointer, at * stride));
      address = i32.add(address, dynamicOffset(f, dynamic, index));
    }
    // Offsets in the instruction are unsigned.
    return distance >= 0 ? { address, offset: distance } : { address: i32.add(address, distance), offset: 0 };
  }

  /** `count` lanes from `at` on, as what bodies compute on; the lanes beyond hold anything. */
  load(f: FunctionBuilder, at: number, count: number): Code {
    const { element } = this;
    const stride = this.along(this.strides);
    const decode = (raw: Code): Code => (element.decode === undefined ? raw : element.decode(f, f.let("v128", raw)));
    if (!this.varies) {
      const address = this.row ?? this.pointer;
      return decode(element.bytes === 4 ? v128.load32_splat(address) : i32x4.splat(element.loadOne(address, 0)));
    }
    const gathers = this.dynamics.some((d) => this.along(d.strides) !== 0) || stride !== element.bytes;
    if (!gathers && count === 4) {
      const { address, offset } = this.addressOf(f, at);
      return decode(element.loadFour(address, offset));
    }
    const raw = f.local("v128");
    for (let lane = 0; lane < count; lane++) {
      const { address, offset } = this.addressOf(f, at + lane);
      const one = element.loadOne(address, offset);
      f.set(raw, lane === 0 ? i32x4.splat(one) : i32x4.replace_lane(raw, lane, one));
    }
    return element.decode === undefined ? i32x4.add(raw, f.i32x4(0)) : element.decode(f, raw);
  }

  /** Stores `count` lanes from `at` on. */
  store(f: FunctionBuilder, at: number, count: number, value: Local): void {
    const { element } = this;
    const raw = element.encode === undefined ? value : f.let("v128", element.encode(f, value));
    const stride = this.along(this.strides);
    const neighbours = stride === element.bytes && this.dynamics.every((d) => this.along(d.strides) === 0);
    if (neighbours && count === 4) {
      const { address, offset } = this.addressOf(f, at);
      f.emit(element.storeFour(address, raw, offset));
      return;
    }
    // One place for all lanes (an extent of 1): the first is the one.
    const lanes = this.varies ? count : 1;
    for (let lane = 0; lane < lanes; lane++) {
      const { address, offset } = this.addressOf(f, at + lane);
      f.emit(element.storeLane(address, raw, lane, offset));
    }
  }
}

function dynamicOffset(
  f: FunctionBuilder,
  dynamic: { readonly extent: number; readonly scaleBytes: number },
  index: Code,
): Code {
  const i = f.let("i32", index);
  const low = select(i, 0, i32.gt_s(i, 0));
  const clamped = f.let("i32", low);
  return i32.mul(select(clamped, dynamic.extent - 1, i32.lt_s(clamped, dynamic.extent)), dynamic.scaleBytes);
}

/** Four lanes that count up from a scalar. */
export function countingLanes(f: FunctionBuilder, start: Operand): Code {
  return i32x4.add(i32x4.splat(start), f.constant(Int32Array.of(0, 1, 2, 3)));
}
