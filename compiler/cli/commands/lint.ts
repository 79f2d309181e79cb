/** @file `fgc lint`: findings in templates that are no errors. */
import { resolve } from "node:path";
import { columns } from "../columns.ts";
import { defineCommand, toggle } from "../command.ts";

export const lintCommand = defineCommand({
  name: "lint",
  group: "Projects and templates",
  summary: "find what does nothing in templates: unused variables, blocks that override nothing, dropped text",
  example: "fgc lint --werror",
  positionals: "names",
  arguments: [{ usage: "[files...]", description: "templates or folders; all of the project's unless given" }],
  options: {
    all: toggle("--all", "every template on the search path, the library's too"),
    rules: toggle("--rules", "list the rules"),
  },
  async run(host, { options, names, session }) {
    const { catalogueEntries } = await import("../../diagnostics/diagnostic.ts");
    const { lintDiagnostics } = await import("../../lint/diagnostics.ts");
    if (options.rules) {
      const rules = catalogueEntries(lintDiagnostics).map(({ code, doc }) => ({ rule: code, doc: doc ?? "" }));
      return { text: columns(rules.map(({ rule, doc }) => [rule, doc.split(/(?<=\.) /)[0] ?? ""])), json: rules };
    }
    const { diagnosticJson } = await import("../../diagnostics/render.ts");
    const { fixedClock } = await import("../../driver/environment.ts");
    const { templateFiles } = await import("../../driver/template-index.ts");
    const { lint } = await import("../../lint/lint.ts");
    const { chosenTemplateFiles } = await import("../template-files.ts");
    const { project } = session;
    const files = options.all
      ? templateFiles(host, project.searchPath).map(({ path }) => path)
      : chosenTemplateFiles(host, session, names);
    const clock = fixedClock(host, session.globals.frozenTime);
    const diagnostics = lint(host, { project, files: new Set(files.map((path) => resolve(path))), clock });
    const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
    return {
      text: `${count(files.length, "file")}, ${count(diagnostics.length, "finding")}\n`,
      json: { ok: diagnostics.length === 0, files, diagnostics: diagnostics.map(diagnosticJson) },
      diagnostics,
    };
  },
});
