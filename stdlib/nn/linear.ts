/** @file Linear: the affine map over the last axis. */
import { linear, type Parameter, type Tensor } from "fgc/runtime";
import { initializedParameter } from "./init/rule.ts";
import { fillUniform } from "./init/rules.ts";
import { Module } from "./module.ts";

/** Options of `Linear`. */
export interface LinearOptions {
  /** Add a learned vector. Default true. */
  readonly bias?: boolean;
}

/**
 * A linear map, `y = x Wᵀ + b` over the last axis, f32 [..., in] → f32 [..., out].
 *
 * Weight [out, in] and bias [out] start uniform in ±1/√in.
 *
 * @source torch.nn.Linear
 */
export class Linear extends Module {
  /** [out, in]. Writable, so that an output head can share the embedding's table. */
  weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly inFeatures: number;
  readonly outFeatures: number;

  constructor(inFeatures: number, outFeatures: number, { bias = true }: LinearOptions = {}) {
    super();
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = initializedParameter([outFeatures, inFeatures], (tensor) => fillUniform(tensor, bound), {
      label: "weight",
    });
    // The bound comes from the weight's inputs, which the bias's own shape does not know.
    this.bias = bias
      ? initializedParameter([outFeatures], (tensor) => fillUniform(tensor, bound), { label: "bias" })
      : undefined;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  protected override describe(): string {
    return `in=${this.inFeatures}, out=${this.outFeatures}, bias=${this.bias !== undefined}`;
  }
}
