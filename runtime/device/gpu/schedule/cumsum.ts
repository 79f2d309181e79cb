/**
 * @file Running sums. Short lines, and many that lie side by side, are an invocation's each; others are a workgroup's, which goes along its line in
 * chunks of four elements per invocation and carries the sum on. A few very long lines are cut into parts, whose totals come first.
 */
import { sizeOf } from "../../../program/dtype.ts";
import type { Access, CumsumKernel } from "../../../program/kernel.ts";
import { type Lanes, loadAccess, oneLane, storeAccess } from "../access.ts";
import {
  add,
  type BoundArray,
  bitcast,
  builtin,
  cast,
  compose,
  constant,
  div,
  f32,
  gridOf,
  KernelBuilder,
  lane,
  linearWorkgroup,
  lt,
  min,
  mul,
  rem,
  select,
  splat,
  u,
  u32,
} from "../build.ts";
import type { Expr, ValueType } from "../ir.ts";
import { KernelMemory } from "../memory.ts";
import { WorkgroupScan } from "../scan.ts";
import { contiguousOrder, positions, simplify } from "../space.ts";
import { type Dispatch, type ScheduleContext, type ScheduledKernel, storageFormat } from "../target.ts";
import { usesOf } from "./loop.ts";

interface Lines {
  readonly input: Access;
  readonly output: Access;
  /** Extents of the axes that number the lines. */
  readonly outer: readonly number[];
  readonly count: number;
  readonly length: number;
  /** Lines are an axis of the accesses too, unless they are of one element. */
  readonly hasAxis: boolean;
  readonly context: ScheduleContext;
}

interface Parts {
  /** Of a line. */
  readonly count: number;
  readonly length: number;
}

/** Elements of an invocation side by side. */
const run = 4;
/** Workgroups that fill a GPU. */
const enough = 256;

export function scheduleCumsum({ domain, input, output }: CumsumKernel, context: ScheduleContext): ScheduledKernel {
  if (sizeOf(domain) === 0) return { dispatches: [], scratch: [] };
  const lines = linesOf(domain, input, output, context);
  if (isSerial(lines)) return { dispatches: [serial(lines)], scratch: [] };
  const size = Math.min(
    context.target.limits.invocations >= 256 ? 256 : 64,
    Math.max(32, 2 ** Math.ceil(Math.log2(lines.length / run))),
  );
  const parts = partsOf(lines, size * run);
  if (parts.count === 1) return { dispatches: [cooperative(lines, size, parts)], scratch: [] };
  return {
    dispatches: [totals(lines, size, parts), cooperative(lines, size, parts)],
    scratch: [Math.ceil((lines.count * parts.count) / 4) * 16],
  };
}

function linesOf(domain: readonly number[], input: Access, output: Access, context: ScheduleContext): Lines {
  const axes = domain.map((_, axis) => axis);
  const space = simplify({
    domain,
    innerRank: Math.min(1, domain.length),
    accesses: [input, output],
    bodies: [],
    order: [...contiguousOrder(domain, [input], [output], axes.slice(0, -1)), ...axes.slice(-1)],
  });
  const { extents, innerRank } = space;
  const outer = extents.slice(0, extents.length - innerRank);
  return {
    input: space.access(input),
    output: space.access(output),
    outer,
    count: sizeOf(outer),
    length: innerRank === 0 ? 1 : (extents.at(-1) as number),
    hasAxis: innerRank > 0,
    context,
  };
}

function isSerial({ length, count, output }: Lines): boolean {
  return length <= 16 || (count >= 1024 && output.strides.at(-1) !== 1);
}

function partsOf({ count, length }: Lines, chunk: number): Parts {
  const wanted = Math.min(Math.ceil(enough / count), Math.ceil(length / (run * chunk)));
  const partLength = Math.ceil(length / (wanted * chunk)) * chunk;
  return { count: Math.ceil(length / partLength), length: partLength };
}

/** What the loads and stores along lines have in common. */
class LineWalk {
  readonly type: ValueType;
  private readonly b: KernelBuilder;
  private readonly lines: Lines;
  private readonly memory: KernelMemory;

  constructor(
    b: KernelBuilder,
    lines: Lines,
    { lanes, reserved, writes }: { lanes: Lanes; reserved: number; writes: boolean },
  ) {
    const { input, output, outer, length, hasAxis, context } = lines;
    const extents = hasAxis ? [...outer, length] : outer;
    const uses = (access: Access, isWritten: boolean) =>
      usesOf(access, isWritten, { extents, innerRank: 1, access: (same) => same, body: (same) => same }, lanes.width);
    this.b = b;
    this.lines = lines;
    this.memory = new KernelMemory(b, context, [...uses(input, false), ...(writes ? uses(output, true) : [])], {
      reserved,
    });
    // Integers add up as u32, which wraps and has the same bits.
    this.type = ["i32", "bool"].includes(context.buffers[input.buffer]?.dtype ?? "f32") ? u32 : f32;
  }

  zero(width: 1 | 4 = 1): Expr {
    return splat(constant(0, this.type.scalar), width);
  }

  outerPoint(line: Expr): readonly Expr[] {
    return positions(this.b, line, this.lines.outer);
  }

  load(outer: readonly Expr[], at: Expr, lanes: Lanes = oneLane): Expr {
    const value = loadAccess(this.b, this.memory, this.lines.input, this.point(outer, at), lanes);
    const term = value.type.scalar === "i32" ? bitcast(value, "u32") : cast(value, this.type.scalar);
    return this.b.let(splat(term, lanes.width));
  }

  store(outer: readonly Expr[], at: Expr, sum: Expr, lanes: Lanes = oneLane): void {
    const { output, context } = this.lines;
    const { scalar } = storageFormat(context.buffers[output.buffer]?.dtype ?? "f32", context.target);
    const number = sum.type.scalar === "u32" ? bitcast(sum, "i32") : sum;
    const value = scalar === "f32" || scalar === "f16" ? cast(number, "f32") : cast(number, "i32");
    storeAccess(this.b, this.memory, output, this.point(outer, at), this.b.let(value), lanes);
  }

  private point(outer: readonly Expr[], at: Expr): readonly Expr[] {
    return this.lines.hasAxis ? [...outer, at] : outer;
  }
}

/** An invocation for each line. */
function serial(lines: Lines): Dispatch {
  const { count, length, context } = lines;
  const b = new KernelBuilder(64);
  const grid = gridOf(Math.ceil(count / 64), context.target.limits.workgroups);
  const walk = new LineWalk(b, lines, { lanes: oneLane, reserved: 0, writes: true });
  const line = b.let(add(mul(linearWorkgroup(grid), u(64)), builtin("localIndex")));
  b.if(lt(line, u(count)), () => {
    const outer = walk.outerPoint(line);
    const sum = b.var(walk.zero());
    const step = (first: Expr, elements: number): void => {
      const places = Array.from({ length: elements }, (_, i) => b.let(add(first, u(i))));
      const terms = places.map((at) => walk.load(outer, at));
      places.forEach((at, i) => {
        b.assign(sum, add(sum.value, terms[i] as Expr));
        walk.store(outer, at, sum.value);
      });
    };
    const whole = length - (length % run);
    if (whole > 0) b.for(u(0), u(whole), u(run), (at) => step(at, run));
    if (length > whole) step(u(whole), length - whole);
  });
  return { ...b.finish(), grid };
}

interface PartContext {
  readonly b: KernelBuilder;
  readonly walk: LineWalk;
  readonly scan: WorkgroupScan;
  readonly sums: BoundArray | undefined;
  readonly line: Expr;
  readonly part: Expr;
  readonly outer: readonly Expr[];
  /** Visits this invocation's runs; out of the line, the terms are zeros and nothing is to be stored. */
  forRuns(visit: (terms: readonly Expr[], store: (sums: readonly Expr[]) => void) => void): void;
}

/** A module for which each workgroup has a part of a line. */
function perPart(
  lines: Lines,
  size: number,
  parts: Parts,
  writes: boolean,
  emit: (context: PartContext) => void,
): Dispatch {
  const { count, length, context } = lines;
  const b = new KernelBuilder(size);
  const lanes: Lanes = length % run === 0 ? { width: run } : oneLane;
  const cut = parts.count > 1;
  const walk = new LineWalk(b, lines, { lanes, reserved: cut ? 1 : 0, writes });
  const sums = cut ? b.bind({ kind: "scratch", index: 0 }, u32, { isWritten: !writes }) : undefined;
  const scan = new WorkgroupScan(b, context.target, walk.type);
  const grid = gridOf(count * parts.count, context.target.limits.workgroups);
  const unit = b.let(linearWorkgroup(grid));
  b.if(lt(unit, u(count * parts.count)), () => {
    const [line, part] = cut ? [b.let(div(unit, u(parts.count))), b.let(rem(unit, u(parts.count)))] : [unit, u(0)];
    const outer = walk.outerPoint(line);
    const begin = b.let(mul(part, u(parts.length)));
    emit({
      ...{ b, walk, scan, sums, line, part, outer },
      forRuns: (visit) =>
        b.for(u(0), u(Math.min(length, parts.length)), u(size * run), (chunk) => {
          const first = b.let(add(begin, add(chunk, mul(builtin("localIndex"), u(run)))));
          if (lanes.width === run) {
            const isIn = b.let(lt(first, u(length)));
            const vector = walk.load(outer, b.let(min(first, u(length - run))), lanes);
            const terms = Array.from({ length: run }, (_, i) => b.let(select(isIn, lane(vector, i), walk.zero())));
            visit(terms, (values) => b.if(isIn, () => walk.store(outer, first, compose(values), lanes)));
            return;
          }
          const places = Array.from({ length: run }, (_, i) => b.let(add(first, u(i))));
          const terms = places.map((at) => {
            const value = walk.load(outer, b.let(min(at, u(length - 1))));
            return b.let(select(lt(at, u(length)), value, walk.zero()));
          });
          visit(terms, (values) =>
            places.forEach((at, i) => {
              b.if(lt(at, u(length)), () => walk.store(outer, at, values[i] as Expr));
            }),
          );
        }),
    });
  });
  return { ...b.finish(), grid };
}

/** The total of each part of each line. */
function totals(lines: Lines, size: number, parts: Parts): Dispatch {
  return perPart(lines, size, parts, false, ({ b, walk, scan, sums, line, part, forRuns }) => {
    const mine = b.var(walk.zero());
    forRuns((terms) => b.assign(mine, terms.reduce(add, mine.value)));
    const { total } = scan.exclusive(mine.value);
    b.if(lt(builtin("localIndex"), u(1)), () => {
      b.store(sums as BoundArray, add(mul(line, u(parts.count)), part), bitcast(total, "u32"));
    });
  });
}

/** The running sums of a part, on top of the totals of the parts in front of it. */
function cooperative(lines: Lines, size: number, parts: Parts): Dispatch {
  return perPart(lines, size, parts, true, ({ b, walk, scan, sums, line, part, forRuns }) => {
    const carry = b.var(walk.zero());
    if (sums !== undefined) {
      const before = b.var(walk.zero());
      b.for(builtin("localIndex"), part, u(size), (other) => {
        const total = b.load(sums, add(mul(line, u(parts.count)), other));
        b.assign(before, add(before.value, bitcast(total, walk.type.scalar)));
      });
      b.assign(carry, scan.exclusive(before.value).total);
    }
    forRuns((terms, store) => {
      const running: Expr[] = [];
      for (const term of terms) running.push(b.let(running.length === 0 ? term : add(running.at(-1) as Expr, term)));
      const { before, total } = scan.exclusive(running.at(-1) as Expr);
      const start = b.let(add(carry.value, before));
      store(running.map((sum) => b.let(add(start, sum))));
      b.assign(carry, add(carry.value, total));
    });
  });
}
