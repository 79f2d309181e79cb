/** @file The commands and their options as commander knows them. Global flags may stand before or after the command. */
import { Argument, Command, Help, Option } from "commander";
import type { ArgumentSpec, CommandDefinition, OptionSpec } from "./command.ts";
import type { GlobalOptions } from "./session.ts";

/** Flags of every command; `short` letters that a command uses itself are its own there. */
const globalOptions = [
  [
    "projectDir",
    "-p, --project-dir <dir>",
    "where to start; the project is the nearest folder upward with a meta.yaml",
  ],
  ["configTemplate", "-t, --config-template <name>", "config, relative to the project's config prefix"],
  ["dyn", "--no-dyn", "do not turn the config's dynamic_args into flags"],
  ["interactive", "-i, --interactive", "start the shell, as `fgc shell` does"],
  ["outputFile", "-o, --output-file <path>", "write the document there instead of to stdout"],
  ["edit", "-e, --edit", "write to ./tmp/CONFIG_COMMAND.EXT and open an editor"],
  ["json", "--json", "machine output: one JSON value on stdout"],
  ["set", "--set <name=value>", "bind a template variable; VALUE is read as YAML (repeatable)"],
  ["watch", "--watch", "run again when something it looked at changes (pp, graph, code, check, build)"],
  ["frozenTime", "--frozen-time <iso>", "fix the clock of the template functions"],
  ["werror", "--werror", "turn warnings into errors"],
  ["color", "--color <when>", "auto, always or never"],
  ["quiet", "-q, --quiet", "no warnings, no remarks"],
  ["verbose", "-v, --verbose", "all remarks"],
] as const;

export const programName = "fgc";

const flagNames = (flags: string): readonly string[] => flags.replace(/ [<[].*/, "").split(", ");

export const globalFlags: readonly Pick<OptionSpec<unknown>, "flags" | "description">[] = globalOptions.map(
  ([, flags, description]) => ({ flags, description }),
);

/** Global flags that take a value: for finding the command among the arguments. */
export const valuedGlobals: ReadonlySet<string> = new Set(
  globalOptions.filter(([, flags]) => flags.includes("<")).flatMap(([, flags]) => flagNames(flags)),
);

/** A command's own flags that take a value. */
export function valuedFlags({ options }: CommandDefinition): readonly string[] {
  return Object.values(options).flatMap(({ flags }) => (flags.includes("<") ? flagNames(flags) : []));
}

const globalGroup = "Global flags:";

/** A command's own flags first, then the config's, the global ones last. */
export function orderedOptions(command: Command): Option[] {
  const options = new Help().visibleOptions(command);
  const isGlobal = (option: Option) => option.helpGroupHeading === globalGroup;
  return [...options.filter((option) => !isGlobal(option)), ...options.filter(isGlobal)];
}

/** The help shows groups in the order in which a command got its options. */
export function putGlobalsLast(command: Command): void {
  const isGlobal = (option: Option) => option.helpGroupHeading === globalGroup;
  const options = [...command.options];
  const ordered = [...options.filter((option) => !isGlobal(option)), ...options.filter(isGlobal)];
  (command.options as Option[]).splice(0, options.length, ...ordered);
}

function globalOption(name: string, flags: string, description: string): Option {
  const option = new Option(flags, description).helpGroup(globalGroup);
  if (name === "color") option.choices(["auto", "always", "never"]);
  if (name === "set") option.argParser((value: string, before: string[] = []) => [...before, value]);
  return option;
}

export function addGlobals(command: Command, own: readonly OptionSpec<unknown>[] = []): void {
  const taken = new Set(own.flatMap(({ flags }) => flagNames(flags)));
  for (const [name, flags, description] of globalOptions) {
    const free = flags.split(", ").filter((flag) => !taken.has(flag.replace(/ <.*/, "")));
    if (free.length > 0) command.addOption(globalOption(name, free.join(", "), description));
  }
}

/** Values given before the command, overlaid by those given after it, and after its subcommand. */
export function readGlobals(...levels: readonly Readonly<Record<string, unknown>>[]): GlobalOptions {
  const innermost = levels.toReversed();
  const pick = <T>(name: string, fallback: T): T =>
    (innermost.find((level) => level[name] !== undefined)?.[name] as T | undefined) ?? fallback;
  return {
    projectDir: pick("projectDir", undefined),
    configTemplate: pick("configTemplate", undefined),
    dyn: levels.every((level) => level["dyn"] !== false),
    outputFile: pick("outputFile", undefined),
    edit: pick("edit", false),
    json: pick("json", false),
    set: levels.flatMap((level) => (level["set"] as readonly string[] | undefined) ?? []),
    watch: pick("watch", false),
    frozenTime: pick("frozenTime", undefined),
    color: pick("color", "auto"),
    quiet: pick("quiet", false),
    verbose: pick("verbose", false),
    werror: pick("werror", false),
  };
}

export function ownOption(spec: OptionSpec<unknown>): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.choices !== undefined) option.choices(spec.choices);
  if (spec.fallback !== undefined && spec.fallback !== false) option.default(spec.fallback);
  if (spec.isRequired === true) option.makeOptionMandatory();
  if (spec.isList) option.argParser((value: string, before: string[] = []) => [...before, value]);
  return option;
}

const positionalHelp = {
  config: ["[config|overrides...]", "a config, and values by path: trainer_args.max_steps=200"],
  configs: ["[configs|overrides...]", "configs; for a single one also values by path: trainer_args.max_steps=200"],
  names: ["[names...]", ""],
  none: undefined,
} as const;

/** A commander command for a definition, those below it included; `run` gets the definition and what was typed. */
export function buildCommand(
  definition: CommandDefinition,
  parent: Command,
  run: (definition: CommandDefinition, command: Command) => Promise<void>,
): Command {
  const { subcommands = [], aliases = [] } = definition;
  const command = new Command(definition.name)
    .summary(definition.summary)
    .description(definition.summary)
    .aliases(aliases)
    .addHelpText("after", `\nExample:\n  ${definition.example}`)
    .exitOverride()
    .copyInheritedSettings(parent);
  if (parent.name() === programName) command.helpGroup(`${definition.group}:`);
  const fallback = positionalHelp[definition.positionals];
  const positionals: readonly ArgumentSpec[] =
    definition.arguments ?? (fallback === undefined ? [] : [{ usage: fallback[0], description: fallback[1] }]);
  for (const { usage, description, choices } of positionals) {
    const argument = new Argument(usage, description);
    command.addArgument(choices === undefined ? argument : argument.choices(choices));
  }
  const own = Object.values(definition.options);
  for (const spec of own) command.addOption(ownOption(spec));
  addGlobals(command, own);
  for (const inner of subcommands)
    command.addCommand(buildCommand(inner, command, run), { hidden: inner.isHidden === true });
  if (definition.run === undefined) return command;
  const isGroup = subcommands.length > 0 && positionals.length === 0;
  // A misspelt subcommand would be one argument too many otherwise, and its flags would not be known.
  if (isGroup) command.allowExcessArguments(true).allowUnknownOption(true).helpCommand(true);
  return command.action(async () => {
    const unknown = isGroup ? (command.args.find((word) => !word.startsWith("-")) ?? command.args[0]) : undefined;
    if (unknown !== undefined) {
      const [kind, code] = unknown.startsWith("-") ? ["option", "unknownOption"] : ["command", "unknownCommand"];
      command.error(`error: unknown ${kind} '${unknown}'`, { exitCode: 2, code: `commander.${code}` });
    }
    await run(definition, command);
  });
}
