/** @file A feed-forward layer with a mistake: the way back expects twice the width that the way in gives. */
import { Linear, Module } from "fgc/nn";
import type { Tensor } from "fgc/runtime";

export class Narrow extends Module {
  readonly wayIn: Linear;
  readonly wayBack: Linear;

  constructor({ dModel }: { dModel: number }) {
    super();
    this.wayIn = new Linear(dModel, dModel);
    this.wayBack = new Linear(2 * dModel, dModel);
  }

  forward(x: Tensor): Tensor {
    return this.wayBack.forward(this.wayIn.forward(x));
  }
}
