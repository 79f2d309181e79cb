/**
 * @file What each buffer holds while a Program is lowered: a value, or parts that kernels have stored one by one. Parts are put together
 * when somebody reads the buffer, so that a concatenation written by several kernels is one operation in the end.
 */

import { type Shape, sizeOf } from "../../program/dtype.ts";
import type { BufferId } from "../../program/kernel.ts";
import type { BufferDecl } from "../../program/program.ts";
import type { Ops } from "./ops.ts";
import { tensorTypeOf } from "./storage.ts";
import type { Value } from "./values.ts";

/** Elements `start … start + size` of every one of `outer` equal stretches of a buffer; `value` is [outer, size]. */
export interface Part {
  readonly outer: number;
  readonly start: number;
  readonly size: number;
  readonly value: Value;
}

interface Content {
  /** Zeros where nothing has been stored. */
  readonly base: Value | undefined;
  /** Stored over it, in this order. */
  readonly parts: readonly Part[];
}

export class Contents {
  private readonly ops: Ops;
  private readonly buffers: readonly BufferDecl[];
  private readonly held = new Map<BufferId, Content>();

  constructor(ops: Ops, buffers: readonly BufferDecl[]) {
    this.ops = ops;
    this.buffers = buffers;
  }

  lengthOf(buffer: BufferId): number {
    return sizeOf(this.shapeOf(buffer));
  }

  private shapeOf(buffer: BufferId): Shape {
    return (this.buffers[buffer] as BufferDecl).shape;
  }

  /** The whole buffer, flat. */
  get(buffer: BufferId): Value {
    const content = this.held.get(buffer) ?? { base: undefined, parts: [] };
    if (content.base !== undefined && content.parts.length === 0) return content.base;
    const length = this.lengthOf(buffer);
    const whole =
      this.join(content.parts, length) ??
      content.parts.reduce((base, part) => this.insert(base, part, length), this.baseOf(buffer));
    this.set(buffer, whole);
    return whole;
  }

  set(buffer: BufferId, base: Value): void {
    this.held.set(buffer, { base, parts: [] });
  }

  setPart(buffer: BufferId, part: Part): void {
    const { base, parts } = this.held.get(buffer) ?? { base: undefined, parts: [] };
    this.held.set(buffer, { base, parts: [...parts, part] });
  }

  private baseOf(buffer: BufferId): Value {
    const type = tensorTypeOf((this.buffers[buffer] as BufferDecl).dtype);
    return this.held.get(buffer)?.base ?? this.ops.zeros(this.lengthOf(buffer), type);
  }

  /** Parts that tile the buffer, side by side; undefined where they do not. */
  private join(parts: readonly Part[], length: number): Value | undefined {
    const [first] = parts;
    if (first === undefined) return undefined;
    const { outer } = first;
    const sorted = [...parts].sort((a, b) => a.start - b.start);
    let end = 0;
    for (const part of sorted) {
      if (part.outer !== outer || part.start !== end) return undefined;
      end += part.size;
    }
    if (outer * end !== length) return undefined;
    return this.ops.reshape(
      this.ops.concat(
        sorted.map(({ value }) => value),
        1,
      ),
      [length],
    );
  }

  private insert(base: Value, { outer, start, size, value }: Part, length: number): Value {
    const period = length / outer;
    const rows = this.ops.reshape(base, [outer, period]);
    const piece = (from: number, to: number): Value[] =>
      from === to ? [] : [this.ops.slice(rows, [0, from], [outer, to - from])];
    return this.ops.reshape(this.ops.concat([...piece(0, start), value, ...piece(start + size, period)], 1), [length]);
  }
}
