/**
 * @file What `explain` says, for people.
 *
 *     trainer_args.save_steps = 10000
 *       10000   projects/tiny.yaml:118        block trainer_args (wins)
 *       1000    default of TrainingArguments
 */
import type { Project } from "../driver/compile.ts";
import { shortener } from "../driver/places.ts";
import type { Argument, Explanation, Input, Source, Step } from "../driver/provenance/source.ts";
import { type Origin, startOf } from "../source/span.ts";
import { blockOf, isSet } from "./explain-json.ts";
import type { CliHost } from "./host.ts";
import type { Session } from "./session.ts";

export interface Style {
  readonly color: boolean;
  /** A template as its readers know it. */
  readonly showFile: (path: string) => string;
}

export function placeNames(host: CliHost, { dir, workspaceRoot, searchPath }: Project): Pick<Style, "showFile"> {
  const folders = { projectDir: dir, workspaceRoot, packageRoot: host.packageRoot, searchPath };
  return { showFile: shortener(folders) };
}

/** How the command line gave a variable: a flag of the config, or `--set`. */
export function variableNames({ globals }: Session): (name: string) => string {
  const isSet = new Set(globals.set.map((text) => text.replace(/=[\s\S]*/, "")));
  return (name) => (isSet.has(name) ? `--set ${name}` : `--${name.replaceAll("_", "-")}`);
}

const longestValue = 36;
/** What is told below a line stands here, whatever the width of the values. */
const belowIndent = " ".repeat(8);

export function explanationText(explanation: Explanation, style: Style): string {
  const { path, value, doc, sources, arguments: inside } = explanation;
  const heading = value === undefined ? `${path} has no value` : `${path} = ${value}`;
  const [firstLine = ""] = doc.split("\n");
  const wins = (source: Source) => source === sources[0] && isSet(explanation) && sources.length > 1;
  const rows = sources.map((source) => sourceRow(source, wins(source), style));
  return [
    `${paint(style, "bold", heading)}\n`,
    firstLine === "" ? "" : `${paint(style, "dim", `  ${firstLine}`)}\n`,
    table(rows, style),
    inside.length === 0
      ? ""
      : `\n${table(
          inside.map((argument) => argumentRow(argument, style)),
          style,
        )}`,
  ].join("");
}

export function targetsText(targets: readonly Argument[], style: Style): string {
  return table(
    targets.map((target) => argumentRow(target, style)),
    style,
  );
}

/** A line of the table, and what is told below it. */
interface Row {
  readonly cells: readonly string[];
  readonly below: readonly string[];
  readonly emphasis: "bold" | "dim" | undefined;
}

function sourceRow(source: Source, wins: boolean, style: Style): Row {
  const { origin, note, via, inputs } = source;
  const what = [described(origin, note), wins ? "(wins)" : ""].filter((part) => part !== "").join(" ");
  // What has no place says where it is from in the place's column.
  const cells = origin === undefined ? [shown(source), what] : [shown(source), place(origin, style), what];
  const steps = via.map((step) => stepText(step, style));
  const below = [...inputs.map((input) => `from ${inputText(input, style)}`), ...steps];
  return { cells, below, emphasis: wins ? "bold" : undefined };
}

function argumentRow({ name, source, isDefault }: Argument, style: Style): Row {
  const { origin, note } = source;
  const where = origin === undefined ? [note] : [place(origin, style), described(origin, note)];
  return { cells: [name, shown(source), ...where], below: [], emphasis: isDefault ? "dim" : undefined };
}

/** `block trainer_args, default of lr` */
function described(origin: Origin | undefined, note: string): string {
  const block = origin === undefined ? undefined : blockOf(origin);
  return [block === undefined ? "" : `block ${block}`, note].filter((part) => part !== "").join(", ");
}

function stepText({ origin, note }: Step, style: Style): string {
  return `via ${place(origin, style)}  ${described(origin, note)}`;
}

function inputText({ name, value, origin, note }: Input, style: Style): string {
  const from = origin === undefined ? note : `${place(origin, style)}  ${described(origin, note)}`;
  return `${name} = ${shorten(value ?? "nothing")}  ${from}`;
}

/** Where a value comes from, on one line. */
export function sourcePlace({ origin, note }: Source, style: Style): string {
  return origin === undefined ? note : `${place(origin, style)}  ${described(origin, note)}`.trimEnd();
}

function place({ span }: Origin, { showFile }: Style): string {
  return `${showFile(span.file.path)}:${startOf(span).line}`;
}

function shown({ value }: Source): string {
  return shorten(value ?? "-");
}

/** Of a path the end says more than the beginning. */
export function shorten(text: string, longest = longestValue): string {
  if (text.length <= longest) return text;
  return text.startsWith("/") ? `…${text.slice(1 - longest)}` : `${text.slice(0, longest - 1)}…`;
}

/** Aligned columns; the last one of a row counts for no width. */
function table(rows: readonly Row[], style: Style): string {
  const widths: number[] = [];
  for (const { cells } of rows)
    for (const [i, cell] of cells.slice(0, -1).entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map(({ cells, below, emphasis }) => {
      const line = cells.map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  ");
      const main = `  ${line}`.trimEnd();
      const more = below.map((text) => `${paint(style, "dim", `${belowIndent}${text}`.trimEnd())}\n`);
      return [`${emphasis === undefined ? main : paint(style, emphasis, main)}\n`, ...more].join("");
    })
    .join("");
}

function paint({ color }: Style, kind: "bold" | "dim", text: string): string {
  return color ? `\u001b[${kind === "bold" ? 1 : 2}m${text}\u001b[0m` : text;
}
