/** @file `fgc pp --partial`: the text of a render with faults, as far as it is known; for people, what stands around each of them. */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import type { WrittenLine } from "./written-lines.ts";

/** Lines shown before and behind the place of a fault. */
const context = 8;

/**
 * The lines around the faults, numbered; `>` marks those that a fault belongs to or follows. All of them where no fault has a place in
 * the text.
 */
export function aroundFaults(lines: readonly WrittenLine[], faults: readonly Diagnostic[], color: boolean): string {
  const marked = new Set(faults.flatMap(({ span }) => (span === undefined ? [] : [lineBefore(lines, span)])));
  marked.delete(undefined);
  const isNear = ({ number }: WrittenLine): boolean =>
    marked.size === 0 || [...marked].some((line) => Math.abs((line ?? 0) - number) <= context);
  const width = String(lines.length).length;
  const shown: string[] = [];
  let last = 0;
  for (const line of lines.filter(isNear)) {
    if (line.number > last + 1) shown.push(`${" ".repeat(width + 2)}⋮`);
    last = line.number;
    const isMarked = marked.has(line.number);
    const text = `${isMarked ? ">" : " "} ${String(line.number).padStart(width)} | ${line.text}`.trimEnd();
    shown.push(isMarked && color ? `\u001b[31m${text}\u001b[0m` : text);
  }
  if (last < lines.length) shown.push(`${" ".repeat(width + 2)}⋮`);
  return `${shown.join("\n")}\n`;
}

/** The line of the text that was written last before the place of a fault, in the same template. */
function lineBefore(lines: readonly WrittenLine[], { file, start }: Span): number | undefined {
  let best: { readonly number: number; readonly at: number } | undefined;
  for (const { number, segments } of lines)
    for (const { origin } of segments) {
      const { span } = origin;
      if (span.file.path !== file.path || span.start > start) continue;
      if (best === undefined || span.start >= best.at) best = { number, at: span.start };
    }
  return best?.number;
}
