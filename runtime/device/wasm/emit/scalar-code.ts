/**
 * @file Runs a scalar body inside loops: which of its instructions hold for the whole kernel, for a row, or for one vector, so that
 * each is computed where it last changes (an optimizer's bias correction once, not once per weight).
 */
import type { Instr } from "../../../program/scalar.ts";
import { i32, i32x4, type Local } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";
import type { VectorMath } from "../math/vector-math.ts";
import { type BodyContext, emitInstr, type Value } from "./body.ts";
import { type Cursor, countingLanes, type WalkAxis } from "./traversal.ts";

/** 0: fixed for the kernel. 1: for a row (all of the inner loops). 2: changes inside. */
export type Level = 0 | 1 | 2;

/** The state of the loops around a body. */
export interface LoopState {
  readonly axes: readonly WalkAxis[];
  /** The walk axis taken four at a time. */
  readonly vector: number;
  /** Walk axes from here on are inner: what varies along them is level 2. */
  readonly firstInner: number;
  /** The position along each walk axis (of the vector axis: of the pointer). */
  readonly counters: readonly Local[];
}

export class ScalarCode {
  private readonly f: FunctionBuilder;
  private readonly math: VectorMath;
  private readonly instrs: readonly Instr[];
  private readonly cursors: readonly Cursor[];
  private readonly state: LoopState;
  private readonly base: number;
  private readonly levels: readonly Level[];

  /** `base` registers stand before the body's own; `baseLevel` is theirs. */
  constructor(
    f: FunctionBuilder,
    math: VectorMath,
    instrs: readonly Instr[],
    cursors: readonly Cursor[],
    state: LoopState,
    base = 0,
    baseLevel: Level = 1,
  ) {
    this.f = f;
    this.math = math;
    this.instrs = instrs;
    this.cursors = cursors;
    this.state = state;
    this.base = base;
    const levels: Level[] = new Array<Level>(base).fill(baseLevel);
    for (const instr of instrs) levels.push(this.levelOf(instr, levels));
    this.levels = levels;
  }

  private levelOf(instr: Instr, levels: readonly Level[]): Level {
    const of = (...regs: number[]): Level =>
      regs.reduce<Level>((most, reg) => Math.max(most, levels[reg] ?? 0) as Level, 0);
    switch (instr.op) {
      case "const":
        return 0;
      case "index":
        return this.isInner(instr.axis) ? 2 : 1;
      case "load": {
        const cursor = this.cursors[instr.access] as Cursor;
        if (cursor.fixed) return 0;
        return this.variesInside(cursor) ? 2 : 1;
      }
      case "unary":
      case "cast":
        return of(instr.a);
      case "binary":
        return of(instr.a, instr.b);
      case "where":
        return of(instr.cond, instr.a, instr.b);
      case "random":
        return of(instr.seed, instr.counter, instr.index);
    }
  }

  private walkAxisOf(axis: number): number {
    return this.state.axes.findIndex((walk) => walk.members.includes(axis));
  }

  private isInner(axis: number): boolean {
    return this.walkAxisOf(axis) >= this.state.firstInner;
  }

  private variesInside(cursor: Cursor): boolean {
    return cursor.moving.some(({ strides }) =>
      strides.some((stride, axis) => stride !== 0 && axis >= this.state.firstInner),
    );
  }

  /** How much work one vector is: what decides on unrolling. */
  get weight(): number {
    const heavy = new Set(["exp", "log", "log1p", "expm1", "sin", "cos", "tanh", "sigmoid", "erf", "pow"]);
    return this.instrs.reduce((sum, instr, i) => {
      if (this.levels[this.base + i] !== 2) return sum;
      const costly = (instr.op === "unary" || instr.op === "binary") && heavy.has(instr.fn);
      return sum + (costly || instr.op === "random" ? 20 : 1);
    }, 0);
  }

  /** A fresh register file: `before` are the registers in front of the body's own. */
  registers(before: readonly Value[] = []): (Value | undefined)[] {
    return [...before, ...new Array<Value | undefined>(this.instrs.length)];
  }

  /** Emits the instructions of one level for `count` lanes from `at` on. */
  emit(level: Level, registers: (Value | undefined)[], at = 0, count = 4): void {
    const context: BodyContext = {
      load: (access) => (this.cursors[access] as Cursor).load(this.f, at, count),
      index: (axis) => {
        const walk = this.walkAxisOf(axis);
        const counter = this.state.counters[walk];
        if (counter === undefined) return i32x4.splat(0);
        return walk === this.state.vector ? countingLanes(this.f, i32.add(counter, at)) : i32x4.splat(counter);
      },
    };
    this.instrs.forEach((instr, i) => {
      if (this.levels[this.base + i] === level)
        registers[this.base + i] = emitInstr(this.f, instr, registers, context, this.math);
    });
  }
}

/** The axes that `index` instructions ask for. */
export function indexedAxes(instrs: readonly Instr[]): ReadonlySet<number> {
  return new Set(instrs.flatMap((instr) => (instr.op === "index" ? [instr.axis] : [])));
}
