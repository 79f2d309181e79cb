/**
 * @file The part of TensorFlow.js that this device calls, as types of our own: bundles and their type checks must not need the package. That
 * `@tensorflow/tfjs-core` has this shape is checked by a test.
 */

/** `bool` is for the results of comparisons only: buffers of booleans hold int32, since not every backend moves booleans about correctly. */
export type TensorType = "float32" | "int32" | "bool";

export type TensorData = Float32Array | Int32Array | Uint8Array;

export interface Tensor {
  readonly shape: number[];
  readonly size: number;
  data(): Promise<TensorData>;
  dataSync(): TensorData;
  /** Another handle on the same elements. */
  clone(): Tensor;
  dispose(): void;
}

type OneOperand<T> = (x: T) => T;
type TwoOperands<T> = (a: T, b: T) => T;
type AlongAxes<T> = (x: T, axes: number[], keepDims: boolean) => T;

export type UnaryName =
  | ("neg" | "abs" | "sign" | "floor" | "ceil" | "round" | "exp" | "log" | "log1p" | "expm1" | "sqrt" | "rsqrt")
  | ("reciprocal" | "sin" | "cos" | "tanh" | "sigmoid" | "erf");
export type ArithmeticName = "add" | "sub" | "mul" | "div" | "floorDiv" | "mod" | "pow" | "maximum" | "minimum";
export type ComparisonName =
  | ("less" | "lessEqual" | "greater" | "greaterEqual" | "equal" | "notEqual")
  | ("logicalAnd" | "logicalOr");
export type ReductionName = "sum" | "max" | "min" | "prod";

/** The op API over tensors of type T, which is the package's own only where the two are compared. */
export interface TfOver<T>
  extends Readonly<Record<UnaryName | "isNaN" | "logicalNot", OneOperand<T>>>,
    Readonly<Record<ArithmeticName | ComparisonName, TwoOperands<T>>>,
    Readonly<Record<ReductionName, AlongAxes<T>>> {
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  getBackend(): string;
  ready(): Promise<void>;
  backend(): unknown;
  memory(): { readonly numTensors: number };
  /** Releases what `compute` makes, but for what it keeps. */
  tidy(compute: () => void): void;
  keep(x: T): T;

  scalar(value: number | boolean, type: TensorType): T;
  tensor(data: TensorData, shape: number[], type: TensorType): T;
  zeros(shape: number[], type: TensorType): T;
  cast(x: T, type: TensorType): T;
  where(condition: T, a: T, b: T): T;
  cumsum(x: T, axis: number): T;
  matMul(a: T, b: T, transposeA: boolean, transposeB: boolean): T;
  reshape(x: T, shape: number[]): T;
  transpose(x: T, order: number[]): T;
  slice(x: T, begin: number[], size: number[]): T;
  reverse(x: T, axes: number[]): T;
  concat(parts: T[], axis: number): T;
  broadcastTo(x: T, shape: number[]): T;
  gather(x: T, indices: T, axis: number): T;
  tensorScatterUpdate(x: T, indices: T, updates: T): T;
  scatterND(indices: T, updates: T, shape: number[]): T;
  topk(x: T, k: number, sorted: boolean): { readonly values: T; readonly indices: T };
}

export type Tf = TfOver<Tensor>;
