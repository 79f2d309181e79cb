/** @file `fgc index`: a project on one Markdown page. */
import { join } from "node:path";
import { listTemplates } from "../../config/project.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { describeConfig } from "../../driver/describe-config.ts";
import { defineCommand } from "../command.ts";
import { linkTo, tableCell } from "../links.ts";
import { shortFault } from "./ls.ts";
import { metaJson, metaMarkdown } from "./meta.ts";

export const indexCommand = defineCommand({
  name: "index",
  group: "Seeing what is there",
  summary: "summarize a project as Markdown",
  example: "fgc index -o project.md",
  positionals: "none",
  options: {},
  run(host, { session }) {
    const { project } = session;
    const readme = host.files.readText(join(project.dir, "README.md"));
    const configs = listTemplates(host.files, project.searchPath, project.configPrefix).map(({ name, path }) => {
      try {
        const about = describeConfig(host, { ...session.request, config: name, overrides: [] });
        return {
          file: name,
          path,
          name: about.name,
          description: about.description,
          class: about.configClass,
          ok: true,
        };
      } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error;
        const [fault] = error.diagnostics.filter(({ severity }) => severity === "error");
        const description = fault === undefined ? "" : shortFault(host, fault);
        return { file: name, path, name: "PARSE ERROR", description, class: "", ok: false };
      }
    });
    const link = linkTo(host, session);
    const rows = configs.map(({ file, path, name, description, class: kind, ok }) => {
      const mark = file === project.defaultConfig ? " (default)" : "";
      const title = ok ? tableCell(name) : `**${name}**`;
      return `| [\`${file}\`](${encodeURI(link(path))})${mark} | ${title} | ${tableCell(description)} | ${kind === "" ? "" : `\`${kind}\``} |`;
    });
    const sections = [
      ...(readme === undefined ? [] : [readme.trimEnd(), ""]),
      // The README has said what the project is called.
      metaMarkdown(host, session, readme === undefined ? project.name || "Project" : "The project").trimEnd(),
      "",
      "### Configs",
      "",
      ...(rows.length === 0
        ? ["None."]
        : ["| Config | Name | Description | Class |", "| --- | --- | --- | --- |", ...rows]),
    ];
    return {
      text: `${sections.join("\n")}\n`,
      json: { ...metaJson(session), readme: readme ?? null, configs },
      extension: "md",
    };
  },
});
