/** @file Links in Markdown: relative to the file that the document is written to, so that they lead somewhere wherever it lies. */
import { dirname, join, relative, resolve } from "node:path";
import type { CliHost } from "./host.ts";
import { showPath } from "./output.ts";
import type { Session } from "./session.ts";

export function linkTo(host: CliHost, { globals }: Session): (path: string) => string {
  const { outputFile, edit } = globals;
  if (outputFile === undefined && !edit) return (path) => showPath(host, path);
  const folder = outputFile === undefined ? join(host.cwd(), "tmp") : dirname(resolve(host.cwd(), outputFile));
  return (path) => (path.startsWith("/") ? relative(folder, path) || "." : path);
}

/** A text in a cell of a table. */
export function tableCell(text: string): string {
  return text
    .replaceAll("|", "\\|")
    .replace(/\s*\n\s*/g, " ")
    .trim();
}
