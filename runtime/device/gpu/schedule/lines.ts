/** @file A domain as lines along its last axis: how many and how long they are, and where their elements lie. */
import { sizeOf } from "../../../program/dtype.ts";
import type { Access } from "../../../program/kernel.ts";
import type { KernelBuilder } from "../build.ts";
import type { Expr } from "../ir.ts";
import type { MemoryUse } from "../memory.ts";
import { contiguousOrder, positions, type Space, simplify } from "../space.ts";
import { usesOf } from "./loop.ts";

export class Lines {
  readonly rows: number;
  readonly length: number;
  /** As given, over the simplest domain. */
  readonly accesses: readonly Access[];
  private readonly space: Space;
  private readonly outer: readonly number[];

  constructor(domain: readonly number[], accesses: readonly Access[]) {
    const last = domain.length - 1;
    const outerAxes = domain.map((_, axis) => axis).slice(0, last);
    this.space = simplify({
      domain,
      innerRank: 1,
      accesses,
      bodies: [],
      order: [...contiguousOrder(domain, accesses, [], outerAxes), last],
    });
    this.length = domain[last] as number;
    this.outer = this.space.extents.slice(0, this.space.extents.length - this.space.innerRank);
    this.rows = sizeOf(this.outer);
    this.accesses = accesses.map((access) => this.space.access(access));
  }

  get isEmpty(): boolean {
    return this.rows * this.length === 0;
  }

  /** Through this access, neighbouring lines rather than the elements of a line lie side by side. */
  isAcross(access: number): boolean {
    const { strides } = this.accesses[access] as Access;
    const axis = this.outer.length - 1;
    const isNear = (at: number): boolean => Math.abs(strides[at] as number) === 1;
    return axis >= 0 && this.space.innerRank === 1 && isNear(axis) && !isNear(axis + 1);
  }

  /** The point of a line, without the position along it. */
  row(b: KernelBuilder, row: Expr): readonly Expr[] {
    return positions(b, row, this.outer);
  }

  /** The point of an element; an axis of extent 1 is none. */
  point(row: readonly Expr[], position: Expr): readonly Expr[] {
    return this.space.innerRank === 1 ? [...row, position] : row;
  }

  /** The ways in which a kernel reaches memory that reads and writes through these accesses. */
  uses(reads: readonly number[], writes: readonly number[]): MemoryUse[] {
    const of = (access: number, isWritten: boolean): MemoryUse[] =>
      usesOf(this.accesses[access] as Access, isWritten, this.space, 1);
    return [...reads.flatMap((access) => of(access, false)), ...writes.flatMap((access) => of(access, true))];
  }
}
