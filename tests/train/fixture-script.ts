/** @file A small program as fgc emits it, for tests that need a process: a bigram model on made-up blocks. Run with `STEP_MS` it dawdles. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "fgc/runtime";
import { DataCollatorForCausalLM, TokenBlocksBuilder } from "../../stdlib/data/index.ts";
import { CausalLoss } from "../../stdlib/loss/index.ts";
import { Dropout, Embedding, Linear, Module } from "../../stdlib/nn/index.ts";
import { BPE, Tokenizer } from "../../stdlib/tokenizers/index.ts";
import {
  JsonLogger,
  ProgressCallback,
  runTrainer,
  Trainer,
  TrainingArguments,
  TrainingScript,
} from "../../stdlib/train/index.ts";

class Bigram extends Module {
  readonly embedding = new Embedding(11, 8);
  readonly dropout = new Dropout(0.2);
  readonly head = new Linear(8, 11, { bias: false });
  readonly lossFn = new CausalLoss();
  constructor() {
    super();
    this.assignNames();
  }
  forward({ inputIds, labels }: { inputIds: Tensor; labels?: Tensor | undefined }) {
    const logits = this.head.forward(this.dropout.forward(this.embedding.forward(inputIds)));
    return { logits, loss: labels === undefined ? undefined : this.lossFn.forward(logits, labels) };
  }
}

/** A layer that does not fit the one before it. */
class Misfit extends Bigram {
  override readonly head = new Linear(9, 11);
}

function createScript(): TrainingScript {
  const sink = new TokenBlocksBuilder();
  for (let i = 0; i < 400; i++)
    sink.add(
      Int32Array.from({ length: 6 }, (_, t) => (i + 3 * t) % 11),
      [],
    );
  const tokenizer = new Tokenizer(
    { model: new BPE({ vocab: Object.fromEntries([..."abcdefghijk"].map((c, i) => [c, i])) }) },
    { padToken: "a" },
  );
  const stepMs = Number(process.env["STEP_MS"] ?? 0);
  const dawdle = { onStepEnd: () => new Promise<void>((resolve) => setTimeout(resolve, stepMs)) };
  const trainer = new Trainer({
    args: new TrainingArguments({
      outputDir: join(dirname(fileURLToPath(import.meta.url)), "out"),
      seed: 3,
      perDeviceTrainBatchSize: 2,
      maxSteps: 30,
      loggingSteps: 1,
      saveStrategy: "no",
      device: "reference",
    }),
    modelInit: () => (process.env["MISFIT"] ? new Misfit() : new Bigram()),
    dataCollator: new DataCollatorForCausalLM({ tokenizer }),
    trainDataset: sink.finish(),
    evalDataset: sink.finish(),
    processingClass: tokenizer,
    callbacks: [new ProgressCallback(), new JsonLogger({ name: "fixture" }), stepMs > 0 ? dawdle : null],
  });
  return new TrainingScript({ meta: { config_name: "Fixture", config_description: "a bigram model" }, trainer });
}

await runTrainer(import.meta.url, createScript);
