/** @file `fgc fmt`: templates in one style. Files are replaced as a whole, and only by a text that means the same. */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { defineCommand, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { ExitCode } from "../exit-code.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";

export const fmtCommand = defineCommand({
  name: "fmt",
  group: "Projects and templates",
  summary: "format templates; what they mean never changes",
  example: "fgc fmt --check",
  positionals: "names",
  arguments: [{ usage: "[files...]", description: "templates or folders; all of the project's unless given" }],
  options: {
    check: toggle("--check", "write nothing; list what would change, and exit with 1 where anything would"),
    diff: toggle("--diff", "write nothing; print the changes"),
    stdin: toggle("--stdin", "format what comes on standard input, to standard output"),
  },
  async run(host, { options, names, session }) {
    const { formatTemplates } = await import("../../template/format/format.ts");
    if (options.stdin) {
      const { text, diagnostics } = formatTemplates({ path: "<stdin>", text: await readAll(host) });
      if (diagnostics.length > 0) throw new DiagnosticError(...diagnostics);
      return { text, json: { text }, extension: "yaml" };
    }
    const { chosenTemplateFiles } = await import("../template-files.ts");
    const { diffLines } = await import("../diff.ts");
    const files = chosenTemplateFiles(host, session, names);
    const diagnostics: Diagnostic[] = [];
    const changed: { readonly path: string; readonly diff: string }[] = [];
    for (const path of files) {
      const before = host.files.readText(path) ?? "";
      // Bytes that are no UTF-8 were read as this: writing the text would lose them.
      if (before.includes("\ufffd")) {
        diagnostics.push(faults.notText({}, { path: showPath(host, path) }));
        continue;
      }
      const made = formatTemplates({ path, text: before });
      diagnostics.push(...made.diagnostics);
      if (made.text === before) continue;
      const name = showPath(host, path);
      changed.push({ path, diff: options.diff ? diffLines(before, made.text, name, name) : "" });
      if (!options.check && !options.diff) host.files.replaceText(path, made.text);
    }
    const count = (n: number) => `${n} ${n === 1 ? "file" : "files"}`;
    const verb = options.check || options.diff ? "would format" : "formatted";
    if (!session.globals.quiet) host.stderr.write(`${verb} ${count(changed.length)} of ${files.length}\n`);
    const text = options.diff
      ? changed.map(({ diff }) => diff).join("")
      : changed.map(({ path }) => `${showPath(host, path)}\n`).join("");
    const hasFaults = diagnostics.some(({ severity }) => severity === "error");
    const wouldChange = options.check && changed.length > 0;
    return {
      text,
      json: { files: files.length, changed: changed.map(({ path }) => path), written: !options.check && !options.diff },
      diagnostics,
      extension: options.diff ? "diff" : "txt",
      exitCode: hasFaults || wouldChange ? ExitCode.InvalidInput : ExitCode.Ok,
    };
  },
});

async function readAll(host: CliHost): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of host.stdin.stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString("utf8");
}
