/** @file Gradient clipping, inside the step's Program. */
import type { Parameter, Tensor } from "fgc/runtime";
import { zeros } from "fgc/runtime";
import type { Gradients } from "./optimizer.ts";

/** The norm √Σ_p ‖g_p‖₂² over all gradients, f32 []. */
export function globalNorm(gradients: Gradients): Tensor {
  const squares = [...gradients.values()].map((gradient) => gradient.square().sum());
  return squares.length === 0 ? zeros([]) : squares.reduce((sum, square) => sum.add(square)).sqrt();
}

/**
 * Scale all gradients so that their common norm n is at most `maxNorm`: each times min(1, maxNorm / (n + 1e-6)).
 *
 * @returns the scaled gradients, and n before clipping
 * @source Pascanu, Mikolov and Bengio 2013 (arXiv 1211.5063); torch.nn.utils.clip_grad_norm_
 */
export function clipGradNorm(
  gradients: Gradients,
  maxNorm: number,
): { gradients: Map<Parameter, Tensor>; norm: Tensor } {
  const norm = globalNorm(gradients);
  const factor = norm.add(1e-6).reciprocal().mul(maxNorm).minimum(1);
  return { gradients: new Map([...gradients].map(([parameter, gradient]) => [parameter, gradient.mul(factor)])), norm };
}
