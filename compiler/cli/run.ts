/**
 * @file The program `fgc`: finds the command among the arguments, lets commander read them, runs it, prints what it made.
 *
 * Only what a command needs is loaded: the commands' modules are small, and import the rest inside `run`.
 */
import { Command, CommanderError } from "commander";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { diagnosticJson } from "../diagnostics/render.ts";
import { FileCache } from "../driver/file-cache.ts";
import { looksLikeOverride } from "../driver/overrides.ts";
import { nearest } from "../source/nearest.ts";
import { cachedHost } from "./cached-host.ts";
import type { CommandDefinition, OptionValues, Program } from "./command.ts";
import { commands } from "./commands/index.ts";
import type { ConfigFlags } from "./config-flags.ts";
import { readConfigFlags } from "./config-words.ts";
import { cliDiagnostics as faults } from "./diagnostics.ts";
import { ExitCode } from "./exit-code.ts";
import type { CliHost } from "./host.ts";
import { printFailure, printResult, reportDiagnostics, usesColor } from "./output.ts";
import {
  addGlobals,
  buildCommand,
  orderedOptions,
  programName,
  readGlobals,
  valuedFlags,
  valuedGlobals,
} from "./program.ts";
import { type GlobalOptions, Session } from "./session.ts";
import { type Round, runRounds, type WatchRound } from "./watch.ts";

/** fgc itself, as the commands that run others know it. */
const self: Program = { commands, run: runCommandLine };

/** Runs one command line; the result is the exit code. */
export async function runCommandLine(argv: readonly string[], host: CliHost): Promise<number> {
  const dashes = argv.indexOf("--");
  const given = dashes < 0 ? argv : argv.slice(0, dashes);
  const asksForShell = given.some((word) => word === "-i" || word === "--interactive");
  const words = asksForShell && chosenCommands(given).length === 0 ? [...given, "shell"] : given;
  const rest = dashes < 0 ? [] : argv.slice(dashes + 1);
  let globals = roughGlobals(words);
  let exitCode: number = ExitCode.Ok;
  let flags: ConfigFlags | undefined;
  let session: Session | undefined;
  const program = new Command(programName)
    .description("The Forgather compiler: configs become standalone programs that train language models.")
    .version(host.versions.fgc, "-V, --version", "print the version")
    .usage("[global flags] COMMAND [flags] [-- ARGS]")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      getOutHasColors: () => usesColor(host, globals.color, host.stdout),
      getErrHasColors: () => usesColor(host, globals.color, host.stderr),
    })
    .configureHelp({ visibleOptions: orderedOptions })
    .showSuggestionAfterError(false)
    .enablePositionalOptions(true);
  addGlobals(program);
  // What a command on a config reads it reads once. A shell or an editor's server outlives that.
  const cached = cachedHost(host);
  const worldOf = ({ positionals }: CommandDefinition): CliHost =>
    positionals === "config" || positionals === "configs" ? cached : host;
  const run = async (definition: CommandDefinition, parsed: Command) => {
    globals = readGlobals(...lineage(parsed).map((command) => command.opts()));
    exitCode = await execute(worldOf(definition), definition, parsed, globals, rest, flags, session);
  };
  const chosen = chosenCommands(words);
  // The help and the search for a misspelt command need them all.
  const shown = chosen.length > 0 && !asksForHelpFirst(words) ? chosen.slice(0, 1) : commands;
  for (const definition of shown)
    program.addCommand(buildCommand(definition, program, run), { hidden: definition.isHidden === true });
  if (words.length === 0) {
    host.stdout.write(program.helpInformation());
    return ExitCode.Ok;
  }
  const definition = chosen.at(-1);
  const command = chosen.reduce(
    (parent, { name }) => parent.commands.find((inner) => inner.name() === name) ?? parent,
    program,
  );
  const isOneConfig = !words.some((word) => definition?.manyConfigs?.includes(word) === true);
  if (definition?.hasConfigFlags === true && globals.dyn && isOneConfig) {
    try {
      ({ session, flags } = readConfigFlags(worldOf(definition), command, words, globals, chosen.length));
    } catch (error) {
      // Whatever is wrong with the project is said by the command itself; a help text needs none.
      if (!(error instanceof DiagnosticError)) return printFailure(host, globals, error);
    }
  }
  try {
    await program.parseAsync([...words], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return printFailure(host, globals, error);
    if (error.exitCode === 0) return ExitCode.Ok;
    // What is wrong with the config's flags may be why one of them is not known.
    const related = flags?.diagnostics ?? [];
    reportDiagnostics(host, globals, related);
    // commander has printed the message; a program that asked for JSON gets it in that form too.
    const message = error.message.replace(/^error: /, "").split("\n")[0] as string;
    const suggestion = suggestionFor(error, program, command);
    if (suggestion !== undefined) host.stderr.write(`(Did you mean ${suggestion}?)\n`);
    if (globals.json) {
      const diagnostics = [faults.usage({}, { message, suggestion }), ...related].map(diagnosticJson);
      host.stdout.write(`${JSON.stringify({ ok: false, diagnostics }, null, 2)}\n`);
    }
    return ExitCode.Usage;
  }
}

/** From the program down to the command. */
function lineage(command: Command): readonly Command[] {
  return [...(command.parent === null ? [] : lineage(command.parent)), command];
}

async function execute(
  host: CliHost,
  definition: CommandDefinition,
  parsed: Command,
  globals: GlobalOptions,
  rest: readonly string[],
  flags: ConfigFlags | undefined,
  rough: Session | undefined,
): Promise<number> {
  const options = Object.fromEntries(
    Object.entries(definition.options).map(([name, spec]) => [
      name,
      parsed.opts()[name] ?? spec.fallback ?? (spec.isList ? [] : undefined),
    ]),
  ) as OptionValues<CommandDefinition["options"]>;
  const names =
    definition.positionals === "names"
      ? parsed.args
      : definition.positionals === "configs"
        ? parsed.args.filter((word) => !looksLikeOverride(word))
        : [];
  const round = async (watch: WatchRound | undefined): Promise<Round> => {
    const session = new Session(host, globals, sessionWords(definition, parsed.args));
    // The pass that read the flags has rendered the config already.
    if (rough !== undefined && rough.config === session.config && watch === undefined) session.adopt(rough);
    if (flags !== undefined) session.bindFlags(flags.variables());
    const result = await definition.run?.(host, { options, names, rest, session, program: self, watch });
    if (result === undefined) return { exitCode: ExitCode.Ok };
    // Only now: what keeps the flags from being read mostly keeps the command from running too, and is said once.
    if (flags !== undefined && (result.exitCode ?? ExitCode.Ok) === ExitCode.Ok)
      reportDiagnostics(host, globals, flags.diagnostics);
    return { exitCode: await printResult(host, definition, session, result), result };
  };
  if (!globals.watch || definition.canWatch !== true || !(host.files instanceof FileCache))
    return (await round(undefined)).exitCode;
  return runRounds(host, host.files, globals, round);
}

/** What the session is made from: of several configs it knows none, the command makes a session for each. */
function sessionWords({ positionals }: CommandDefinition, words: readonly string[]): readonly string[] {
  if (positionals === "config") return words;
  if (positionals !== "configs") return [];
  const overrides = words.filter(looksLikeOverride);
  return words.length - overrides.length === 1 ? words : overrides;
}

/** The commands that the words name: `ws`, then `create`. Empty where the first is none of ours. */
function chosenCommands(words: readonly string[]): readonly CommandDefinition[] {
  const chosen: CommandDefinition[] = [];
  let candidates: readonly CommandDefinition[] = commands;
  let valued = valuedGlobals;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    if (word.startsWith("-")) {
      if (valued.has(word)) i += 1;
      continue;
    }
    const definition = candidates.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
    if (definition === undefined) break;
    chosen.push(definition);
    candidates = definition.subcommands ?? [];
    valued = new Set([...valuedGlobals, ...valuedFlags(definition)]);
  }
  return chosen;
}

/** `fgc --help build` is the program's help. */
function asksForHelpFirst(words: readonly string[]): boolean {
  const first = words.findIndex((word, i) => !word.startsWith("-") && !valuedGlobals.has(words[i - 1] ?? ""));
  return words.slice(0, first).some((word) => word === "-h" || word === "--help");
}

/** Global flags read before commander may: they decide which config's flags it gets to know. */
function roughGlobals(words: readonly string[]): GlobalOptions {
  const givenValue = (...names: string[]): string | undefined => {
    for (const [i, word] of words.entries()) {
      for (const name of names) {
        if (word === name) return words[i + 1];
        if (name.startsWith("--") && word.startsWith(`${name}=`)) return word.slice(name.length + 1);
        if (!name.startsWith("--") && word.startsWith(name) && word.length > 2 && !word.startsWith("--"))
          return word.slice(2);
      }
    }
    return undefined;
  };
  const set = words.flatMap((word, i) =>
    word === "--set" ? [words[i + 1] ?? ""] : word.startsWith("--set=") ? [word.slice(6)] : [],
  );
  const found = {
    projectDir: givenValue("-p", "--project-dir"),
    configTemplate: givenValue("-t", "--config-template"),
    frozenTime: givenValue("--frozen-time"),
    color: givenValue("--color"),
    dyn: !words.includes("--no-dyn"),
    json: words.includes("--json"),
    quiet: words.includes("-q") || words.includes("--quiet"),
    set,
  };
  return readGlobals(found, {});
}

/** What commander says of a misspelt command or flag knows too few names, and takes a value for a part of the name. */
function suggestionFor(error: CommanderError, program: Command, command: Command): string | undefined {
  const word = /'([^'=]*)/.exec(error.message)?.[1] ?? "";
  // A letter is near to any other.
  if (error.code === "commander.unknownOption")
    return nearest(
      word,
      [...command.options, ...program.options].flatMap(({ long }) =>
        long === undefined || long === null || !word.startsWith("--") ? [] : [long],
      ),
    );
  if (error.code !== "commander.unknownCommand") return undefined;
  return nearest(
    word,
    command.commands.flatMap((inner) => [inner.name(), ...inner.aliases()]),
  );
}
