/** @file TrainingScript: the `main` of a training config. Trains, evaluates, saves: each only if asked. */
import type { DistributedEnvironment } from "../distributed-environment.ts";
import type { LogRecord } from "../state.ts";
import type { Trainer, TrainResult } from "../trainer.ts";

export interface TrainingScriptOptions {
  /** Name, description and folders of the config. */
  meta: Readonly<Record<string, unknown>>;
  doTrain?: boolean;
  doEval?: boolean;
  doSave?: boolean;
  distributedEnv?: DistributedEnvironment | null;
  trainer: Trainer;
}

export interface ScriptResult {
  readonly training: TrainResult | undefined;
  readonly evaluation: LogRecord | undefined;
  /** What it ran on, and in which precision, in words. */
  readonly device: string;
}

/** The main object of a training config: trains, evaluates and saves the model as its settings say. */
export class TrainingScript {
  readonly meta: Readonly<Record<string, unknown>>;
  readonly trainer: Trainer;
  readonly #phases: { doTrain: boolean; doEval: boolean; doSave: boolean };
  readonly #isMain: boolean;

  constructor({
    meta,
    doTrain = true,
    doEval = false,
    doSave = false,
    distributedEnv,
    trainer,
  }: TrainingScriptOptions) {
    this.meta = meta;
    this.trainer = trainer;
    this.#phases = { doTrain, doEval, doSave };
    this.#isMain = (distributedEnv?.localRank ?? 0) === 0;
  }

  /** Evaluate only, whatever the config says. */
  evaluateOnly(): void {
    Object.assign(this.#phases, { doTrain: false, doEval: true, doSave: false });
  }

  /** @param note  receives the lines that say what runs, and where its files are */
  async run(note: (line: string) => void): Promise<ScriptResult> {
    const { doTrain, doEval, doSave } = this.#phases;
    if (this.#isMain) for (const line of this.#header()) note(line);
    const device = await this.trainer.open();
    if (this.#isMain) note(`device: ${device}`);
    const training = doTrain ? await this.trainer.train() : undefined;
    const wasStopped = training !== undefined && training.reason !== "done";
    const evaluation = doEval && !wasStopped ? await this.trainer.evaluate() : undefined;
    if (doSave && !wasStopped) await this.trainer.saveModel();
    return { training, evaluation, device };
  }

  #header(): string[] {
    const { settings, loggingDir } = this.trainer.args;
    const text = (name: string) => {
      const value = this.meta[name] ?? this.meta[name.replaceAll(/_([a-z])/g, (_, c: string) => c.toUpperCase())];
      return typeof value === "string" ? value : undefined;
    };
    const title = [text("config_name"), text("config_description")].filter((part) => part !== undefined).join(": ");
    return [...(title === "" ? [] : [title]), `output: ${settings.outputDir}`, `logs:   ${loggingDir}`];
  }
}
