/** @file Between two steps: where a run waits while it is paused, and where others get their turn at its weights. */

export class Gate {
  #isOpen = false;
  readonly #tasks: (() => Promise<void>)[] = [];
  #wake: (() => void) | undefined;
  /** Hears whenever a run comes to wait. */
  onWait = (): void => {};

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    this.#wake?.();
  }

  close(): void {
    this.#isOpen = false;
  }

  /** Does `task` when the run comes by; it must not throw. */
  add(task: () => Promise<void>): void {
    this.#tasks.push(task);
    this.#wake?.();
  }

  /** Does what has been added, and waits while the gate is closed. */
  async pass(): Promise<void> {
    for (;;) {
      for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) await task();
      if (this.#isOpen) return;
      await new Promise<void>((wake) => {
        this.#wake = wake;
        this.onWait();
      });
      this.#wake = undefined;
    }
  }
}
