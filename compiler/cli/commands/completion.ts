/** @file `fgc completion`: a script for the user's shell; and `fgc __complete`, which that script asks. */
import { defineCommand } from "../command.ts";
import { completionScripts, shells } from "../completion/scripts.ts";

export const completionCommand = defineCommand({
  name: "completion",
  group: "This machine",
  summary: "print a script that completes fgc in a shell",
  example: 'eval "$(fgc completion bash)"',
  positionals: "names",
  arguments: [{ usage: "<shell>", description: "which shell", choices: shells }],
  options: {},
  run(_host, { names }) {
    const shell = shells.find((known) => known === names[0]) ?? "bash";
    const script = completionScripts[shell];
    return { text: script, json: { ok: true, shell, script }, extension: shell === "powershell" ? "ps1" : "sh" };
  },
});

export const completeCommand = defineCommand({
  name: "__complete",
  isHidden: true,
  group: "This machine",
  summary: "what may stand at the end of a command line",
  example: "fgc __complete -- build --ta",
  positionals: "none",
  options: {},
  async run(host, { rest, program }) {
    const { complete } = await import("../completion/complete.ts");
    const { knowledgeOf } = await import("../completion/knowledge.ts");
    const { candidates, paths } = complete(program.commands, rest, knowledgeOf(host));
    const lines = candidates.map(({ value, about }) => (about === "" ? value : `${value}\t${about}`));
    return {
      text: [...lines, ...(paths === undefined ? [] : [`:${paths}`])].map((line) => `${line}\n`).join(""),
      json: { ok: true, candidates, paths: paths ?? null },
    };
  },
});
