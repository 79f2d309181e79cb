/** @file `fgc docs`: what a constructor is and takes, what a module exports; what a template is for and which of its blocks can be overridden. */
import { resolve } from "node:path";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { resolveDiagnostics } from "../../graph/passes/diagnostics.ts";
import { choice, defineCommand } from "../command.ts";
import { cliDiagnostics } from "../diagnostics.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";
import type { Session } from "../session.ts";

export const docsCommand = defineCommand({
  name: "docs",
  group: "Seeing what is there",
  summary: "what a constructor takes, or what a template offers; also as YAML to paste",
  example: "fgc docs fgc/optim:AdamW --format yaml",
  positionals: "names",
  options: {
    format: choice(
      "--format <form>",
      "for reading, as Markdown, as YAML to paste, as data",
      ["text", "md", "yaml", "json"],
      "text",
    ),
  },
  async run(host, { options, names, session }) {
    const [name = session.globals.configTemplate] = names;
    const project = projectOf(session);
    const template = name === undefined || name.includes(":") ? undefined : await findTemplate(host, project, name);
    if (template?.docs !== undefined) {
      const { docsJson, printTemplateDocs } = await import("../template-docs.ts");
      const show = (path: string) => showPath(host, path);
      const text = printTemplateDocs(template.docs, options.format, show);
      return {
        text,
        json: docsJson(template.docs),
        language: options.format === "yaml" ? "template" : undefined,
        extension: options.format === "text" ? "txt" : options.format,
      };
    }
    if (template !== undefined && /\.(?:ya?ml|jinja2?)$/.test(name as string))
      throw new DiagnosticError(
        cliDiagnostics.unknownFile({}, { what: "template", path: name as string, nearest: template.nearest }),
      );
    const { Documentation } = await import("../../driver/symbol-docs.ts");
    const { nearestModule, symbolDocs } = await import("../symbol-docs.ts");
    const documentation = new Documentation(host, project);
    // A module's name has no colon; what is left is a slip, or no module at all.
    if (name !== undefined && !name.includes(":") && documentation.module(name) === undefined)
      throw new DiagnosticError(
        resolveDiagnostics.unknownModule({}, { module: name, nearest: nearestModule(documentation, name) }),
      );
    return symbolDocs(documentation, name, options.format);
  },
});

async function findTemplate(host: CliHost, project: Session["project"] | undefined, name: string) {
  if (project === undefined) return undefined;
  const { templateDocs } = await import("../template-docs.ts");
  return templateDocs(host, project, name, resolve(host.cwd(), name));
}

/** The library is documented anywhere; modules of a project where there is one. */
function projectOf(session: Session): Session["project"] | undefined {
  try {
    return session.project;
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}
