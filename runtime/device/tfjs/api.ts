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

type OneOperand = (x: Tensor) => Tensor;
type TwoOperands = (a: Tensor, b: Tensor) => Tensor;
type AlongAxes = (x: Tensor, axes: number[], keepDims: boolean) => Tensor;

export type UnaryName =
  | ("neg" | "abs" | "sign" | "floor" | "ceil" | "round" | "exp" | "log" | "log1p" | "expm1" | "sqrt" | "rsqrt")
  | ("reciprocal" | "sin" | "cos" | "tanh" | "sigmoid" | "erf");
export type ArithmeticName = "add" | "sub" | "mul" | "div" | "floorDiv" | "mod" | "pow" | "maximum" | "minimum";
export type ComparisonName =
  | ("less" | "lessEqual" | "greater" | "greaterEqual" | "equal" | "notEqual")
  | ("logicalAnd" | "logicalOr");
export type ReductionName = "sum" | "max" | "min" | "prod";

export interface Tf
  extends Readonly<Record<UnaryName | "isNaN" | "logicalNot", OneOperand>>,
    Readonly<Record<ArithmeticName | ComparisonName, TwoOperands>>,
    Readonly<Record<ReductionName, AlongAxes>> {
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  getBackend(): string;
  ready(): Promise<void>;
  backend(): unknown;
  memory(): { readonly numTensors: number };
  tidy(compute: () => Tensor): Tensor;

  scalar(value: number | boolean, type: TensorType): Tensor;
  tensor(data: TensorData, shape: number[], type: TensorType): Tensor;
  zeros(shape: number[], type: TensorType): Tensor;
  cast(x: Tensor, type: TensorType): Tensor;
  where(condition: Tensor, a: Tensor, b: Tensor): Tensor;
  cumsum(x: Tensor, axis: number): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
  reshape(x: Tensor, shape: number[]): Tensor;
  transpose(x: Tensor, order: number[]): Tensor;
  slice(x: Tensor, begin: number[], size: number[]): Tensor;
  reverse(x: Tensor, axes: number[]): Tensor;
  concat(parts: Tensor[], axis: number): Tensor;
  broadcastTo(x: Tensor, shape: number[]): Tensor;
  gather(x: Tensor, indices: Tensor, axis: number): Tensor;
  tensorScatterUpdate(x: Tensor, indices: Tensor, updates: Tensor): Tensor;
  scatterND(indices: Tensor, updates: Tensor, shape: number[]): Tensor;
  topk(x: Tensor, k: number, sorted: boolean): { readonly values: Tensor; readonly indices: Tensor };
}
