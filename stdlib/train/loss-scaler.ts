/**
 * @file Dynamic loss scaling: small gradients are lifted into the range of float16, and a step whose gradients left it at the other end is skipped.
 *
 * All of it happens inside the step's Program, so that no step waits for the host: the scale and its counter are states, and an update that must not
 * happen keeps every weight and moment as it was.
 *
 * @source torch.amp.GradScaler, with its constants; Micikevicius et al. 2018 (arXiv 1710.03740), section 3.2
 */
import { assignWhere, type Session, StateTensor, type Tensor, where } from "fgc/runtime";
import type { Gradients } from "../optim/index.ts";

const initialScale = 65_536;
const growthFactor = 2;
const backoffFactor = 0.5;
/** Good steps in a row before the scale is tried higher. */
const growthInterval = 2000;
/**
 * No norm of gradients reaches this; what does is infinite, or nearly, or no number. A GPU's compiler may take for granted that there are no infinities,
 * and then knows the answer to a comparison with one; with a number of its own range it has to compare.
 */
const overflowNorm = 2 ** 100;
/** Far below what any finite model needs; its reciprocal is finite. */
const smallestScale = 2 ** -24;

/** Whether a step with this norm was skipped. */
export const isOverflow = (norm: number): boolean => !(norm < overflowNorm);

/** What a checkpoint keeps, as JSON. */
export interface LossScalerState {
  readonly scale: number;
  readonly good_steps: number;
}

export class LossScaler {
  readonly #scale = new StateTensor([], Float32Array.of(initialScale), { label: "loss_scale" });
  readonly #goodSteps = new StateTensor([], new Int32Array(1), { dtype: "i32", label: "loss_scale.good_steps" });

  /** The loss that is differentiated. */
  scaleLoss(loss: Tensor): Tensor {
    return loss.mul(this.#scale);
  }

  /** The gradients of the loss itself. The scale is a power of two: nothing is rounded. */
  unscale(gradients: Gradients): Gradients {
    const inverse = this.#scale.reciprocal();
    return new Map([...gradients].map(([parameter, gradient]) => [parameter, gradient.mul(inverse)]));
  }

  /**
   * Records an update that takes effect only if the norm of its gradients is a finite number, and what becomes of the scale.
   *
   * @returns the scale after the step
   */
  guard(norm: Tensor, update: () => void): Tensor {
    const holds = norm.lt(overflowNorm); // not for NaN, either
    assignWhere(holds, update);
    const good = this.#goodSteps.add(1);
    const grows = good.ge(growthInterval);
    const lowered = this.#scale.mul(backoffFactor).maximum(smallestScale);
    // 2¹²⁷ is the largest power of two: beyond it the scale itself would not be finite.
    const raised = where(grows, this.#scale.mul(growthFactor).minimum(2 ** 127), this.#scale);
    const next = where(holds, raised, lowered);
    this.#scale.assign(next);
    this.#goodSteps.assign(where(holds.logicalAnd(grows.logicalNot()), good, 0));
    return next;
  }

  async stateDict(session: Session): Promise<LossScalerState> {
    const [scale, goodSteps] = await Promise.all([session.read(this.#scale), session.read(this.#goodSteps)]);
    return { scale: scale.data[0]!, good_steps: goodSteps.data[0]! };
  }

  loadStateDict(state: LossScalerState, session: Session): void {
    session.write(this.#scale, Float32Array.of(state.scale));
    session.write(this.#goodSteps, Int32Array.of(state.good_steps));
  }
}
