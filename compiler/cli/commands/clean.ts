/** @file `fgc clean`: removes what builds wrote, and nothing that is a person's. */

import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { findProjectDir } from "../../config/project.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { defineCommand, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { ExitCode } from "../exit-code.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";

const word = "YES";

export const cleanCommand = defineCommand({
  name: "clean",
  group: "Building",
  summary: "remove what builds wrote; edited files, runs and checkpoints stay",
  example: "fgc clean --dry-run",
  positionals: "none",
  options: {
    dryRun: toggle("--dry-run", "say what would be removed, and remove nothing"),
    runs: toggle("--runs", `runs and checkpoints too; asks for the word ${word}`),
  },
  async run(host, { options, session }) {
    const { findBuilt, removeEmptyFolders } = await import("../../driver/built.ts");
    const root = findProjectDir(host.files, resolve(host.cwd(), session.globals.projectDir ?? "."));
    const built = findBuilt(root);
    const runs = options.runs ? [...new Set(built.flatMap((folder) => folder.runs))] : [];
    const edited = built.flatMap((folder) => folder.edited);
    const show = (path: string) => showPath(host, path);
    if (runs.length > 0 && !options.dryRun && !(await isConfirmed(host, runs.map(show))))
      return { text: "nothing was removed\n", json: { ok: false, removed: [], edited }, exitCode: ExitCode.Usage };
    const files = built.flatMap((folder) => folder.files);
    if (!options.dryRun) {
      for (const path of [...files, ...runs]) host.files.remove(path);
      for (const path of [...files, ...runs]) removeEmptyFolders(dirname(path), root);
    }
    const verb = options.dryRun ? "would remove" : "removed";
    const lines = [
      ...built
        .filter((folder) => folder.files.length > 0)
        .map(({ dir, files: own }) => `${verb} ${own.length} ${own.length === 1 ? "file" : "files"} of ${show(dir)}`),
      ...runs.map((path) => `${verb} ${show(path)}`),
      ...edited.map((path) => `kept ${show(path)}: it was edited since it was built`),
    ];
    const text = lines.length === 0 ? "nothing to remove\n" : `${lines.join("\n")}\n`;
    return { text, json: { ok: true, dryRun: options.dryRun, removed: [...files, ...runs], edited } };
  },
});

/** Runs took hours: a key pressed by mistake must not be enough. */
async function isConfirmed(host: CliHost, runs: readonly string[]): Promise<boolean> {
  if (!host.stdin.isTerminal)
    throw new DiagnosticError(
      faults.badFlag(
        {},
        { flag: "--runs", value: "", problem: `it asks for the word ${word}, and there is no terminal to ask at` },
      ),
    );
  host.stderr.write(`this removes runs and checkpoints for good:\n${runs.map((path) => `  ${path}\n`).join("")}`);
  host.stderr.write(`type ${word} to go on: `);
  const reader = createInterface({ input: host.stdin.stream });
  try {
    for await (const line of reader) return line.trim() === word;
    return false;
  } finally {
    reader.close();
  }
}
