/**
 * @file `fgc shell`: the commands of fgc at a prompt, with a project and a config that stay chosen.
 *
 *     fgc:tiny_llama [train_tiny_llama.yaml]> pp
 *
 * A line is a built-in of the shell or a command line of fgc, run in this process. A command that fails never ends the shell.
 */
import { basename } from "node:path";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import type { CommandDefinition, Program } from "../command.ts";
import { knowledgeOf } from "../completion/knowledge.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { ExitCode } from "../exit-code.ts";
import type { CliHost } from "../host.ts";
import { printFailure } from "../output.ts";
import type { GlobalOptions } from "../session.ts";
import { builtIns } from "./built-ins.ts";
import { completeLine } from "./complete-line.ts";
import { History } from "./history.ts";
import { openLines } from "./line-source.ts";
import { withPager } from "./pager.ts";
import { projectDir, type ShellState } from "./state.ts";
import { splitLine } from "./words.ts";

/** Commands that read the terminal themselves until it ends. */
const endless = ["shell", "lsp"];

/** stdout that can be brought to the beginning of a line: some documents do not end with one. */
function wholeLines(host: CliHost): { readonly host: CliHost; endLine(): void } {
  let last = "\n";
  const write = (text: string) => {
    last = text.at(-1) ?? last;
    host.stdout.write(text);
  };
  return {
    host: { ...host, stdout: { write, isTerminal: host.stdout.isTerminal } },
    endLine: () => {
      if (last !== "\n") write("\n");
    },
  };
}

export async function runShell(world: CliHost, program: Program, globals: GlobalOptions): Promise<number> {
  const { host, endLine } = wholeLines(world);
  if (globals.projectDir !== undefined) host.changeDirectory(globals.projectDir);
  const history = new History(host, host.cwd());
  const state: ShellState = {
    host,
    program,
    lines: openLines(
      host,
      () => history.lines(),
      (line) => completeLine(state, line),
    ),
    config: globals.configTemplate,
    isTracing: false,
    isOver: false,
  };
  if (state.lines.isTerminal) host.stderr.write(greeting(state));
  let exitCode: number = ExitCode.Ok;
  // Ctrl-C belongs to the line, and to the programs that commands start.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  try {
    while (!state.isOver) {
      const line = await state.lines.next(prompt(state));
      if (line === undefined) break;
      history.add(line);
      const code = await runLine(state, line, globals);
      endLine();
      if (code !== undefined) exitCode = code;
    }
  } finally {
    process.off("SIGINT", ignore);
    state.lines.close();
  }
  return state.lines.isTerminal ? ExitCode.Ok : exitCode;
}

/** The exit code; undefined for a line with nothing in it. */
async function runLine(state: ShellState, line: string, globals: GlobalOptions): Promise<number | undefined> {
  const { words, open } = splitLine(line);
  const [name] = words;
  if (open !== undefined) {
    state.host.stderr.write(`error: the quote ${open} is not closed\n`);
    return ExitCode.Usage;
  }
  if (name === undefined) return undefined;
  try {
    const builtIn = builtIns.find((known) => known.names.includes(name));
    if (builtIn !== undefined) return await builtIn.run(state, words.slice(1));
    return await withPager(state.host, (host) => state.program.run(argumentsFor(state, words), host));
  } catch (error) {
    return printFailure(state.host, globals, error);
  }
}

/** The chosen config joins what was typed, unless that names one. */
function argumentsFor({ program, config }: ShellState, typed: readonly string[]): readonly string[] {
  const words = typed[0] === "fgc" ? typed.slice(1) : typed;
  if (words.includes("--watch")) throw new DiagnosticError(faults.notHere({}, { what: "--watch" }));
  const command = commandIn(program.commands, words);
  if (command !== undefined && endless.includes(command.name))
    throw new DiagnosticError(faults.notHere({}, { what: `fgc ${command.name}` }));
  if (config === undefined || command === undefined || !/^configs?$/.test(command.positionals)) return words;
  const dashes = words.indexOf("--");
  const own = dashes < 0 ? words : words.slice(0, dashes);
  const namesOne = own.some(
    (word, i) =>
      /^(?:-t.*|--config-template(?:=.*)?)$/s.test(word) ||
      (/\.ya?ml$/.test(word) && !word.includes("=") && own[i - 1]?.startsWith("-") !== true) ||
      command.manyConfigs?.includes(word) === true,
  );
  return namesOne ? words : ["-t", config, ...words];
}

function commandIn(commands: readonly CommandDefinition[], words: readonly string[]): CommandDefinition | undefined {
  return words
    .map((word) => commands.find(({ name, aliases = [] }) => name === word || aliases.includes(word)))
    .find((found) => found !== undefined);
}

/** `fgc:NAME [CONFIG]> ` */
function prompt(state: ShellState): string {
  const { host } = state;
  const project = projectDir(host);
  if (project === undefined) return `fgc:${basename(host.cwd())}> `;
  const config = state.config ?? knowledgeOf(host).defaultConfig();
  return `fgc:${basename(project)}${config === undefined ? "" : ` [${config}]`}> `;
}

function greeting({ host }: ShellState): string {
  const project = projectDir(host);
  const where = project === undefined ? "no project here: `cd` to one" : `project ${project}`;
  return `fgc ${host.versions.fgc}, ${where}. \`help\` says what there is, Ctrl-D leaves.\n`;
}
