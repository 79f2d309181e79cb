/** @file The losses of a run, thinned out as they grow: what the page draws, and what a checkpoint keeps of it. */
import type { Curve } from "../protocol.ts";

/** Twice as many points as a wide screen has columns. */
const mostPoints = 4096;

export class LossRecord {
  #train: [step: number, loss: number][] = [];
  #evaluation: [step: number, loss: number][] = [];

  add(step: number, loss: number): void {
    this.#train.push([step, loss]);
    if (this.#train.length > mostPoints) this.#train = halved(this.#train);
  }

  addEvaluation(step: number, loss: number): void {
    this.#evaluation.push([step, loss]);
    if (this.#evaluation.length > mostPoints) this.#evaluation = halved(this.#evaluation);
  }

  get curve(): Curve {
    return {
      steps: this.#train.map(([step]) => step),
      losses: this.#train.map(([, loss]) => loss),
      evalSteps: this.#evaluation.map(([step]) => step),
      evalLosses: this.#evaluation.map(([, loss]) => loss),
    };
  }

  set curve({ steps, losses, evalSteps, evalLosses }: Curve) {
    this.#train = steps.map((step, i) => [step, losses[i]!]);
    this.#evaluation = evalSteps.map((step, i) => [step, evalLosses[i]!]);
  }
}

/** Two neighbours become their mean. */
function halved(points: readonly [number, number][]): [number, number][] {
  return points.flatMap(([step, loss], i): [number, number][] => {
    if (i % 2 === 0) return i + 1 < points.length ? [] : [[step, loss]];
    return [[step, (points[i - 1]![1] + loss) / 2]];
  });
}
