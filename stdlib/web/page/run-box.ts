/** @file The run: its phase, its buttons, its numbers. */
import type { DeviceReport, ModelReport, Phase, Progress, ToPage, ToWorker } from "../protocol.ts";
import { LossChart } from "./chart.ts";
import { block, button } from "./dom.ts";
import { formatCount, formatLoss, formatMany, formatNorm, formatRate, formatSeconds } from "./format.ts";

const phaseNames: Readonly<Record<Phase, string>> = {
  "needs-data": "Waiting for files",
  preparing: "Preparing",
  ready: "Ready",
  running: "Training",
  pausing: "Pausing after this step",
  paused: "Paused",
  stopping: "Stopping after this step",
  stopped: "Stopped",
  done: "Done",
  failed: "Failed",
};

export class RunBox {
  readonly #send: (message: ToWorker) => void;
  readonly #chart = new LossChart(block("chart"));
  readonly #toggle = button("toggle");
  readonly #stop = button("stop");
  readonly #title = document.title;
  phase: Phase = "preparing";
  #step = 0;
  #maxSteps = 0;

  constructor(send: (message: ToWorker) => void) {
    this.#send = send;
    this.#toggle.addEventListener("click", () => this.toggle());
    this.#stop.addEventListener("click", () => this.stop());
  }

  get isRunning(): boolean {
    return this.phase === "running" || this.phase === "pausing" || this.phase === "stopping";
  }

  get step(): number {
    return this.#step;
  }

  toggle(): void {
    if (this.#toggle.disabled) return;
    this.#send({ kind: this.phase === "running" ? "pause" : "run" });
  }

  stop(): void {
    if (!this.#stop.disabled) this.#send({ kind: "stop" });
  }

  enter({ phase, step, maxSteps }: Extract<ToPage, { kind: "phase" }>): void {
    this.phase = phase;
    this.#step = step;
    if (maxSteps > 0) this.#maxSteps = maxSteps;
    block("phase").dataset["phase"] = phase;
    block("phase-text").textContent = phaseNames[phase];
    const at = step > 0 ? ` at step ${formatCount(step)}` : "";
    block("status").textContent = `${phaseNames[phase]}${at}`;
    const isSteady = ["ready", "running", "paused", "stopped", "failed"].includes(phase);
    this.#toggle.disabled = !isSteady;
    this.#toggle.textContent = phase === "running" || phase === "pausing" ? "Pause" : step > 0 ? "Continue" : "Start";
    this.#stop.disabled = phase !== "running" && phase !== "paused";
    this.#showProgress();
  }

  busy(task: string | undefined): void {
    block("busy").textContent = task === undefined ? "" : `${task} …`;
  }

  report(progress: Progress): void {
    this.#step = progress.step;
    this.#maxSteps = progress.maxSteps;
    const show = (id: string, text: string): void => {
      block(id).textContent = text;
    };
    show("n-step", `${formatCount(progress.step)} / ${formatCount(progress.maxSteps)}`);
    show("n-loss", formatLoss(progress.loss));
    show("n-eval", formatLoss(this.#chart.evaluationLoss));
    show("n-rate", formatRate(progress.learningRate));
    show("n-norm", formatNorm(progress.gradNorm));
    show("n-speed", progress.tokensPerSecond === undefined ? "–" : formatCount(progress.tokensPerSecond));
    show("n-left", progress.step >= progress.maxSteps ? "–" : formatSeconds(progress.secondsLeft));
    this.#showProgress(`epoch ${progress.epoch.toFixed(2)}, ${formatMany(progress.tokens)} tokens`);
  }

  steps({ progress, points }: Extract<ToPage, { kind: "steps" }>): void {
    this.#chart.add(points, progress.maxSteps);
    this.report(progress);
  }

  history({ curve }: Extract<ToPage, { kind: "history" }>): void {
    this.#chart.curve = curve;
  }

  evaluated({ step, loss }: Extract<ToPage, { kind: "evaluated" }>): void {
    this.#chart.addEvaluation({ step, loss });
    block("n-eval").textContent = formatLoss(loss);
  }

  /** What computes, and why it is not something faster. */
  device(device: DeviceReport): void {
    const { name, threads, adapter, features, notices, isolated } = device;
    const isWasm = name === "wasm";
    const label = name === "webgpu" ? "WebGPU" : isWasm ? "WebAssembly" : name;
    const what = isWasm ? `${threads} thread${threads === 1 ? "" : "s"}` : (adapter ?? "");
    const chip = block("device");
    chip.textContent = what === "" ? label : `${label}, ${what}`;
    chip.title = features.join(", ");
    const reasons = notices.map((notice) => `${notice.charAt(0).toUpperCase()}${notice.slice(1)}.`);
    const hint =
      isWasm && !isolated
        ? "For more threads, serve this file with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp."
        : "";
    block("device-line").textContent = [
      `Trains on ${chip.textContent}${features.length > 0 ? ` (${features.join(", ")})` : ""}.`,
      ...reasons,
      hint,
    ]
      .filter((part) => part !== "")
      .join(" ");
  }

  model({ parameters, trainBlocks, batchSize }: ModelReport): void {
    block("about").textContent =
      `${formatMany(parameters)} parameters, ${formatCount(trainBlocks)} sequences, ${formatCount(batchSize)} a step`;
  }

  #showProgress(detail?: string): void {
    const share = this.#maxSteps === 0 ? 0 : Math.min(1, this.#step / this.#maxSteps);
    const bar = block("progress");
    (bar.firstElementChild as HTMLElement).style.width = `${100 * share}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    bar.setAttribute("aria-valuetext", `step ${this.#step} of ${this.#maxSteps}`);
    if (detail !== undefined) block("progress-text").textContent = detail;
    document.title = this.isRunning ? `${Math.floor(100 * share)}% ${this.#title}` : this.#title;
  }
}
