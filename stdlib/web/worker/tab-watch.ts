/**
 * @file TabWatch: the callback by which a page hears of its run, holds it between two steps, and has it saved in time. Its state, the loss curve,
 * goes into checkpoints: a run that is continued shows how it came there.
 */
import type {
  CallbackContext,
  TrainerCallback,
  TrainerControl,
  TrainerState,
  TrainingArguments,
} from "../../train/index.ts";
import type { Curve, Phase, Progress, StepNumbers, ToPage } from "../protocol.ts";
import { LossRecord } from "./curve.ts";
import type { Gate } from "./gate.ts";

/** Seconds between saves; more where a save takes long, so that a run spends little of its time on them. */
const saveSeconds = 20;
const saveShare = 0.05;
const postMs = 100;
/** How many seconds the speed is measured over. */
const speedSeconds = 8;

export interface TabWatchOptions {
  readonly gate: Gate;
  readonly post: (message: ToPage) => void;
  readonly onPhase: (phase: Phase) => void;
  /** A checkpoint is whole. */
  readonly onSaved: (path: string, step: number) => Promise<void>;
}

export class TabWatch implements TrainerCallback {
  readonly #options: TabWatchOptions;
  readonly #record = new LossRecord();
  #context: CallbackContext | undefined;
  #state: TrainerState | undefined;
  #wantsSave = false;
  #wantsPause = false;
  #isAborted = false;
  #savedStep = -1;
  #savedAt = performance.now();
  #saveMs = 0;
  /** Where the step in progress began, and those before: how long they took and how many tokens they had. */
  #stepBegan = 0;
  #tokensBefore = 0;
  readonly #recent: { seconds: number; tokens: number }[] = [];
  #points: StepNumbers[] = [];
  #postedAt = 0;
  #loss: number | undefined;
  #gradNorm: number | undefined;
  #hasStepped = false;

  constructor(options: TabWatchOptions) {
    this.#options = options;
  }

  /** What the run is made of, once it is prepared. */
  get context(): CallbackContext | undefined {
    return this.#context;
  }
  get step(): number {
    return this.#state?.globalStep ?? 0;
  }
  get maxSteps(): number {
    return this.#state?.maxSteps ?? 0;
  }
  get isSaved(): boolean {
    return this.#savedStep === this.step;
  }

  /** Saves after the step in progress, or after the next one. */
  requestSave(): void {
    this.#wantsSave = true;
  }

  /** Waits after the next step, which is saved: a paused page may be closed. */
  requestPause(): void {
    this.#wantsPause = true;
    if (!this.isSaved) this.#wantsSave = true;
  }

  /** Ends the run before its next step, without a save. */
  abort(): void {
    this.#isAborted = true;
  }

  resume(): void {
    this.#wantsPause = false;
    this.#options.gate.open();
  }

  onInitEnd(_args: TrainingArguments, state: TrainerState, _control: TrainerControl, context: CallbackContext): void {
    this.#context = context;
    this.#state = state;
    if (state.globalStep > 0) this.#savedStep = state.globalStep;
    this.#options.post({ kind: "busy", with: undefined });
    this.#options.post({ kind: "history", curve: this.#record.curve });
    this.#options.post({
      kind: "model",
      model: {
        parameters: context.model.parameters().reduce((sum, { size }) => sum + size, 0),
        trainBlocks: context.trainDataloader?.dataset.length ?? 0,
        batchSize: state.trainBatchSize,
      },
    });
    this.#report(true);
  }

  async onTrainBegin(_args: TrainingArguments, state: TrainerState, control: TrainerControl): Promise<void> {
    if (state.globalStep >= state.maxSteps) return;
    if (!this.#options.gate.isOpen) this.#options.onPhase("ready");
    await this.#options.gate.pass();
    if (this.#isAborted) control.shouldAbortWithoutSave = true;
    else this.#options.onPhase("running");
  }

  async onStepBegin(_args: TrainingArguments, state: TrainerState): Promise<void> {
    const { gate, onPhase, post } = this.#options;
    const pauses = this.#wantsPause && this.isSaved;
    if (pauses) {
      gate.close();
      this.#report(true);
      onPhase("paused");
    }
    await gate.pass();
    if (pauses && !this.#isAborted) onPhase("running");
    if (!this.#hasStepped) post({ kind: "busy", with: "compiling the first step" });
    this.#stepBegan = performance.now();
    this.#tokensBefore = state.numInputTokensSeen;
  }

  onStepEnd(_args: TrainingArguments, state: TrainerState, control: TrainerControl): void {
    const { globalStep: step, numInputTokensSeen: tokens } = state;
    if (!this.#hasStepped) this.#options.post({ kind: "busy", with: undefined });
    // The first step compiles: a speed that contains it would be wrong.
    else this.#measure((performance.now() - this.#stepBegan) / 1000, tokens - this.#tokensBefore);
    this.#hasStepped = true;
    const since = (performance.now() - this.#savedAt) / 1000;
    const isDue = since > Math.max(saveSeconds, this.#saveMs / 1000 / saveShare);
    if (this.#isAborted) control.shouldAbortWithoutSave = true;
    else if (this.#wantsSave || isDue) control.shouldSave = true;
    this.#report(step >= state.maxSteps);
  }

  /** A device that is ahead of its reader gives several steps at once, a little later. */
  onStepRead(
    _args: TrainingArguments,
    { globalStep }: TrainerState,
    _control: TrainerControl,
    { step = globalStep, loss, norm }: CallbackContext,
  ): void {
    this.#gradNorm = norm;
    if (loss === undefined) return;
    this.#loss = loss;
    this.#record.add(step, loss);
    this.#points.push({ step, loss });
  }

  onPredictionStep(): void {
    this.#options.post({ kind: "busy", with: "evaluating" });
  }

  onEvaluate(
    _args: TrainingArguments,
    { globalStep }: TrainerState,
    _control: TrainerControl,
    { metrics = {} }: CallbackContext,
  ): void {
    this.#options.post({ kind: "busy", with: undefined });
    const loss = metrics["eval_loss"];
    if (loss === undefined) return;
    this.#record.addEvaluation(globalStep, loss);
    this.#options.post({ kind: "evaluated", step: globalStep, loss });
  }

  async onSave(
    _args: TrainingArguments,
    { globalStep }: TrainerState,
    _control: TrainerControl,
    { checkpoint }: CallbackContext,
  ): Promise<void> {
    this.#savedStep = globalStep;
    this.#wantsSave = false;
    const began = performance.now();
    await this.#options.onSaved(checkpoint!, globalStep);
    this.#savedAt = performance.now();
    this.#saveMs = this.#savedAt - began;
  }

  onTrainEnd(): void {
    this.#report(true);
  }

  stateDict(): Curve {
    return this.#record.curve;
  }
  loadStateDict(curve: Curve): void {
    this.#record.curve = curve;
  }

  #measure(seconds: number, tokens: number): void {
    this.#recent.push({ seconds, tokens });
    const total = () => this.#recent.reduce((sum, entry) => sum + entry.seconds, 0);
    while (this.#recent.length > 3 && total() > speedSeconds) this.#recent.shift();
  }

  #report(now: boolean): void {
    const state = this.#state;
    if (state === undefined || (!now && performance.now() - this.#postedAt < postMs)) return;
    this.#postedAt = performance.now();
    const seconds = this.#recent.reduce((sum, entry) => sum + entry.seconds, 0);
    const tokens = this.#recent.reduce((sum, entry) => sum + entry.tokens, 0);
    const progress: Progress = {
      step: state.globalStep,
      maxSteps: state.maxSteps,
      epoch: state.epoch,
      loss: this.#loss,
      learningRate: this.#context?.optimizer.groups[0]?.lr,
      gradNorm: this.#gradNorm,
      tokensPerSecond: seconds > 0 ? tokens / seconds : undefined,
      tokens: state.numInputTokensSeen,
      secondsLeft: seconds > 0 ? ((state.maxSteps - state.globalStep) * seconds) / this.#recent.length : undefined,
    };
    this.#options.post({ kind: "steps", progress, points: this.#points });
    this.#points = [];
  }
}
