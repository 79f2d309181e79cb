/** @file `fgc construct`: a target, made and printed. */
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { defineCommand, textOr, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";

/** A trainer and what it is made of, and their settings. */
const defaultDepth = "4";

export const constructCommand = defineCommand({
  name: "construct",
  group: "Building",
  summary: "construct a target and print it",
  example: "fgc -t tiny.yaml construct --target model --call",
  positionals: "config",
  hasConfigFlags: true,
  options: {
    target: textOr("--target <name>", "which target", "main"),
    call: toggle("--call", "call what was constructed, without arguments, and print the result"),
    depth: textOr("--depth <n>", "how far to look into objects and lists", defaultDepth),
  },
  async run(host, { options, session }) {
    const { target, call } = options;
    const { construct, Interrupted } = await import("../../driver/construct.ts");
    const { printDescription } = await import("../constructed.ts");
    const progress = (line: string) => {
      if (!session.globals.quiet) host.stderr.write(`${line}\n`);
    };
    try {
      const { value, diagnostics } = await construct(host, {
        ...session.request,
        target,
        isCalled: call,
        depth: readDepth(options.depth),
        progress,
      });
      return { text: printDescription(value).replace(/^\n/, ""), json: { ok: true, target, value }, diagnostics };
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      return { text: "", json: { ok: false, target }, exitCode: error.exitCode };
    }
  },
});

function readDepth(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new DiagnosticError(faults.badFlag({}, { flag: "--depth", value: text, problem: "it takes a whole number" }));
}
