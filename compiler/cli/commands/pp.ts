/** @file `fgc pp`: the preprocessed text of a config, byte for byte. */
import { type Origin, startOf } from "../../source/span.ts";
import { defineCommand, text, toggle } from "../command.ts";
import { showPath } from "../output.ts";
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
    origin: toggle("--origin", "add the source of each line in a right-hand comment column"),
    diff: text("--diff <config>", "compare with another config, ignoring the clock"),
  },
  async run(host, { options, session }) {
    const rendered = session.preprocess();
    const { inputs } = rendered;
    if (options.debug) for (const dump of dumpTemplates(rendered.templates)) host.stderr.write(dump);
    const origins = () => lineOrigins(rendered.text, rendered.originAt.bind(rendered));
    const result = {
      // Most runs want no places.
      get json() {
        return { text: rendered.text, map: origins() };
      },
      inputs,
      extension: "yaml",
      diagnostics: rendered.diagnostics,
    };
    if (options.diff !== undefined) {
      const { diffLines } = await import("../diff.ts");
      const other = new Session(host, { ...session.globals, configTemplate: options.diff }, []);
      const theirs = withoutClock(other.preprocess().text);
      const difference = diffLines(withoutClock(rendered.text), theirs, rendered.config, options.diff);
      return {
        inputs,
        extension: "yaml",
        diagnostics: rendered.diagnostics,
        text: difference,
        json: { diff: difference },
      };
    }
    if (!options.origin) return Object.assign(result, { text: rendered.text });
    const lines = origins();
    const texts = rendered.text.split("\n");
    const width = Math.min(80, Math.max(...texts.map((line) => line.length)));
    const annotated = texts.map((line, i) => {
      const from = lines[i];
      return from === undefined || line === ""
        ? line
        : `${line.padEnd(width)}  # ${showPath(host, from.file)}:${from.sourceLine}`;
    });
    return Object.assign(result, { text: annotated.join("\n") });
  },
});

interface LineOrigin {
  readonly line: number;
  readonly file: string;
  readonly sourceLine: number;
  readonly block: string | undefined;
  readonly chain: readonly {
    readonly kind: string;
    readonly name: string;
    readonly file: string;
    readonly line: number;
  }[];
}

/** Where each line of the text was written. */
function lineOrigins(textOfConfig: string, originAt: (offset: number) => Origin): LineOrigin[] {
  let offset = 0;
  return textOfConfig.split("\n").map((line, i) => {
    const firstInk = offset + (line.length - line.trimStart().length);
    const { span, stack } = originAt(Math.min(firstInk, Math.max(textOfConfig.length - 1, 0)));
    offset += line.length + 1;
    const chain = stack.map((frame) => ({
      kind: frame.kind,
      name: frame.name,
      file: frame.span.file.path,
      line: startOf(frame.span).line,
    }));
    const block = stack.filter((frame) => frame.kind === "block").at(-1)?.name;
    return { line: i + 1, file: span.file.path, sourceLine: startOf(span).line, block, chain };
  });
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
