/** @file The page's script: shows what the worker tells, and sends it what people ask for. */
import type { RunSettings, ToPage, ToWorker } from "../protocol.ts";
import { Banners } from "./banners.ts";
import { element, input, saveFile } from "./dom.ts";
import { formatCount } from "./format.ts";
import { KeepBox } from "./keep-box.ts";
import { embeddedFiles, readInfo, startWorker } from "./page-data.ts";
import { RunBox } from "./run-box.ts";
import { readSettings, settingsHash } from "./settings.ts";
import { WriteBox } from "./write-box.ts";

export function startPage(): void {
  const banners = new Banners((action) => {
    if (action === "run") send({ kind: "run" });
    else if (action === "download") send({ kind: "download", what: "checkpoint" });
    else if (action === "reload") location.reload();
    else {
      applySettings({ ...settings, device: "wasm" });
      send({ kind: "run" });
    }
  });
  let worker: Worker | undefined;
  const send = (message: ToWorker): void => worker?.postMessage(message);
  let settings = readSettings(location.hash);
  const applySettings = (next: RunSettings): void => {
    settings = next;
    history.replaceState(null, "", settingsHash(next) || location.pathname + location.search);
    send({ kind: "settings", settings: next });
  };

  const info = readInfo();
  const run = new RunBox(send);
  const writing = new WriteBox(send, info);
  const keeping = new KeepBox(send, settings, applySettings);
  const handlers: { readonly [K in ToPage["kind"]]: (message: Extract<ToPage, { kind: K }>) => void } = {
    phase: (message) => {
      run.enter(message);
      writing.enter(message.phase);
      keeping.enter(message.phase);
      if (message.phase !== "needs-data") keeping.wants([]);
      if (message.phase === "running") void navigator.storage?.persist?.();
    },
    "wants-data": ({ files }) => keeping.wants(files),
    device: ({ device }) => run.device(device),
    model: ({ model }) => run.model(model),
    history: (message) => run.history(message),
    steps: (message) => run.steps(message),
    evaluated: (message) => run.evaluated(message),
    busy: ({ with: task }) => run.busy(task),
    storage: ({ storage }) => keeping.storage(storage),
    saved: (message) => keeping.saved(message),
    file: ({ name, content }) => saveFile(name, content),
    text: (message) => writing.append(message),
    "text-end": (message) => writing.finish(message),
    notice: ({ notice }) => banners.show(notice),
    resolved: ({ name }) => banners.resolve(name),
  };

  const crashed = (message: string): void => {
    const title = "The trainer does not answer any more";
    const hint = "Reload the page: it goes on from the last checkpoint that was kept.";
    banners.show({ name: "worker", severity: "error", title, message, hint, action: "reload" });
  };
  startWorker().then(
    (started) => {
      worker = started;
      started.onmessage = ({ data }: MessageEvent<ToPage>) => (handlers[data.kind] as (message: ToPage) => void)(data);
      started.onerror = (event) => crashed(event.message || "Its worker has ended, perhaps for lack of memory.");
      send({ kind: "open", info, settings, files: embeddedFiles() });
    },
    (error: unknown) => crashed(error instanceof Error ? error.message : String(error)),
  );

  watchKeys({ p: () => run.toggle(), s: () => run.stop(), g: () => writing.focus(), d: () => keeping.download() });
  watchVisibility(run, send, banners);
  addEventListener("beforeunload", (event) => {
    if (!keeping.isSafe) event.preventDefault();
  });
}

/** Single keys, unless somebody types, or has switched them off. */
function watchKeys(keys: Readonly<Record<string, () => void>>): void {
  const enabled = input("shortcuts");
  addEventListener("keydown", (event) => {
    const { target } = event;
    const isTyping =
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && target.type !== "checkbox" && target.type !== "range");
    if (!enabled.checked || isTyping || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (element("confirm", HTMLDialogElement).open) return;
    const act = keys[event.key.toLowerCase()];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}

/** Seconds in the background that are worth a word. */
const longAway = 20;

/** A page that goes into the background may never come back: it saves. One that does come back says what became of its time. */
function watchVisibility(run: RunBox, send: (message: ToWorker) => void, banners: Banners): void {
  let away: { since: number; step: number } | undefined;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") {
      if (!run.isRunning) return;
      away = { since: performance.now(), step: run.step };
      send({ kind: "save" });
      return;
    }
    const seconds = away === undefined ? 0 : (performance.now() - away.since) / 1000;
    if (away !== undefined && seconds > longAway) {
      const steps = formatCount(run.step - away.step);
      const message = `It was there for ${Math.round(seconds)} seconds, in which ${steps} steps were done, and was saved before.`;
      const hint = "Browsers may slow down pages in the background; a window of its own keeps it visible.";
      banners.show({ name: "hidden", severity: "info", title: "This page was in the background", message, hint });
    }
    away = undefined;
  });
}
