/**
 * @file The program `fgc`: finds the command among the arguments, lets commander read them, runs it, prints what it made.
 *
 * Only what a command needs is loaded: the commands' modules are small, and import the rest inside `run`.
 */
import { Command, CommanderError } from "commander";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { diagnosticJson } from "../diagnostics/render.ts";
import type { CommandDefinition, OptionValues } from "./command.ts";
import { commands } from "./commands/index.ts";
import { addConfigFlags, type ConfigFlags } from "./config-flags.ts";
import { cliDiagnostics as faults } from "./diagnostics.ts";
import { ExitCode } from "./exit-code.ts";
import type { CliHost } from "./host.ts";
import { printFailure, printResult, reportDiagnostics, usesColor } from "./output.ts";
import { addGlobals, buildCommand, orderedOptions, readGlobals, valuedGlobals } from "./program.ts";
import { type GlobalOptions, Session } from "./session.ts";

/** Runs one command line; the result is the exit code. */
export async function runCommandLine(argv: readonly string[], host: CliHost): Promise<number> {
  const dashes = argv.indexOf("--");
  const words = dashes < 0 ? argv : argv.slice(0, dashes);
  const rest = dashes < 0 ? [] : argv.slice(dashes + 1);
  let globals = roughGlobals(words);
  let exitCode: number = ExitCode.Ok;
  const program = new Command("fgc")
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
    .enablePositionalOptions(true);
  addGlobals(program);
  const chosen = commandName(words);
  for (const definition of commands) {
    let flags: ConfigFlags | undefined;
    let session: Session | undefined;
    const command = buildCommand(definition, async (parsed) => {
      globals = readGlobals(program.opts(), parsed.opts());
      exitCode = await execute(host, definition, parsed, globals, rest, flags, session);
    });
    command.exitOverride().copyInheritedSettings(program);
    if (definition.hasConfigFlags === true && definition.name === chosen && globals.dyn) {
      try {
        session = roughSession(host, command, words, globals);
        flags = addConfigFlags(host, session, command, hasUnknownFlag(command, words));
      } catch (error) {
        // Whatever is wrong with the project is said by the command itself; a help text needs none.
        if (!(error instanceof DiagnosticError)) return printFailure(host, globals, error);
      }
    }
    program.addCommand(command);
  }
  if (words.length === 0) {
    host.stdout.write(program.helpInformation());
    return ExitCode.Ok;
  }
  try {
    await program.parseAsync([...words], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return printFailure(host, globals, error);
    if (error.exitCode === 0) return ExitCode.Ok;
    // commander has printed the message; a program that asked for JSON gets it in that form too.
    const message = error.message.replace(/^error: /, "").split("\n")[0] as string;
    if (globals.json)
      host.stdout.write(
        `${JSON.stringify({ ok: false, diagnostics: [diagnosticJson(faults.usage({}, { message }))] }, null, 2)}\n`,
      );
    return ExitCode.Usage;
  }
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
  for (;;) {
    const session = new Session(host, globals, definition.positionals === "config" ? parsed.args : []);
    // The pass that read the flags has rendered the config already.
    if (rough !== undefined && rough.config === session.config && !globals.watch) session.adopt(rough);
    if (flags !== undefined) session.bindFlags(flags.variables());
    const names = definition.positionals === "names" ? parsed.args : [];
    const result = await definition.run(host, { options, names, rest, session });
    // Only now: what keeps the flags from being read mostly keeps the command from running too, and is said once.
    if (flags !== undefined) reportDiagnostics(host, globals, flags.diagnostics);
    const exitCode = await printResult(host, definition, session, result);
    if (!globals.watch || definition.canWatch !== true || result.inputs === undefined) return exitCode;
    await host.waitForChange(result.inputs);
  }
}

/** The first word that is no flag and no flag's value. */
function commandName(words: readonly string[]): string | undefined {
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    if (!word.startsWith("-")) return word;
    if (valuedGlobals.has(word)) i += 1;
  }
  return undefined;
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

/** Whether a word looks like a flag that only the config may know, or the help is to show them. */
function hasUnknownFlag(command: Command, words: readonly string[]): boolean {
  const known = new Set(command.options.flatMap(({ short, long }) => [short, long]));
  return words.some((word) => word.startsWith("-") && !known.has(word.replace(/=.*/, "")) && !/^-[pto]./.test(word));
}

/** The session as far as it can be known before the config's flags are: positional words that are no flags' values. */
function roughSession(host: CliHost, command: Command, words: readonly string[], globals: GlobalOptions): Session {
  const positionals: string[] = [];
  let seenCommand = false;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    if (word.startsWith("-")) {
      const option = command.options.find(({ short, long }) => short === word || long === word);
      if (option?.required === true || valuedGlobals.has(word)) i += 1;
    } else if (seenCommand) positionals.push(word);
    else seenCommand = true;
  }
  // A word may be the value of a flag that only the config knows: take what names a config.
  const configs = positionals.filter((word) => word.includes("/") || /\.ya?ml$/.test(word)).slice(0, 1);
  return new Session(host, globals, globals.configTemplate === undefined ? configs : []);
}
