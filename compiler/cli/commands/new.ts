/** @file `fgc new`: a project, by questions. What is given on the command line is not asked. */
import { resolve } from "node:path";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { type CommandResult, defineCommand, text, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { ExitCode } from "../exit-code.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";
import { createProject } from "../projects/create-project.ts";
import { type StarterKind, starterKinds, starters } from "../projects/starters.ts";
import { checkWords, slugOf } from "../projects/words.ts";
import { Cancelled, openPrompts } from "../prompts.ts";

/** What is suggested: it trains, so that a first look ends with something that works. */
const suggestedKind: StarterKind = "causal-lm";

interface Answers {
  readonly name: string;
  readonly description: string;
  readonly kind: StarterKind;
  readonly folder: string | undefined;
}

export const newCommand = defineCommand({
  name: "new",
  group: "Projects and templates",
  summary: "make a project, by questions",
  example: "fgc new demo --from causal-lm --yes",
  positionals: "names",
  arguments: [{ usage: "[name]", description: "what the project is called" }],
  options: {
    description: text("--description <text>", "what it is for"),
    from: { ...text("--from <kind>", "what to start with"), choices: starterKinds },
    projectDirName: text("--project-dir-name <folder>", "its folder; default: made of the name"),
    yes: toggle("-y, --yes", "ask nothing: take what would be suggested"),
  },
  async run(host, { options, names, session }) {
    const { description, yes, projectDirName } = options;
    const [name] = names;
    const kind = starterKinds.find((known) => known === options.from);
    const missing = [
      ...(name === undefined ? ["NAME"] : []),
      ...(kind === undefined && !yes ? ["--from"] : []),
      ...(description === undefined && !yes ? ["--description"] : []),
    ];
    const canAsk = host.stdin.isTerminal && !yes;
    if (missing.length > 0 && !canAsk) throw new DiagnosticError(faults.missingFlags({}, { flags: missing }));
    const parent = resolve(host.cwd(), session.globals.projectDir ?? ".");
    try {
      const answers =
        missing.length > 0
          ? await ask(host, { name, description, kind, folder: projectDirName })
          : { name: name ?? "", description: description ?? "", kind: kind ?? suggestedKind, folder: projectDirName };
      return made(host, parent, answers);
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
      host.stderr.write("nothing was made\n");
      return { text: "", json: { ok: false }, exitCode: ExitCode.Interrupted };
    }
  },
});

async function ask(host: CliHost, given: { readonly [K in keyof Answers]: Answers[K] | undefined }): Promise<Answers> {
  const prompts = await openPrompts(host);
  prompts.title("A new project");
  const kind =
    given.kind ??
    (await prompts.choose(
      "What do you want to start with?",
      starterKinds.map((value) => ({ value, hint: starters[value].summary })),
      suggestedKind,
    ));
  const name =
    given.name ??
    (await prompts.text("What is it called?", {
      suggestion: "My project",
      check: (answer) => checkWords("--name", answer),
    }));
  const description =
    given.description ??
    (await prompts.text("What is it for?", { suggestion: "", check: (answer) => checkWords("--description", answer) }));
  const folder = given.folder ?? (await prompts.text("In which folder?", { suggestion: slugOf(name) }));
  return { name, description, kind, folder };
}

function made(host: CliHost, parent: string, { name, description, kind, folder }: Answers): CommandResult {
  // A project that stands in no workspace becomes one: it can be moved and shared as it is.
  const created = createProject(host, { name, description, kind, parent, folder, makeWorkspace: true });
  const where = showPath(host, created.projectDir);
  const lines = [
    `made ${where}, ${created.files.length} files`,
    "",
    "next:",
    `  cd ${where}`,
    ...starters[kind].next.map((line) => `  ${line}`),
    "",
    "Its README says more.",
    "",
  ];
  return { text: lines.join("\n"), json: { ok: true, ...created, kind } };
}
