/** @file TextgenCallback: what the model writes so far, after evaluations; collected in `samples.md`. */
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type GenerationOptions, TextGenerator } from "../../generate/index.ts";
import type { CausalLMModel } from "../../models/index.ts";
import type { TrainingArguments } from "../arguments.ts";
import type { CallbackContext, TrainerCallback } from "../callback.ts";
import type { TrainerControl, TrainerState } from "../state.ts";
import type { SummaryWriter } from "../tensorboard/summary-writer.ts";

export interface TextgenCallbackOptions {
  /** Shows the samples in TensorBoard as `eval-text`. */
  summaryWriter?: SummaryWriter | null;
  /** Texts to continue. */
  prompts: readonly string[];
  generationConfig?: GenerationOptions | Readonly<Record<string, unknown>> | null;
  /** At most once in so many steps; default: at each evaluation. */
  generationSteps?: number | null;
  maxNewTokens?: number;
}

const defaultConfig = { doSample: true, topK: 20, topP: 0.9, temperature: 0.7, repetitionPenalty: 1.15 };

/** Generates samples from prompts every so many steps, into `samples.md` and the log. */
export class TextgenCallback implements TrainerCallback {
  readonly #options: TextgenCallbackOptions;
  /** Step of the last samples. */
  #last = Number.NEGATIVE_INFINITY;
  #generator: TextGenerator | undefined;

  constructor(options: TextgenCallbackOptions) {
    this.#options = options;
  }

  async onEvaluate(
    args: TrainingArguments,
    state: TrainerState,
    _control: TrainerControl,
    context: CallbackContext,
  ): Promise<void> {
    const period = this.#options.generationSteps ?? args.settings.evalSteps;
    const isEnd = state.globalStep >= state.maxSteps;
    if (!state.isWorldProcessZero || (state.globalStep - this.#last < period && !isEnd)) return;
    this.#last = state.globalStep;
    const samples = await this.#samples(context);
    mkdirSync(args.loggingDir, { recursive: true });
    appendFileSync(
      join(args.loggingDir, "samples.md"),
      `## Step ${state.globalStep}\n\n${samples.map(quote).join("\n")}\n`,
    );
    const { summaryWriter } = this.#options;
    if (summaryWriter) {
      summaryWriter.addText("eval-text", `\`\`\`\n${samples.join("\n\n")}\n\`\`\``, state.globalStep);
      summaryWriter.flush();
    }
  }

  stateDict(): { last: number } {
    return { last: this.#last };
  }
  loadStateDict(state: { last: number | null }): void {
    this.#last = state.last ?? Number.NEGATIVE_INFINITY;
  }

  async #samples({ model, session, processingClass: tokenizer }: CallbackContext): Promise<string[]> {
    if (tokenizer === undefined) return ["(no tokenizer: no samples)"];
    this.#generator ??= new TextGenerator(model as unknown as CausalLMModel, session, {
      maxLength: tokenizer.modelMaxLength,
    });
    const { prompts, generationConfig, maxNewTokens = 200 } = this.#options;
    const config = { ...defaultConfig, ...generationConfig, maxNewTokens, eosTokenId: tokenizer.eosTokenId };
    const samples: string[] = [];
    for (const prompt of prompts) {
      const ids = await this.#generator.generate(tokenizer.encode(prompt), config);
      samples.push(`${prompt} [START] ${tokenizer.decode(ids, { skipSpecialTokens: true })}`);
    }
    return samples;
  }
}

const quote = (text: string) => `${text.replaceAll(/^/gm, "> ")}\n`;
