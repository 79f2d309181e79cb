/**
 * @file The documentation of diagnostics: docs/diagnostics.md is written from the catalogues and the samples of tests/diagnostics, and read by
 * `fgc explain-code`, which shows its examples.
 */
import type { CatalogueEntry } from "../diagnostics/diagnostic.ts";
import type { Stage } from "../driver/catalogue.ts";

export interface Example {
  /** What the user wrote, file by file. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly command: string;
  /** What the terminal showed of this code. */
  readonly output: string;
}

const introduction = `# Diagnostics

Everything that fgc can report, stage by stage, in the order in which a config meets the stages. \`fgc explain-code CODE\` prints an entry of this
page, \`fgc explain-code\` lists them.

One run shows all independent faults, whatever stage finds them; nothing is told that only follows from another fault. Each is told at the line
that you wrote, with the way by which that line was reached. Errors end a command with exit code 1 (2 where the command line itself is wrong);
warnings are probably slips, \`--werror\` turns them into errors; of remarks (info) one of each kind is shown, \`-v\` shows all.

This page is written by \`UPDATE=1 npx vitest run tests/diagnostics/docs.test.ts\`.
`;

export function writeDocs(stages: readonly Stage[], examples: ReadonlyMap<string, Example>): string {
  const parts = [introduction];
  for (const stage of stages) {
    parts.push(`## ${stage.name}: ${stage.summary}\n`);
    for (const entry of distinctEntries(stage)) {
      const example = examples.get(entry.code);
      parts.push(`### ${entry.code}\n`, `*${entry.severity}* · ${entry.doc}\n`);
      if (example !== undefined) parts.push(writeExample(example));
    }
  }
  return parts.join("\n");
}

function writeExample({ files, command, output }: Example): string {
  const shown = files.map(({ name, text }) => fence(languageOf(name), `# ${name}\n${text.trimEnd()}`));
  return `${[...shown, fence("text", `$ ${command}\n${output.trimEnd()}`)].join("\n\n")}\n`;
}

/** Longer than any fence inside. */
function fence(language: string, text: string): string {
  const marks = "`".repeat(Math.max(3, ...[...text.matchAll(/^`{3,}/gm)].map(([found]) => found.length + 1)));
  return `${marks}${language}\n${text}\n${marks}`;
}

function languageOf(name: string): string {
  return /\.ya?ml$/.test(name) ? "yaml" : name.endsWith(".ts") ? "ts" : name.endsWith(".diff") ? "diff" : "text";
}

/** The blocks of text below each code's heading, without their fences. */
export function readExamples(markdown: string): ReadonlyMap<string, string> {
  const examples = new Map<string, string>();
  for (const section of markdown.split(/^### /m).slice(1)) {
    const code = section.slice(0, section.indexOf("\n")).trim();
    const blocks = [...section.matchAll(/^(`{3,})\w*\n([\s\S]*?)\n\1$/gm)].map((match) => match[2] as string);
    if (blocks.length > 0) examples.set(code, blocks.join("\n\n"));
  }
  return examples;
}

export function printEntry(entry: CatalogueEntry, example: string | undefined): string {
  const indented = example === undefined ? "" : `\n${example.replace(/^(?=.)/gm, "    ")}\n`;
  return `${entry.code} (${entry.severity})\n\n${wrap(entry.doc, 100)}\n${indented}`;
}

export function listCodes(stages: readonly Stage[]): string {
  const blocks = stages.map((stage) => {
    const entries = distinctEntries(stage);
    const widest = Math.max(0, ...entries.map(({ code }) => code.length));
    const lines = entries.map(({ code, severity, doc }) => {
      const [sentence = ""] = /^.*?[.:;](?=\s|$)/.exec(doc) ?? [doc];
      const line = `  ${code.padEnd(widest)}  ${severity.padEnd(7)}  ${sentence.replace(/[.:;]$/, "")}`;
      return line.length > 140 ? `${line.slice(0, 139)}…` : line;
    });
    return `${stage.name}: ${stage.summary}\n${lines.join("\n")}\n`;
  });
  return blocks.join("\n");
}

/** Two catalogues of a stage may word the same fault. */
function distinctEntries({ entries }: Stage): readonly CatalogueEntry[] {
  return [...new Map(entries.map((entry) => [entry.code, entry])).values()];
}

function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
