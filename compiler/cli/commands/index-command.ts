/** @file `fgc index`: a project on one Markdown page. */
import { join } from "node:path";
import { listTemplates } from "../../config/project.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { describeConfig } from "../../driver/describe-config.ts";
import { defineCommand } from "../command.ts";
import { showPath } from "../output.ts";
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
        return { file: name, path, name: about.name, description: about.description };
      } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error;
        return { file: name, path, name: "PARSE ERROR", description: error.diagnostics[0]?.message ?? "" };
      }
    });
    const rows = configs.map(({ file, path, name, description }) => {
      const mark = file === project.defaultConfig ? " (default)" : "";
      return `| [${file}](${showPath(host, path)})${mark} | ${name} | ${description.replaceAll("|", "\\|").replaceAll("\n", " ")} |`;
    });
    const sections = [
      ...(readme === undefined ? [] : [readme.trimEnd(), ""]),
      metaMarkdown(host, session).trimEnd(),
      "",
      "### Configs",
      "",
      "| Config | Name | Description |",
      "| --- | --- | --- |",
      ...rows,
    ];
    return {
      text: `${sections.join("\n")}\n`,
      json: { ...metaJson(session), readme: readme ?? null, configs },
      extension: "md",
    };
  },
});
