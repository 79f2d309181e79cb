/**
 * @file One dispatch over rows: which rows a workgroup serves, where an invocation's elements are, and one phase's walk over them. Rows are
 * served by teams; the elements of a row lie in units of one or four, unit i with the invocation i modulo the team's size.
 */
import { sizeOf } from "../../../program/dtype.ts";
import type { Access, ReducePhase } from "../../../program/kernel.ts";
import type { Instr, Reg } from "../../../program/scalar.ts";
import { type Lanes, loadAccess, reachAlong, storeAccess } from "../access.ts";
import {
  add,
  and,
  constant,
  div,
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
  sub,
  u,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import { KernelMemory } from "../memory.ts";
import { emitBody } from "../scalar.ts";
import { positions } from "../space.ts";
import type { ScheduleContext } from "../target.ts";
import { combine, identityOf, Teams } from "../team.ts";
import { phaseUses, type Reduction } from "./reduction.ts";

export interface ReduceShape {
  readonly workgroupSize: number;
  readonly team: number;
  /** Neighbouring rows lie side by side: lanes and neighbouring invocations are rows, not elements. */
  readonly isAcross: boolean;
  readonly width: 1 | 4;
}

/** The part of each row that a workgroup walks. */
export interface Chunks {
  readonly count: number;
  /** Units of one chunk, a multiple of the team's size. */
  readonly units: number;
}

/** What an invocation holds of one unit: the loads that later phases need again. */
type Known = Map<number, Expr>;

export class ReducePass {
  readonly b: KernelBuilder;
  readonly memory: KernelMemory;
  readonly teams: Teams;
  readonly grid: readonly [number, number, number];
  /** The row (with lanes across rows: the first of four), clamped to the last one. */
  readonly row: Expr;
  /** The invocation's row and chunk exist. */
  readonly isValid: Expr;
  readonly chunk: Expr;
  readonly rowLanes: Lanes;
  readonly rowPoint: readonly Expr[];
  private readonly reduction: Reduction;
  private readonly shape: ReduceShape;
  private readonly chunks: Chunks | undefined;
  private readonly lanes: Lanes;
  private readonly unitExtents: readonly number[];
  private readonly units: number;

  constructor(
    reduction: Reduction,
    shape: ReduceShape,
    context: ScheduleContext,
    parts: { readonly elements: readonly ReducePhase[]; readonly rows: readonly ReducePhase[] },
    { chunks, scratch = 0 }: { readonly chunks?: Chunks; readonly scratch?: number } = {},
  ) {
    const { isAcross, width, team } = shape;
    const { outer, inner } = reduction;
    this.reduction = reduction;
    this.shape = shape;
    this.chunks = chunks;
    const axis = laneAxis(reduction, isAcross);
    this.lanes = { width, axis };
    this.rowLanes = { width: isAcross ? width : 1, axis };
    this.unitExtents = isAcross ? inner : perVector(inner, width);
    this.units = sizeOf(this.unitExtents);
    this.b = new KernelBuilder(shape.workgroupSize);
    this.memory = new KernelMemory(
      this.b,
      context,
      phaseUses(reduction, parts, { width, axis, rowWidth: this.rowLanes.width }),
      { reserved: scratch },
    );
    const { b } = this;
    this.teams = new Teams(b, context.target, { size: team, isInterleaved: isAcross });

    const rowUnits = reduction.rows / this.rowLanes.width;
    const groups = Math.ceil(rowUnits / this.teams.count);
    const total = groups * (chunks?.count ?? 1);
    this.grid = gridOf(total, context.target.limits.workgroups);
    const workgroup = b.let(linearWorkgroup(this.grid));
    const group = chunks === undefined ? workgroup : b.let(rem(workgroup, u(groups)));
    this.chunk = chunks === undefined ? u(0) : b.let(div(workgroup, u(groups)));
    const unit = b.let(add(mul(group, u(this.teams.count)), this.teams.team));
    const isExact = this.grid[0] * this.grid[1] === total && groups * this.teams.count === rowUnits;
    const isThere = isExact ? truth : lt(unit, u(rowUnits));
    this.isValid = b.let(chunks === undefined || isExact ? isThere : and(isThere, lt(this.chunk, u(chunks.count))));
    const clamped = isExact ? unit : b.let(min(unit, u(rowUnits - 1)));
    this.row = b.let(mul(clamped, u(this.rowLanes.width)));
    const outerPoint = positions(b, clamped, isAcross ? perVector(outer, width) : outer);
    this.rowPoint = [
      ...outerPoint.map((position, i) =>
        isAcross && i === outer.length - 1 ? b.let(mul(position, u(width))) : position,
      ),
      ...inner.map(() => u(0)),
    ];
  }

  /** Units of a row for one invocation, where all are held at once. */
  get unitsPerInvocation(): number {
    return Math.ceil(this.units / this.shape.team);
  }

  /** Walks the row with everything written out, and with what is loaded held in `held` for later phases. */
  walkHeld(phase: ReducePhase, rows: readonly Expr[], held: readonly Known[]): readonly Expr[] {
    const { b } = this;
    const { team } = this.shape;
    const units = held.map((known, i) => {
      const unit = b.let(add(this.teams.lane, u(i * team)));
      const isInside = (i + 1) * team <= this.units ? truth : b.let(lt(unit, u(this.units)));
      const at = isInside.kind === "const" ? unit : b.let(min(unit, u(this.units - 1)));
      return { point: this.pointOf(at), isInside, known };
    });
    // Elements that are not there are not looked at either: another invocation may be writing what would be read for them.
    const whole = units.filter(({ isInside }) => isInside.kind === "const");
    for (const part of [whole, units.slice(whole.length)])
      if (part.length > 0)
        this.preload(phase.body, part, and(this.isValid, (part[0] as HeldUnit).isInside), this.lanes);
    let totals: readonly Expr[] | undefined;
    for (const { point, isInside, known } of units) {
      const element = this.element(phase, point, rows, known);
      this.store(phase, element, isInside);
      const values = phase.reduce.map(({ op, value }) => {
        const wide = splat(element.registers[value] as Expr, this.lanes.width);
        return b.let(select(isInside, wide, identityOf(op, wide.type)));
      });
      totals = totals === undefined ? values : this.combineAll(phase, totals, values);
    }
    return totals ?? [];
  }

  /** Loads what a body needs at several points, under a condition; where it does not hold, zeros stand for it. */
  private preload(body: readonly Instr[], units: readonly LoadPoint[], guard: Expr, lanes: Lanes): void {
    if (guard.kind === "const") return;
    const { b } = this;
    const { inputs, space } = this.reduction;
    const loads = units.flatMap(({ point, known }) =>
      body.flatMap((instr) => {
        if (instr.op !== "load" || known.has(instr.access)) return [];
        const access = inputs[instr.access] as Access;
        const isOne = lanes.width === 1 || reachAlong(access, lanes.axis as number, space.extents) === "one";
        const value = b.var(splat(constant(0, instr.dtype), isOne ? 1 : lanes.width));
        known.set(instr.access, value.value);
        return [{ access, point, value }];
      }),
    );
    if (loads.length === 0) return;
    b.if(guard, () => {
      for (const { access, point, value } of loads) b.assign(value, loadAccess(b, this.memory, access, point, lanes));
    });
  }

  /** Walks the row (or its chunk) in a loop. Nothing is held. */
  walk(phase: ReducePhase, rows: readonly Expr[], types: readonly Expr["type"][]): readonly Expr[] {
    const { b } = this;
    const { team } = this.shape;
    const totals = phase.reduce.map(({ op }, i) => {
      const { scalar } = types[i] as Expr["type"];
      return b.var(identityOf(op, { scalar, width: this.lanes.width }));
    });
    if (this.units === 0) return totals.map((total) => total.value);
    const visit = (units: readonly Expr[]): void => {
      const elements = units.map((unit) => this.element(phase, this.pointOf(unit), rows, new Map()));
      for (const element of elements) {
        this.store(phase, element, truth);
        phase.reduce.forEach(({ op, value }, i) => {
          const total = totals[i] as (typeof totals)[number];
          b.assign(total, combine(b, op, total.value, splat(element.registers[value] as Expr, this.lanes.width)));
        });
      }
    };
    // Several units at a time, so that their loads are in flight together; then the rest.
    const together = phase.body.length > 40 ? 1 : phase.body.length > 20 ? 2 : 4;
    const step = team * together;
    const [start, end] = this.range();
    const blocks = div(sub(end, start), u(step));
    const from = b.let(add(start, this.teams.lane));
    b.if(this.isValid, () => {
      if (together > 1)
        b.for(u(0), b.let(blocks), u(1), (block) => {
          const first = b.let(add(from, mul(block, u(step))));
          visit(Array.from({ length: together }, (_, i) => b.let(add(first, u(i * team)))));
        });
      const rest = together > 1 ? b.let(add(from, mul(blocks, u(step)))) : from;
      b.for(rest, end, u(team), (unit) => visit([unit]));
    });
    return totals.map((total) => b.let(total.value));
  }

  /** What the team found together, in every invocation; with lanes along the row these are combined, too. */
  reduce(phase: ReducePhase, totals: readonly Expr[]): readonly Expr[] {
    const { b } = this;
    const ops = phase.reduce.map(({ op }) => op);
    const flat = totals.map((total, i) => {
      if (this.shape.isAcross || total.type.width === 1) return total;
      const [x, y, z, w] = [0, 1, 2, 3].map((at) => b.let(lane(total, at))) as [Expr, Expr, Expr, Expr];
      const op = ops[i] as (typeof ops)[number];
      return combine(b, op, combine(b, op, x, y), combine(b, op, z, w));
    });
    return this.teams.reduce(ops, flat);
  }

  /** Row code, in every invocation of the team; the first one stores. */
  finishRows(phase: ReducePhase, before: readonly Expr[]): readonly Expr[] {
    const { b, memory, rowPoint: point, rowLanes: lanes } = this;
    const known: Known = new Map();
    this.preload(phase.rowBody, [{ point, known }], this.isValid, lanes);
    const registers = emitBody(b, phase.rowBody, {
      memory,
      inputs: this.reduction.inputs,
      point,
      lanes,
      before,
      known: (input) => known.get(input),
    });
    if (phase.rowOutputs.length > 0)
      b.if(and(this.isValid, this.teams.isFirst), () => {
        for (const { access, value } of phase.rowOutputs)
          storeAccess(b, memory, access, point, registers[value] as Expr, lanes);
      });
    return registers;
  }

  private range(): readonly [Expr, Expr] {
    if (this.chunks === undefined) return [u(0), u(this.units)];
    const start = this.b.let(min(mul(this.chunk, u(this.chunks.units)), u(this.units)));
    return [start, this.b.let(min(add(start, u(this.chunks.units)), u(this.units)))];
  }

  private pointOf(unit: Expr): readonly Expr[] {
    const { b } = this;
    const { outer, inner } = this.reduction;
    const within = positions(b, unit, this.unitExtents).map((position, i) =>
      !this.shape.isAcross && i === inner.length - 1 ? b.let(mul(position, u(this.lanes.width))) : position,
    );
    return [...this.rowPoint.slice(0, outer.length), ...within];
  }

  private element(phase: ReducePhase, point: readonly Expr[], before: readonly Expr[], known: Known): Element {
    const { b, memory, lanes } = this;
    const { inputs } = this.reduction;
    const registers = emitBody(b, phase.body, {
      memory,
      inputs,
      point,
      lanes,
      before,
      known: (input) => known.get(input),
    });
    phase.body.forEach((instr, i) => {
      if (instr.op === "load") known.set(instr.access, registers[before.length + i] as Expr);
    });
    return { point, registers };
  }

  private store({ outputs }: ReducePhase, { point, registers }: Element, isInside: Expr): void {
    if (outputs.length === 0) return;
    this.b.if(and(this.isValid, isInside), () => {
      for (const { access, value } of outputs)
        storeAccess(this.b, this.memory, access, point, registers[value as Reg] as Expr, this.lanes);
    });
  }

  private combineAll(phase: ReducePhase, a: readonly Expr[], b: readonly Expr[]): readonly Expr[] {
    return phase.reduce.map(({ op }, i) => combine(this.b, op, a[i] as Expr, b[i] as Expr));
  }
}

interface LoadPoint {
  readonly point: readonly Expr[];
  readonly known: Known;
}

interface HeldUnit extends LoadPoint {
  readonly isInside: Expr;
}

interface Element {
  readonly point: readonly Expr[];
  readonly registers: readonly Expr[];
}

const truth: Expr = { kind: "const", type: { scalar: "bool", width: 1 }, value: 1 };

const perVector = (extents: readonly number[], width: number): readonly number[] =>
  extents.map((extent, i) => (i === extents.length - 1 ? extent / width : extent));

/** The axis along which lanes lie: the last of the rows or of the elements. */
export function laneAxis({ outer, space }: Reduction, isAcross: boolean): number {
  return isAcross ? outer.length - 1 : space.extents.length - 1;
}
