/** @file Writer: continues prompts with the weights as they are, and tells the text while it grows. */
import { TextGenerator } from "../../generate/generator.ts";
import { promptIds } from "../../generate/prompt.ts";
import type { CausalLMModel, ModelConfig } from "../../models/index.ts";
import type { CallbackContext } from "../../train/index.ts";
import { nextTurn } from "../../train/run.ts";
import type { Sampling, ToPage } from "../protocol.ts";

export class Writer {
  readonly #post: (message: ToPage) => void;
  /** Of the run that `#context` belongs to: its Programs are made once. */
  #generator: TextGenerator | undefined;
  #context: CallbackContext | undefined;
  #stop: AbortController | undefined;
  /** Each text another: the seed of its draws. */
  #texts = 0;

  constructor(post: (message: ToPage) => void) {
    this.#post = post;
  }

  cancel(): void {
    this.#stop?.abort();
  }

  /** Ends with `text-end`, whatever happens. @throws what the generator throws */
  async write(
    context: CallbackContext,
    prompt: string,
    { temperature, maxNewTokens }: Sampling,
    configured: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { model, session, processingClass: tokenizer } = context;
    const began = performance.now();
    let tokens = 0;
    this.#stop = new AbortController();
    try {
      if (tokenizer === undefined) throw new Error("the config has no tokenizer, so there is no text");
      if (this.#context !== context) {
        const language = model as unknown as CausalLMModel<ModelConfig>;
        this.#generator = new TextGenerator(language, session, { maxLength: tokenizer.modelMaxLength });
        this.#context = context;
      }
      const decoder = tokenizer.streamDecoder({ skipSpecialTokens: true });
      const post = (text: string): void => {
        if (text !== "") this.#post({ kind: "text", text });
      };
      const settings = {
        ...configured,
        doSample: temperature > 0,
        temperature,
        maxNewTokens,
        eosTokenId: tokenizer.eosTokenId,
        seed: this.#texts++,
      };
      await this.#generator!.generate(promptIds(tokenizer, prompt), settings, {
        signal: this.#stop.signal,
        onToken: (token) => {
          tokens++;
          post(decoder.push(token));
          // A device that computes at once never gives the event loop its turn, and with it whoever wants to stop.
          return nextTurn();
        },
      });
      post(decoder.end());
    } finally {
      this.#stop = undefined;
      this.#post({ kind: "text-end", tokens, seconds: (performance.now() - began) / 1000 });
    }
  }
}
