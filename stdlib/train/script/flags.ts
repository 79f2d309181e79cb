/**
 * @file The command line of an emitted trainer: every training argument is a flag, checked by the type of its default.
 */
import { resolve } from "node:path";
import { deviceChoices } from "../../device-choice.ts";
import { nearestName, UserError } from "../../faults.ts";
import { defaultSettings, type TrainingArgumentsOptions, type TrainingSettings } from "../arguments.ts";

export interface TrainerFlags {
  /** Training arguments that the command line changes. */
  readonly overrides: TrainingArgumentsOptions;
  readonly evalOnly: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly logLevel: LogLevel;
}

const logLevels = ["error", "warning", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];

type Setting = keyof TrainingSettings;

/** Types of the settings whose default says nothing. */
const nullable: Partial<Record<Setting, "number" | "string">> = {
  loggingDir: "string",
  maxGradNorm: "number",
  adapter: "string",
  threads: "number",
  dtype: "string",
  defaultDtype: "string",
  float32MatmulPrecision: "string",
  activationMemoryBudget: "number",
  torchCompileMode: "string",
  dynamoRecompileLimit: "number",
  sdpaBackend: "string",
  dataloaderPrefetchFactor: "number",
  saveTotalLimit: "number",
};

const strategies = ["no", "steps", "epoch"];
const choices: Partial<Record<Setting, readonly string[]>> = {
  loggingStrategy: strategies,
  evalStrategy: strategies,
  saveStrategy: strategies,
  evalReduction: ["batch", "token"],
  device: [...deviceChoices, "cpu"],
  dtype: ["float32", "float16", "bfloat16", "fp32", "fp16", "half", "bf16"],
  constructModelOn: ["default", "device", "meta"],
};

/** Settings that name a place: relative to where the command is given. */
const paths: ReadonlySet<Setting> = new Set<Setting>(["outputDir", "loggingDir"]);

const camelCase = (flag: string) => flag.replaceAll(/-([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const kebabCase = (name: string) => name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** Read the command line. @throws UserError of kind `usage` */
export function parseFlags(argv: readonly string[]): TrainerFlags {
  const overrides: Record<string, unknown> = {};
  const flags = { evalOnly: false, json: false, help: false, logLevel: "info" as LogLevel };
  for (let i = 0; i < argv.length; i++) {
    const { name, value: inline } = splitFlag(argv[i]!);
    const take = (): string => {
      const value = inline ?? argv[++i];
      if (value === undefined) throw usage(`--${name} needs a value`);
      return value;
    };
    if (name === "help" || name === "h") flags.help = true;
    else if (name === "json") flags.json = true;
    else if (name === "eval-only") flags.evalOnly = true;
    else if (name === "resume") overrides["resumeFromCheckpoint"] = inline === undefined ? true : resolve(inline);
    else if (name === "log-level") flags.logLevel = logLevel(take());
    else if (name === "nproc") {
      if (take() !== "1") throw usage("--nproc: a run has one process", "leave it out: threads are used anyway");
    } else readSetting(name, inline, take, overrides);
  }
  return { ...flags, overrides: overrides as TrainingArgumentsOptions };
}

function splitFlag(argument: string): { name: string; value: string | undefined } {
  if (argument === "-h") return { name: "help", value: undefined };
  const match = /^--([a-zA-Z0-9_-]+)(?:=(.*))?$/s.exec(argument);
  if (match === null) throw usage(`unexpected argument "${argument}"`, "flags look like --max-steps 100");
  return { name: match[1]!.replaceAll("_", "-"), value: match[2] };
}

function readSetting(
  name: string,
  inline: string | undefined,
  take: () => string,
  overrides: Record<string, unknown>,
): void {
  const negated = name.startsWith("no-") && Object.hasOwn(defaultSettings, camelCase(name.slice(3)));
  const setting = camelCase(negated ? name.slice(3) : name);
  if (!isSetting(setting)) {
    const known = [...Object.keys(defaultSettings).map(kebabCase), "resume", "eval-only", "log-level", "json", "help"];
    const nearest = nearestName(name, known);
    throw usage(
      `unknown flag --${name}`,
      nearest === undefined ? "--help lists the flags" : `did you mean --${nearest}?`,
    );
  }
  const type = nullable[setting] ?? typeof defaultSettings[setting];
  if (type === "boolean") overrides[setting] = inline === undefined ? !negated : boolean(name, inline);
  else overrides[setting] = parseValue(name, setting, type, take());
}

function parseValue(name: string, setting: Setting, type: string, text: string): unknown {
  if (setting in nullable && (text === "null" || text === "none")) return null;
  const allowed = choices[setting];
  if (allowed !== undefined && !allowed.includes(text))
    throw usage(`--${name} is ${text}`, `one of ${allowed.join(", ")}`);
  if (type === "number") {
    const value = Number(text);
    if (text.trim() === "" || Number.isNaN(value)) throw usage(`--${name} wants a number, not "${text}"`);
    return value;
  }
  if (type === "object") {
    try {
      return JSON.parse(text);
    } catch {
      throw usage(`--${name} wants JSON, not "${text}"`);
    }
  }
  return paths.has(setting) ? resolve(text) : text;
}

function boolean(name: string, text: string): boolean {
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw usage(`--${name} wants true or false, not "${text}"`);
}

function logLevel(text: string): LogLevel {
  const level = logLevels.find((l) => l === text.toLowerCase());
  if (level === undefined) throw usage(`--log-level is ${text}`, `one of ${logLevels.join(", ")}`);
  return level;
}

const isSetting = (name: string): name is Setting =>
  Object.hasOwn(defaultSettings, name) && name !== "resumeFromCheckpoint";

const usage = (message: string, hint?: string) => new UserError("train/usage", message, { hint, kind: "usage" });

/** The text of `--help`. */
export function helpText(program: string): string {
  const settings = Object.entries(defaultSettings)
    .filter(([name]) => name !== "resumeFromCheckpoint")
    .map(([name, value]) => {
      const type = nullable[name as Setting] ?? typeof value;
      const values = choices[name as Setting]?.join("|") ?? (type === "object" ? "JSON" : type.toUpperCase());
      const flag = type === "boolean" ? `--${kebabCase(name)}` : `--${kebabCase(name)} ${values}`;
      return `  ${flag.padEnd(48)} ${value === null ? "" : `library default: ${JSON.stringify(value)}`}`.trimEnd();
    });
  return `Train the model of this bundle.

Usage: node ${program} [flags]

  --resume[=PATH]                  Go on from the newest checkpoint, or from PATH
  --eval-only                      Evaluate the newest checkpoint (or --resume=PATH), do not train
  --log-level error|warning|info|debug
  --json                           One JSON value on standard output, everything else on standard error
  -h, --help                       This text

Training arguments. The config has set some of them; a flag wins. A boolean takes --no-NAME too.

${settings.join("\n")}
`;
}
