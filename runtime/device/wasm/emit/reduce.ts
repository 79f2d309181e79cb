/**
 * @file Emit `reduce` kernels. Two shapes of the same phases:
 *
 * - along: the vector axis is reduced (a norm over channels). Each row is one unit of work; lanes are combined at its end.
 * - across: the vector axis is kept (a bias gradient: sums over rows, channels side by side). Lanes are rows of their own.
 *
 * A row is always one thread's, and a long lonely one is cut into pieces of fixed size (`reduce-split.ts`): so the order of every
 * sum is the same for any number of threads.
 */
import { bytesPerElement } from "../../../program/dtype.ts";
import type { ReduceKernel, ReducePhase } from "../../../program/kernel.ts";
import type { Instr } from "../../../program/scalar.ts";
import { type Code, i8x16, type Local, v128 } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";
import type { VectorMath } from "../math/vector-math.ts";
import { combine, combineLanes, identityOf, type LaneType, type Value } from "./body.ts";
import { bindCursor, touchesOf } from "./loop.ts";
import { forEachUnit, nest, rangeOf, type Sharing, shareOut, vectorLoop } from "./loops.ts";
import { emitSplitReduce, splitsRows } from "./reduce-split.ts";
import { indexedAxes, type LoopState, ScalarCode } from "./scalar-code.ts";
import type { EmitContext, EmittedKernel } from "./stage.ts";
import { type Cursor, chooseVectorAxis, mergeAxes, type WalkAxis } from "./traversal.ts";

/** Vectors side by side in an "across" kernel: a cache line of f32. */
const acrossVectors = 4;

export function emitReduce(kernel: ReduceKernel, context: EmitContext): EmittedKernel {
  const outerRank = kernel.domain.length - kernel.innerRank;
  const stores = kernel.phases.flatMap((phase) =>
    [...phase.outputs, ...phase.rowOutputs].map((output) => output.access),
  );
  const accesses = [...kernel.inputs, ...stores];
  const indexed = new Set(
    kernel.phases.flatMap((phase) => [...indexedAxes(phase.body), ...indexedAxes(phase.rowBody)]),
  );
  const order = kernel.domain.map((_, axis) => axis);
  const outer = mergeAxes(kernel.domain, order.slice(0, outerRank), accesses, indexed);
  const inner = mergeAxes(kernel.domain, order.slice(outerRank), accesses, indexed);
  if (outer.length === 0) outer.push({ extent: 1, members: [] });
  if (inner.length === 0) inner.push({ extent: 1, members: [] });
  const chosen = chooseVectorAxis([...outer, ...inner], kernel.inputs, stores);
  const across = chosen < outer.length;
  const group = across ? outer : inner;
  const [vectorAxis] = group.splice(across ? chosen : chosen - outer.length, 1);
  group.push(vectorAxis as WalkAxis);
  if (!across && splitsRows(kernel, outer, inner)) return emitSplitReduce(kernel, context, outer, inner);

  const axes = [...outer, ...inner];
  const vector = (across ? outer.length : axes.length) - 1;
  const sharing = across ? shareAcross(axes, outer.length) : shareOut(axes, outer.length, false);
  const stage = context.define((target) => {
    const { f } = target;
    const cursors = accesses.map((access) => bindCursor(target, context, access, axes, vector));
    const counters = axes.map(() => f.local("i32"));
    const state: LoopState = { axes, vector, firstInner: outer.length, counters };
    const rows = new RowEmitter(f, context.math, kernel, cursors, state);
    forEachUnit(
      target,
      axes,
      sharing,
      cursors,
      counters,
      () => rows.emitFixed(),
      (length) => {
        if (across) {
          vectorLoop(f, {
            length,
            extent: (axes[vector] as WalkAxis).extent,
            unroll: 1,
            cursors,
            counter: counters[vector] as Local,
            restore: false,
            encloses: true,
            block: (at, count) => rows.emitRow([{ at, count }]),
          });
        } else nest(f, axes, sharing.split, outer.length, cursors, counters, () => rows.emitRow(undefined));
      },
    );
  });
  const touches = touchesOf(kernel.inputs, stores, context, (access, dtype) =>
    rangeOf(access, bytesPerElement[dtype], axes),
  );
  return { stages: [{ ...stage, touches }], sharedScratchBytes: 0, threadScratchBytes: 0 };
}

/** The axes before the vector axis one point at a time, the vector axis in cache lines. */
function shareAcross(axes: readonly WalkAxis[], outer: number): Sharing {
  const split = outer - 1;
  const before = axes.slice(0, split).reduce((product, axis) => product * axis.extent, 1);
  const piece = 4 * acrossVectors;
  const pieces = Math.ceil((axes[split] as WalkAxis).extent / piece);
  return { split, piece, pieces, units: before * pieces };
}

/** Swaps lanes within one vector. */
export function shuffleLanes(lanes: readonly number[], x: Local): Code {
  return i8x16.shuffle(
    lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
    x,
    x,
  );
}

interface Lanes {
  readonly at: number;
  readonly count: number;
}

/** Emits all phases for one row, or for four rows in the lanes of a vector. */
class RowEmitter {
  private readonly f: FunctionBuilder;
  private readonly math: VectorMath;
  private readonly kernel: ReduceKernel;
  private readonly inputs: readonly Cursor[];
  private readonly stores: readonly Cursor[];
  private readonly cursors: readonly Cursor[];
  private readonly state: LoopState;
  /** Per phase: the element body, the row body, and the registers that hold for the whole kernel. */
  private readonly phases: readonly {
    readonly body: ScalarCode;
    readonly row: ScalarCode;
    readonly fixed: (Value | undefined)[];
    readonly rowBase: number;
  }[];

  constructor(
    f: FunctionBuilder,
    math: VectorMath,
    kernel: ReduceKernel,
    cursors: readonly Cursor[],
    state: LoopState,
  ) {
    this.f = f;
    this.math = math;
    this.kernel = kernel;
    this.cursors = cursors;
    this.inputs = cursors.slice(0, kernel.inputs.length);
    this.stores = cursors.slice(kernel.inputs.length);
    this.state = state;
    let rowBase = 0;
    this.phases = kernel.phases.map((phase) => {
      const body = new ScalarCode(f, math, phase.body, this.inputs, state, rowBase);
      const row = new ScalarCode(f, math, phase.rowBody, this.inputs, state, rowBase + phase.reduce.length);
      const entry = { body, row, fixed: body.registers(), rowBase };
      rowBase += phase.reduce.length + phase.rowBody.length;
      return entry;
    });
  }

  /** What does not change from row to row. */
  emitFixed(): void {
    for (const { body, fixed, rowBase } of this.phases) {
      fixed.length = rowBase;
      fixed.push(...new Array<undefined>(body.registers().length));
      body.emit(0, fixed);
    }
  }

  /** `lanes`: which rows stand in the lanes; absent, one row lies along the lanes. */
  emitRow(lanes: readonly Lanes[] | undefined): void {
    const { f } = this;
    const across = lanes?.[0];
    for (const cursor of this.cursors) cursor.enterRow(f);
    let rowValues: Value[] = [];
    let storeIndex = 0;
    this.kernel.phases.forEach((phase, p) => {
      const { body, row, fixed } = this.phases[p] as (typeof this.phases)[number];
      const registers = [...fixed];
      rowValues.forEach((value, i) => {
        registers[i] = value;
      });
      body.emit(1, registers, across?.at ?? 0, across?.count ?? 4);
      const outputs = phase.outputs.map((_, i) => this.stores[storeIndex + i] as Cursor);
      const rowOutputs = phase.rowOutputs.map((_, i) => this.stores[storeIndex + phase.outputs.length + i] as Cursor);
      storeIndex += outputs.length + rowOutputs.length;
      const reduced = this.emitElements(phase, body, registers, outputs, across);
      // Row bodies compute on whole vectors too: equal lanes along, one row per lane across.
      const rowRegisters = row.registers([...rowValues, ...reduced]);
      for (const level of [0, 1, 2] as const) row.emit(level, rowRegisters, across?.at ?? 0, across?.count ?? 4);
      phase.rowOutputs.forEach((output, i) => {
        const value = rowRegisters[output.value] as Value;
        (rowOutputs[i] as Cursor).store(f, across?.at ?? 0, across?.count ?? 1, value.local);
      });
      rowValues = rowRegisters as Value[];
    });
  }

  /** The loops over a row's elements: element outputs, and the reduced values. */
  private emitElements(
    phase: ReducePhase,
    body: ScalarCode,
    registers: (Value | undefined)[],
    outputs: readonly Cursor[],
    across: Lanes | undefined,
  ): Value[] {
    const { f, math, state } = this;
    const types = phase.reduce.map(({ value }) =>
      typeOf(phase.body, value - (registers.length - phase.body.length), this.rowTypes(registers)),
    );
    const unroll = across !== undefined ? 1 : body.weight <= 8 ? 4 : body.weight <= 24 ? 2 : 1;
    if (phase.reduce.length === 0 && phase.outputs.length === 0) return [];
    const accumulators = phase.reduce.map(({ op }, r) =>
      Array.from({ length: unroll }, () => f.let("v128", identityOf(f, op, types[r] as LaneType))),
    );
    const block = (at: number, count: number, slot: number): void => {
      const own = [...registers];
      body.emit(2, own, at, count);
      phase.outputs.forEach((output, i) => {
        (outputs[i] as Cursor).store(f, at, count, (own[output.value] as Value).local);
      });
      phase.reduce.forEach(({ op, value }, r) => {
        const accumulator = (accumulators[r] as Local[])[slot] as Local;
        const type = types[r] as LaneType;
        let element = (own[value] as Value).local;
        if (count < 4 && across === undefined) {
          const valid = f.constant(Int32Array.from([0, 1, 2, 3], (lane) => (lane < count ? -1 : 0)));
          element = f.let("v128", v128.bitselect(element, identityOf(f, op, type), valid));
        }
        f.set(accumulator, combine(f, op, type, accumulator, element, math));
      });
    };
    const last = state.axes.length;
    if (across !== undefined) {
      nest(f, state.axes, state.firstInner, last, this.cursors, state.counters, () => {
        if (last - state.firstInner > 0) for (const cursor of this.cursors) cursor.enterRow(f);
        f.scope(() => block(across.at, across.count, 0));
      });
    } else {
      nest(f, state.axes, state.firstInner, last - 1, this.cursors, state.counters, () => {
        for (const cursor of this.cursors) cursor.enterRow(f);
        vectorLoop(f, {
          length: (state.axes[last - 1] as WalkAxis).extent,
          extent: (state.axes[last - 1] as WalkAxis).extent,
          unroll,
          cursors: this.cursors,
          counter: state.counters[last - 1] as Local,
          restore: true,
          block,
        });
      });
      for (const cursor of this.cursors) cursor.enterRow(f);
    }
    return phase.reduce.map(({ op }, r) => {
      const type = types[r] as LaneType;
      const [first, ...others] = accumulators[r] as Local[];
      const sum = others.reduce((a, b) => f.let("v128", combine(f, op, type, a, b, math)), first as Local);
      return { type, local: across === undefined ? combineLanes(f, op, type, sum, math, shuffleLanes) : sum };
    });
  }

  private rowTypes(registers: readonly (Value | undefined)[]): readonly (LaneType | undefined)[] {
    return registers.map((value) => value?.type);
  }
}

/** The lane type of a register, without emitting it. `index` counts from the body's first instruction; negative ones are row values. */
export function typeOf(body: readonly Instr[], index: number, before: readonly (LaneType | undefined)[]): LaneType {
  const base = before.length - body.length;
  const instr = body[index];
  const of = (reg: number): LaneType => typeOf(body, reg - base, before);
  if (instr === undefined) return before[index + base] ?? "f32";
  switch (instr.op) {
    case "load":
    case "const":
      return instr.dtype;
    case "index":
      return "i32";
    case "cast":
      return instr.to;
    case "random":
      return "f32";
    case "unary":
      return instr.fn === "not" ? "bool" : of(instr.a);
    case "where":
      return of(instr.a);
    case "binary":
      return ["lt", "le", "gt", "ge", "eq", "ne", "and", "or"].includes(instr.fn) ? "bool" : of(instr.a);
  }
}
