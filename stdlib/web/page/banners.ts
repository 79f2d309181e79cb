/** @file Banners: what went wrong, and what to do. Each stays until it is closed, or until what it tells of is over. */
import type { Notice } from "../protocol.ts";
import { block, make } from "./dom.ts";

const actions: Readonly<Record<NonNullable<Notice["action"]>, string>> = {
  run: "Continue",
  download: "Download checkpoint",
  wasm: "Continue without the GPU",
  reload: "Reload the page",
};

export class Banners {
  readonly #place = block("banners");
  readonly #onAction: (action: NonNullable<Notice["action"]>) => void;
  readonly #shown = new Map<string, HTMLElement>();

  constructor(onAction: (action: NonNullable<Notice["action"]>) => void) {
    this.#onAction = onAction;
  }

  show({ name, severity, title, message, hint, action }: Notice): void {
    this.resolve(name);
    const banner = make("div", "", `banner ${severity}`);
    // Errors interrupt a screen reader, the rest waits.
    banner.setAttribute("role", severity === "error" ? "alert" : "status");
    const words = make("div");
    words.append(make("strong", title), make("span", message));
    if (hint !== undefined) words.append(" ", make("span", hint));
    banner.append(words);
    if (action !== undefined) {
      const act = make("button", actions[action]);
      act.type = "button";
      act.addEventListener("click", () => {
        this.resolve(name);
        this.#onAction(action);
      });
      banner.append(act);
    }
    const close = make("button", "×", "close");
    close.type = "button";
    close.setAttribute("aria-label", `Close: ${title}`);
    close.addEventListener("click", () => this.resolve(name));
    banner.append(close);
    this.#shown.set(name, banner);
    this.#place.append(banner);
  }

  resolve(name: string): void {
    this.#shown.get(name)?.remove();
    this.#shown.delete(name);
  }
}
