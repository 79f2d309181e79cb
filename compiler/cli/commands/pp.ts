/** @file `fgc pp`: the preprocessed text of a config, byte for byte; with the places that wrote it, as a page, or as far as it goes. */
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { diagnosticJson } from "../../diagnostics/render.ts";
import { type Preprocessed, preprocess } from "../../driver/compile.ts";
import { type Piece, RenderTrace, TemplateFault } from "../../template/index.ts";
import { type CommandResult, defineCommand, text, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { ExitCode } from "../exit-code.ts";
import { placeNames, type Style, variableNames } from "../explain-report.ts";
import type { CliHost } from "../host.ts";
import { usesColor } from "../output.ts";
import { Session } from "../session.ts";

export const ppCommand = defineCommand({
  name: "pp",
  group: "Seeing what is there",
  summary: "print the preprocessed text of a config",
  example: "fgc -t tiny.yaml pp --origin",
  positionals: "config",
  hasConfigFlags: true,
  canWatch: true,
  options: {
    debug: toggle("-d, --debug", "print each template that was read, numbered, to stderr"),
    origin: toggle("--origin", "add the template, line and block of each line in a right-hand comment column"),
    html: toggle("--html", "as a page in which every line shows where it was written"),
    partial: toggle("--partial", "where rendering fails, print the text without what the faults spoil"),
    diff: text("--diff <config>", "compare with another config, ignoring the clock"),
  },
  async run(host, { options, session }) {
    const style = () => ({
      color: usesColor(host, session.globals.color, host.stdout),
      ...placeNames(host, session.project),
    });
    if (options.html) return asPage(host, session, style());
    const { lineMap, writtenLines } = await import("../pp/written-lines.ts");
    const rendered = preprocessed(session, options.partial);
    if (rendered instanceof TemplateFault) return partialResult(host, rendered, options.origin, style());
    const { inputs, diagnostics, pieces } = rendered;
    if (options.debug) for (const dump of dumpTemplates(rendered.templates)) host.stderr.write(dump);
    const common = { inputs, diagnostics, extension: "yaml" };
    if (options.diff !== undefined) {
      const { diffLines } = await import("../diff.ts");
      const other = new Session(host, { ...session.globals, configTemplate: options.diff }, []);
      const theirs = withoutClock(other.preprocess().text);
      const difference = diffLines(withoutClock(rendered.text), theirs, rendered.config, options.diff);
      return { ...common, text: difference, json: { diff: difference } };
    }
    const { originColumn } = await import("../pp/origin-column.ts");
    return {
      ...common,
      text: options.origin ? originColumn(writtenLines(pieces), style()) : rendered.text,
      language: options.origin ? undefined : "config",
      // Most runs want no places.
      get json() {
        return { text: rendered.text, map: lineMap(writtenLines(pieces)) };
      },
    };
  },
});

/** The text; with faults and `--partial`, the fault that has what is known of it. */
function preprocessed(session: Session, partial: boolean): Preprocessed | TemplateFault {
  try {
    return session.preprocess();
  } catch (error) {
    if (!(error instanceof TemplateFault) || (error.partialText ?? "").trim() === "") throw error;
    if (partial) return error;
    throw new DiagnosticError(...error.diagnostics, faults.partialText({}, {}));
  }
}

async function partialResult(
  host: CliHost,
  fault: TemplateFault,
  withOrigin: boolean,
  style: Style,
): Promise<CommandResult> {
  const { lineMap, writtenLines } = await import("../pp/written-lines.ts");
  const { originColumn } = await import("../pp/origin-column.ts");
  const { aroundFaults } = await import("../pp/partial-text.ts");
  const { partialText: body = "", partialPieces = [] } = fault;
  const lines = writtenLines(partialPieces);
  const errors = fault.diagnostics.filter(({ severity }) => severity === "error");
  const forPeople = () => (host.stdout.isTerminal ? aroundFaults(lines, errors, style.color) : body);
  return {
    text: withOrigin ? originColumn(lines, style) : forPeople(),
    json: {
      ok: false,
      text: body,
      map: lineMap(lines),
      diagnostics: fault.diagnostics.map(diagnosticJson),
    },
    diagnostics: fault.diagnostics,
    inputs: fault.used.map(({ path }) => path),
    extension: "yaml",
    exitCode: ExitCode.InvalidInput,
  };
}

async function asPage(host: CliHost, session: Session, { showFile }: Style): Promise<CommandResult> {
  const { originPage } = await import("../pp/page.ts");
  const { writtenLines } = await import("../pp/written-lines.ts");
  const { Attributor } = await import("../../driver/provenance/attribution.ts");
  const trace = new RenderTrace();
  const { request } = session;
  const rendered = preprocess(host, request, { trace });
  const attributor = new Attributor(variableNames(session));
  const sourcesOf = (origin: Piece["origin"]) => {
    const printed = trace.printed(origin);
    if (printed === undefined) return [];
    const { inputs, ...winner } = attributor.printed(printed, origin, { request, caller: undefined });
    return [winner, ...inputs.map((input) => ({ ...input, note: `${input.name}: ${input.note}` }))];
  };
  const page = originPage({
    title: rendered.config,
    project: session.project.name,
    lines: writtenLines(rendered.pieces),
    showFile,
    sourcesOf,
  });
  const { diagnostics, inputs } = rendered;
  return { text: page, json: { html: page }, diagnostics, inputs, extension: "html" };
}

function dumpTemplates(templates: readonly { readonly name: string; readonly text: string }[]): string[] {
  return templates.map(({ name, text: body }) => {
    const numbered = body.split("\n").map((line, i) => `${String(i + 1).padStart(5)}: ${line}`);
    return `${`# ${name} `.padEnd(79, "-")}\n${numbered.join("\n")}\n`;
  });
}

function withoutClock(body: string): string {
  return body.replace(/\d{4}-\d\d-\d\d[T ]\d\d[:-]\d\d[:-]\d\d(?:\.\d+)?/g, "TIME");
}
