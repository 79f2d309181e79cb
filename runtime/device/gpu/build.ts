/**
 * @file Building modules: expression helpers that fold constants and check types, and `KernelBuilder`, which collects statements.
 *
 * A wrong type here is a mistake of a schedule, not of a user: it throws with the names of the types.
 */
import type { BufferId } from "../../program/kernel.ts";
import type {
  BinaryOperator,
  Binding,
  BindingId,
  BuiltinName,
  Expr,
  Intrinsic,
  LocalId,
  MatrixMemory,
  MatrixType,
  Module,
  ScalarType,
  SharedArray,
  Stmt,
  SubgroupOperation,
  ValueType,
} from "./ir.ts";
import { type Operand, type ScheduleContext, type StorageFormat, storageFormat } from "./target.ts";

export const f32: ValueType = { scalar: "f32", width: 1 };
export const f16: ValueType = { scalar: "f16", width: 1 };
export const i32: ValueType = { scalar: "i32", width: 1 };
export const u32: ValueType = { scalar: "u32", width: 1 };
export const bool: ValueType = { scalar: "bool", width: 1 };
export const vec = (scalar: ScalarType, width: 1 | 2 | 4): ValueType => ({ scalar, width });

const nameOf = ({ scalar, width }: ValueType): string => (width === 1 ? scalar : `${scalar}×${width}`);
const isSame = (a: ValueType, b: ValueType): boolean => a.scalar === b.scalar && a.width === b.width;

function expectSame(what: string, a: Expr, b: Expr): void {
  if (!isSame(a.type, b.type)) throw new TypeError(`${what} of ${nameOf(a.type)} and ${nameOf(b.type)}`);
}

/** A scalar constant; u32 and i32 wrap. */
export function constant(value: number, scalar: ScalarType): Expr {
  const wrapped = scalar === "u32" ? value >>> 0 : scalar === "i32" ? value | 0 : value;
  return { kind: "const", type: vec(scalar, 1), value: wrapped };
}

/** A u32 constant: sizes, strides, indices. */
export const u = (value: number): Expr => constant(value, "u32");
export const f = (value: number): Expr => constant(value, "f32");

export const builtin = (name: BuiltinName): Expr => ({ kind: "builtin", name, type: u32 });

/** The value where it is an integer constant. */
export function constantOf(expr: Expr): number | undefined {
  return expr.kind === "const" && expr.type.scalar !== "f32" && expr.type.scalar !== "f16" ? expr.value : undefined;
}

const comparisons: ReadonlySet<BinaryOperator> = new Set(["lt", "le", "gt", "ge", "eq", "ne"]);

export function binary(op: BinaryOperator, a: Expr, b: Expr): Expr {
  if (op === "shl" || op === "shr") {
    if (b.type.scalar !== "u32") throw new TypeError(`${op} by ${nameOf(b.type)}`);
  } else expectSame(op, a, b);
  const type = comparisons.has(op) ? vec("bool", a.type.width) : a.type;
  return foldBinary(op, a, b, type) ?? { kind: "binary", op, a, b, type };
}

/** Index arithmetic on constants, and what adds or multiplies nothing. Floats are left alone: their zeros have signs. */
function foldBinary(op: BinaryOperator, a: Expr, b: Expr, type: ValueType): Expr | undefined {
  const [x, y] = [constantOf(a), constantOf(b)];
  const { scalar } = a.type;
  if (scalar === "u32" && x !== undefined && y !== undefined) return foldConstants(op, x, y, type);
  if (scalar !== "u32" && scalar !== "i32") return undefined;
  switch (op) {
    case "add":
    case "or":
      return x === 0 ? b : y === 0 ? a : undefined;
    case "sub":
    case "shl":
    case "shr":
      return y === 0 ? a : undefined;
    case "mul":
      return x === 0 || y === 0 ? constant(0, scalar) : x === 1 ? b : y === 1 ? a : undefined;
    case "div":
      return y === 1 ? a : undefined;
    case "rem":
      return y === 1 ? constant(0, scalar) : undefined;
    default:
      return undefined;
  }
}

function foldConstants(op: BinaryOperator, x: number, y: number, type: ValueType): Expr | undefined {
  const claim = (value: boolean): Expr => ({ kind: "const", type, value: value ? 1 : 0 });
  switch (op) {
    case "add":
      return u(x + y);
    case "sub":
      return u(x - y);
    case "mul":
      return u(Math.imul(x, y));
    case "div":
      return y === 0 ? undefined : u(Math.floor(x / y));
    case "rem":
      return y === 0 ? undefined : u(x % y);
    case "and":
      return u(x & y);
    case "or":
      return u(x | y);
    case "xor":
      return u(x ^ y);
    case "shl":
      return u(x << y);
    case "shr":
      return u(x >>> y);
    case "lt":
      return claim(x < y);
    case "le":
      return claim(x <= y);
    case "gt":
      return claim(x > y);
    case "ge":
      return claim(x >= y);
    case "eq":
      return claim(x === y);
    case "ne":
      return claim(x !== y);
  }
}

export const add = (a: Expr, b: Expr): Expr => binary("add", a, b);
export const sub = (a: Expr, b: Expr): Expr => binary("sub", a, b);
export const mul = (a: Expr, b: Expr): Expr => binary("mul", a, b);
export const div = (a: Expr, b: Expr): Expr => binary("div", a, b);
export const rem = (a: Expr, b: Expr): Expr => binary("rem", a, b);
export const lt = (a: Expr, b: Expr): Expr => binary("lt", a, b);
export const le = (a: Expr, b: Expr): Expr => binary("le", a, b);
export const gt = (a: Expr, b: Expr): Expr => binary("gt", a, b);
export const ge = (a: Expr, b: Expr): Expr => binary("ge", a, b);
export const eq = (a: Expr, b: Expr): Expr => binary("eq", a, b);
export const ne = (a: Expr, b: Expr): Expr => binary("ne", a, b);

/** Both hold; conditions are cheap, so both are evaluated. */
export function and(a: Expr, b: Expr): Expr {
  if (a.kind === "const") return a.value === 0 ? a : b;
  if (b.kind === "const") return b.value === 0 ? b : a;
  return { kind: "binary", op: "and", a, b, type: a.type };
}

export const sum = (terms: readonly Expr[]): Expr => terms.reduce(add, u(0));

export const not = (a: Expr): Expr => ({ kind: "unary", op: "not", a, type: a.type });
export const neg = (a: Expr): Expr => ({ kind: "unary", op: "neg", a, type: a.type });

export function call(fn: Intrinsic, ...args: readonly Expr[]): Expr {
  const [first] = args as [Expr, ...Expr[]];
  for (const arg of args) expectSame(fn, first, arg);
  return { kind: "call", fn, args, type: fn === "dot" ? vec(first.type.scalar, 1) : first.type };
}

export const fma = (a: Expr, b: Expr, c: Expr): Expr => call("fma", a, b, c);
export const min = (a: Expr, b: Expr): Expr => call("min", a, b);
export const max = (a: Expr, b: Expr): Expr => call("max", a, b);

export function select(cond: Expr, a: Expr, b: Expr): Expr {
  expectSame("select", a, b);
  if (cond.kind === "const") return cond.value === 0 ? b : a;
  return { kind: "select", cond, a, b, type: a.type };
}

export function cast(a: Expr, scalar: ScalarType): Expr {
  if (a.type.scalar === scalar) return a;
  if (
    a.kind === "const" &&
    scalar !== "bool" &&
    scalar !== "f16" &&
    (a.type.scalar === "u32" || a.type.scalar === "i32")
  )
    return constant(a.value, scalar);
  return { kind: "cast", a, type: vec(scalar, a.type.width) };
}

export const bitcast = (a: Expr, scalar: ScalarType): Expr =>
  a.type.scalar === scalar ? a : { kind: "bitcast", a, type: vec(scalar, a.type.width) };

/** A scalar in every lane. */
export const splat = (a: Expr, width: 1 | 2 | 4): Expr =>
  a.type.width === width ? a : { kind: "compose", parts: [a], type: vec(a.type.scalar, width) };

export function compose(parts: readonly Expr[]): Expr {
  const [first] = parts as [Expr, ...Expr[]];
  for (const part of parts) expectSame("compose", first, part);
  return { kind: "compose", parts, type: vec(first.type.scalar, parts.length as 2 | 4) };
}

export const lane = (a: Expr, index: Expr | number): Expr => ({
  kind: "lane",
  a,
  lane: typeof index === "number" ? u(index) : index,
  type: vec(a.type.scalar, 1),
});

export const subgroup = (op: SubgroupOperation, a: Expr, arg?: Expr): Expr => ({
  kind: "subgroup",
  op,
  a,
  type: a.type,
  ...(arg === undefined ? {} : { arg }),
});

export interface Variable {
  readonly id: LocalId;
  readonly type: ValueType;
  /** Its content at the place where the expression stands. */
  readonly value: Expr;
}

export interface ArrayRef {
  readonly id: LocalId;
  readonly type: ValueType;
  readonly length: number;
}

/** A binding of the module, with the format of a Program's buffer behind it where there is one. */
export interface BoundArray {
  readonly binding: BindingId;
  readonly type: ValueType;
}

/** Collects the statements, bindings and arrays of one module. */
export class KernelBuilder {
  readonly workgroupSize: number;
  private readonly bindings: { type: ValueType; length?: number; isWritten: boolean }[] = [];
  private readonly operands: Operand[] = [];
  private readonly byMemory = new Map<string, BindingId>();
  private readonly sharedArrays: SharedArray[] = [];
  private block: Stmt[] = [];
  private locals = 0;
  private fixedSubgroup: number | undefined;
  private readonly uses = { f16: false, subgroups: false, matrixUnits: false };

  constructor(workgroupSize: number) {
    this.workgroupSize = workgroupSize;
  }

  /**
   * Binds a Program's buffer, or gives the binding that its memory has already. `width` 4 makes it an array of vectors, for the whole
   * module: decide before the first use. Elements of formats narrower than their storage are the caller's to round (`scalar.ts`).
   */
  buffer(
    context: ScheduleContext,
    id: BufferId,
    { width = 1, isWritten }: { width?: 1 | 2 | 4; isWritten: boolean },
  ): BoundArray {
    const decl = context.buffers[id];
    if (decl === undefined || decl.id !== id) throw new RangeError(`there is no buffer ${id}`);
    const format: StorageFormat = storageFormat(decl.dtype, context.target);
    const type = vec(format.scalar, width);
    const memory = context.memoryOf(id);
    const known = this.byMemory.get(memory);
    if (known !== undefined) {
      const binding = this.bindings[known] as { type: ValueType; isWritten: boolean };
      if (!isSame(binding.type, type))
        throw new TypeError(`a binding of ${nameOf(binding.type)} is wanted as ${nameOf(type)}`);
      binding.isWritten ||= isWritten;
      return { binding: known, type };
    }
    const elements = decl.shape.reduce((product, extent) => product * extent, 1);
    const length = Math.max(1, Math.ceil((elements * format.bytes) / 16)) * (16 / (format.bytes * width));
    const binding = this.bind({ kind: "buffer", id }, type, { isWritten, length });
    this.byMemory.set(memory, binding.binding);
    return binding;
  }

  /** Binds anything else: scratch, a heap, constants. */
  bind(operand: Operand, type: ValueType, { isWritten, length }: { isWritten: boolean; length?: number }): BoundArray {
    this.note(type);
    this.bindings.push({ type, isWritten, ...(length === undefined ? {} : { length }) });
    this.operands.push(operand);
    return { binding: this.bindings.length - 1, type };
  }

  load({ binding, type }: BoundArray, index: Expr): Expr {
    return { kind: "load", binding, index, type };
  }

  /** A scalar of an array of vectors (or of scalars), by the scalar's own index. */
  loadScalar(array: BoundArray, index: Expr): Expr {
    const { width } = array.type;
    if (width === 1) return this.load(array, index);
    return lane(this.load(array, div(index, u(width))), rem(index, u(width)));
  }

  store({ binding, type }: BoundArray, index: Expr, value: Expr): void {
    if (!isSame(type, value.type)) throw new TypeError(`${nameOf(value.type)} stored as ${nameOf(type)}`);
    if (!this.bindings[binding]?.isWritten) throw new TypeError("store to a binding that is only read");
    this.push({ kind: "store", binding, index, value });
  }

  shared(type: ValueType, length: number): ArrayRef {
    this.note(type);
    const array = { id: this.locals++, type, length };
    this.sharedArrays.push(array);
    return array;
  }

  privateArray(type: ValueType, length: number): ArrayRef {
    this.note(type);
    const array = { id: this.locals++, type, length };
    this.push({ kind: "array", ...array });
    return array;
  }

  get({ id, type }: ArrayRef, index: Expr | number): Expr {
    return { kind: "element", array: id, index: typeof index === "number" ? u(index) : index, type };
  }

  set(array: ArrayRef, index: Expr | number, value: Expr): void {
    if (!isSame(array.type, value.type)) throw new TypeError(`${nameOf(value.type)} put among ${nameOf(array.type)}`);
    this.push({ kind: "setElement", array: array.id, index: typeof index === "number" ? u(index) : index, value });
  }

  /** An element of a shared array that the whole workgroup may branch on; a barrier on both sides. */
  uniform({ id, type }: ArrayRef, index: Expr | number): Expr {
    return this.let({
      kind: "uniformElement",
      array: id,
      index: typeof index === "number" ? u(index) : index,
      type,
    });
  }

  /** Names a value, so that it is computed once. Constants and names stay as they are. */
  let(value: Expr): Expr {
    if (value.kind === "const" || value.kind === "builtin") return value;
    this.note(value.type);
    const id = this.locals++;
    this.push({ kind: "let", id, value });
    return { kind: "local", id, type: value.type };
  }

  var(value: Expr): Variable {
    this.note(value.type);
    const id = this.locals++;
    this.push({ kind: "var", id, type: value.type, value });
    return { id, type: value.type, value: { kind: "local", id, type: value.type } };
  }

  assign(variable: Variable, value: Expr): void {
    if (!isSame(variable.type, value.type))
      throw new TypeError(`${nameOf(value.type)} assigned to a variable of ${nameOf(variable.type)}`);
    this.push({ kind: "assign", id: variable.id, value });
  }

  if(cond: Expr, then: () => void, otherwise: () => void = () => {}): void {
    if (cond.kind === "const") {
      (cond.value === 0 ? otherwise : then)();
      return;
    }
    this.push({ kind: "if", cond, body: this.collect(then), otherwise: this.collect(otherwise) });
  }

  for(from: Expr, to: Expr, step: Expr, body: (counter: Expr) => void): void {
    const id = this.locals++;
    const counter: Expr = { kind: "local", id, type: u32 };
    this.push({ kind: "for", id, from, to, step, body: this.collect(() => body(counter)) });
  }

  /** The body written out `times` times, with constants as counters. */
  unrolled(times: number, body: (counter: number) => void): void {
    for (let i = 0; i < times; i++) body(i);
  }

  while(cond: Expr, body: () => void): void {
    this.push({ kind: "while", cond, body: this.collect(body) });
  }

  barrier({ storage = false }: { storage?: boolean } = {}): void {
    this.push({ kind: "barrier", storage });
  }

  subgroup(op: SubgroupOperation, a: Expr, arg?: Expr): Expr {
    this.uses.subgroups = true;
    return this.let(subgroup(op, a, arg));
  }

  subgroupLane(): Expr {
    this.uses.subgroups = true;
    return builtin("subgroupLane");
  }

  subgroupSize(): Expr {
    this.uses.subgroups = true;
    return builtin("subgroupSize");
  }

  /** Only where the target says that it can be done: `GpuTarget.subgroups.isFixable`. */
  fixSubgroupSize(lanes: number): void {
    this.fixedSubgroup = lanes;
  }

  matrix(matrix: MatrixType): LocalId {
    this.uses.matrixUnits = true;
    this.uses.f16 ||= matrix.component === "f16";
    const id = this.locals++;
    this.push({ kind: "matrix", id, matrix });
    return id;
  }

  matrixLoad(id: LocalId, from: MatrixMemory): void {
    this.push({ kind: "matrixLoad", id, from });
  }

  matrixMultiplyAdd(id: LocalId, left: LocalId, right: LocalId): void {
    this.push({ kind: "matrixMultiplyAdd", id, left, right });
  }

  matrixStore(id: LocalId, to: MatrixMemory): void {
    this.push({ kind: "matrixStore", id, to });
  }

  finish(): { readonly module: Module; readonly operands: readonly Operand[] } {
    const module: Module = {
      workgroupSize: this.workgroupSize,
      bindings: this.bindings as readonly Binding[],
      shared: this.sharedArrays,
      body: this.block,
      ...(this.fixedSubgroup === undefined ? {} : { subgroupSize: this.fixedSubgroup }),
      uses: { ...this.uses },
    };
    return { module, operands: this.operands };
  }

  private note({ scalar }: ValueType): void {
    if (scalar === "f16") this.uses.f16 = true;
  }

  private push(stmt: Stmt): void {
    this.block.push(stmt);
  }

  private collect(body: () => void): Stmt[] {
    const outer = this.block;
    const inner: Stmt[] = [];
    this.block = inner;
    body();
    this.block = outer;
    return inner;
  }
}

/** The linear number of the workgroup in a grid made by `gridOf`. */
export const linearWorkgroup = ([x, y]: readonly [number, number, number]): Expr =>
  y === 1 ? builtin("workgroupX") : add(builtin("workgroupX"), mul(builtin("workgroupY"), u(x)));

/** A grid of at least `count` workgroups, within the limit along each axis; more than `count` may run, so guard. */
export function gridOf(count: number, limit: number): readonly [number, number, number] {
  if (count <= limit) return [Math.max(1, count), 1, 1];
  const y = Math.ceil(count / limit);
  return [Math.ceil(count / y), y, 1];
}
