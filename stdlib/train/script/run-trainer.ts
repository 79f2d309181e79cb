/**
 * @file `runTrainer`: the main of an emitted `trainer.mjs`. Flags, signals, exit codes, and faults as one clear message.
 *
 * Exit codes: 0 done · 1 bad input · 2 bad command line · 3 the run failed · 4 something outside failed · 5 aborted without a save ·
 * 130, 143 interrupted, terminated · 70 a fault of ours.
 */
import { basename, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { DeviceError, DTypeError, ShapeError } from "fgc/runtime";
import { UserError } from "../../faults.ts";
import type { TrainResult } from "../trainer.ts";
import { consoleStream, reserveStdout } from "./console.ts";
import { helpText, parseFlags, type TrainerFlags } from "./flags.ts";
import { templatePlace } from "./template-place.ts";
import type { ScriptResult, TrainingScript } from "./training-script.ts";

/** Exit code by the kind of a user's fault. */
const exitCodes = { input: 1, usage: 2, failed: 3, outside: 4 } as const;
const signals = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof signals;

/**
 * Run a script and leave with its exit code.
 *
 * @param url   `import.meta.url` of the program
 * @param make  makes the script
 */
export async function runTrainer(url: string, make: () => TrainingScript | Promise<TrainingScript>): Promise<void> {
  // A reader that has gone (`| head`) is no reason to stop training.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  process.exitCode = await runWithFlags(url, make, process.argv.slice(2));
}

async function runWithFlags(
  url: string,
  make: () => TrainingScript | Promise<TrainingScript>,
  argv: readonly string[],
): Promise<number> {
  let flags: TrainerFlags | undefined;
  try {
    flags = parseFlags(argv);
    if (flags.help) {
      process.stdout.write(helpText(basename(fileURLToPath(url))));
      return 0;
    }
    if (flags.json) reserveStdout();
    return await runScript(await make(), flags, url, argv);
  } catch (error) {
    return reportFailure(error, flags, url);
  }
}

async function runScript(
  script: TrainingScript,
  flags: TrainerFlags,
  url: string,
  argv: readonly string[],
): Promise<number> {
  const { trainer } = script;
  const isQuiet = flags.logLevel === "error" || flags.logLevel === "warning";
  const note = (line: string) => {
    if (!isQuiet) consoleStream("stdout").write(`${line}\n`);
  };
  trainer.override({ ...(flags.evalOnly ? { resumeFromCheckpoint: true } : {}), ...flags.overrides });
  if (flags.evalOnly) script.evaluateOnly();
  const watch = watchSignals(() => trainer.stop());
  try {
    const result = await script.run(note);
    const signal = watch.received();
    if (flags.json) process.stdout.write(`${JSON.stringify(summary(script, result))}\n`);
    else if (signal === undefined) for (const line of closingLines(script, result)) note(line);
    if (signal !== undefined) {
      process.stderr.write(`${interruptedText(result.training, url, argv)}\n`);
      return signals[signal];
    }
    return result.training?.reason === "aborted" ? 5 : 0;
  } finally {
    watch.end();
    await trainer.close().catch((error: unknown) => {
      // What is lost cannot be closed; why it was lost has been said.
      if (!(error instanceof DeviceError)) throw error;
    });
  }
}

/** The first signal asks for the end of the run between two steps; the second leaves at once. */
function watchSignals(stop: () => void): { received: () => Signal | undefined; end: () => void } {
  let received: Signal | undefined;
  const handlers = (Object.keys(signals) as Signal[]).map((signal) => {
    const handler = () => {
      if (received !== undefined) process.exit(signals[signal]);
      received = signal;
      process.stderr.write("\nstopping: finishing this step and saving a checkpoint (again to leave at once)\n");
      stop();
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return {
    received: () => received,
    end: () => {
      for (const off of handlers) off();
    },
  };
}

function interruptedText(training: TrainResult | undefined, url: string, argv: readonly string[]): string {
  if (training?.checkpoint === undefined) return "stopped before the first step: nothing to save";
  const program = relative(process.cwd(), fileURLToPath(url));
  const others = argv.filter((argument) => !argument.startsWith("--resume"));
  const { globalStep, maxSteps } = training.state;
  return [
    `stopped at step ${globalStep} of ${maxSteps}, saved in ${training.checkpoint}`,
    `go on with: node ${[program, ...others, "--resume"].join(" ")}`,
  ].join("\n");
}

function closingLines({ trainer }: TrainingScript, { training, evaluation }: ScriptResult): string[] {
  const lines = evaluation === undefined ? [] : [`eval-loss: ${evaluation["eval_loss"]?.toFixed(5)}`];
  if (training !== undefined) {
    lines.push(`logs and loss curve: ${trainer.args.loggingDir}`);
    if (training.checkpoint !== undefined) lines.push(`checkpoint: ${training.checkpoint}`);
  }
  return lines;
}

function summary({ trainer }: TrainingScript, { training, evaluation, device }: ScriptResult): object {
  return {
    ok: training?.reason !== "aborted",
    reason: training?.reason,
    step: training?.state.globalStep,
    metrics: training?.metrics,
    evaluation,
    best_metric: training?.state.bestMetric,
    checkpoint: training?.checkpoint,
    device,
    output_dir: trainer.args.settings.outputDir,
    logging_dir: trainer.args.loggingDir,
    log: training?.state.logHistory,
  };
}

/** Say what went wrong, and give the exit code for it. */
function reportFailure(error: unknown, flags: TrainerFlags | undefined, url: string): number {
  const { code, message, place, hint, exit } = describe(error, url);
  if (flags?.json) {
    const diagnostic = { code, severity: "error", message, file: place, help: hint };
    process.stdout.write(`${JSON.stringify({ ok: false, diagnostics: [diagnostic] })}\n`);
  } else {
    const where = place === undefined ? "" : `  --> ${place}\n`;
    process.stderr.write(`error[${code}]: ${message}\n${where}${hint === undefined ? "" : `  = help: ${hint}\n`}`);
  }
  if ((exit === 70 || flags?.logLevel === "debug") && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return exit;
}

interface Description {
  readonly code: string;
  readonly message: string;
  /** The template line that named the part at fault. */
  readonly place?: string | undefined;
  readonly hint?: string | undefined;
  readonly exit: number;
}

function describe(error: unknown, url: string): Description {
  if (error instanceof UserError) {
    return { code: error.code, message: error.message, hint: error.hint, exit: exitCodes[error.kind] };
  }
  if (error instanceof ShapeError || error instanceof DTypeError) {
    const code = `model/${error instanceof ShapeError ? "shape" : "dtype"}`;
    const place = templatePlace(url, error.classes);
    const hint =
      place === undefined ? undefined : "the part of the model that is named there does not fit the ones around it";
    return { code, message: error.message, place, hint, exit: 1 };
  }
  const message = error instanceof Error ? error.message : String(error);
  const system = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (system === "ENOSPC") return { code: "train/disk-full", message: `the disk is full: ${message}`, exit: 4 };
  if (system !== undefined && "syscall" in (error as Error)) return { code: "train/system", message, exit: 4 };
  return {
    code: "train/internal",
    message,
    hint: "unless a module of your own threw it, this is a fault of the library: please report it with the lines below",
    exit: 70,
  };
}
