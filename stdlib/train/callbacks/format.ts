/** @file How metrics look on a console. */
import type { LogRecord, TrainerState } from "../state.ts";

/** `TIME` padded to 22, the step to 10, the epoch with two decimals. */
export function linePrefix({ globalStep, epoch }: Pick<TrainerState, "globalStep" | "epoch">, now: Date): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  const time = local.toISOString().slice(0, 19).replace("T", " ");
  return `${time.padEnd(22)}${globalStep.toLocaleString("en-US").padStart(10)}  ${epoch.toFixed(2)}`;
}

/** `train-loss: …`, one line per log. */
export function formatLog(logs: LogRecord): string {
  const { loss, grad_norm, learning_rate, tokens_per_second } = logs;
  const parts = [
    ...(loss === undefined ? [] : [`train-loss: ${loss.toFixed(5).padEnd(10)}`]),
    ...(grad_norm === undefined ? [] : [`grad-norm: ${grad_norm.toFixed(5).padEnd(10)}`]),
    ...(learning_rate === undefined
      ? []
      : [`learning-rate: ${learning_rate.toExponential(2).replace(/e([+-])(\d)$/, "e$10$2")}`]),
    ...(tokens_per_second ? [`tokens/s: ${Math.round(tokens_per_second).toLocaleString("en-US")}`] : []),
  ];
  return parts.join("  ");
}

/** `eval-loss:  …`, further metrics by their names. */
export function formatEvaluation(metrics: LogRecord): string {
  return Object.entries(metrics)
    .filter(([name]) => name !== "epoch")
    .map(([name, value]) =>
      name === "eval_loss" ? `eval-loss:  ${value.toFixed(5).padEnd(10)}` : `${name}: ${value.toFixed(5)}`,
    )
    .join("  ");
}

/** Seconds as `1:05` or `2:03:04`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
