/** @file Which config a command line means, as far as that can be known before the config's own flags are: they decide which words are values. */
import type { Command, Option } from "commander";
import { looksLikeOverride } from "../driver/overrides.ts";
import { addConfigFlags, type ConfigFlags } from "./config-flags.ts";
import type { CliHost } from "./host.ts";
import { valuedGlobals } from "./program.ts";
import { type GlobalOptions, Session } from "./session.ts";

/** Whether a word looks like a flag that only the config may know, or the help is to show them. */
function hasUnknownFlag(command: Command, words: readonly string[]): boolean {
  const known = new Set(command.options.flatMap(({ short, long }) => [short, long]));
  return words.some((word) => word.startsWith("-") && !known.has(word.replace(/=.*/, "")) && !/^-[pto]./.test(word));
}

export interface FlagReading {
  readonly session: Session;
  readonly flags: ConfigFlags;
}

/** The flags of the config that the words name, as options of the command; and the session that read them. */
export function readConfigFlags(
  host: CliHost,
  command: Command,
  words: readonly string[],
  globals: GlobalOptions,
  depth: number,
): FlagReading {
  const asksForHelp = words.includes("--help") || words.includes("-h");
  const read = (config: string | undefined): FlagReading => {
    const session = new Session(host, globals, config === undefined ? [] : [config]);
    return { session, flags: addConfigFlags(host, session, command, hasUnknownFlag(command, words), asksForHelp) };
  };
  if (globals.configTemplate !== undefined) return read(undefined);
  const candidates = configWords(command, words, depth);
  const certain = candidates.find(({ after }) => after === undefined);
  if (certain !== undefined) return read(certain.word);
  // `--dataset-config english.yaml`, or `--fast tiny.yaml`? The default config's flags tell, as far as they go.
  const known = [...command.options];
  const reading = read(undefined);
  const isValue = (flag: string) =>
    command.options.some(({ short, long, required }) => required && (short === flag || long === flag));
  const config = candidates.find(({ after }) => after !== undefined && !isValue(after));
  if (config === undefined) return reading;
  (command.options as Option[]).splice(0, command.options.length, ...known);
  return read(config.word);
}

/** Words that look like a config, and the flag before each that may take it for its value. */
function configWords(
  command: Command,
  words: readonly string[],
  depth: number,
): readonly { readonly word: string; readonly after: string | undefined }[] {
  const found: { word: string; after: string | undefined }[] = [];
  let seen = 0;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string;
    const before = words[i - 1];
    if (word.startsWith("-")) {
      const option = command.options.find(({ short, long }) => short === word || long === word);
      if (option?.required === true || valuedGlobals.has(word)) i += 1;
    } else if (seen < depth) seen += 1;
    else if (/\.ya?ml$/.test(word) && !looksLikeOverride(word)) {
      const isDoubtful = before?.startsWith("-") === true && !before.includes("=") && !isKnown(command, before);
      found.push({ word, after: isDoubtful ? before : undefined });
    }
  }
  return found;
}

function isKnown(command: Command, flag: string): boolean {
  return command.options.some(({ short, long }) => short === flag || long === flag);
}
