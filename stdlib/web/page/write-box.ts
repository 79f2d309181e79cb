/** @file The prompt box: a text of the model's, as it grows. */
import type { PageInfo, Phase, ToPage, ToWorker } from "../protocol.ts";
import { block, button, element, input, make } from "./dom.ts";
import { formatSeconds } from "./format.ts";

export class WriteBox {
  readonly #send: (message: ToWorker) => void;
  readonly #prompt = element("prompt", HTMLTextAreaElement);
  readonly #button = button("generate");
  readonly #text = block("text");
  readonly #note = block("text-note");
  #isWriting = false;
  #isReady = false;

  constructor(send: (message: ToWorker) => void, { prompt, sampling }: PageInfo) {
    this.#send = send;
    this.#prompt.value = prompt;
    const { temperature, max_new_tokens: most } = sampling;
    if (typeof temperature === "number") input("temperature").value = String(temperature);
    if (typeof most === "number") input("max-tokens").value = String(most);
    const showTemperature = (): void => {
      block("temperature-value").textContent = Number(input("temperature").value).toFixed(2);
    };
    input("temperature").addEventListener("input", showTemperature);
    showTemperature();
    element("write", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    // Enter writes, as in every prompt box; with Shift it begins a line.
    this.#prompt.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
  }

  focus(): void {
    this.#prompt.focus();
  }

  enter(phase: Phase): void {
    this.#isReady = phase !== "preparing" && phase !== "needs-data" && phase !== "failed";
    if (phase === "preparing") this.#end();
    this.#update();
  }

  append({ text }: Extract<ToPage, { kind: "text" }>): void {
    this.#text.append(text);
    this.#text.scrollTop = this.#text.scrollHeight;
  }

  finish({ tokens, seconds }: Extract<ToPage, { kind: "text-end" }>): void {
    if (!this.#isWriting) return;
    this.#end();
    this.#note.textContent =
      tokens === 0
        ? "The model ended the text at once."
        : `${tokens} tokens in ${formatSeconds(seconds)}, ${(tokens / seconds).toFixed(tokens / seconds < 10 ? 1 : 0)} a second`;
  }

  #submit(): void {
    if (this.#isWriting) {
      this.#send({ kind: "cancel" });
      return;
    }
    if (!this.#isReady) return;
    const sampling = {
      temperature: Number(input("temperature").value),
      maxNewTokens: Math.max(1, Math.round(Number(input("max-tokens").value) || 1)),
    };
    this.#isWriting = true;
    this.#text.replaceChildren(make("b", this.#prompt.value));
    this.#text.classList.add("writing");
    this.#note.textContent = "Waiting for the step in progress …";
    this.#send({ kind: "generate", prompt: this.#prompt.value, sampling });
    this.#update();
  }

  #end(): void {
    this.#isWriting = false;
    this.#text.classList.remove("writing");
    this.#note.textContent = "";
    this.#update();
  }

  #update(): void {
    this.#button.textContent = this.#isWriting ? "Stop" : "Write";
    this.#button.disabled = !this.#isReady && !this.#isWriting;
  }
}
