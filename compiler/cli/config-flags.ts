/** @file The config's own flags (`dynamic_args`) as options of a command, in a group of their own. */
import { type Command, Option } from "commander";
import type { PlainData } from "../config/project.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { Preprocessed } from "../driver/compile.ts";
import {
  type DynamicFlag,
  dynamicArgsText,
  FlagError,
  mayBindUnasked,
  readDynamicFlags,
  readFlagValue,
} from "../driver/dynamic-args.ts";
import type { Variables } from "../driver/environment.ts";
import { findFlagRead } from "../driver/flag-reads.ts";
import { cliDiagnostics as faults } from "./diagnostics.ts";
import type { CliHost } from "./host.ts";
import { showPath } from "./output.ts";
import { putGlobalsLast } from "./program.ts";
import type { Session } from "./session.ts";

export interface ConfigFlags {
  /** What the user gave, read after commander has parsed the line. */
  variables(): Variables;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Adds the flags to `command`. A config that cannot be read gets none, and a warning that says so.
 * @param needed whether the command line holds a flag that fgc does not know
 * @param asksForHelp then each flag says where the config sets what it stands for
 */
export function addConfigFlags(
  host: CliHost,
  session: Session,
  command: Command,
  needed: boolean,
  asksForHelp: boolean,
): ConfigFlags {
  const diagnostics: Diagnostic[] = [];
  const values = new Map<string, PlainData>();
  let flags: readonly DynamicFlag[] = [];
  try {
    const preprocessed = session.preprocess();
    const declaration = dynamicArgsText(preprocessed.text);
    if (declaration === undefined || (!needed && !mayBindUnasked(declaration)))
      return { diagnostics, variables: () => ({}) };
    const read = readDynamicFlags(session.composeGraph().graph);
    flags = read.flags;
    diagnostics.push(...read.diagnostics);
    const group = `Flags of ${preprocessed.config} (${session.project.name}):`;
    const place = asksForHelp ? (flag: DynamicFlag) => placeOf(host, preprocessed, flag) : () => "";
    for (const flag of flags) addFlag(host, command, flag, group, place(flag), values, diagnostics);
    putGlobalsLast(command);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const [first] = error.diagnostics.filter((diagnostic) => diagnostic.severity === "error");
    diagnostics.push(
      faults.configUnread(
        {},
        { config: session.config ?? "the default config", reason: first?.message ?? error.message },
      ),
    );
  }
  return {
    diagnostics,
    variables: () => {
      // A switch is passed either way, as upstream does: `{{ x }}` and `x is defined` rely on it.
      for (const flag of flags) if (flag.isSwitch && !values.has(flag.variable)) values.set(flag.variable, false);
      return Object.fromEntries(values);
    },
  };
}

/** `(2.0e-3, set in project.yaml:33)` */
function placeOf(host: CliHost, preprocessed: Preprocessed, { variable }: DynamicFlag): string {
  const read = findFlagRead(host, preprocessed, variable);
  return read === undefined ? "" : `(${read.fallback}, set in ${showPath(host, read.path)}:${read.line})`;
}

function addFlag(
  host: CliHost,
  command: Command,
  flag: DynamicFlag,
  group: string,
  place: string,
  values: Map<string, PlainData>,
  diagnostics: Diagnostic[],
): void {
  const taken = (name: string) => command.options.some((option) => option.short === name || option.long === name);
  for (const name of flag.names.filter(taken))
    diagnostics.push(faults.flagClash({ span: flag.origin.span, chain: flag.origin.stack }, { name }));
  const free = flag.names.filter((name) => !taken(name));
  const longs = free.filter((name) => name.startsWith("--"));
  const shorts = free.filter((name) => !name.startsWith("--") && name.length === 2);
  const help = [flag.help, flag.choices === undefined ? "" : `(${flag.choices.join(" | ")})`, place];
  const metavar = flag.choices === undefined ? flag.type : "choice";
  // commander knows one long and one short name: further ones are options of their own, hidden.
  for (let i = 0; i < Math.max(longs.length, shorts.length); i += 1) {
    const names = [shorts[i], longs[i]].filter((name) => name !== undefined).join(", ");
    const option = new Option(
      flag.isSwitch ? names : `${names} <${metavar}>`,
      help.filter((part) => part !== "").join(" "),
    ).helpGroup(group);
    if (i > 0) option.hideHelp();
    if (!flag.isSwitch) option.argParser((text: string) => keep(text));
    command.addOption(option);
    if (flag.isSwitch) command.on(`option:${option.name()}`, () => values.set(flag.variable, true));
  }
  const keep = (text: string): string => {
    try {
      values.set(flag.variable, readFlagValue(host, flag, text));
    } catch (error) {
      if (!(error instanceof FlagError)) throw error;
      throw new DiagnosticError(
        faults.badFlag({}, { flag: flag.names[0] as string, value: text, problem: error.message }),
      );
    }
    return text;
  };
}
