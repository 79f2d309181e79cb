/** @file The main program of an emitted `model.mjs`: generate from a prompt, or say what the model is. */
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Session } from "fgc/runtime";
import { camelCaseKeys } from "../camel-case.ts";
import { describeDevice, deviceChoices, openChosenSession } from "../device-choice.ts";
import { describeDeviceFault } from "../device-faults.ts";
import { UserError } from "../faults.ts";
import type { CausalLMModel, ModelConfig } from "../models/index.ts";
import { seedWeights } from "../nn/init/rule.ts";
import { Tokenizer } from "../tokenizers/index.ts";
// The files that define them, not the index: the trainer's callbacks generate, and so import this folder.
import { findNewestCheckpoint } from "../train/checkpoint/manager.ts";
import { loadWeights } from "../train/checkpoint/weights.ts";
import { GenerationConfig } from "./config.ts";
import { TextGenerator } from "./generator.ts";
import { promptIds } from "./prompt.ts";

/** What an emitted model module tells its main program. */
export interface RunModelOptions {
  /** The model's name, for messages. */
  readonly name: string;
  /** Makes the model with its defaults; nothing is drawn or loaded yet. */
  readonly constructModel: () => CausalLMModel<ModelConfig>;
  /** The model's numbers, for `--info`. Default: the model's own config. */
  readonly config?: object;
  /** Loads the tokenizer. Default: the `tokenizer.json` beside the bundle, or in a folder of `assets/`. */
  readonly tokenizer?: () => Tokenizer;
}

/** What generation starts from where no `generation_config.json` lies beside the bundle: the settings of the text-generation callback. */
const defaultSampling = { maxNewTokens: 100, temperature: 0.7, topK: 20, topP: 0.9, repetitionPenalty: 1.15 } as const;

const flags = {
  prompt: { type: "string", short: "p", value: "TEXT", help: "the text to continue; - reads standard input" },
  info: { type: "boolean", help: "say what the model is: sizes, weights, files" },
  checkpoint: {
    type: "string",
    short: "c",
    value: "P",
    help: "weights: a checkpoint folder, or a folder that has some (newest)",
  },
  untrained: { type: "boolean", help: "use freshly drawn weights" },
  "max-new-tokens": { type: "string", value: "N", help: "the most tokens to add" },
  temperature: { type: "string", value: "X", help: "below 1 bolder, above 1 wilder; 0 takes the likeliest token" },
  "top-k": { type: "string", value: "N", help: "draw from the N likeliest tokens; 0 is off" },
  "top-p": {
    type: "string",
    value: "X",
    help: "draw from the likeliest tokens that together have probability X; 1 is off",
  },
  "min-p": {
    type: "string",
    value: "X",
    help: "draw from tokens at least X times as likely as the likeliest; 0 is off",
  },
  "repetition-penalty": { type: "string", value: "X", help: "make tokens that occurred less likely; 1 is off" },
  seed: { type: "string", value: "N", help: "seed of the draws (and of --untrained weights)" },
  device: { type: "string", short: "d", value: "D", help: deviceChoices.join(", ") },
  adapter: { type: "string", value: "NAME", help: "which of the device's adapters: a part of its name, or software" },
  help: { type: "boolean", short: "h", help: "show this" },
} as const satisfies Record<string, { type: "string" | "boolean"; short?: string; value?: string; help: string }>;

/**
 * Run the program when the module at `url` (its `import.meta.url`) is the one that node was started with; imported, it does nothing.
 * Text goes to standard output, everything else to standard error. Exit codes: 0; 1 bad input; 2 usage; 4 a file or the device.
 */
export async function runModel(url: string, options: RunModelOptions): Promise<void> {
  if (!isEntryPoint(url)) return;
  try {
    await main(dirname(fileURLToPath(url)), options, process.argv.slice(2));
  } catch (cause) {
    const error = describeDeviceFault(cause);
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(
      `error ${error.code}: ${error.message}\n${error.hint === undefined ? "" : `  = hint: ${error.hint}\n`}`,
    );
    process.exitCode = { input: 1, usage: 2, failed: 3, outside: 4 }[error.kind];
  }
}

async function main(folder: string, options: RunModelOptions, argv: readonly string[]): Promise<void> {
  const args = readFlags(argv);
  if (args.help === true || (args.prompt === undefined && args.info !== true)) {
    process.stdout.write(usage(options.name));
    return;
  }
  const sampling = samplingOptions(folder, args);
  const model = options.constructModel();
  const weights = args.untrained === true ? undefined : findWeights(folder, args.checkpoint);
  if (args.info === true) {
    process.stdout.write(info(options, model, folder, weights));
    if (args.prompt === undefined) return;
  }
  if (weights === undefined && args.untrained !== true) throw noWeights(folder);

  const tokenizer = options.tokenizer?.() ?? findTokenizer(folder);
  const session = await openChosenSession({
    device: args.device ?? "auto",
    adapter: args.adapter,
    onNotice: (notice) => void process.stderr.write(`note: ${notice}\n`),
  });
  try {
    const config = GenerationConfig.from({ eosTokenId: tokenizer.eosTokenId, ...sampling });
    if (weights === undefined) seedWeights(model, config.seed);
    else loadWeights(model, weights);
    await writeContinuation(
      model,
      session,
      tokenizer,
      config,
      args.prompt === "-" ? readFileSync(0, "utf8") : args.prompt!,
    );
  } finally {
    await session.close();
  }
}

async function writeContinuation(
  model: CausalLMModel<ModelConfig>,
  session: Session,
  tokenizer: Tokenizer,
  config: GenerationConfig,
  prompt: string,
): Promise<void> {
  const ids = promptIds(tokenizer, prompt);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(); // the text so far stands; a second Ctrl-C ends the process
  process.once("SIGINT", interrupt);
  const decoder = tokenizer.streamDecoder({ skipSpecialTokens: true });
  const write = (text: string): void => void process.stdout.write(text);
  write(prompt);
  const started = performance.now();
  const added = await new TextGenerator(model, session).generate(ids, config, {
    onToken: (token) => write(decoder.push(token)),
    signal: stop.signal,
  });
  write(`${decoder.end()}\n`);
  process.off("SIGINT", interrupt);
  const seconds = (performance.now() - started) / 1000;
  process.stderr.write(
    `${added.length} tokens, ${(added.length / seconds).toFixed(0)} tokens/s on ${describeDevice(session.device)}\n`,
  );
}

type Flags = { [K in keyof typeof flags]?: (typeof flags)[K]["type"] extends "boolean" ? boolean : string };

function readFlags(argv: readonly string[]): Flags {
  try {
    const { values } = parseArgs({ args: [...argv], options: flags, strict: true });
    return values as Flags;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("generate/usage", message, { hint: "--help lists the flags", kind: "usage", cause });
  }
}

/** What the flags say, over what the folder's `generation_config.json` says; checked. */
function samplingOptions(folder: string, args: Flags): Record<string, unknown> {
  const path = join(folder, "generation_config.json");
  const base = existsSync(path)
    ? camelCaseKeys(JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>)
    : defaultSampling;
  const names = ["max-new-tokens", "temperature", "top-k", "top-p", "min-p", "repetition-penalty", "seed"] as const;
  const given = names.flatMap((name) =>
    args[name] === undefined ? [] : [[name.replaceAll("-", "_"), Number(args[name])]],
  );
  const options = { ...base, ...camelCaseKeys(Object.fromEntries(given)) };
  GenerationConfig.from(options);
  return options;
}

/** The folder whose weights to load: a checkpoint, or the newest valid one below a run's folder. */
function findWeights(folder: string, wanted: string | undefined): string | undefined {
  if (wanted === undefined) return findNewestCheckpoint(folder);
  const path = resolve(wanted);
  if (!existsSync(path)) throw new UserError("generate/no-checkpoint", `there is no ${wanted}`, { kind: "outside" });
  const found = findNewestCheckpoint(path);
  if (found !== undefined) return found;
  throw new UserError("generate/no-checkpoint", `${wanted} has no weights, or they were not written to the end`, {
    hint: "a checkpoint is complete when it has the file COMPLETE",
    kind: "outside",
  });
}

function noWeights(folder: string): UserError {
  const hasFolders = existsSync(join(folder, "checkpoints")) && readdirSync(join(folder, "checkpoints")).length > 0;
  return new UserError(
    "generate/no-weights",
    hasFolders
      ? `no checkpoint in ${join(folder, "checkpoints")} is complete`
      : `the model has no weights yet: ${folder} has no checkpoint`,
    { hint: "train it first (node trainer.mjs), name weights with --checkpoint, or see --untrained", kind: "outside" },
  );
}

function findTokenizer(folder: string): Tokenizer {
  const assets = join(folder, "assets");
  const below = existsSync(assets) ? readdirSync(assets).map((name) => join(assets, name)) : [];
  const home = [folder, assets, ...below].find((place) => existsSync(join(place, "tokenizer.json")));
  if (home !== undefined) return Tokenizer.load(home);
  throw new UserError("generate/no-tokenizer", `there is no tokenizer.json in ${folder} or its assets folder`, {
    hint: "copy the whole output folder, not only model.mjs",
    kind: "outside",
  });
}

function info(
  options: RunModelOptions,
  model: CausalLMModel<ModelConfig>,
  folder: string,
  weights: string | undefined,
): string {
  const config = Object.entries(options.config ?? model.config ?? {}).map(
    ([key, value]) => `  ${key}: ${JSON.stringify(value)}`,
  );
  return [
    `${options.name}: ${model.numParameters().toLocaleString("en")} parameters`,
    ...config,
    `weights: ${weights ?? `none in ${folder}`}`,
    String(model),
    "",
  ].join("\n");
}

function usage(name: string): string {
  const rows = Object.entries(flags).map(([flag, spec]) => {
    const short = "short" in spec ? `-${spec.short}, ` : "    ";
    return `  ${`${short}--${flag}${"value" in spec ? ` ${spec.value}` : ""}`.padEnd(30)} ${spec.help}`;
  });
  const { temperature, topK, topP, repetitionPenalty } = defaultSampling;
  return `${name}: generate text\n\n  node model.mjs --prompt TEXT\n\n${rows.join("\n")}\n
Without generation_config.json beside this file: temperature ${temperature}, top-k ${topK}, top-p ${topP}, repetition penalty ${repetitionPenalty}.\n`;
}

function isEntryPoint(url: string): boolean {
  const started = process.argv[1];
  return started !== undefined && existsSync(started) && realpathSync(started) === realpathSync(fileURLToPath(url));
}
