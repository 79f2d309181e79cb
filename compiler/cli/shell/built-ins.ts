/** @file The shell's own commands. */
import { dirname, resolve } from "node:path";
import { findProjectDir } from "../../config/project.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import { knowledgeOf } from "../completion/knowledge.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { openEditor } from "../editor.ts";
import { ExitCode } from "../exit-code.ts";
import { showPath } from "../output.ts";
import { yamlName } from "../projects/create-project.ts";
import { expandHome } from "./expand-home.ts";
import { readSelection } from "./selection.ts";
import { projectDir, type ShellState } from "./state.ts";
import { type EditableFile, editableFiles } from "./templates.ts";

export interface BuiltIn {
  readonly names: readonly string[];
  readonly usage: string;
  readonly about: string;
  readonly completes?: "configs" | "commands" | "files" | "folders";
  run(state: ShellState, words: readonly string[]): number | Promise<number>;
}

export const builtIns: readonly BuiltIn[] = [
  {
    names: ["cd"],
    usage: "cd [FOLDER]",
    about: "go to a folder; without one, to the project's",
    completes: "folders",
    run: changeFolder,
  },
  {
    names: ["pwd"],
    usage: "pwd",
    about: "where we are",
    run: ({ host }) => say(host.stdout, host.cwd()),
  },
  { names: ["configs"], usage: "configs", about: "the project's configs, numbered", run: listConfigs },
  {
    names: ["config"],
    usage: "config [NAME|NUMBER|-]",
    about: "choose the config of the commands that follow; `-` goes back to the default",
    completes: "configs",
    run: chooseConfig,
  },
  {
    names: ["edit"],
    usage: "edit [PATH|5|1,3|2-4,9]",
    about: "open templates in your editor, by path or from a menu",
    completes: "files",
    run: edit,
  },
  {
    names: ["commands"],
    usage: "commands",
    about: "the commands of fgc",
    run: ({ host, program }) => {
      const shown = program.commands.filter(({ isHidden }) => isHidden !== true);
      const width = Math.max(...shown.map(({ name }) => name.length));
      return say(host.stdout, shown.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`).join("\n"));
    },
  },
  {
    names: ["help"],
    usage: "help [COMMAND]",
    about: "this, or the help of a command",
    completes: "commands",
    run: help,
  },
  {
    names: ["debug"],
    usage: "debug",
    about: "tell what completion looks for, or stop telling",
    run(state) {
      state.isTracing = !state.isTracing;
      return say(state.host.stderr, `completion is ${state.isTracing ? "" : "no longer "}traced`);
    },
  },
  {
    names: ["exit", "quit"],
    usage: "exit",
    about: "leave; so do quit and Ctrl-D",
    run(state) {
      state.isOver = true;
      return ExitCode.Ok;
    },
  },
];

function say(stream: { write(text: string): void }, text: string): number {
  stream.write(`${text}\n`);
  return ExitCode.Ok;
}

function changeFolder(state: ShellState, [given]: readonly string[]): number {
  const { host } = state;
  const path = given === undefined ? projectDir(host) : resolve(host.cwd(), expandHome(host, given));
  if (path === undefined)
    throw new DiagnosticError(faults.unknownFile({}, { what: "project around", path: host.cwd() }));
  if (!host.files.isDirectory(path))
    throw new DiagnosticError(faults.unknownFile({}, { what: "folder", path: given ?? path }));
  const before = projectDir(host);
  host.changeDirectory(path);
  const now = projectDir(host);
  // Another project has other configs.
  if (now !== before) state.config = undefined;
  host.stderr.write(now === undefined ? "no project here\n" : now === before ? "" : `project ${now}\n`);
  return ExitCode.Ok;
}

function listConfigs({ host, config }: ShellState): number {
  findProjectDir(host.files, host.cwd());
  const knowledge = knowledgeOf(host);
  const byDefault = knowledge.defaultConfig();
  const chosen = config ?? byDefault;
  const lines = knowledge
    .configs()
    .map(
      (name, i) =>
        `${name === chosen ? "*" : " "}${String(i + 1).padStart(3)}  ${name === byDefault ? `[${name}]` : name}`,
    );
  return say(host.stdout, lines.length === 0 ? "no configs" : lines.join("\n"));
}

function chooseConfig(state: ShellState, [given]: readonly string[]): number {
  const { host } = state;
  const knowledge = knowledgeOf(host);
  if (given === undefined) return say(host.stdout, state.config ?? knowledge.defaultConfig() ?? "no config");
  if (given === "-") state.config = undefined;
  else {
    const known = knowledge.configs();
    const begun = known.filter((config) => config.startsWith(given));
    const name = /^\d+$/.test(given)
      ? known[Number(given) - 1]
      : (known.find((config) => config === given || config === `${given}.yaml`) ??
        (begun.length === 1 ? begun[0] : undefined));
    if (name === undefined)
      throw new DiagnosticError(
        faults.unknownFile({}, { what: "config", path: given, nearest: nearest(yamlName(given), known) }),
      );
    state.config = name;
  }
  return ExitCode.Ok;
}

async function edit(state: ShellState, words: readonly string[]): Promise<number> {
  const { host, lines } = state;
  const isSelection = words.length > 0 && words.every((word) => /^[\d,-]+$/.test(word));
  if (words.length > 0 && !isSelection) return editPaths(state, words);
  const files = editableFiles(host, host.cwd(), state.config);
  let choice = words.join(",");
  if (!isSelection) {
    host.stdout.write(menu(state, files));
    if (!lines.isTerminal) return ExitCode.Ok;
    choice = (await lines.next("edit (5  1,3  2-4,9)> ")) ?? "";
  }
  const selected = readSelection(choice, files.length);
  if ("problem" in selected) {
    host.stderr.write(`error: ${selected.problem}\n`);
    return ExitCode.Usage;
  }
  const paths = selected.map((i) => (files[i] as EditableFile).path);
  return paths.length === 0 ? ExitCode.Ok : openEditor(host, paths);
}

function menu({ host }: ShellState, files: readonly EditableFile[]): string {
  let category = "";
  return files
    .map((file, i) => {
      const head = file.category === category ? "" : `${file.category}:\n`;
      category = file.category;
      const where = file.category.startsWith("Library") ? `  ${showPath(host, file.path)}` : "";
      return `${head}${String(i + 1).padStart(4)}  ${file.name}${where}\n`;
    })
    .join("");
}

/** Names of templates, or paths; what is not there may be made. */
async function editPaths({ host, lines, config }: ShellState, words: readonly string[]): Promise<number> {
  const paths: string[] = [];
  for (const word of words) {
    const path = resolve(host.cwd(), expandHome(host, word));
    const known = () =>
      editableFiles(host, host.cwd(), config).find(({ name }) => name === word || name === `${word}.yaml`);
    const found =
      host.files.readText(path) === undefined ? (projectDir(host) === undefined ? undefined : known()?.path) : path;
    if (found !== undefined) paths.push(found);
    else {
      if (!lines.isTerminal) throw new DiagnosticError(faults.unknownFile({}, { what: "file", path: word }));
      const answer = await lines.next(`${showPath(host, path)} is not there; make it? [y/N] `);
      if (answer === undefined || !/^y(?:es)?$/i.test(answer.trim())) return ExitCode.Ok;
      if (!host.files.isDirectory(dirname(path)))
        host.stderr.write(`note: ${showPath(host, dirname(path))} is made too\n`);
      host.files.writeText(path, "");
      paths.push(path);
    }
  }
  return openEditor(host, paths);
}

function help({ host, program }: ShellState, words: readonly string[]): number | Promise<number> {
  if (words.length > 0) {
    const builtIn = builtIns.find(({ names }) => names.includes(words[0] as string));
    return builtIn === undefined
      ? program.run([...words, "--help"], host)
      : say(host.stdout, `${builtIn.usage}\n  ${builtIn.about}`);
  }
  const width = Math.max(...builtIns.map(({ usage }) => usage.length));
  return say(
    host.stdout,
    [
      ...builtIns.map(({ usage, about }) => `${usage.padEnd(width)}  ${about}`),
      "",
      "Every command of fgc works here too, on the chosen config: `pp`, `graph --target model`, `train --max-steps 10`.",
      "`-t OTHER COMMAND` takes another config for one line. `commands` lists them, `help COMMAND` explains one.",
    ].join("\n"),
  );
}
