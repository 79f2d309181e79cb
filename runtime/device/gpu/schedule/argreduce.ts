/**
 * @file Positions of extremes: a team of invocations per line finds the best key and then the lowest position that has it; one invocation where lines are
 * tiny. Few long lines are cut into chunks, whose winners a second dispatch compares.
 */
import type { Access, ArgReduceKernel } from "../../../program/kernel.ts";
import { loadAccess, storeAccess } from "../access.ts";
import {
  add,
  and,
  binary,
  cast,
  div,
  eq,
  gridOf,
  gt,
  KernelBuilder,
  linearWorkgroup,
  lt,
  min,
  mul,
  rem,
  select,
  u,
  u32,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import { isNan } from "../math/bits.ts";
import { orderKey, reversed } from "../math/order.ts";
import { KernelMemory } from "../memory.ts";
import type { Dispatch, GpuTarget, ScheduleContext, ScheduledKernel } from "../target.ts";
import { type TeamShape, Teams } from "../team.ts";
import { Lines } from "./lines.ts";

/** Elements that an invocation should have to look at before another helps it. */
const share = 8;
/** Elements of a chunk, where a line is cut. */
const chunkLength = 2048;
/** Lines that fill a GPU without being cut. */
const manyLines = 128;
/** Loads of an invocation that are in flight together. */
const together = 4;
const largestKey = 0xffffffff;
/** Of a candidate that is none. */
const nowhere = 0xffffffff;

interface Candidate {
  /** The larger, the better. */
  readonly key: Expr;
  readonly position: Expr;
}

export function scheduleArgReduce(kernel: ArgReduceKernel, context: ScheduleContext): ScheduledKernel {
  const lines = new Lines(kernel.domain, [kernel.input, kernel.output]);
  if (lines.isEmpty) return { dispatches: [], scratch: [] };
  const { rows, length } = lines;
  const chunks = rows >= manyLines || length < 4 * chunkLength ? 1 : Math.ceil(length / chunkLength);
  const keyOf = (b: KernelBuilder, value: Expr): Expr => {
    const key = orderKey(b, value);
    const better = b.let(kernel.op === "max" ? key : reversed(key));
    return value.type.scalar === "f32" ? b.let(select(isNan(value), u(largestKey), better)) : better;
  };
  const [input, output] = lines.accesses as [Access, Access];
  const bytes = Math.ceil((rows * chunks) / 4) * 16;

  /** The best of each of `parts` parts of every line, or of what the parts before it found. */
  const pass = (parts: number, isFirst: boolean): Dispatch => {
    const items = isFirst ? length : chunks;
    const extent = Math.ceil(items / parts);
    const units = rows * parts;
    const shape = teamShape(extent, units, isFirst && lines.isAcross(0), context.target);
    const limit = 2 ** Math.floor(Math.log2(Math.min(256, context.target.limits.invocations)));
    const workgroupSize = Math.min(limit, Math.max(shape.size, units * shape.size >= 1 << 14 ? 256 : 64));
    const b = new KernelBuilder(workgroupSize);
    const isWhole = parts === 1;
    const memory = new KernelMemory(b, context, lines.uses(isFirst ? [0] : [], isWhole ? [1] : []), {
      reserved: isFirst === isWhole ? 0 : 2,
    });
    const scratch = (isWritten: boolean) =>
      [0, 1].map((index) => b.bind({ kind: "scratch", index }, u32, { isWritten, length: bytes / 4 }));
    const found = isFirst ? [] : scratch(false);
    const kept = isWhole ? [] : scratch(true);
    const teams = new Teams(b, context.target, shape);
    const grid = gridOf(Math.ceil(units / teams.count), context.target.limits.workgroups);
    const unit = b.let(add(mul(linearWorkgroup(grid), u(teams.count)), teams.team));
    const known = b.let(min(unit, u(units - 1)));
    const row = b.let(div(known, u(parts)));
    const point = lines.row(b, row);
    const begin = b.let(mul(rem(known, u(parts)), u(extent)));
    const end = b.let(min(add(begin, u(extent)), u(items)));
    const read = (i: Expr): Candidate => {
      if (isFirst) return { key: keyOf(b, loadAccess(b, memory, input, lines.point(point, i))), position: i };
      const at = b.let(add(mul(row, u(chunks)), i));
      const [key, position] = found.map((array) => b.let(b.load(array, at))) as [Expr, Expr];
      return { key, position };
    };
    const best = bestOf(b, { from: b.let(add(begin, teams.lane)), end, step: shape.size }, read);
    const winner = bestOfTeam(b, teams, best);
    b.if(and(lt(unit, u(units)), teams.isFirst), () => {
      if (isWhole) storeAccess(b, memory, output, lines.point(point, u(0)), cast(winner.position, "i32"));
      else
        [winner.key, winner.position].forEach((value, i) => {
          b.store(kept[i] as (typeof kept)[number], unit, value);
        });
    });
    return { ...b.finish(), grid };
  };

  if (chunks === 1) return { dispatches: [pass(1, true)], scratch: [] };
  return { dispatches: [pass(chunks, true), pass(1, false)], scratch: [bytes, bytes] };
}

/** Among items `from`, `from + step`, …: positions grow, so only a larger key is better. */
function bestOf(
  b: KernelBuilder,
  { from, end, step }: { readonly from: Expr; readonly end: Expr; readonly step: number },
  read: (i: Expr) => Candidate,
): Candidate {
  const key = b.var(u(0));
  const position = b.var(u(nowhere));
  b.for(from, end, u(step * together), (at) => {
    // The last again and again does no harm.
    const last = add(end, u(-1));
    const candidates = Array.from({ length: together }, (_, i) => read(b.let(min(add(at, u(i * step)), last))));
    for (const candidate of candidates) {
      const isBetter = b.let(binary("or", gt(candidate.key, key.value), eq(position.value, u(nowhere))));
      b.assign(key, select(isBetter, candidate.key, key.value));
      b.assign(position, select(isBetter, candidate.position, position.value));
    }
  });
  return { key: b.let(key.value), position: b.let(position.value) };
}

function bestOfTeam(b: KernelBuilder, teams: Teams, { key, position }: Candidate): Candidate {
  const [best] = teams.reduce(["max"], [key]) as [Expr];
  const [first] = teams.reduce(["min"], [b.let(select(eq(key, best), position, u(nowhere)))]) as [Expr];
  return { key: best, position: first };
}

function teamShape(extent: number, units: number, isAcross: boolean, { limits }: GpuTarget): TeamShape {
  const useful = Math.max(1, extent / share);
  // Neighbouring lines side by side are read in whole pieces by teams of any size: helpers only fill the GPU.
  const wanted = isAcross ? Math.min(useful, (1 << 14) / units) : useful;
  const size = 2 ** Math.ceil(Math.log2(Math.max(1, wanted)));
  return {
    size: Math.min(size, isAcross ? 16 : 256, 2 ** Math.floor(Math.log2(limits.invocations))),
    isInterleaved: isAcross,
  };
}
