/** @file A sweep on disk: one folder, a manifest with the state of every point, a folder of output for each. */
import { join } from "node:path";
import type { PlainData } from "../../config/project.ts";
import { jsonOf } from "../../driver/plain-data.ts";
import type { CliHost } from "../host.ts";
import type { SweepPoint } from "./spec.ts";

export type PointState = "waiting" | "running" | "submitted" | "done" | "failed";

export interface PointRecord {
  readonly id: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly state: PointState;
  readonly exitCode?: number | undefined;
}

export interface SweepManifest {
  readonly format: "fgc-sweep/1";
  readonly config: string;
  readonly points: readonly PointRecord[];
}

/** What a run has told of itself. */
export interface PointResult {
  readonly isFinished: boolean;
  readonly step: number | undefined;
  /** Of the evaluation where there was one, else of training. */
  readonly loss: number | undefined;
}

export class SweepFolder {
  readonly #host: CliHost;
  readonly path: string;
  readonly #config: string;
  readonly #points: readonly SweepPoint[];
  readonly #records = new Map<string, PointRecord>();

  constructor(host: CliHost, path: string, config: string, points: readonly SweepPoint[]) {
    this.#host = host;
    this.path = path;
    this.#config = config;
    this.#points = points;
    for (const record of this.#read()?.points ?? []) this.#records.set(record.id, record);
  }

  output(id: string): string {
    return join(this.path, id);
  }

  state(id: string): PointState {
    const { state } = this.#records.get(id) ?? { state: "waiting" };
    // A scheduler tells nothing: the run itself does.
    if (state === "submitted" && this.result(id).isFinished) return "done";
    return state;
  }

  set(point: SweepPoint, state: PointState, exitCode?: number): void {
    this.#records.set(point.id, { ...recordOf(point), state, exitCode });
    this.#write();
  }

  /** From the newest log of the point's runs. */
  result(id: string): PointResult {
    const runs = join(this.output(id), "runs");
    const newest = this.#host.files.list(runs).at(-1)?.name;
    const text =
      newest === undefined ? undefined : this.#host.files.readText(join(runs, newest, "trainer_logs.ndjson"));
    const result: { isFinished: boolean; step: number | undefined; loss: number | undefined } = {
      isFinished: false,
      step: undefined,
      loss: undefined,
    };
    let evaluated: number | undefined;
    for (const line of (text ?? "").split("\n")) {
      const record = readRecord(line);
      if (record === undefined) continue;
      result.step = numberOf(record["global_step"]) ?? result.step;
      result.loss = numberOf(record["loss"]) ?? result.loss;
      evaluated = numberOf(record["eval_loss"]) ?? evaluated;
      result.isFinished ||= "train_runtime" in record;
    }
    return { ...result, loss: evaluated ?? result.loss };
  }

  /** Points of earlier forms of the file stay in the manifest: their output is still there. */
  #write(): void {
    const points = this.#points.map(
      (point) => this.#records.get(point.id) ?? { ...recordOf(point), state: "waiting" as const },
    );
    const known = new Set(points.map(({ id }) => id));
    const earlier = [...this.#records.values()].filter(({ id }) => !known.has(id));
    const manifest: SweepManifest = { format: "fgc-sweep/1", config: this.#config, points: [...points, ...earlier] };
    const { files } = this.#host;
    const path = join(this.path, "manifest.json");
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    if (files.readText(path) === undefined) files.writeText(path, text);
    else files.replaceText(path, text);
  }

  #read(): SweepManifest | undefined {
    const text = this.#host.files.readText(join(this.path, "manifest.json"));
    if (text === undefined) return undefined;
    try {
      const manifest = JSON.parse(text) as SweepManifest;
      return manifest.format === "fgc-sweep/1" ? manifest : undefined;
    } catch {
      return undefined;
    }
  }
}

const recordOf = ({ id, settings }: SweepPoint) => ({ id, settings: jsonSettings(settings) });

export function jsonSettings(settings: Readonly<Record<string, PlainData>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, jsonOf(value)]));
}

/** The last line of a run that is under way may be half written. */
function readRecord(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return line === "" ? undefined : (JSON.parse(line) as Readonly<Record<string, unknown>>);
  } catch {
    return undefined;
  }
}

const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
