/**
 * @file The loss curve: each step faintly, its trend, and evaluations. An SVG that is as wide as its place, drawn anew when something has
 * changed, at most once a frame. A pointer, or the arrow keys, read values off it.
 */
import { formatTick, linearScale, niceTicks } from "../../train/plot/scale.ts";
import type { Curve, StepNumbers } from "../protocol.ts";
import { make } from "./dom.ts";
import { formatCount, formatLoss } from "./format.ts";

interface Point {
  readonly step: number;
  readonly loss: number;
}

interface Frame {
  readonly x: (step: number) => number;
  readonly y: (loss: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const svgNamespace = "http://www.w3.org/2000/svg";
const margin = { left: 44, right: 10, top: 8, bottom: 24 };

export class LossChart {
  readonly #figure: HTMLElement;
  readonly #svg = document.createElementNS(svgNamespace, "svg");
  readonly #legend = make("div", "", "legend");
  readonly #tip = make("div", "", "tip");
  #train: Point[] = [];
  #evaluation: Point[] = [];
  #maxSteps = 0;
  #frame: Frame | undefined;
  #isDue = false;
  /** The step that is read off, where somebody points. */
  #at: number | undefined;

  constructor(figure: HTMLElement) {
    this.#figure = figure;
    this.#svg.setAttribute("aria-hidden", "true");
    this.#tip.hidden = true;
    figure.append(this.#legend, this.#svg, this.#tip);
    new ResizeObserver(() => this.#redraw()).observe(figure);
    figure.addEventListener("pointermove", ({ clientX }) => this.#pointAt(clientX));
    figure.addEventListener("pointerleave", () => this.#point(undefined));
    figure.addEventListener("blur", () => this.#point(undefined));
    figure.addEventListener("keydown", (event) => this.#onKey(event));
  }

  get evaluationLoss(): number | undefined {
    return this.#evaluation.at(-1)?.loss;
  }

  set curve({ steps, losses, evalSteps, evalLosses }: Curve) {
    this.#train = steps.map((step, i) => ({ step, loss: losses[i]! }));
    this.#evaluation = evalSteps.map((step, i) => ({ step, loss: evalLosses[i]! }));
    this.#redraw();
  }

  add(points: readonly StepNumbers[], maxSteps: number): void {
    if (points.length === 0 && maxSteps === this.#maxSteps) return;
    this.#train.push(...points);
    this.#maxSteps = maxSteps;
    this.#redraw();
  }

  addEvaluation(point: Point): void {
    this.#evaluation.push(point);
    this.#redraw();
  }

  #redraw(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { width, height } = this.#svg.getBoundingClientRect();
    if (width === 0) return;
    const finite = (points: readonly Point[]) => points.filter(({ loss }) => Number.isFinite(loss));
    const [train, evaluation] = [finite(this.#train), finite(this.#evaluation)];
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#describe(train.at(-1), evaluation.at(-1));
    const frame = frameOf(train, evaluation, this.#maxSteps, width, height);
    this.#frame = frame;
    const trend = smoothed(train);
    // The data are numbers of ours: nothing here comes from elsewhere.
    this.#svg.innerHTML = [
      ...axes(train.length === 0, frame, this.#range(train, evaluation), this.#lastStep(train)),
      train.length === 0
        ? `<text class="empty" x="${(frame.left + frame.right) / 2}" y="${(frame.top + frame.bottom) / 2}" text-anchor="middle">The curve begins with the first step.</text>`
        : "",
      path("raw", train, frame),
      path("train", trend, frame),
      path("eval", evaluation, frame),
      ...evaluation.map(
        ({ step, loss }) => `<circle class="eval-dot" cx="${n(frame.x(step))}" cy="${n(frame.y(loss))}" r="4"/>`,
      ),
      this.#cross(train, frame),
    ].join("");
  }

  #lastStep(train: readonly Point[]): number {
    return Math.max(1, this.#maxSteps, train.at(-1)?.step ?? 0);
  }

  #range(train: readonly Point[], evaluation: readonly Point[]): [number, number] {
    return rangeOf([...train, ...evaluation]);
  }

  #describe(train: Point | undefined, evaluation: Point | undefined): void {
    const entries = [
      ...(train === undefined ? [] : [["of-train", "training", train] as const]),
      ...(evaluation === undefined ? [] : [["of-eval", "evaluation", evaluation] as const]),
    ];
    this.#legend.replaceChildren(
      ...entries.map(([name, label, { loss }]) => {
        const entry = make("span", `${label} `, name);
        entry.append(make("b", formatLoss(loss)));
        return entry;
      }),
    );
    const words = entries.map(([, label, { step, loss }]) => `${label} ${formatLoss(loss)} at step ${step}`);
    const first = this.#train[0];
    const from = first === undefined ? "" : `, from ${formatLoss(first.loss)} at step ${first.step}`;
    this.#figure.setAttribute(
      "aria-label",
      `Loss curve: ${words.length === 0 ? "nothing yet" : words.join(", ")}${from}`,
    );
  }

  #cross(train: readonly Point[], { x, y, top, bottom }: Frame): string {
    const point = this.#at === undefined ? undefined : nearest(train, this.#at);
    this.#tip.hidden = point === undefined;
    if (point === undefined) return "";
    const [px, py] = [x(point.step), y(point.loss)];
    this.#tip.textContent = `step ${formatCount(point.step)}: ${formatLoss(point.loss)}`;
    const box = this.#svg.getBoundingClientRect();
    const edge = 70;
    this.#tip.style.left = `${Math.min(box.width - edge, Math.max(edge, px))}px`;
    this.#tip.style.top = `${this.#legend.offsetHeight + py}px`;
    return `<line class="cross" x1="${n(px)}" x2="${n(px)}" y1="${top}" y2="${bottom}"/><circle class="cross-dot" cx="${n(px)}" cy="${n(py)}" r="4.5"/>`;
  }

  #pointAt(clientX: number): void {
    const { left } = this.#svg.getBoundingClientRect();
    const frame = this.#frame;
    if (frame === undefined) return;
    const share = (clientX - left - frame.left) / (frame.right - frame.left);
    this.#point(share * this.#lastStep(this.#train));
  }

  #point(step: number | undefined): void {
    if (this.#at === step) return;
    this.#at = step;
    this.#redraw();
  }

  #onKey(event: KeyboardEvent): void {
    const last = this.#train.length - 1;
    if (last < 0) return;
    const now = this.#at === undefined ? last : this.#train.findIndex(({ step }) => step >= (this.#at ?? 0));
    const stride = event.shiftKey ? 10 : 1;
    const next: Readonly<Record<string, number>> = {
      ArrowLeft: this.#at === undefined ? last : now - stride,
      ArrowRight: now + stride,
      Home: 0,
      End: last,
    };
    const index = next[event.key];
    if (index === undefined) return;
    event.preventDefault();
    this.#point(this.#train[Math.min(last, Math.max(0, index))]?.step);
  }
}

function rangeOf(points: readonly Point[]): [number, number] {
  if (points.length === 0) return [0, 1];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { loss } of points) [low, high] = [Math.min(low, loss), Math.max(high, loss)];
  const space = (high - low || Math.abs(high) || 1) * 0.06;
  return [Math.max(0, low - space), high + space];
}

function frameOf(
  train: readonly Point[],
  evaluation: readonly Point[],
  maxSteps: number,
  width: number,
  height: number,
): Frame {
  const [left, right, top, bottom] = [margin.left, width - margin.right, margin.top, height - margin.bottom];
  const x = linearScale([0, Math.max(1, maxSteps, train.at(-1)?.step ?? 0)], [left, right]);
  const y = linearScale(rangeOf([...train, ...evaluation]), [bottom, top]);
  return { x, y, left, right, top, bottom };
}

function axes(
  isEmpty: boolean,
  { x, y, left, right, top, bottom }: Frame,
  [low, high]: readonly [number, number],
  lastStep: number,
): string[] {
  const across = Math.max(2, Math.floor((right - left) / 90));
  const down = Math.max(2, Math.floor((bottom - top) / 44));
  return [
    ...(isEmpty ? [] : niceTicks(low, high, down)).map(
      (value) =>
        `<line class="grid" x1="${left}" x2="${right}" y1="${n(y(value))}" y2="${n(y(value))}"/><text x="${left - 8}" y="${n(y(value) + 4)}" text-anchor="end">${formatTick(value)}</text>`,
    ),
    ...niceTicks(0, lastStep, across)
      .filter(Number.isInteger)
      .map((value) => `<text x="${n(x(value))}" y="${bottom + 18}" text-anchor="middle">${formatTick(value)}</text>`),
    `<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
  ];
}

/** An exponential mean over about a twentieth of the run, so that the trend shows through the noise of batches. */
function smoothed(points: readonly Point[]): Point[] {
  const keep = 1 - 1 / Math.max(1, Math.min(20, points.length / 20));
  let mean = points[0]?.loss ?? 0;
  return points.map(({ step, loss }) => {
    mean = keep * mean + (1 - keep) * loss;
    return { step, loss: mean };
  });
}

/** At most two points to a pixel: the browser draws no more. */
function path(name: string, points: readonly Point[], { x, y, left, right }: Frame): string {
  if (points.length === 0) return "";
  const stride = Math.max(1, Math.floor(points.length / (2 * (right - left))));
  const drawn = points.filter((_, i) => i % stride === 0 || i === points.length - 1);
  return `<path class="${name}" d="${drawn.map(({ step, loss }, i) => `${i === 0 ? "M" : "L"}${n(x(step))} ${n(y(loss))}`).join("")}"/>`;
}

function nearest(points: readonly Point[], step: number): Point | undefined {
  let found = points[0];
  for (const point of points) if (Math.abs(point.step - step) < Math.abs(found!.step - step)) found = point;
  return found;
}

const n = (value: number): string => value.toFixed(1);
