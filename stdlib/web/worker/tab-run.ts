/**
 * @file TabRun: the run of a page, from its first message to its last. Prepares it, lets it go, holds it, ends it; a run that has ended can be
 * prepared again from its newest checkpoint.
 *
 * What takes time happens one after another; what a run under way must hear at once (pause, stop, cancel) does not wait in that line.
 */
import type { Session } from "fgc/runtime";
import { files } from "../../../runtime/host/web/fs.ts";
import { basename } from "../../../runtime/host/web/path.ts";
import { bundleFolder } from "../../../runtime/host/web/process.ts";
import type { FileStore } from "../../../runtime/host/web/store.ts";
import { openChosenSession } from "../../device-choice.ts";
import { findNewestCheckpoint, type Trainer, type TrainingScript, type TrainResult } from "../../train/index.ts";
import type { PageInfo, Phase, RunSettings, ToPage, ToWorker } from "../protocol.ts";
import { packCheckpoint, packWeights, placeCheckpoint } from "./checkpoints.ts";
import { Gate } from "./gate.ts";
import { type Circumstances, noticeOf, storageNotice } from "./notices.ts";
import { checkpointsFolder, missingFiles, mountEmbedded, openStore, takePicked } from "./page-files.ts";
import { TabWatch } from "./tab-watch.ts";
import { Writer } from "./writer.ts";

/** One preparation of the script: device, model and data in memory. */
interface Prepared {
  readonly trainer: Trainer;
  readonly session: Session;
  readonly gate: Gate;
  readonly watch: TabWatch;
  /** Settles when the run is over, and never rejects. */
  over: Promise<void>;
  isOver: boolean;
}

export class TabRun {
  readonly #url: string;
  readonly #make: () => TrainingScript | Promise<TrainingScript>;
  readonly #post: (message: ToPage) => void;
  readonly #writer: Writer;
  #info: PageInfo | undefined;
  #settings: RunSettings = { device: "auto" };
  #store: FileStore | undefined;
  #prepared: Prepared | undefined;
  #phase: Phase = "preparing";
  #onGpu = false;
  /** Downloads that wait for the next checkpoint. */
  #wanted: ("checkpoint" | "weights")[] = [];
  #line: Promise<void> = Promise.resolve();

  constructor(url: string, make: () => TrainingScript | Promise<TrainingScript>, post: (message: ToPage) => void) {
    this.#url = url;
    this.#make = make;
    this.#post = post;
    this.#writer = new Writer(post);
  }

  receive(message: ToWorker): void {
    const handle = this.#handlers[message.kind] as (message: ToWorker) => void;
    handle(message);
  }

  readonly #handlers: { readonly [K in ToWorker["kind"]]: (message: Extract<ToWorker, { kind: K }>) => void } = {
    open: (message) => this.#inTurn(() => this.#open(message)),
    data: ({ files: picked }) => this.#inTurn(() => this.#takeData(picked)),
    run: () => this.#inTurn(() => this.#go()),
    pause: () => this.#pause(),
    stop: () => this.#stop(),
    save: () => this.#prepared?.watch.requestSave(),
    cancel: () => this.#writer.cancel(),
    settings: ({ settings }) => this.#inTurn(() => this.#change(settings)),
    reset: () => this.#inTurn(() => this.#reset()),
    import: ({ files: picked }) => this.#inTurn(() => this.#import(picked)),
    download: ({ what }) => this.#inTurn(async () => this.#download(what)),
    generate: ({ prompt, sampling }) => this.#generate(prompt, sampling),
  };

  #inTurn(task: () => Promise<void>): void {
    this.#line = this.#line.then(task).catch((error: unknown) => this.#fail(error));
  }

  async #open({ info, settings, files: embedded }: Extract<ToWorker, { kind: "open" }>): Promise<void> {
    this.#info = info;
    this.#settings = settings;
    this.#enter("preparing");
    await mountEmbedded(embedded);
    const { store, report } = await openStore(info.key);
    this.#store = store;
    this.#post({ kind: "storage", storage: report });
    const kept = files.picture(checkpointsFolder).reduce((sum, file) => sum + file.bytes.length, 0);
    if (kept > 0) this.#post({ kind: "saved", step: this.#savedStep ?? 0, kept: "disk", bytes: kept });
    await this.#prepareIfComplete();
  }

  async #takeData(picked: readonly File[]): Promise<void> {
    const complaints = await takePicked(picked, missingFiles(this.#info!.files));
    if (complaints.length === 0) this.#post({ kind: "resolved", name: "data" });
    else {
      const message = `${complaints.join(". ")}.`;
      const hint = "Pick the files of the same build; they lie in assets/ beside the page.";
      this.#post({
        kind: "notice",
        notice: { name: "data", severity: "warning", title: "Not all files fit", message, hint },
      });
    }
    await this.#keep();
    await this.#prepareIfComplete();
  }

  async #prepareIfComplete(): Promise<void> {
    const missing = missingFiles(this.#info!.files);
    if (missing.length > 0) {
      this.#post({ kind: "wants-data", files: missing });
      return this.#enter("needs-data");
    }
    await this.#prepare();
  }

  /** Makes everything that the run needs; it then waits at its gate. */
  async #prepare(): Promise<void> {
    await this.#end("save");
    this.#enter("preparing");
    this.#post({ kind: "busy", with: "preparing the device and the model" });
    const { trainer } = await this.#make();
    const session = await this.#openSession(trainer);
    const gate = new Gate();
    const watch = new TabWatch({
      gate,
      post: this.#post,
      // A run that is to stop passes its gate first.
      onPhase: (phase) => {
        if (this.#phase !== "stopping") this.#enter(phase);
      },
      onSaved: (path, step) => this.#onSaved(path, step),
    });
    const { settings } = trainer.args;
    const hasCheckpoint = findNewestCheckpoint(bundleFolder) !== undefined;
    trainer.override({
      resumeFromCheckpoint: hasCheckpoint,
      // What is kept is kept in memory first, so the newest (and the best) must do.
      saveTotalLimit: 1,
      // A page can be closed at any moment: the end of a run is always saved.
      ...(settings.saveStrategy === "no" ? { saveStrategy: "steps", saveSteps: Number.MAX_SAFE_INTEGER } : {}),
      // A checkpoint of weights that are no numbers would take the place of a good one.
      stopOnNan: true,
      ...(this.#settings.maxSteps === undefined ? {} : { maxSteps: this.#settings.maxSteps }),
    });
    trainer.attach({ session, callbacks: [watch], warn: (line) => console.info(line) });
    const prepared: Prepared = { trainer, session, gate, watch, over: Promise.resolve(), isOver: false };
    this.#prepared = prepared;
    // Settles when the run waits at its gate, or is over already.
    await new Promise<void>((isReady) => {
      gate.onWait = isReady;
      prepared.over = this.#follow(prepared).finally(isReady);
    });
  }

  async #openSession(trainer: Trainer): Promise<Session> {
    const { settings } = trainer.args;
    const chosen = this.#settings;
    const notices: string[] = [];
    const session = await openChosenSession({
      device: chosen.device === "auto" ? settings.device : chosen.device,
      adapter: chosen.adapter ?? settings.adapter,
      threads: chosen.threads ?? settings.threads,
      onNotice: (notice) => notices.push(notice),
    });
    const { name, threads, adapter, features } = session.device;
    this.#onGpu = name === "webgpu";
    const isolated = globalThis.crossOriginIsolated === true;
    this.#post({ kind: "device", device: { name, threads, adapter, features, notices, isolated } });
    return session;
  }

  /** The run itself. What it throws becomes a notice. */
  async #follow(prepared: Prepared): Promise<void> {
    try {
      const result = await prepared.trainer.train();
      prepared.isOver = true;
      await this.#finish(prepared, result);
    } catch (error) {
      prepared.isOver = true;
      await this.#end("abort");
      this.#fail(error);
    }
  }

  async #finish(prepared: Prepared, { reason }: TrainResult): Promise<void> {
    // Whoever ended it to make another says what comes next.
    if (this.#prepared !== prepared || reason === "aborted") return;
    const { gate } = prepared;
    this.#enter(reason === "done" ? "done" : "stopped");
    // Those who came while the last step was under way.
    gate.open();
    await gate.pass();
  }

  /** Ends the run, with a checkpoint or without, and gives the device back. */
  async #end(how: "save" | "abort"): Promise<void> {
    const prepared = this.#prepared;
    if (prepared === undefined) return;
    this.#prepared = undefined;
    this.#writer.cancel();
    if (!prepared.isOver) {
      if (how === "abort") prepared.watch.abort();
      else prepared.trainer.stop();
      prepared.watch.resume();
      await prepared.over;
    }
    await prepared.trainer.close();
    await prepared.session.close();
  }

  async #go(): Promise<void> {
    if (this.#prepared === undefined || this.#prepared.isOver) await this.#prepareIfComplete();
    const { watch } = this.#prepared ?? {};
    if (watch === undefined || this.#phase === "done") return;
    this.#post({ kind: "resolved", name: "run" });
    watch.resume();
  }

  #pause(): void {
    if (this.#phase !== "running") return;
    this.#enter("pausing");
    this.#prepared?.watch.requestPause();
  }

  #stop(): void {
    const prepared = this.#prepared;
    if (prepared === undefined || prepared.isOver || this.#phase === "ready") return;
    this.#enter("stopping");
    prepared.trainer.stop();
    prepared.watch.resume();
  }

  async #change(settings: RunSettings): Promise<void> {
    this.#settings = settings;
    await this.#end("save");
    await this.#prepareIfComplete();
  }

  async #reset(): Promise<void> {
    await this.#end("abort");
    for (const folder of [checkpointsFolder, `${bundleFolder}/runs`])
      files.remove(folder, { recursive: true, force: true });
    await this.#keep();
    this.#post({ kind: "resolved", name: "run" });
    await this.#prepareIfComplete();
  }

  async #import(picked: readonly File[]): Promise<void> {
    await this.#end("save");
    try {
      await placeCheckpoint(picked, checkpointsFolder);
      this.#post({ kind: "resolved", name: "run" });
      await this.#keep();
    } catch (error) {
      this.#post({ kind: "notice", notice: noticeOf(error, this.#circumstances) });
    }
    await this.#prepareIfComplete();
  }

  #download(what: "checkpoint" | "weights"): void {
    const newest = findNewestCheckpoint(bundleFolder);
    const watch = this.#prepared?.watch;
    const isRunning = this.#phase === "running" || this.#phase === "pausing";
    if (isRunning && watch !== undefined && !watch.isSaved) {
      this.#wanted.push(what);
      watch.requestSave();
    } else if (newest !== undefined) this.#deliver(what, newest);
    else {
      const message = "Nothing has been trained yet, so there is no checkpoint.";
      this.#post({
        kind: "notice",
        notice: {
          name: "download",
          severity: "info",
          title: "No checkpoint yet",
          message,
          hint: "Start training first.",
        },
      });
    }
  }

  #deliver(what: "checkpoint" | "weights", path: string): void {
    const { name } = this.#info!;
    if (what === "checkpoint")
      this.#post({ kind: "file", name: `${name}-${basename(path)}.zip`, content: packCheckpoint(path) });
    else {
      const weights = packWeights(path);
      this.#post({ kind: "file", name: `${name}-${weights.name}`, content: weights.content });
    }
  }

  /** Between two steps of a run under way; at once where nothing runs. */
  #generate(prompt: string, sampling: Extract<ToWorker, { kind: "generate" }>["sampling"]): void {
    const prepared = this.#prepared;
    const context = prepared?.watch.context;
    if (prepared === undefined || context === undefined) {
      this.#post({ kind: "text-end", tokens: 0, seconds: 0 });
      return;
    }
    const task = async (): Promise<void> => {
      try {
        await this.#writer.write(context, prompt, sampling, this.#info!.sampling);
        this.#post({ kind: "resolved", name: "generate" });
      } catch (error) {
        const notice = noticeOf(error, this.#circumstances);
        this.#post({ kind: "notice", notice: { ...notice, name: "generate", title: "No text could be written" } });
      }
    };
    if (prepared.isOver) this.#inTurn(task);
    else prepared.gate.add(task);
  }

  async #onSaved(path: string, step: number): Promise<void> {
    for (const what of this.#wanted.splice(0)) this.#deliver(what, path);
    await this.#keep(step);
  }

  /** Training goes on while the picture that was taken here is brought to the disk. */
  async #keep(step = this.#savedStep ?? 0): Promise<void> {
    const bytes = files.picture(checkpointsFolder).reduce((sum, file) => sum + file.bytes.length, 0);
    if (this.#store === undefined) return this.#post({ kind: "saved", step, kept: "memory", bytes });
    try {
      await this.#store.save(files.picture(bundleFolder));
      this.#post({ kind: "resolved", name: "storage" });
      this.#post({ kind: "saved", step, kept: "disk", bytes });
    } catch (error) {
      this.#post({ kind: "saved", step, kept: "memory", bytes });
      this.#post({ kind: "notice", notice: storageNotice(error, step) });
    }
  }

  get #savedStep(): number | undefined {
    const newest = findNewestCheckpoint(bundleFolder);
    return newest === undefined ? undefined : Number(/\d+$/.exec(newest)?.[0] ?? 0);
  }

  get #circumstances(): Circumstances {
    return { savedStep: this.#savedStep, onGpu: this.#onGpu, url: this.#url };
  }

  #fail(error: unknown): void {
    console.error(error);
    this.#post({ kind: "busy", with: undefined });
    this.#post({ kind: "notice", notice: noticeOf(error, this.#circumstances) });
    this.#enter("failed");
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    const { step = this.#savedStep ?? 0, maxSteps = 0 } = this.#prepared?.watch ?? {};
    this.#post({ kind: "phase", phase, step, maxSteps });
  }
}
