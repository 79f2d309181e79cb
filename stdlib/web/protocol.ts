/**
 * @file What the page and its worker tell each other. The worker trains; the page shows, and asks. Every message is plain data with one `kind`.
 *
 *     page                              worker
 *      │ open {info, files, settings} ──▶ │ files, store, script, device, model
 *      │ ◀── phase "ready", history …     │ waits
 *      │ run / pause / stop … ──────────▶ │
 *      │ ◀── steps, saved, text …         │
 */

/** One file of the bundle, as the page names it. */
export interface PageFileInfo {
  /** Relative to the bundle: `assets/train.tokens`. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** Whether it lies in the page; else it is picked from disk. */
  readonly embedded: boolean;
}

/** What the page was built with: `PageDescription` of the compiler, and its files. */
export interface PageInfo {
  readonly format: "fgc-page/1";
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly key: string;
  readonly version: string;
  readonly prompt: string;
  readonly sampling: Readonly<Record<string, unknown>>;
  readonly files: readonly PageFileInfo[];
}

/** What whoever opened the page may choose; absent: what the config says. */
export interface RunSettings {
  readonly device: "auto" | "webgpu" | "wasm";
  readonly adapter?: string;
  readonly threads?: number;
  readonly maxSteps?: number;
}

/**
 * - `needs-data`: files are missing that the page does not carry
 * - `preparing`: device, model and data are being made
 * - `ready`: prepared, nothing trained since; `paused`: between two steps; `pausing`, `stopping`: one more step, and a save
 * - `stopped`, `done`: the run is over and saved; `failed`: it ended with a fault, and the last checkpoint stands
 */
export type Phase =
  | "needs-data"
  | "preparing"
  | "ready"
  | "running"
  | "pausing"
  | "paused"
  | "stopping"
  | "stopped"
  | "done"
  | "failed";

export interface EmbeddedFile {
  readonly path: string;
  /** gzip, base64 */
  readonly packed: string;
}

export interface Sampling {
  readonly temperature: number;
  readonly maxNewTokens: number;
}

export type ToWorker =
  | {
      readonly kind: "open";
      readonly info: PageInfo;
      readonly settings: RunSettings;
      readonly files: readonly EmbeddedFile[];
    }
  /** Files that the page does not carry, picked from disk. */
  | { readonly kind: "data"; readonly files: readonly File[] }
  | { readonly kind: "run" | "pause" | "stop" | "save" | "cancel" | "reset" }
  /** Saves, and prepares afresh with other settings. */
  | { readonly kind: "settings"; readonly settings: RunSettings }
  | { readonly kind: "import"; readonly files: readonly File[] }
  | { readonly kind: "download"; readonly what: "checkpoint" | "weights" }
  | { readonly kind: "generate"; readonly prompt: string; readonly sampling: Sampling };

/** The numbers of one step. */
export interface StepNumbers {
  readonly step: number;
  readonly loss: number;
}

/** Losses so far: steps and values in parallel. */
export interface Curve {
  readonly steps: readonly number[];
  readonly losses: readonly number[];
  readonly evalSteps: readonly number[];
  readonly evalLosses: readonly number[];
}

/** How the run stands; sent a few times a second. */
export interface Progress {
  readonly step: number;
  readonly maxSteps: number;
  readonly epoch: number;
  readonly loss: number | undefined;
  readonly learningRate: number | undefined;
  readonly gradNorm: number | undefined;
  readonly tokensPerSecond: number | undefined;
  readonly tokens: number;
  readonly secondsLeft: number | undefined;
}

/** What is wrong or worth knowing, and what to do about it. */
export interface Notice {
  /** A later notice of one name takes its place. */
  readonly name: string;
  readonly severity: "error" | "warning" | "info";
  readonly title: string;
  readonly message: string;
  readonly hint?: string | undefined;
  /** A button: `run` goes on from the last checkpoint, `download` saves it to disk, `wasm` goes on without the GPU. */
  readonly action?: "run" | "download" | "wasm" | "reload" | undefined;
}

export interface DeviceReport {
  readonly name: string;
  readonly threads: number;
  readonly adapter?: string | undefined;
  readonly features: readonly string[];
  /** Why it is this one. */
  readonly notices: readonly string[];
  /** Whether the page may share memory between threads. */
  readonly isolated: boolean;
}

export interface ModelReport {
  readonly parameters: number;
  readonly trainBlocks: number;
  readonly batchSize: number;
}

/** `kept`: in the origin private file system, which outlives the page, or in the page's memory alone. */
export interface StorageReport {
  readonly state: "open" | "missing" | "taken" | "full";
  readonly reason?: string | undefined;
}

export type ToPage =
  | { readonly kind: "phase"; readonly phase: Phase; readonly step: number; readonly maxSteps: number }
  | { readonly kind: "wants-data"; readonly files: readonly PageFileInfo[] }
  | { readonly kind: "device"; readonly device: DeviceReport }
  | { readonly kind: "model"; readonly model: ModelReport }
  | { readonly kind: "history"; readonly curve: Curve }
  | { readonly kind: "steps"; readonly progress: Progress; readonly points: readonly StepNumbers[] }
  | { readonly kind: "evaluated"; readonly step: number; readonly loss: number }
  | { readonly kind: "busy"; readonly with: string | undefined }
  | { readonly kind: "storage"; readonly storage: StorageReport }
  | { readonly kind: "saved"; readonly step: number; readonly kept: "disk" | "memory"; readonly bytes: number }
  | { readonly kind: "file"; readonly name: string; readonly content: Blob }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "text-end"; readonly tokens: number; readonly seconds: number }
  | { readonly kind: "notice"; readonly notice: Notice }
  | { readonly kind: "resolved"; readonly name: string };
