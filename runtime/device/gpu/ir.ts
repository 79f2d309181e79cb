/**
 * @file The GPU kernel IR: what one compute shader does, as plain data. It knows workgroups, bindings, barriers, subgroups and matrix
 * units, and no shading language: WGSL is printed from it (`webgpu/wgsl.ts`), and SPIR-V can be.
 *
 * A module is one entry point with a one-dimensional workgroup. Indices are u32 and count elements of what they index; arithmetic on
 * them wraps, so a negative stride is a large constant.
 */

export type ScalarType = "f32" | "f16" | "i32" | "u32" | "bool";

/** A scalar, or a vector of 2 or 4 of them. */
export interface ValueType {
  readonly scalar: ScalarType;
  readonly width: 1 | 2 | 4;
}

/** Index into `Module.bindings`. */
export type BindingId = number;
/** A name of the module's own: a value, a variable, an array or a matrix. Unique within the module. */
export type LocalId = number;

export const unaryOperators = ["neg", "not", "bitNot"] as const;
export type UnaryOperator = (typeof unaryOperators)[number];

/** Operands of one type. Shifts: the right operand is u32. Comparisons give bool. `rem` and integer `div` truncate. */
export const binaryOperators = [
  "add",
  "sub",
  "mul",
  "div",
  "rem",
  "and",
  "or",
  "xor",
  "shl",
  "shr",
  "lt",
  "le",
  "gt",
  "ge",
  "eq",
  "ne",
] as const;
export type BinaryOperator = (typeof binaryOperators)[number];

/**
 * Functions, lane by lane. `round` is to even. `min` and `max` may take either operand if one is NaN. `quantizeF16` rounds an f32 to what f16 can hold;
 * beyond f16's range its result is indeterminate. Accuracy is the target's: an exact formula is built from others.
 */
export const intrinsics = [
  "abs",
  "sign",
  "exp",
  "exp2",
  "log",
  "log2",
  "sqrt",
  "inverseSqrt",
  "sin",
  "cos",
  "tanh",
  "floor",
  "ceil",
  "round",
  "trunc",
  "min",
  "max",
  "fma",
  "pow",
  "dot",
  "quantizeF16",
  "countTrailingZeros",
  "countOneBits",
] as const;
export type Intrinsic = (typeof intrinsics)[number];

/** Across the invocations of a subgroup. `shuffleXor` takes a mask, `shuffle` a lane, both u32. */
export type SubgroupOperation =
  | "add"
  | "max"
  | "min"
  | "exclusiveAdd"
  | "inclusiveAdd"
  | "shuffleXor"
  | "shuffle"
  | "broadcastFirst";

export type BuiltinName =
  /** Of the grid. */
  | "workgroupX"
  | "workgroupY"
  | "workgroupZ"
  /** Of the invocation within its workgroup. */
  | "localIndex"
  /** Of the invocation within its subgroup. */
  | "subgroupLane"
  | "subgroupSize";

export type Expr = { readonly type: ValueType } & (
  | { readonly kind: "const"; readonly value: number }
  | { readonly kind: "builtin"; readonly name: BuiltinName }
  /** A `let`, a variable's content now, or a loop's counter. */
  | { readonly kind: "local"; readonly id: LocalId }
  | { readonly kind: "unary"; readonly op: UnaryOperator; readonly a: Expr }
  | { readonly kind: "binary"; readonly op: BinaryOperator; readonly a: Expr; readonly b: Expr }
  | { readonly kind: "call"; readonly fn: Intrinsic; readonly args: readonly Expr[] }
  /** Lane by lane where the condition is a vector. */
  | { readonly kind: "select"; readonly cond: Expr; readonly a: Expr; readonly b: Expr }
  /** Converts numbers: floats to integers truncate and saturate; bool is 0 or 1. */
  | { readonly kind: "cast"; readonly a: Expr }
  /** The same bits. */
  | { readonly kind: "bitcast"; readonly a: Expr }
  /** A vector from scalars, one for each lane or one for all. */
  | { readonly kind: "compose"; readonly parts: readonly Expr[] }
  | { readonly kind: "lane"; readonly a: Expr; readonly lane: Expr }
  | { readonly kind: "load"; readonly binding: BindingId; readonly index: Expr }
  /** Of a shared or private array. */
  | { readonly kind: "element"; readonly array: LocalId; readonly index: Expr }
  /**
   * An element of a shared array, the same for the whole workgroup as far as control flow goes: what a loop with barriers may depend on.
   * Stands for two barriers around the load.
   */
  | { readonly kind: "uniformElement"; readonly array: LocalId; readonly index: Expr }
  | { readonly kind: "subgroup"; readonly op: SubgroupOperation; readonly a: Expr; readonly arg?: Expr }
);

export type Stmt =
  | { readonly kind: "let"; readonly id: LocalId; readonly value: Expr }
  | { readonly kind: "var"; readonly id: LocalId; readonly type: ValueType; readonly value: Expr }
  | { readonly kind: "assign"; readonly id: LocalId; readonly value: Expr }
  /** Of this invocation alone, zeroed: kept in registers where every index is a constant. */
  | { readonly kind: "array"; readonly id: LocalId; readonly type: ValueType; readonly length: number }
  | { readonly kind: "setElement"; readonly array: LocalId; readonly index: Expr; readonly value: Expr }
  | { readonly kind: "store"; readonly binding: BindingId; readonly index: Expr; readonly value: Expr }
  | { readonly kind: "if"; readonly cond: Expr; readonly body: readonly Stmt[]; readonly otherwise: readonly Stmt[] }
  /** `id` runs from `from` while it is less than `to`. */
  | {
      readonly kind: "for";
      readonly id: LocalId;
      readonly from: Expr;
      readonly to: Expr;
      readonly step: Expr;
      readonly body: readonly Stmt[];
    }
  | { readonly kind: "while"; readonly cond: Expr; readonly body: readonly Stmt[] }
  /** All invocations of the workgroup arrive, and see each other's writes to shared arrays (and to bindings, where `storage`). */
  | { readonly kind: "barrier"; readonly storage: boolean }
  | { readonly kind: "matrix"; readonly id: LocalId; readonly matrix: MatrixType }
  | { readonly kind: "matrixLoad"; readonly id: LocalId; readonly from: MatrixMemory }
  | { readonly kind: "matrixMultiplyAdd"; readonly id: LocalId; readonly left: LocalId; readonly right: LocalId }
  | { readonly kind: "matrixStore"; readonly id: LocalId; readonly to: MatrixMemory };

/** A matrix that a subgroup holds together. `left` is m × k, `right` k × n, `result` m × n; a result starts as zeros. */
export interface MatrixType {
  readonly role: "left" | "right" | "result";
  readonly component: "f16" | "f32";
  readonly rows: number;
  readonly cols: number;
}

/**
 * A matrix's rows (column-major: columns) lie side by side from element `offset + row · stride` on. Both count elements of the array, which is of
 * scalars or of vectors.
 */
export interface MatrixMemory {
  readonly array: { readonly binding: BindingId } | { readonly shared: LocalId };
  readonly offset: Expr;
  readonly stride: number;
  readonly columnMajor: boolean;
}

export interface Binding {
  readonly type: ValueType;
  /** Elements of `type`; absent: as many as the bound range holds. */
  readonly length?: number;
  readonly isWritten: boolean;
}

export interface SharedArray {
  readonly id: LocalId;
  readonly type: ValueType;
  readonly length: number;
}

export interface Module {
  readonly workgroupSize: number;
  readonly bindings: readonly Binding[];
  readonly shared: readonly SharedArray[];
  readonly body: readonly Stmt[];
  /** Lanes of a subgroup, where the module relies on a number that the driver would otherwise choose. */
  readonly subgroupSize?: number;
  /** What the body uses beyond the plain. */
  readonly uses: { readonly f16: boolean; readonly subgroups: boolean; readonly matrixUnits: boolean };
}
