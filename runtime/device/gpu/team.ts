/**
 * @file Teams: the invocations of a workgroup that serve one row together. Their values are combined in an order that depends on nothing but the
 * team's size: by shuffles as far as every subgroup reaches, then through shared memory.
 */
import type { ReduceOp } from "../../program/scalar.ts";
import {
  type ArrayRef,
  add,
  builtin,
  constant,
  div,
  eq,
  type KernelBuilder,
  lt,
  max,
  min,
  mul,
  rem,
  splat,
  u,
} from "./build.ts";
import type { Expr, ValueType } from "./ir.ts";
import { maxOrNan, minOrNan } from "./math/bits.ts";
import type { GpuTarget } from "./target.ts";

export interface TeamShape {
  /** Invocations of one team, a power of two. */
  readonly size: number;
  /** Neighbouring invocations belong to different teams: where neighbouring rows lie side by side in memory. */
  readonly isInterleaved: boolean;
}

/** Values that every invocation reads by itself rather than in two steps. */
const readByAll = 16;

export class Teams {
  /** Teams of a workgroup. */
  readonly count: number;
  /** Of this invocation: its team's number in the workgroup, and its own in the team. */
  readonly team: Expr;
  readonly lane: Expr;
  private readonly builder: KernelBuilder;
  private readonly target: GpuTarget;
  private readonly shape: TeamShape;
  private readonly arrays = new Map<string, ArrayRef>();

  constructor(builder: KernelBuilder, target: GpuTarget, shape: TeamShape) {
    this.builder = builder;
    this.target = target;
    this.shape = shape;
    this.count = builder.workgroupSize / shape.size;
    const local = builtin("localIndex");
    const within = shape.isInterleaved ? this.count : shape.size;
    const [low, high] = [builder.let(rem(local, u(within))), builder.let(div(local, u(within)))];
    // One number of a workgroup of one team, and of teams of one, is always 0.
    const [lane, team] = shape.isInterleaved ? [high, low] : [low, high];
    this.lane = shape.size === 1 ? u(0) : lane;
    this.team = this.count === 1 ? u(0) : team;
  }

  get isFirst(): Expr {
    return eq(this.lane, u(0));
  }

  /** Each value combined over the team; every invocation gets the results. In uniform control flow only. */
  reduce(ops: readonly ReduceOp[], values: readonly Expr[]): readonly Expr[] {
    const shuffled = values.map((value, i) => this.shuffle(ops[i] as ReduceOp, value));
    if (this.segments === 1) return shuffled;
    const results: Expr[] = [];
    for (const round of this.rounds(shuffled))
      results.push(
        ...this.meet(
          round.map((i) => ops[i] as ReduceOp),
          round.map((i) => shuffled[i] as Expr),
        ),
      );
    return results;
  }

  /** Neighbouring invocations that shuffles combine: those that any subgroup contains. */
  private get segment(): number {
    const { subgroups } = this.target;
    return this.shape.isInterleaved || subgroups === undefined ? 1 : Math.min(this.shape.size, subgroups.min);
  }

  private get segments(): number {
    return this.shape.size / this.segment;
  }

  private shuffle(op: ReduceOp, value: Expr): Expr {
    let total = this.builder.let(value);
    for (let mask = 1; mask < this.segment; mask *= 2)
      total = combine(this.builder, op, total, this.builder.subgroup("shuffleXor", total, u(mask)));
    return total;
  }

  /** Values by their numbers, as many at a time as shared memory has room for. */
  private rounds(values: readonly Expr[]): readonly number[][] {
    const budget = this.target.limits.sharedBytes / 2;
    const slots = this.builder.workgroupSize / this.segment;
    const rounds: number[][] = [];
    let used = Number.POSITIVE_INFINITY;
    values.forEach(({ type }, i) => {
      const bytes = slots * 4 * type.width;
      if (used + bytes > budget) {
        rounds.push([]);
        used = 0;
      }
      used += bytes;
      rounds.at(-1)?.push(i);
    });
    return rounds;
  }

  private meet(ops: readonly ReduceOp[], values: readonly Expr[]): readonly Expr[] {
    const { builder: b, segment, segments } = this;
    // Whoever still reads what the arrays held before, in the last reduction or the last round of a loop around this one.
    b.barrier();
    const slots = b.workgroupSize / segment;
    const arrays = values.map(({ type }, i) => this.array(type, slots, i, "all"));
    const mine = div(builtin("localIndex"), u(segment));
    b.if(eq(rem(builtin("localIndex"), u(segment)), u(0)), () => {
      values.forEach((value, i) => {
        b.set(arrays[i] as ArrayRef, mine, value);
      });
    });
    b.barrier();
    if (segments <= readByAll) return this.gather(ops, arrays, segments, u(0), 1);
    // In two steps of about the root of the number: some of the team read a share each, then all read what these found.
    const shares = 2 ** Math.floor(Math.log2(segments) / 2);
    const seconds = values.map(({ type }, i) => this.array(type, this.count * shares, i, "shares"));
    b.if(lt(this.lane, u(shares)), () => {
      this.gather(ops, arrays, segments / shares, this.lane, shares).forEach((value, i) => {
        b.set(seconds[i] as ArrayRef, this.slot(this.lane, shares), value);
      });
    });
    b.barrier();
    return this.gather(ops, seconds, shares, u(0), 1, shares);
  }

  /** Combines `count` values of the team's slots: `first`, `first + step`, … */
  private gather(
    ops: readonly ReduceOp[],
    arrays: readonly ArrayRef[],
    count: number,
    first: Expr,
    step: number,
    perTeam: number = this.segments,
  ): readonly Expr[] {
    const { builder: b } = this;
    return arrays.map((array, i) => {
      let total: Expr | undefined;
      for (let k = 0; k < count; k++) {
        const value = b.let(b.get(array, b.let(this.slot(add(first, u(k * step)), perTeam))));
        total = total === undefined ? value : combine(b, ops[i] as ReduceOp, total, value);
      }
      return total as Expr;
    });
  }

  private slot(at: Expr, perTeam: number): Expr {
    return this.shape.isInterleaved ? add(mul(at, u(this.count)), this.team) : add(mul(this.team, u(perTeam)), at);
  }

  private array(type: ValueType, length: number, i: number, purpose: string): ArrayRef {
    const key = `${purpose} ${i} ${type.scalar} ${type.width}`;
    const array = this.arrays.get(key) ?? this.builder.shared(type, length);
    this.arrays.set(key, array);
    return array;
  }
}

/** Lane by lane; a NaN stays one. */
export function combine(b: KernelBuilder, op: ReduceOp, x: Expr, y: Expr): Expr {
  const isFloat = x.type.scalar === "f32";
  switch (op) {
    case "sum":
      return b.let(add(x, y));
    case "prod":
      return b.let(mul(x, y));
    case "max":
      return b.let(isFloat ? maxOrNan(b, x, y) : max(x, y));
    case "min":
      return b.let(isFloat ? minOrNan(b, x, y) : min(x, y));
  }
}

/** What changes nothing. */
export function identityOf(op: ReduceOp, { scalar, width }: ValueType): Expr {
  return splat(constant(identities[op][scalar === "f32" || scalar === "u32" ? scalar : "i32"], scalar), width);
}

const identities = {
  sum: { f32: 0, i32: 0, u32: 0 },
  prod: { f32: 1, i32: 1, u32: 1 },
  max: { f32: Number.NEGATIVE_INFINITY, i32: -(2 ** 31), u32: 0 },
  min: { f32: Number.POSITIVE_INFINITY, i32: 2 ** 31 - 1, u32: 2 ** 32 - 1 },
} as const satisfies Record<ReduceOp, Record<string, number>>;
