/** @file `fgc pp --partial`: the text of a render with faults, as far as it is known; for people, what stands around each of them. */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { sourceText } from "../../driver/provenance/flow.ts";
import type { Span } from "../../source/span.ts";
import type { WrittenLine } from "./written-lines.ts";

/** Lines shown before and behind the place of a fault. */
const context = 8;

/** The lines around what is missing, numbered; `>` marks where it should stand, with the expression that should have printed it. */
export function aroundFaults(lines: readonly WrittenLine[], faults: readonly Diagnostic[], color: boolean): string {
  const gaps = lines.filter(({ segments }) => segments.some(({ isGap }) => isGap)).map(({ number }) => number);
  // A fault may leave no gap: of a `set`, for instance. Then what its template printed before it is the nearest place.
  const places = faults.flatMap(({ span }) => (span === undefined ? [] : [lineBefore(lines, span)]));
  const marked = new Set(gaps.length > 0 ? gaps : places.filter((place) => place !== undefined));
  const isNear = ({ number }: WrittenLine): boolean =>
    marked.size === 0 || [...marked].some((line) => Math.abs(line - number) <= context);
  const width = String(lines.length).length;
  const shown: string[] = [];
  let last = 0;
  for (const line of lines.filter(isNear)) {
    if (line.number > last + 1) shown.push(`${" ".repeat(width + 2)}⋮`);
    last = line.number;
    const isMarked = marked.has(line.number);
    const text = `${isMarked ? ">" : " "} ${String(line.number).padStart(width)} | ${withGaps(line)}`.trimEnd();
    shown.push(isMarked && color ? `\u001b[31m${text}\u001b[0m` : text);
  }
  if (last < lines.length) shown.push(`${" ".repeat(width + 2)}⋮`);
  return `${shown.join("\n")}\n`;
}

/** The line with the template's own words for what is missing. */
function withGaps({ segments }: WrittenLine): string {
  return segments.map(({ text, origin, isGap }) => (isGap ? `{{ ${sourceText(origin.span)} }}` : text)).join("");
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
