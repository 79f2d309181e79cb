/** @file File patterns: `*`, `?`, `**`, `[a-z]` and `{a,b}`, matched against a folder, in a fixed order. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Whether a path is a pattern rather than a name. */
export const isPattern = (path: string): boolean => /[*?[{]/.test(path);

/** Files below `folder` that match, sorted by code units so that the order is the same on every machine. */
export function findFiles(folder: string, pattern: string): string[] {
  const segments = pattern.split("/").filter((s) => s !== "" && s !== ".");
  const found = new Set<string>();
  walk(folder, segments, found);
  return [...found].sort();
}

function walk(folder: string, [segment, ...rest]: readonly string[], found: Set<string>): void {
  if (segment === undefined) return;
  if (segment !== "**" && !isPattern(segment)) {
    if (rest.length > 0) walk(join(folder, segment), rest, found);
    else if (entriesOf(folder).some((e) => e.name === segment && !e.isDirectory())) found.add(join(folder, segment));
    return;
  }
  if (segment === "**") walk(folder, rest.length > 0 ? rest : ["*"], found);
  const expression = segment === "**" ? undefined : segmentExpression(segment);
  for (const entry of entriesOf(folder)) {
    if (entry.name.startsWith(".") && !segment.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (expression === undefined) {
      if (entry.isDirectory()) walk(path, ["**", ...rest], found);
    } else if (expression.test(entry.name)) {
      if (rest.length > 0) walk(path, rest, found);
      else if (!entry.isDirectory()) found.add(path);
    }
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // not a folder: no matches there
  }
}

function segmentExpression(segment: string): RegExp {
  let source = "";
  let depth = 0;
  for (const char of segment) {
    if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "{") {
      source += "(?:";
      depth++;
    } else if (char === "}" && depth > 0) {
      source += ")";
      depth--;
    } else if (char === "," && depth > 0) source += "|";
    else if (char === "[" || char === "]") source += char;
    else source += char.replace(/[.+^$()|\\{}]/, "\\$&");
  }
  return new RegExp(`^${source}$`, "u");
}
