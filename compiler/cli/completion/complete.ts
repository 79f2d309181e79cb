/**
 * @file What may stand at the end of a command line: commands, flags, their values, configs, targets, paths of overrides.
 *
 * The one answer for all shells and for fgc's own. What the definitions of the commands do not tell (configs, targets, flags that a config
 * declares) comes from `Knowledge`, which is asked only where it is needed.
 */
import type { CommandDefinition, OptionSpec } from "../command.ts";
import { globalFlags } from "../program.ts";
import type { ConfigFacts, Knowledge } from "./knowledge.ts";

export interface Candidate {
  readonly value: string;
  readonly about: string;
  /** More is to be typed right behind it: `optimizer.`, `lr=`. */
  readonly isOpen?: boolean;
}

export interface Completions {
  readonly candidates: readonly Candidate[];
  /** What the shell is to add of its own. */
  readonly paths?: "files" | "folders";
}

/** One flag as completion needs it. */
interface Flag {
  readonly names: readonly string[];
  readonly about: string;
  /** What stands for the value: `<dir>`; absent for switches. */
  readonly metavar?: string | undefined;
  readonly choices?: readonly string[] | undefined;
}

interface Line {
  readonly command: CommandDefinition | undefined;
  /** What could stand next: subcommands, or all commands. */
  readonly next: readonly CommandDefinition[];
  readonly positionals: readonly string[];
  readonly values: ReadonlyMap<string, string>;
  /** The flag whose value the word under the cursor is. */
  readonly pending: Flag | undefined;
  readonly isRest: boolean;
}

const nothing: Completions = { candidates: [] };
const files: Completions = { candidates: [], paths: "files" };

/** @param words all words behind `fgc`; the last is the one under the cursor, as far as it is typed */
export function complete(
  commands: readonly CommandDefinition[],
  words: readonly string[],
  know: Knowledge,
): Completions {
  const current = words.at(-1) ?? "";
  const line = readLine(commands, words.slice(0, -1), know);
  if (line.isRest) return files;
  const facts = () => know.config(line.values.get("-t") ?? configIn(line), line.values.get("-p"));
  if (line.pending !== undefined) return valuesOf(line.pending, current, line, know, facts);
  const [, name, typed] = /^(--[\w-]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined && typed !== undefined) {
    const flag = flagsOf(line.command, facts).find(({ names }) => names.includes(name));
    if (flag?.metavar === undefined) return nothing;
    const found = valuesOf(flag, typed, line, know, facts);
    return { ...found, candidates: found.candidates.map((item) => ({ ...item, value: `${name}=${item.value}` })) };
  }
  if (current.startsWith("-")) return matching(current, flagCandidates(line, current, facts));
  if (line.next.length > 0 && line.positionals.length === 0) {
    const found = matching(current, commandCandidates(line.next));
    if (line.command?.positionals !== "config" && line.command?.positionals !== "names") return found;
  }
  return positionalsOf(line, current, know, facts);
}

/** What the words before the cursor say. */
function readLine(commands: readonly CommandDefinition[], words: readonly string[], know: Knowledge): Line {
  let command: CommandDefinition | undefined;
  let next = commands;
  const positionals: string[] = [];
  const values = new Map<string, string>();
  const facts = () => know.config(values.get("-t"), values.get("-p"));
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    if (word === "--") return { command, next: [], positionals, values, pending: undefined, isRest: true };
    if (word.startsWith("-")) {
      const [, name = word, value] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
      const flag =
        flagsOf(command, () => undefined).find(({ names }) => names.includes(name)) ??
        flagsOf(command, facts).find(({ names }) => names.includes(name));
      if (flag?.metavar?.startsWith("<") !== true) continue;
      if (value === undefined && i + 1 >= words.length)
        return { command, next, positionals, values, pending: flag, isRest: false };
      values.set(keyOf(flag), value ?? (words[i + 1] as string));
      if (value === undefined) i += 1;
      continue;
    }
    const chosen =
      positionals.length > 0
        ? undefined
        : next.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
    if (chosen === undefined) positionals.push(word);
    else {
      command = chosen;
      next = chosen.subcommands ?? [];
    }
  }
  return { command, next, positionals, values, pending: undefined, isRest: false };
}

const keyOf = ({ names }: Flag): string => names.find((name) => /^-\w$/.test(name)) ?? (names[0] as string);

const configIn = ({ command, positionals }: Line): string | undefined =>
  command?.positionals === "config" ? positionals.find((word) => /\.ya?ml$/.test(word)) : undefined;

/** The command's own, then what it has of the global ones, then the config's. */
function flagsOf(command: CommandDefinition | undefined, facts: () => ConfigFacts | undefined): readonly Flag[] {
  const own = Object.values(command?.options ?? {}).map(flagOfSpec);
  const taken = new Set(own.flatMap(({ names }) => names));
  const globals = globalFlags.map(({ flags, description }) => flagOfSpec({ flags, description }));
  const declared = command?.hasConfigFlags === true ? (facts()?.flags ?? []) : [];
  return [
    ...own,
    ...globals.map((flag) => ({ ...flag, names: flag.names.filter((name) => !taken.has(name)) })),
    ...declared.map(
      (flag): Flag => ({
        names: flag.names,
        about: flag.help,
        metavar: flag.isSwitch ? undefined : `<${flag.type}>`,
        choices: flag.choices ?? (flag.type === "bool" ? ["true", "false"] : undefined),
      }),
    ),
    { names: ["-h", "--help"], about: "display help for command" },
  ];
}

function flagOfSpec({ flags, description, choices }: OptionSpec<unknown>): Flag {
  const [, names = flags, metavar] = /^(.*?)(?: ([<[].*))?$/.exec(flags) ?? [];
  return { names: names.split(", "), about: description, metavar, choices };
}

function flagCandidates(line: Line, current: string, facts: () => ConfigFacts | undefined): readonly Candidate[] {
  const isShort = /^-\w/.test(current);
  return flagsOf(line.command, facts).flatMap(({ names, about, metavar }) =>
    names
      .filter((name) => isShort || name.startsWith("--"))
      .map((value) => ({ value, about: metavar === undefined ? about : `${metavar} ${about}` })),
  );
}

function commandCandidates(commands: readonly CommandDefinition[]): readonly Candidate[] {
  return commands
    .filter(({ isHidden }) => isHidden !== true)
    .map(({ name, summary }) => ({ value: name, about: summary }));
}

function valuesOf(
  flag: Flag,
  typed: string,
  line: Line,
  know: Knowledge,
  facts: () => ConfigFacts | undefined,
): Completions {
  if (flag.choices !== undefined) return matching(typed, plain(flag.choices));
  if (flag.names.includes("--config-template")) return matching(typed, plain(know.configs(line.values.get("-p"))));
  if (flag.names.includes("--target")) return matching(typed, plain(facts()?.targets ?? []));
  if (flag.names.includes("--color")) return matching(typed, plain(["auto", "always", "never"]));
  if (/folder|dir/.test(flag.metavar ?? "")) return { candidates: [], paths: "folders" };
  return /file|path|checkpoint/.test(flag.metavar ?? "") ? files : nothing;
}

function positionalsOf(
  { command, positionals, values }: Line,
  current: string,
  know: Knowledge,
  facts: () => ConfigFacts | undefined,
): Completions {
  if (command === undefined) return nothing;
  const spec = command.arguments?.[Math.min(positionals.length, command.arguments.length - 1)];
  if (spec?.choices !== undefined) return matching(current, plain(spec.choices));
  if (command.positionals !== "config" && command.positionals !== "configs")
    return command.positionals === "none" ? nothing : files;
  const hasConfig = values.has("-t") || positionals.some((word) => /\.ya?ml$/.test(word));
  const configs = hasConfig ? [] : plain(know.configs(values.get("-p")));
  const isPath = current.startsWith("~") || current !== "" || hasConfig;
  const paths = isPath && command.positionals === "config" ? overrideCandidates(current, facts()?.paths ?? []) : [];
  const found = matching(current, [...configs, ...paths]);
  return found.candidates.length === 0 && current.includes("/") ? files : found;
}

/** The next step of a path: `trainer_args.` of `tr`, `trainer_args.max_steps=` of `trainer_args.ma`. */
function overrideCandidates(current: string, paths: readonly string[]): readonly Candidate[] {
  if (current.includes("=")) return [];
  const removes = current.startsWith("~");
  const typed = removes ? current.slice(1) : current;
  const depth = typed.split(".").length;
  const steps = new Map<string, boolean>();
  for (const path of paths) {
    if (!path.startsWith(typed)) continue;
    const parts = path.split(".");
    const step = parts.slice(0, depth).join(".");
    steps.set(step, (steps.get(step) ?? false) || parts.length > depth);
  }
  return [...steps].flatMap(([step, goesOn]): Candidate[] => {
    const value = `${removes ? "~" : ""}${step}`;
    if (goesOn) return [{ value: `${value}.`, about: "", isOpen: true }];
    return [removes ? { value, about: "removes it" } : { value: `${value}=`, about: "", isOpen: true }];
  });
}

const plain = (values: readonly string[]): readonly Candidate[] => values.map((value) => ({ value, about: "" }));

function matching(typed: string, candidates: readonly Candidate[]): Completions {
  return { candidates: candidates.filter(({ value }) => value.startsWith(typed)) };
}
