/** @file What is kept: checkpoints to and from disk, files that the page does not carry, settings, starting over. */
import type { PageFileInfo, Phase, RunSettings, StorageReport, ToPage, ToWorker } from "../protocol.ts";
import { block, button, element, input, make } from "./dom.ts";
import { formatBytes, formatCount } from "./format.ts";

export class KeepBox {
  readonly #send: (message: ToWorker) => void;
  #isWaiting = false;
  #isStored = true;
  #phase: Phase = "preparing";

  constructor(send: (message: ToWorker) => void, settings: RunSettings, onSettings: (settings: RunSettings) => void) {
    this.#send = send;
    button("download").addEventListener("click", () => this.download());
    button("weights").addEventListener("click", () => send({ kind: "download", what: "weights" }));
    onPick(input("import"), (files) => send({ kind: "import", files }));
    onPick(input("wants-input"), (files) => send({ kind: "data", files }));
    this.#watchReset();
    this.#watchDrops();
    this.#watchSettings(settings, onSettings);
  }

  /** Whether the page may go without losing anything. */
  get isSafe(): boolean {
    return this.#isStored || this.#phase === "ready" || this.#phase === "preparing" || this.#phase === "needs-data";
  }

  download(): void {
    this.#send({ kind: "download", what: "checkpoint" });
  }

  enter(phase: Phase): void {
    this.#phase = phase;
    for (const id of ["download", "weights", "reset"])
      button(id).disabled = phase === "preparing" || phase === "needs-data";
  }

  wants(files: readonly PageFileInfo[]): void {
    this.#isWaiting = files.length > 0;
    block("wants").hidden = !this.#isWaiting;
    block("wants-list").replaceChildren(
      ...files.map(({ path, size }) => {
        const item = make("li");
        item.append(make("code", path), ` (${formatBytes(size)})`);
        return item;
      }),
    );
  }

  storage({ state, reason }: StorageReport): void {
    this.#isStored = state === "open";
    const texts: Readonly<Record<StorageReport["state"], string>> = {
      open: "Kept in this browser; it survives a reload.",
      missing: `This browser keeps no files for this page${reason === undefined ? "" : ` (${reason})`}: download the checkpoint before you close it.`,
      taken: "Another tab trains this page: this one keeps nothing. Close one of them.",
      full: "The browser's storage is full.",
    };
    block("storage").textContent = texts[state];
  }

  saved({ step, kept, bytes }: Extract<ToPage, { kind: "saved" }>): void {
    this.#isStored = kept === "disk";
    const where = kept === "disk" ? "" : " in this tab's memory";
    block("kept").textContent =
      bytes === 0 ? "Nothing saved yet." : `Step ${formatCount(step)} is saved${where} (${formatBytes(bytes)}).`;
  }

  #watchReset(): void {
    const dialog = element("confirm", HTMLDialogElement);
    button("reset").addEventListener("click", () => dialog.showModal());
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "reset") this.#send({ kind: "reset" });
      dialog.returnValue = "";
    });
  }

  /** Data where data is wanted, else a checkpoint. */
  #watchDrops(): void {
    const shade = block("drop");
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
    addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      shade.hidden = false;
    });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) shade.hidden = true;
    });
    addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      shade.hidden = true;
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) this.#send({ kind: this.#isWaiting ? "data" : "import", files });
    });
  }

  #watchSettings(settings: RunSettings, onSettings: (settings: RunSettings) => void): void {
    const device = element("set-device", HTMLSelectElement);
    device.value = settings.device;
    input("set-threads").value = String(settings.threads ?? "");
    input("set-steps").value = String(settings.maxSteps ?? "");
    element("settings-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      const number = (id: string): number | undefined => {
        const value = Math.round(Number(input(id).value));
        return value >= 1 ? value : undefined;
      };
      const [threads, maxSteps] = [number("set-threads"), number("set-steps")];
      onSettings({
        device: device.value as RunSettings["device"],
        ...(settings.adapter === undefined ? {} : { adapter: settings.adapter }),
        ...(threads === undefined ? {} : { threads }),
        ...(maxSteps === undefined ? {} : { maxSteps }),
      });
    });
  }
}

function onPick(field: HTMLInputElement, take: (files: File[]) => void): void {
  field.addEventListener("change", () => {
    const files = [...(field.files ?? [])];
    // So that the same file can be picked again.
    field.value = "";
    if (files.length > 0) take(files);
  });
}
