/**
 * @file What a sweep is to try: a YAML file.
 *
 *     config: baseline.yaml            # default: -t, else the project's default config
 *     fixed:                           # of every point
 *       max_steps: 200
 *     grid:                            # every combination
 *       lr: [1e-3, 2e-3]
 *       optimizer.weight_decay: [0.0, 0.1]
 *     points:                          # and these by themselves
 *       - { lr: 1e-2 }
 *     train: [--device, wasm]          # arguments of the trainer
 *     scheduler: "sbatch --wrap {command}"
 *
 * A name with a dot, a bracket or an `@` is a path into the graph, as in `fgc train PATH=VALUE`; any other is a template variable, as `--set` binds.
 */
import { createHash } from "node:crypto";
import type { PlainData } from "../../config/project.ts";
import type { YamlFloats } from "../../config/scalars.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { readValue } from "../../driver/overrides.ts";
import { plainData } from "../../driver/plain-data.ts";
import { nearest } from "../../source/nearest.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";

export type Settings = Readonly<Record<string, PlainData>>;

export interface SweepPoint {
  /** The same for the same config and settings, whatever else is in the file. */
  readonly id: string;
  readonly settings: Settings;
}

export interface SweepSpec {
  readonly config: string | undefined;
  readonly points: readonly SweepPoint[];
  readonly train: readonly string[];
  readonly scheduler: string | undefined;
}

const keys = ["config", "fixed", "grid", "points", "train", "scheduler"];
const maximumPoints = 10_000;

export function readSweep(text: string, path: string, yamlFloats: YamlFloats, fallback: string | undefined): SweepSpec {
  const fail = (problem: string): never => {
    throw new DiagnosticError(faults.badSweep({}, { path, problem }));
  };
  const mapping = (value: PlainData | undefined, what: string): Settings => {
    if (value === undefined || value === null) return {};
    return isMapping(value) ? value : fail(`${what} is not a mapping`);
  };
  const data = mapping(plainData(readValue(text, path, yamlFloats)), "the file");
  for (const key of Object.keys(data).filter((name) => !keys.includes(name))) {
    const guess = nearest(key, keys);
    fail(`nothing reads '${key}'${guess === undefined ? "" : `: did you mean '${guess}'?`}`);
  }
  const fixed = mapping(data["fixed"], "fixed");
  const grid = Object.entries(mapping(data["grid"], "grid")).map(([name, values]) => {
    if (!isList(values) || values.length === 0) return fail(`'${name}' in grid is not a list of values`);
    return [name, values] as const;
  });
  const count = grid.reduce((product, [, values]) => product * values.length, 1);
  if (count > maximumPoints) fail(`the grid has ${count.toLocaleString("en-US")} points, more than ${maximumPoints}`);
  const listed = data["points"] ?? [];
  const own = isList(listed)
    ? listed.map((point, i) => mapping(point, `point ${i + 1}`))
    : fail("points is not a list");
  const config = textOr(data["config"], fallback, () => fail("config is not a name"));
  const settings = [...(grid.length === 0 ? [] : product(grid)), ...own].map((point) => ({ ...fixed, ...point }));
  const points = settings.map((point): SweepPoint => ({ id: pointId(config, point), settings: point }));
  if (points.length === 0) fail("it has neither a grid nor points");
  const train = data["train"] ?? [];
  return {
    config,
    points: [...new Map(points.map((point) => [point.id, point])).values()],
    train: isList(train) ? train.map(String) : fail("train is not a list of arguments"),
    scheduler: textOr(data["scheduler"], undefined, () => fail("scheduler is not a text")),
  };
}

function product(grid: readonly (readonly [string, readonly PlainData[]])[]): Settings[] {
  return grid.reduce<Settings[]>(
    (points, [name, values]) => points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  );
}

function pointId(config: string | undefined, settings: Settings): string {
  const sorted = Object.entries(settings)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, yamlText(value)]);
  return createHash("sha256")
    .update(JSON.stringify([config, sorted]))
    .digest("hex")
    .slice(0, 8);
}

/** A value as YAML reads it back: floats stay floats. */
export function yamlText(value: PlainData): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? ".nan" : value > 0 ? ".inf" : "-.inf";
    const text = String(value);
    // YAML wants a dot before an exponent.
    return /^-?\d+$/.test(text) ? `${text}.0` : text.replace(/^(-?\d+)e/, "$1.0e");
  }
  if (isList(value)) return `[${value.map(yamlText).join(", ")}]`;
  if (isMapping(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}: ${yamlText(item)}`)
      .join(", ")}}`;
  return JSON.stringify(value);
}

/** What a person would type. */
export function showValue(value: PlainData | undefined): string {
  return value === undefined ? "" : typeof value === "string" ? value : yamlText(value);
}

const isList = (value: PlainData): value is readonly PlainData[] => Array.isArray(value);
const isMapping = (value: PlainData): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function textOr(value: PlainData | undefined, fallback: string | undefined, fail: () => never): string | undefined {
  if (value === undefined || value === null) return fallback;
  return typeof value === "string" ? value : fail();
}
