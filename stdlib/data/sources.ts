/** @file Sources of rows: text files and JSON Lines. */
import { basename } from "node:path";
import { UserError } from "../faults.ts";
import { Dataset, type Row } from "./dataset.ts";
import { displayPath, type FileSelection, readTextFile, selectFiles } from "./files.ts";

export interface TextFilesOptions extends FileSelection {
  /** What a row is: a whole file, a paragraph (between blank lines), or a line. */
  rows?: "file" | "paragraph" | "line";
}

const borders = { paragraph: /\r?\n(?:[ \t]*\r?\n)+/, line: /\r?\n/ };

/** Text files as rows `{ text, file }`. A file that is empty or not UTF-8 is an error that names it. */
export function textFiles({ rows = "file", ...selection }: TextFilesOptions): Dataset {
  const all = selectFiles(selection, "**/*.txt").flatMap((path): Row[] => {
    const file = basename(path);
    const text = readTextFile(path);
    if (rows === "file") return [{ text, file }];
    return text
      .split(borders[rows])
      .filter((part) => part.trim() !== "")
      .map((part) => ({ text: part, file }));
  });
  return new Dataset(all, { name: nameOf(selection) });
}

/** JSON Lines: an object per line, its keys the columns. Blank lines are skipped. */
export function jsonLines(selection: FileSelection): Dataset {
  const rows = selectFiles(selection, "**/*.jsonl").flatMap((path) =>
    readTextFile(path)
      .split("\n")
      .flatMap((line, index) => (line.trim() === "" ? [] : [parseRow(line, path, index + 1)])),
  );
  return new Dataset(rows, { name: nameOf(selection) });
}

function parseRow(line: string, path: string, lineNumber: number): Row {
  let value: unknown;
  let reason = "it is not an object";
  try {
    value = JSON.parse(line);
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Row;
  throw new UserError("data/bad-json", `${displayPath(path)}:${lineNumber} is not a row: ${reason}`, {
    hint: "JSON Lines: one JSON object per line",
  });
}

const nameOf = ({ package: name, dir, files }: FileSelection): string =>
  name ?? dir ?? (typeof files === "string" ? files : files?.join(", ")) ?? "files";
