/** @file `fgc explain-code`: what a diagnostic means, with an example; or the list of all. */
import { join } from "node:path";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import { defineCommand } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import type { CliHost } from "../host.ts";

export const explainCodeCommand = defineCommand({
  name: "explain-code",
  group: "Where values come from",
  summary: "what a diagnostic means, why it is a fault, and an example",
  example: "fgc explain-code types/unknown-argument",
  positionals: "names",
  options: {},
  async run(host, { names }) {
    const { stages } = await import("../catalogue.ts");
    const { listCodes, printEntry, readExamples } = await import("../diagnostic-docs.ts");
    const [name] = names;
    const listed = name === undefined ? stages : stages.filter((stage) => stage.name === name);
    if (listed.length > 0) {
      const json = listed.flatMap((stage) => stage.entries.map((entry) => ({ stage: stage.name, ...entry })));
      return { text: listCodes(listed), json };
    }
    const entries = stages.flatMap((stage) => stage.entries);
    // The stage may be left out where that is clear: `unknown-argument`.
    const named = entries.filter(({ code }) => code === name || code.endsWith(`/${name}`));
    if (named.length === 0)
      throw new DiagnosticError(
        faults.unknownCode({}, { code: name as string, nearest: near(name as string, entries) }),
      );
    const examples = readExamples(documentation(host));
    const found = [...new Map(named.map((entry) => [entry.code, entry])).values()];
    return {
      text: found.map((entry) => printEntry(entry, examples.get(entry.code))).join("\n"),
      json: found.map((entry) => ({ ...entry, example: examples.get(entry.code) ?? null })),
    };
  },
});

function near(name: string, entries: readonly { readonly code: string }[]): string | undefined {
  const codes = entries.map(({ code }) => code);
  if (name.includes("/")) return nearest(name, codes);
  const short = nearest(
    name,
    codes.map((code) => code.slice(code.indexOf("/") + 1)),
  );
  return codes.find((code) => code.endsWith(`/${short}`));
}

/** Shipped beside the program; a copy without its docs still explains, without examples. */
function documentation(host: CliHost): string {
  return host.files.readText(join(host.packageRoot, "docs/diagnostics.md")) ?? "";
}
