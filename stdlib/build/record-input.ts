/**
 * @file Which files a build rule's recipe read. The rule's result is cached by their contents, so whatever reads a file at build time
 * reports it here; the runner of the recipe collects the list when it is done. Outside a build nobody asks.
 */
import { resolve } from "node:path";

const inputs = new Set<string>();

/** Say that the result of the running build rule depends on the file at `path`. */
export function recordInput(path: string): void {
  inputs.add(resolve(path));
}

/** All files reported so far, sorted. */
export function recordedInputs(): readonly string[] {
  return [...inputs].sort();
}
