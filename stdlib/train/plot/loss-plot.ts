/**
 * @file The loss curve as SVG: training and evaluation loss over steps, and the learning rate below.
 *
 * Pure: points in, text out. Colours are readable on white and, by a media query, on dark.
 */
import { formatTick, linearScale, niceTicks } from "./scale.ts";

export interface Point {
  readonly step: number;
  readonly value: number;
}

export interface LossCurves {
  readonly title: string;
  readonly train: readonly Point[];
  readonly evaluation: readonly Point[];
  readonly learningRate: readonly Point[];
}

const width = 860;
const height = 520;
const plot = { left: 64, right: width - 24, top: 56, bottom: 372 };
const strip = { top: 420, bottom: 476 };

const style = `
  .ground { fill: #ffffff } .ink { fill: #1f2933 } .soft { fill: #66727f } .grid { stroke: #e4e9ee } .axis { stroke: #9aa5b1 }
  .train { stroke: #3b7dd8; fill: none } .raw { stroke: #3b7dd8; fill: none; opacity: .3 } .eval { stroke: #e0701a; fill: none }
  .dot { fill: #e0701a } .rate { stroke: #2f9e75; fill: none } .key-train { fill: #3b7dd8 } .key-rate { fill: #2f9e75 }
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif } .title { font-size: 16px; font-weight: 600 }
  .end { text-anchor: end } .middle { text-anchor: middle }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #12161b } .ink { fill: #e6ebf0 } .soft { fill: #97a3af } .grid { stroke: #262d35 } .axis { stroke: #55606c }
    .train, .raw { stroke: #6aa5f3 } .eval { stroke: #f79a4d } .dot { fill: #f79a4d } .rate { stroke: #4cc797 }
    .key-train { fill: #6aa5f3 } .key-rate { fill: #4cc797 }
  }`;

/** The curves of training and evaluation loss as an SVG picture. */
export function renderLossPlot(curves: LossCurves): string {
  const finite = (points: readonly Point[]) => points.filter((p) => Number.isFinite(p.value));
  const [train, evaluation, rate] = [finite(curves.train), finite(curves.evaluation), finite(curves.learningRate)];
  const values = [...train, ...evaluation].map((p) => p.value);
  const lastStep = Math.max(1, ...[...train, ...evaluation].map((p) => p.step));
  const [low, high] = values.length === 0 ? [0, 1] : padded(Math.min(...values), Math.max(...values));
  const x = linearScale([0, lastStep], [plot.left, plot.right]);
  const y = linearScale([low, high], [plot.bottom, plot.top]);
  const smooth = smoothed(train);

  const parts = [
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text class="ink title" x="${plot.left}" y="30">${escapeXml(curves.title)}</text>`,
    ...niceTicks(low, high, 6).map(
      (v) =>
        `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${n(y(v))}" y2="${n(y(v))}"/><text class="soft end" x="${plot.left - 8}" y="${n(y(v) + 4)}">${formatTick(v)}</text>`,
    ),
    ...niceTicks(0, lastStep, 8).map(
      (v) =>
        `<line class="grid" x1="${n(x(v))}" x2="${n(x(v))}" y1="${plot.top}" y2="${plot.bottom}"/><text class="soft middle" x="${n(x(v))}" y="${plot.bottom + 18}">${formatTick(v)}</text>`,
    ),
    `<line class="axis" x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}"/>`,
    `<text class="soft end" x="${plot.right}" y="${plot.bottom + 34}">step</text><text class="soft" x="${plot.left}" y="${plot.top - 8}">loss</text>`,
    line("raw", train, x, y, 1),
    line("train", smooth, x, y, 2),
    line("eval", evaluation, x, y, 2),
    ...evaluation.map(
      (p) =>
        `<circle class="dot" cx="${n(x(p.step))}" cy="${n(y(p.value))}" r="3"><title>step ${p.step}: ${p.value.toFixed(5)}</title></circle>`,
    ),
    legend(train.at(-1), evaluation.at(-1)),
    ...rateStrip(rate, x),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(curves.title)}">\n<style>${style}\n</style>\n${parts.filter((p) => p !== "").join("\n")}\n</svg>\n`;
}

function legend(train: Point | undefined, evaluation: Point | undefined): string {
  const entry = (key: string, label: string, point: Point | undefined, at: number) =>
    point === undefined
      ? ""
      : `<rect class="${key}" x="${at}" y="20" width="14" height="4" rx="2"/><text class="ink" x="${at + 20}" y="26">${label} ${point.value.toFixed(3)}</text>`;
  return entry("key-train", "train", train, plot.right - 250) + entry("dot", "eval", evaluation, plot.right - 120);
}

function rateStrip(rate: readonly Point[], x: (step: number) => number): string[] {
  if (rate.length < 2) return [];
  const top = Math.max(...rate.map((p) => p.value), Number.MIN_VALUE);
  const y = linearScale([0, top], [strip.bottom, strip.top]);
  return [
    `<line class="axis" x1="${plot.left}" x2="${plot.right}" y1="${strip.bottom}" y2="${strip.bottom}"/>`,
    `<text class="soft end" x="${plot.left - 8}" y="${strip.top + 8}">${top.toExponential(1)}</text><text class="soft end" x="${plot.left - 8}" y="${strip.bottom + 4}">0</text>`,
    `<rect class="key-rate" x="${plot.left}" y="${strip.bottom + 20}" width="14" height="4" rx="2"/><text class="soft" x="${plot.left + 20}" y="${strip.bottom + 26}">learning rate</text>`,
    line("rate", rate, x, y, 1.5),
  ];
}

/** An exponential mean over about a twentieth of the run, so that the trend shows through the noise of batches. */
function smoothed(points: readonly Point[]): Point[] {
  const keep = 1 - 1 / Math.max(1, Math.min(20, points.length / 20));
  let mean = points[0]?.value ?? 0;
  return points.map((p) => {
    mean = keep * mean + (1 - keep) * p.value;
    return { step: p.step, value: mean };
  });
}

function line(
  name: string,
  points: readonly Point[],
  x: (v: number) => number,
  y: (v: number) => number,
  strokeWidth: number,
): string {
  if (points.length === 0) return "";
  const path = points.map((p, i) => `${i === 0 ? "M" : "L"}${n(x(p.step))} ${n(y(p.value))}`).join("");
  return `<path class="${name}" stroke-width="${strokeWidth}" stroke-linejoin="round" d="${path}"/>`;
}

function padded(min: number, max: number): [number, number] {
  const margin = (max - min || Math.abs(max) || 1) * 0.05;
  return [Math.max(0, min - margin), max + margin];
}

const n = (value: number) => String(Number(value.toFixed(1)));
const escapeXml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
