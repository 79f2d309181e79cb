/** @file Steps that have been started and not read: their results come together, in one trip to the device. */
import { mostUnread, type StartedStep, type StepResult } from "./step.ts";

/** What is known of a step when it starts. */
export interface StepNote {
  /** Its number, from 1. */
  readonly step: number;
  readonly samples: number;
  readonly tokens: number;
  /** The rate of the first group. */
  readonly learningRate: number;
}

/** A step that is over. */
export interface FinishedStep extends StepNote, StepResult {
  /** Its share of the time that passed since the device was last idle. */
  readonly seconds: number;
}

export class UnreadSteps {
  #steps: (StepNote & { readonly started: StartedStep })[] = [];
  /** When the first of them was started. */
  #since = 0;

  /** To be told before a step is started: time counts from here. */
  begin(): void {
    if (this.#steps.length === 0) this.#since = performance.now();
  }

  add(note: StepNote, started: StartedStep): void {
    this.#steps.push({ ...note, started });
  }

  /** Whether so many are under way that it is time to read. */
  get isFull(): boolean {
    return this.#steps.length >= mostUnread;
  }

  /** Waits for all of them, and gives them in order. */
  async read(): Promise<readonly FinishedStep[]> {
    const steps = this.#steps;
    if (steps.length === 0) return [];
    this.#steps = []; // a read that fails is a read: nothing is left to drop
    const results = await Promise.all(steps.map(({ started }) => started.read()));
    const seconds = (performance.now() - this.#since) / 1000 / steps.length;
    return steps.map(({ started: _, ...note }, i) => ({ ...note, ...results[i]!, seconds }));
  }

  /** Nobody wants to know any more: the run has failed. */
  drop(): void {
    for (const { started } of this.#steps) started.drop();
    this.#steps = [];
  }
}
