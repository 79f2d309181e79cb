/** @file `fgc shell`, also `fgc -i`. */
import { defineCommand } from "../command.ts";

export const shellCommand = defineCommand({
  name: "shell",
  group: "Projects and templates",
  summary: "work on a project at a prompt, with history and completion",
  example: "fgc -t tiny.yaml shell",
  positionals: "none",
  options: {},
  async run(host, { session, program }) {
    const { runShell } = await import("../shell/shell.ts");
    const exitCode = await runShell(host, program, session.globals);
    return { text: "", json: { ok: exitCode === 0, exitCode }, exitCode };
  },
});
