/**
 * @file Runs modules of the GPU kernel IR on plain arrays: the meaning of the IR, for hardware that is not at hand (16-bit floats, matrix units, wide
 * subgroups), and a judge of what hardware forgives.
 *
 * A workgroup runs in lockstep, statement by statement, under masks. Lockstep would hide a missing barrier, so every element of shared and bound memory
 * remembers who touched it since the last barrier: a second invocation that reads what another wrote meanwhile, or writes what another read or wrote,
 * is a race and throws; so is an element that two workgroups of one dispatch share, one of them writing. Indices out of range throw, as SPIR-V would
 * not forgive them; barriers and uniform loads under divergent control flow throw.
 */
import type { Expr, MatrixMemory, MatrixType, Module, Stmt } from "../../runtime/device/gpu/ir.ts";
import { type BoundData, Memory } from "./gpu-memory.ts";
import { acrossSubgroups } from "./gpu-subgroups.ts";
import { applyBinary, applyIntrinsic, convert, reinterpret, rounded } from "./gpu-values.ts";

export type { BoundData };

export interface InterpreterOptions {
  /** Lanes of a subgroup. Default 32. */
  readonly subgroupSize?: number;
}

export function interpret(
  module: Module,
  bindings: readonly BoundData[],
  grid: readonly [number, number, number],
  { subgroupSize = 32 }: InterpreterOptions = {},
): void {
  if (bindings.length !== module.bindings.length)
    throw new RangeError(`${bindings.length} bindings for ${module.bindings.length}`);
  const bound = bindings.map((data, i) => new Memory(data, `binding ${i}`));
  let group = 0;
  for (let z = 0; z < grid[2]; z++)
    for (let y = 0; y < grid[1]; y++)
      for (let x = 0; x < grid[0]; x++) new Workgroup(module, bound, [x, y, z], subgroupSize, ++group).run();
}

/** Values of all invocations: lane after lane, `width` scalars each. */
type Values = Float64Array;
type Mask = Uint8Array;

class Workgroup {
  private readonly module: Module;
  private readonly bound: readonly Memory[];
  private readonly position: readonly [number, number, number];
  private readonly subgroupSize: number;
  private readonly group: number;
  private readonly size: number;
  private readonly locals = new Map<number, Values>();
  private readonly arrays = new Map<number, Values>();
  private readonly shared = new Map<number, Memory>();
  /** Per subgroup, row-major. */
  private readonly matrices = new Map<number, { type: MatrixType; content: Float64Array[] }>();
  private readonly widths = new Map<number, number>();
  /** Counts barriers, over all workgroups: memory compares it. */
  private epoch: number;
  /** Counts barriers that order bound memory too. */
  private storageEpoch: number;

  constructor(
    module: Module,
    bound: readonly Memory[],
    position: readonly [number, number, number],
    subgroupSize: number,
    group: number,
  ) {
    this.module = module;
    this.bound = bound;
    this.position = position;
    this.subgroupSize = subgroupSize;
    this.group = group;
    this.epoch = group * 2 ** 20;
    this.storageEpoch = this.epoch;
    this.size = module.workgroupSize;
    for (const { id, type, length } of module.shared) {
      this.widths.set(id, type.width);
      // Not every target clears shared memory: NaN betrays whoever reads what nobody wrote.
      this.shared.set(id, new Memory(new Float64Array(length * type.width).fill(Number.NaN), `shared array ${id}`));
    }
  }

  run(): void {
    this.block(this.module.body, new Uint8Array(this.size).fill(1));
  }

  private block(stmts: readonly Stmt[], mask: Mask): void {
    for (const stmt of stmts) this.stmt(stmt, mask);
  }

  private stmt(stmt: Stmt, mask: Mask): void {
    switch (stmt.kind) {
      case "let":
        this.locals.set(stmt.id, this.eval(stmt.value, mask));
        break;
      case "var":
        this.locals.set(stmt.id, this.eval(stmt.value, mask).slice());
        break;
      case "assign":
        this.assign(this.locals.get(stmt.id) as Values, this.eval(stmt.value, mask), mask);
        break;
      case "array":
        this.widths.set(stmt.id, stmt.type.width);
        this.arrays.set(stmt.id, new Float64Array(this.size * stmt.length * stmt.type.width));
        break;
      case "setElement":
        this.setElement(stmt.array, this.eval(stmt.index, mask), this.eval(stmt.value, mask), mask);
        break;
      case "store":
        this.write(this.bound[stmt.binding] as Memory, this.eval(stmt.index, mask), this.eval(stmt.value, mask), mask);
        break;
      case "if": {
        const cond = this.eval(stmt.cond, mask);
        this.branch(stmt.body, mask, (lane) => cond[lane] !== 0);
        this.branch(stmt.otherwise, mask, (lane) => cond[lane] === 0);
        break;
      }
      case "for": {
        const counter = this.eval(stmt.from, mask).slice();
        this.locals.set(stmt.id, counter);
        this.loop(
          mask,
          (active) => this.compare(counter, this.eval(stmt.to, active)),
          (active) => {
            this.block(stmt.body, active);
            const step = this.eval(stmt.step, active);
            this.forLanes(active, (lane) => {
              counter[lane] = ((counter[lane] as number) + (step[lane] as number)) >>> 0;
            });
          },
        );
        break;
      }
      case "while":
        this.loop(
          mask,
          (active) => this.eval(stmt.cond, active),
          (active) => this.block(stmt.body, active),
        );
        break;
      case "barrier":
        this.barrier(mask);
        if (stmt.storage) this.storageEpoch++;
        break;
      case "matrix":
        this.declareMatrix(stmt.id, stmt.matrix);
        break;
      case "matrixLoad":
      case "matrixStore":
        this.moveMatrix(stmt, mask);
        break;
      case "matrixMultiplyAdd":
        this.multiply(stmt.id, stmt.left, stmt.right);
        break;
    }
  }

  private branch(stmts: readonly Stmt[], mask: Mask, takes: (lane: number) => boolean): void {
    const taken = mask.map((active, lane) => (active && takes(lane) ? 1 : 0));
    if (taken.includes(1)) this.block(stmts, taken);
  }

  private loop(mask: Mask, cond: (active: Mask) => Values, body: (active: Mask) => void): void {
    for (let active = mask; ; ) {
      const holds = cond(active);
      active = active.map((was, lane) => (was && holds[lane] !== 0 ? 1 : 0));
      if (!active.includes(1)) return;
      body(active);
    }
  }

  private compare(a: Values, b: Values): Values {
    return a.map((value, lane) => (value < (b[lane] as number) ? 1 : 0));
  }

  private barrier(mask: Mask): void {
    if (mask.includes(0)) throw new Error("a barrier that not every invocation reaches");
    this.epoch++;
  }

  private epochOf(memory: Memory): number {
    return this.bound.includes(memory) ? this.storageEpoch : this.epoch;
  }

  private forLanes(mask: Mask, visit: (lane: number) => void): void {
    for (let lane = 0; lane < mask.length; lane++) if (mask[lane]) visit(lane);
  }

  private assign(target: Values, value: Values, mask: Mask): void {
    const width = target.length / this.size;
    this.forLanes(mask, (lane) => {
      for (let i = 0; i < width; i++) target[lane * width + i] = value[lane * width + i] as number;
    });
  }

  private setElement(id: number, index: Values, value: Values, mask: Mask): void {
    const shared = this.shared.get(id);
    if (shared !== undefined) {
      this.write(shared, index, value, mask);
      return;
    }
    const array = this.arrays.get(id) as Values;
    const width = this.widths.get(id) as number;
    const own = array.length / this.size;
    this.forLanes(mask, (lane) => {
      const at = (index[lane] as number) * width;
      if (at + width > own) throw new RangeError(`private array ${id}[${index[lane]}]`);
      for (let i = 0; i < width; i++) array[lane * own + at + i] = value[lane * width + i] as number;
    });
  }

  private write(memory: Memory, index: Values, value: Values, mask: Mask): void {
    const width = value.length / this.size;
    this.forLanes(mask, (lane) => {
      for (let i = 0; i < width; i++)
        memory.write(
          (index[lane] as number) * width + i,
          value[lane * width + i] as number,
          lane,
          this.epochOf(memory),
          this.group,
        );
    });
  }

  private read(memory: Memory, index: Values, width: number, mask: Mask): Values {
    const result = new Float64Array(this.size * width);
    this.forLanes(mask, (lane) => {
      for (let i = 0; i < width; i++)
        result[lane * width + i] = memory.read(
          (index[lane] as number) * width + i,
          lane,
          this.epochOf(memory),
          this.group,
        );
    });
    return result;
  }

  private eval(expr: Expr, mask: Mask): Values {
    const { width, scalar } = expr.type;
    const all = (value: (lane: number) => number): Values => {
      const result = new Float64Array(this.size);
      this.forLanes(mask, (lane) => {
        result[lane] = value(lane);
      });
      return result;
    };
    const each = (value: (at: number) => number): Values => {
      const result = new Float64Array(this.size * width);
      this.forLanes(mask, (lane) => {
        for (let i = lane * width; i < (lane + 1) * width; i++) result[i] = value(i);
      });
      return result;
    };
    switch (expr.kind) {
      case "const": {
        const value = rounded(expr.value, scalar);
        return all(() => value);
      }
      case "builtin":
        return all((lane) => this.builtin(expr.name, lane));
      case "local": {
        const value = this.locals.get(expr.id);
        if (value === undefined) throw new Error(`local ${expr.id} is used before it is defined`);
        return value.slice();
      }
      case "unary": {
        const a = this.eval(expr.a, mask);
        return each((i) => {
          const x = a[i] as number;
          return expr.op === "neg" ? rounded(-x, scalar) : expr.op === "not" ? (x === 0 ? 1 : 0) : rounded(~x, scalar);
        });
      }
      case "binary": {
        const [a, b] = [this.eval(expr.a, mask), this.eval(expr.b, mask)];
        return each((i) => applyBinary(expr.op, a[i] as number, b[i] as number, expr.a.type.scalar));
      }
      case "call": {
        const args = expr.args.map((arg) => this.eval(arg, mask));
        if (expr.fn !== "dot")
          return each((i) =>
            applyIntrinsic(
              expr.fn,
              args.map((arg) => arg[i] as number),
              scalar,
            ),
          );
        const lanes = (expr.args[0] as Expr).type.width;
        return all((lane) => {
          let total = 0;
          for (let i = lane * lanes; i < (lane + 1) * lanes; i++)
            total += (args[0]?.[i] as number) * (args[1]?.[i] as number);
          return rounded(total, scalar);
        });
      }
      case "select": {
        const [cond, a, b] = [expr.cond, expr.a, expr.b].map((part) => this.eval(part, mask)) as [
          Values,
          Values,
          Values,
        ];
        const perLane = expr.cond.type.width === 1;
        return each((i) => (cond[perLane ? Math.floor(i / width) : i] !== 0 ? a : b)[i] as number);
      }
      case "cast": {
        const a = this.eval(expr.a, mask);
        return each((i) => convert(a[i] as number, expr.a.type.scalar, scalar));
      }
      case "bitcast": {
        const a = this.eval(expr.a, mask);
        return each((i) => reinterpret(a[i] as number, expr.a.type.scalar, scalar));
      }
      case "compose": {
        const parts = expr.parts.map((part) => this.eval(part, mask));
        return each((i) => (parts[parts.length === 1 ? 0 : i % width] as Values)[Math.floor(i / width)] as number);
      }
      case "lane": {
        const [a, lane] = [this.eval(expr.a, mask), this.eval(expr.lane, mask)];
        return all((at) => a[at * expr.a.type.width + (lane[at] as number)] as number);
      }
      case "load":
        return this.read(this.bound[expr.binding] as Memory, this.eval(expr.index, mask), width, mask);
      case "element":
        return this.element(expr.array, this.eval(expr.index, mask), width, mask);
      case "uniformElement": {
        this.barrier(mask);
        const index = this.eval(expr.index, mask);
        const memory = this.shared.get(expr.array) as Memory;
        if (new Set(index).size !== 1) throw new Error("a uniform load at different places");
        const result = each((i) => memory.data[(index[0] as number) * width + (i % width)] as number);
        this.barrier(mask);
        return result;
      }
      case "subgroup":
        return acrossSubgroups(
          expr,
          this.eval(expr.a, mask),
          expr.arg === undefined ? undefined : this.eval(expr.arg, mask),
          mask,
          this.subgroupSize,
        );
    }
  }

  private element(id: number, index: Values, width: number, mask: Mask): Values {
    const shared = this.shared.get(id);
    if (shared !== undefined) return this.read(shared, index, width, mask);
    const array = this.arrays.get(id) as Values;
    const own = array.length / this.size;
    const result = new Float64Array(this.size * width);
    this.forLanes(mask, (lane) => {
      const at = (index[lane] as number) * width;
      if (at + width > own) throw new RangeError(`private array ${id}[${index[lane]}]`);
      for (let i = 0; i < width; i++) result[lane * width + i] = array[lane * own + at + i] as number;
    });
    return result;
  }

  private builtin(name: string, lane: number): number {
    switch (name) {
      case "workgroupX":
        return this.position[0];
      case "workgroupY":
        return this.position[1];
      case "workgroupZ":
        return this.position[2];
      case "localIndex":
        return lane;
      case "subgroupLane":
        return lane % this.subgroupSize;
      default:
        return this.subgroupSize;
    }
  }

  private declareMatrix(id: number, type: MatrixType): void {
    const count = Math.ceil(this.size / this.subgroupSize);
    this.matrices.set(id, {
      type,
      content: Array.from({ length: count }, () => new Float64Array(type.rows * type.cols)),
    });
  }

  private moveMatrix(stmt: Extract<Stmt, { kind: "matrixLoad" | "matrixStore" }>, mask: Mask): void {
    const { type, content } = this.matrices.get(stmt.id) as { type: MatrixType; content: Float64Array[] };
    const place: MatrixMemory = stmt.kind === "matrixLoad" ? stmt.from : stmt.to;
    const memory =
      "binding" in place.array
        ? (this.bound[place.array.binding] as Memory)
        : (this.shared.get(place.array.shared) as Memory);
    const width =
      "binding" in place.array
        ? (this.module.bindings[place.array.binding]?.type.width ?? 1)
        : (this.widths.get(place.array.shared) ?? 1);
    const offset = this.eval(place.offset, mask);
    content.forEach((matrix, subgroup) => {
      const lane = subgroup * this.subgroupSize;
      const last = Math.min(lane + this.subgroupSize, this.size);
      const active = mask.subarray(lane, last);
      if (!active.includes(1)) return;
      if (active.includes(0)) throw new Error("a matrix that only a part of its subgroup moves");
      if (new Set(offset.subarray(lane, last)).size !== 1) throw new Error("a subgroup's matrix at different places");
      for (let row = 0; row < type.rows; row++)
        for (let col = 0; col < type.cols; col++) {
          const [line, along] = place.columnMajor ? [col, row] : [row, col];
          const at = ((offset[lane] as number) + line * place.stride) * width + along;
          if (stmt.kind === "matrixLoad")
            matrix[row * type.cols + col] = memory.read(at, lane, this.epochOf(memory), this.group);
          else memory.write(at, matrix[row * type.cols + col] as number, lane, this.epochOf(memory), this.group);
        }
    });
  }

  private multiply(id: number, leftId: number, rightId: number): void {
    const [result, left, right] = [id, leftId, rightId].map((matrix) => this.matrices.get(matrix)) as [
      { type: MatrixType; content: Float64Array[] },
      { type: MatrixType; content: Float64Array[] },
      { type: MatrixType; content: Float64Array[] },
    ];
    const { rows, cols } = result.type;
    const k = left.type.cols;
    if (left.type.rows !== rows || right.type.rows !== k || right.type.cols !== cols)
      throw new Error("matrices that do not fit");
    result.content.forEach((sums, subgroup) => {
      const [a, b] = [left.content[subgroup] as Float64Array, right.content[subgroup] as Float64Array];
      for (let row = 0; row < rows; row++)
        for (let col = 0; col < cols; col++) {
          let total = sums[row * cols + col] as number;
          for (let i = 0; i < k; i++) total += (a[row * k + i] as number) * (b[i * cols + col] as number);
          sums[row * cols + col] = rounded(total, result.type.component);
        }
    });
  }
}
