/**
 * @file What a command is: its words for the help, its options, and a function from what was typed to a result.
 *
 * A command returns data; `output.ts` prints it as text or JSON, writes it to a file, or opens it in an editor.
 */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Language } from "./highlight/highlighter.ts";
import type { CliHost } from "./host.ts";
import type { Session } from "./session.ts";
import type { WatchRound } from "./watch.ts";

export interface OptionSpec<T> {
  /** As commander reads it: `-l, --long`, `--format <name>`. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly fallback?: string | boolean;
  /** Given several times, or with several values. */
  readonly isList?: boolean;
  /** The command does nothing without it. */
  readonly isRequired?: boolean;
  /** For inference alone. */
  readonly type?: T;
}

export function choice<const C extends readonly string[]>(
  flags: string,
  description: string,
  choices: C,
  fallback: C[number],
): OptionSpec<C[number]> {
  return { flags, description, choices, fallback };
}
export function toggle(flags: string, description: string): OptionSpec<boolean> {
  return { flags, description, fallback: false };
}
export function text(flags: string, description: string): OptionSpec<string | undefined> {
  return { flags, description };
}
export function textOr(flags: string, description: string, fallback: string): OptionSpec<string> {
  return { flags, description, fallback };
}
export function texts(flags: string, description: string): OptionSpec<readonly string[]> {
  return { flags, description, isList: true };
}

export type Options = Readonly<Record<string, OptionSpec<unknown>>>;
export type OptionValues<O extends Options> = { readonly [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never };

export interface CommandResult {
  /** What stdout gets without `--json`. Ends with a newline. */
  readonly text: string;
  /** What stdout gets with `--json`. */
  readonly json: unknown;
  /** Warnings and remarks; errors are thrown where nothing can be printed. */
  readonly diagnostics?: readonly Diagnostic[];
  readonly exitCode?: number;
  /** What the text is written in, where a terminal may show it in colours. */
  readonly language?: Language | undefined;
  /** For `-e`: what kind of text it is. */
  readonly extension?: string;
  /** Files that the result depends on: for `--watch`, which knows by itself what was read through the host. */
  readonly inputs?: readonly string[];
  /** With `--watch`: what earlier rounds looked at and this one took from them. */
  readonly notes?: ReadonlySet<string> | undefined;
  /** With `--watch`: what was done, `checked 3 of 60 configs`. */
  readonly did?: string;
}

export type CommandGroup =
  | "Seeing what is there"
  | "Where values come from"
  | "Building"
  | "Training"
  | "Projects and templates"
  | "This machine";

/** What stands after a command, as commander writes it: `<name>`, `[folder]`, `[names...]`. */
export interface ArgumentSpec {
  readonly usage: string;
  readonly description: string;
  readonly choices?: readonly string[];
}

export interface CommandDefinition<O extends Options = Options> {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Not for people: the help and the completion leave it out. */
  readonly isHidden?: boolean;
  readonly group: CommandGroup;
  readonly summary: string;
  /** An example for the help. */
  readonly example: string;
  /** What may stand after the command: a config and overrides, several configs and overrides, other names, or nothing. */
  readonly positionals: "config" | "configs" | "names" | "none";
  /** With `positionals: "names"`: which names, for the help and for the check of their number. */
  readonly arguments?: readonly ArgumentSpec[];
  /** Whether the config's own flags are this command's flags. */
  readonly hasConfigFlags?: boolean;
  /** Flags that make it a command on many configs, none of which gives it flags. */
  readonly manyConfigs?: readonly string[];
  readonly canWatch?: boolean;
  readonly options: O;
  /** `fgc ws create`: commands below this one. */
  readonly subcommands?: readonly CommandDefinition[];
  /** Absent where only the subcommands do something. */
  run?(host: CliHost, args: CommandArgs<O>): CommandResult | Promise<CommandResult>;
}

/** fgc itself, for commands that run others: the shell, completion, sweeps. */
export interface Program {
  readonly commands: readonly CommandDefinition[];
  /** Runs one command line; the result is the exit code. */
  run(argv: readonly string[], host: CliHost): Promise<number>;
}

export interface CommandArgs<O extends Options> {
  readonly options: OptionValues<O>;
  /** What stands after the command, overrides and the config left out. */
  readonly names: readonly string[];
  /** What stands after `--`. */
  readonly rest: readonly string[];
  readonly session: Session;
  /** With `--watch`: the round that this is. */
  readonly watch?: WatchRound | undefined;
  readonly program: Program;
}

/** Checks the types of a definition, and forgets those of its options: commands are kept in one list. */
export function defineCommand<const O extends Options>(definition: CommandDefinition<O>): CommandDefinition {
  return definition as unknown as CommandDefinition;
}
