/** @file Activations as modules, for factories: `activation_factory: !partial:fgc/nn:SiLU`. Element-wise, any shape. */
import type { Tensor } from "fgc/runtime";
import { Module } from "./module.ts";

/** An element-wise module without parameters. */
export interface Activation extends Module {
  forward(x: Tensor): Tensor;
}

/** The rectifier `max(x, 0)`; its gradient at 0 is 0. */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return x.relu();
  }
}

/** The sigmoid-weighted unit `x · σ(x)`, also called swish. @source Elfwing, Uchibe and Doya 2017 */
export class SiLU extends Module {
  forward(x: Tensor): Tensor {
    return x.silu();
  }
}

/** Options of `GELU`. */
export interface GELUOptions {
  /** "none": `x · Φ(x)` by erf. "tanh": GPT-2's approximation. Default "none". */
  readonly approximate?: "none" | "tanh";
}

/**
 * The Gaussian unit `x · Φ(x)` with the normal distribution function Φ, or `½x(1 + tanh(√(2/π)(x + 0.044715x³)))`.
 *
 * @source Hendrycks and Gimpel 2016, "Gaussian Error Linear Units"
 */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";

  constructor({ approximate = "none" }: GELUOptions = {}) {
    super();
    this.approximate = approximate;
  }

  forward(x: Tensor): Tensor {
    return x.gelu({ approximate: this.approximate });
  }

  protected override describe(): string {
    return this.approximate === "none" ? "" : `approximate=${this.approximate}`;
  }
}

/** The hyperbolic tangent `tanh(x)`. */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** The logistic function `1 / (1 + e⁻ˣ)`. */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

/** Returns its input. */
export class Identity extends Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}
