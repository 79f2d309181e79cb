/**
 * @file Rules that fill one weight: what a config lists under `init_weights`. Each takes the tensor first, so that
 * `!partial:fgc/nn:truncNormal { std: 0.02 }` is a rule.
 */
import type { InitTarget } from "./rule.ts";

/** Leave what the constructor (or an earlier scheme) gave. */
export function initPass(tensor: InitTarget): void {
  tensor.keep();
}

/** All zeros. */
export function zeros(tensor: InitTarget): void {
  tensor.values.fill(0);
}

/** All ones. */
export function ones(tensor: InitTarget): void {
  tensor.values.fill(1);
}

/** Options of the rules that scale by the number of inputs or outputs. */
export interface GainOptions {
  /** Multiplies the range or the standard deviation. Default 1. */
  readonly gain?: number;
}

/**
 * PyTorch's default for linear maps: uniform in ±gain/√in.
 *
 * @source torch.nn.Linear (He et al. 2015 with a = √5)
 */
export function initTorchLinearDefault(tensor: InitTarget, { gain = 1 }: GainOptions = {}): void {
  fillUniform(tensor, gain / Math.sqrt(fanIn(tensor)));
}

/** Options of `initEmbeddings`. */
export interface InitEmbeddingsOptions {
  /** The row of the padding token: zero after drawing. Default none. */
  readonly paddingIndex?: number | null | undefined;
  /** Standard deviation where `scaleRsqrtDModel` is false. Default 1. */
  readonly std?: number;
  /** Draw with standard deviation 1/√C instead, C being the width of the table. Default true. */
  readonly scaleRsqrtDModel?: boolean;
}

/** Normal with standard deviation 1/√C (or `std`), the padding row zero. */
export function initEmbeddings(tensor: InitTarget, options: InitEmbeddingsOptions = {}): void {
  const { paddingIndex, std = 1, scaleRsqrtDModel = true } = options;
  const width = tensor.shape[1] ?? 1;
  fillNormal(tensor, scaleRsqrtDModel ? 1 / Math.sqrt(width) : std);
  if (paddingIndex !== undefined && paddingIndex !== null) {
    tensor.values.fill(0, paddingIndex * width, (paddingIndex + 1) * width);
  }
}

/** Llama's embeddings: normal with standard deviation 1. */
export function llamaInitEmbeddings(tensor: InitTarget): void {
  fillNormal(tensor, 1);
}

/** Options of `truncNormal`. */
export interface TruncNormalOptions {
  /** Standard deviation before truncation. */
  readonly std: number;
}

/** Normal with the given standard deviation, values outside ±2 (absolute, not in deviations) drawn again. */
export function truncNormal(tensor: InitTarget, { std }: TruncNormalOptions): void {
  fillTruncatedNormal(tensor, std, 2);
}

/** `truncNormal` with the standard deviation 0.02 of GPT-2 and Llama. */
export function truncNormalMagic(tensor: InitTarget): void {
  fillTruncatedNormal(tensor, 0.02, 2);
}

/** Options of `initOutputLayer`. */
export interface InitOutputLayerOptions {
  /** Width of the residual stream. */
  readonly dModel: number;
}

/** Normal with standard deviation 1/√dModel, values outside ±3 deviations drawn again. */
export function initOutputLayer(tensor: InitTarget, { dModel }: InitOutputLayerOptions): void {
  const std = 1 / Math.sqrt(dModel);
  fillTruncatedNormal(tensor, std, 3 * std);
}

/**
 * Uniform in ±gain·√(6/(in+out)).
 *
 * @source Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", eq. 16
 */
export function xavierUniform(tensor: InitTarget, { gain = 1 }: GainOptions = {}): void {
  fillUniform(tensor, gain * Math.sqrt(6 / (fanIn(tensor) + fanOut(tensor))));
}

/** Normal with standard deviation gain·√(2/(in+out)). @source Glorot and Bengio 2010 */
export function xavierNormal(tensor: InitTarget, { gain = 1 }: GainOptions = {}): void {
  fillNormal(tensor, gain * Math.sqrt(2 / (fanIn(tensor) + fanOut(tensor))));
}

/** Standard deviation 0.02/√(2L) for weights that write into the residual stream of a model with L layers. */
export function llamaStd(numHiddenLayers: number): number {
  return 0.02 / Math.sqrt(2 * numHiddenLayers);
}

/** Standard deviation 0.02/√(2(i+1)) by the depth of the layer, i counting from 0. */
export function llamaStdDepth(layerIdx: number): number {
  return 0.02 / Math.sqrt(2 * (layerIdx + 1));
}

/** Uniform in ±bound. */
export function fillUniform({ values, random }: InitTarget, bound: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform() - 1) * bound;
}

/** Normal around 0. */
export function fillNormal({ values, random }: InitTarget, std: number): void {
  for (let i = 0; i < values.length; i++) values[i] = random.normal() * std;
}

function fillTruncatedNormal({ values, random }: InitTarget, std: number, cut: number): void {
  for (let i = 0; i < values.length; i++) {
    let value = random.normal() * std;
    while (Math.abs(value) > cut) value = random.normal() * std;
    values[i] = value;
  }
}

function fanIn({ shape }: InitTarget): number {
  return shape[1] ?? shape[0] ?? 1;
}

function fanOut({ shape }: InitTarget): number {
  return shape[0] ?? 1;
}
