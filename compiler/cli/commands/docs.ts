/** @file `fgc docs`: what a constructor is and takes, what a module exports. */
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { resolveDiagnostics } from "../../graph/passes/diagnostics.ts";
import { choice, defineCommand } from "../command.ts";
import type { Session } from "../session.ts";

export const docsCommand = defineCommand({
  name: "docs",
  group: "Seeing what is there",
  summary: "what a constructor takes, with types and defaults; also as YAML to paste",
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
    const [name] = names;
    const { Documentation } = await import("../../driver/symbol-docs.ts");
    const { nearestModule, symbolDocs } = await import("../symbol-docs.ts");
    const documentation = new Documentation(host, projectOf(session));
    // A module's name has no colon; what is left is a slip, or no module at all.
    if (name !== undefined && !name.includes(":") && documentation.module(name) === undefined)
      throw new DiagnosticError(
        resolveDiagnostics.unknownModule({}, { module: name, nearest: nearestModule(documentation, name) }),
      );
    return symbolDocs(documentation, name, options.format);
  },
});

/** The library is documented anywhere; modules of a project where there is one. */
function projectOf(session: Session): Session["project"] | undefined {
  try {
    return session.project;
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}
