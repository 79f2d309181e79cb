/**
 * @file Samples of diagnostics: a project as a user wrote it, the command they ran, and what the terminal showed.
 *
 *     samples/STAGE/NAME[.variant]/     the code STAGE/NAME; samples/several/ holds projects with several faults
 *       config.yaml                     short for templates/configs/config.yaml
 *       meta.yaml, templates/…, src/…   the project's files; a missing meta.yaml is supplied
 *       base.txt                        a project of this repository that the sample is a changed copy of
 *       edits.txt                       what is changed in it: a path, then lines with `-` for what stood there and `+` for what stands there now
 *       command.txt                     what is run where that is not `fgc check`
 *       workspace.txt                   holds `none`: the project stands in no workspace
 *       expected.txt                    stderr and stdout, no colour, then `exit N`
 *
 * Every sample runs in a copy of its own, in a folder that is called /home/me in what is expected.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { CliHost } from "../../compiler/cli/host.ts";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { runCommandLine } from "../../compiler/cli/run.ts";

export const samplesFolder = join(import.meta.dirname, "samples");
const repository = join(import.meta.dirname, "../..");

export interface Sample {
  /** `types/unknown-argument.in-a-list` */
  readonly name: string;
  readonly stage: string;
  /** The code it is a sample of; undefined below `several/`. */
  readonly code: string | undefined;
  readonly folder: string;
}

export function listSamples(): readonly Sample[] {
  return readdirSync(samplesFolder)
    .sort()
    .flatMap((stage) =>
      readdirSync(join(samplesFolder, stage))
        .sort()
        .map((entry) => ({
          name: `${stage}/${entry}`,
          stage,
          code: stage === "several" ? undefined : `${stage}/${entry.replace(/\..*/, "")}`,
          folder: join(samplesFolder, stage, entry),
        })),
    );
}

/** What belongs to the sample and not to the user's project. */
const ownFiles = new Set(["base.txt", "edits.txt", "command.txt", "workspace.txt", "expected.txt"]);

export function commandOf({ folder }: Sample): string {
  const path = join(folder, "command.txt");
  return existsSync(path) ? readFileSync(path, "utf8").trim() : "fgc check";
}

/** The user's files by name, in the form they have in the sample: what docs show. */
export function filesOf({ folder }: Sample): readonly { readonly name: string; readonly text: string }[] {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !ownFiles.has(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return names.sort().map((name) => ({ name, text: readFileSync(join(folder, name), "latin1") }));
}

/** Runs the sample below `root`, an empty folder of the caller's; the result has the form of expected.txt. */
export async function runSample(sample: Sample, root: string): Promise<string> {
  const home = join(root, sample.name.replace("/", "-"));
  const cwd = setUp(sample, home);
  const { code, output } = await run(words(commandOf(sample)), cwd, home);
  const shown = output
    .replaceAll(home, "/home/me")
    .replaceAll(repository, "/usr/lib/node_modules/fgc")
    // Where exactly a shipped template says something is its own matter.
    .replace(/(\/home\/me\/templatelib\/[^\s:]+):\d+(?::\d+)?/g, "$1")
    .replace(/[ \t]+$/gm, "");
  return `${shown.trimEnd()}\n\nexit ${code}\n`.replace(/^\n+/, "");
}

/** Lays out the user's files; the result is where they stand. */
function setUp({ folder }: Sample, home: string): string {
  const base = join(folder, "base.txt");
  const project = existsSync(base) ? copyBase(readFileSync(base, "utf8").trim(), home) : join(home, "project");
  if (!existsSync(join(folder, "workspace.txt"))) mkdirSync(join(home, "forgather_workspace"), { recursive: true });
  mkdirSync(project, { recursive: true });
  for (const entry of readdirSync(folder)) {
    if (ownFiles.has(entry)) continue;
    const isShort = entry === "config.yaml";
    cpSync(join(folder, entry), join(project, isShort ? "templates/configs" : "", entry), { recursive: true });
  }
  const edits = join(folder, "edits.txt");
  if (existsSync(edits)) applyEdits(readFileSync(edits, "utf8"), project);
  if (!existsSync(join(project, "meta.yaml")))
    writeFileSync(join(project, "meta.yaml"), 'name: "Sample"\ndefault_config: "config.yaml"\n');
  return project;
}

function copyBase(path: string, home: string): string {
  for (const part of ["examples", "templatelib"])
    cpSync(join(repository, part), join(home, part), {
      recursive: true,
      filter: (source) => basename(source) !== "output_models" && basename(source) !== "tmp",
    });
  return join(home, path);
}

/** Each run of `-` lines must stand exactly once in the file; the `+` lines after it take its place. */
function applyEdits(text: string, project: string): void {
  let path: string | undefined;
  let before: string[] = [];
  let after: string[] = [];
  const finish = (): void => {
    if (path === undefined || before.length + after.length === 0) return;
    const content = readFileSync(path, "utf8");
    const wanted = before.map((line) => `${line}\n`).join("");
    if (content.split(wanted).length !== 2) throw new Error(`${path} does not hold exactly once:\n${wanted}`);
    writeFileSync(
      path,
      content.replace(wanted, () => after.map((line) => `${line}\n`).join("")),
    );
    [before, after] = [[], []];
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("-")) {
      if (after.length > 0) finish();
      before.push(line.slice(1));
    } else if (line.startsWith("+")) after.push(line.slice(1));
    else {
      finish();
      if (line !== "") path = join(project, line);
    }
  }
  finish();
}

/** A command line as a shell reads it, as far as samples need: words and quotes. */
function words(line: string): readonly string[] {
  const found = [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replace(/["']/g, ""));
  if (found[0] !== "fgc") throw new Error(`a sample's command begins with fgc: ${line}`);
  return found.slice(1);
}

async function run(argv: readonly string[], cwd: string, home: string): Promise<{ code: number; output: string }> {
  let output = "";
  const stream = {
    write: (text: string) => {
      output += text;
    },
    isTerminal: false,
  };
  const real = nodeHost();
  const host: CliHost = {
    ...real,
    cwd: () => cwd,
    homeDirectory: () => home,
    environment: (name) => (name === "XDG_CACHE_HOME" ? join(home, ".cache") : undefined),
    now: () => Date.UTC(2026, 0, 31, 12, 30, 15),
    utcOffsetMinutes: () => 0,
    random: () => 0.5,
    platform: "linux",
    hostname: () => "box",
    uname: () => ["Linux", "box", "6.1", "#1", "x86_64"],
    versions: { node: "20.0.0", fgc: "0.1.0" },
    stdout: stream,
    stderr: stream,
    run: async () => 0,
    listDevices: async () => [],
  };
  const code = await runCommandLine(argv, host);
  return { code, output };
}

export function readExpected({ folder }: Sample): string | undefined {
  const path = join(folder, "expected.txt");
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

export function writeExpected({ folder }: Sample, text: string): void {
  mkdirSync(dirname(join(folder, "expected.txt")), { recursive: true });
  writeFileSync(join(folder, "expected.txt"), text);
}
