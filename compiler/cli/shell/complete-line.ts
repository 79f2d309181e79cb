/** @file Completion at the shell's prompt: the shell's own words, then what any shell would get, then paths. */
import { dirname, join, resolve } from "node:path";
import { complete } from "../completion/complete.ts";
import { knowledgeOf } from "../completion/knowledge.ts";
import type { CliHost } from "../host.ts";
import { builtIns } from "./built-ins.ts";
import { expandHome } from "./expand-home.ts";
import type { ShellState } from "./state.ts";
import { quoteWord, splitLine } from "./words.ts";

export function completeLine(state: ShellState, line: string): readonly [candidates: readonly string[], typed: string] {
  const { words, open, isBetween } = splitLine(line);
  const typed = isBetween ? "" : (words.at(-1) ?? "");
  const before = isBetween ? words : words.slice(0, -1);
  const found = candidates(state, before, typed);
  if (state.isTracing)
    state.host.stderr.write(`\n[complete ${JSON.stringify([...before, typed])}: ${found.length} candidates]\n`);
  // What stands on the line may be quoted: only a word that is written plainly can be replaced.
  if (open !== undefined || (!isBetween && !line.endsWith(typed))) return [[], ""];
  return [found, typed];
}

function candidates(state: ShellState, before: readonly string[], typed: string): readonly string[] {
  const { host, program, config } = state;
  const [first] = before;
  const builtIn = builtIns.find(({ names }) => first !== undefined && names.includes(first));
  const starting = (values: readonly string[]) => values.filter((value) => value.startsWith(typed));
  if (builtIn !== undefined) {
    if (builtIn.completes === "configs") return closed(starting(knowledgeOf(host).configs()));
    if (builtIn.completes === "commands")
      return closed(starting(program.commands.filter(({ isHidden }) => !isHidden).map(({ name }) => name)));
    return builtIn.completes === undefined ? [] : pathsLike(host, typed, builtIn.completes === "folders");
  }
  const chosen = config === undefined ? [] : ["-t", config];
  const { candidates: found, paths } = complete(program.commands, [...chosen, ...before, typed], knowledgeOf(host));
  return [
    ...(before.length === 0 ? closed(starting(builtIns.flatMap(({ names }) => names))) : []),
    ...found.map(({ value, isOpen }) => (isOpen === true ? value : `${quoteWord(value)} `)),
    ...(paths === undefined ? [] : pathsLike(host, typed, paths === "folders")),
  ];
}

const closed = (values: readonly string[]): readonly string[] => values.map((value) => `${quoteWord(value)} `);

/** Paths that begin as typed; `~` is the home folder, hidden entries only where a dot is typed. */
export function pathsLike(host: CliHost, typed: string, foldersOnly: boolean): readonly string[] {
  const slash = typed.lastIndexOf("/");
  const shown = typed.slice(0, slash + 1);
  const start = typed.slice(slash + 1);
  const folder = resolve(
    host.cwd(),
    expandHome(host, shown === "" ? "." : slash === 0 ? "/" : dirname(join(shown, "x"))),
  );
  return host.files
    .list(folder)
    .filter(({ name, isDirectory }) => name.startsWith(start) && (isDirectory || !foldersOnly))
    .filter(({ name }) => !name.startsWith(".") || start.startsWith("."))
    .map(({ name, isDirectory }) => `${shown}${name}${isDirectory ? "/" : " "}`);
}
