/** @file Files that lie beside a program: an emitted bundle names them relative to itself, so that its folder can be moved. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The path of `relative`, seen from the module at `url` (its `import.meta.url`). */
export function bundlePath(url: string, relative: string): string {
  return join(dirname(fileURLToPath(url)), relative);
}

/** The text of a file beside the program. */
export function bundleText(url: string, relative: string): string {
  return readFileSync(bundlePath(url, relative), "utf8");
}
