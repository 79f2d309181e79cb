/** @file `fgc code`: equivalent TypeScript for one target. */
import { choice, defineCommand, textOr } from "../command.ts";

export const codeCommand = defineCommand({
  name: "code",
  group: "Seeing what is there",
  summary: "print equivalent TypeScript for a target",
  example: "fgc -t adamw.yaml code --target optimizer",
  positionals: "config",
  hasConfigFlags: true,
  canWatch: true,
  options: {
    target: textOr("--target <name>", "which target", "main"),
    namePolicy: choice("--name-policy <policy>", "which nodes get a name", ["required", "named", "all"], "named"),
  },
  async run(host, { options, session }) {
    const { emitCode } = await import("../../driver/code.ts");
    const { text, diagnostics, inputs } = await emitCode(host, { ...session.request, ...options });
    return { text, json: { target: options.target, code: text }, diagnostics, inputs, extension: "ts" };
  },
});
