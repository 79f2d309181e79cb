/**
 * @file Blank lines between blocks, where they reach no output.
 *
 * That is at the top of a template that extends another, where text is dropped; and directly before a section's header, where the
 * language prints the newline that is missing (template-language.md, 3.3): `x`, `[b]` and `x`, blank line, `[b]` are one text.
 */
import type { TemplatePart } from "../scan/sub-templates.ts";
import type { Edit } from "./edits.ts";
import type { Line } from "./lines.ts";

export function blankLineEdits({ file: { text }, end }: TemplatePart, lines: readonly Line[], isLast: boolean): Edit[] {
  const lineBreak = /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
  const edits: Edit[] = [];
  /** Lines with their break: whole lines vanish. */
  const startOf = (i: number): number => lines[i]?.start ?? end;
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i] as Line;
    if (line.kind === "blank" && line.isDropped) {
      let after = i;
      while (lines[after]?.kind === "blank" && lines[after]?.isDropped === true) after += 1;
      if (after === lines.length) {
        // What stands after the last line break is no line: it stays, and before another template one blank line too.
        const from = i === 0 ? i + 1 : i;
        const keep = isLast ? after - 1 : Math.max(from, after - 1);
        if (keep > from) edits.push({ start: startOf(from), end: startOf(keep), text: "" });
      } else if (after - i > 1) edits.push({ start: startOf(i + 1), end: startOf(after), text: "" });
      i = after - 1;
      continue;
    }
    if (wantsBlankBefore(text, lines, i)) edits.push({ start: line.start, end: line.start, text: lineBreak });
  }
  const last = lines.at(-1);
  const isWhole = last?.kind === "text" && last.end === text.length && !endsWithTag(text, last);
  // With a newline behind it, what looks like the beginning of a sub-template would be one.
  if (isLast && last !== undefined && isWhole && !text.startsWith("#", last.start))
    edits.push({ start: last.end, end: last.end, text: lineBreak });
  return edits;
}

/** Whether a blank line is missing between the line before and `lines[i]`, and may be put there. */
function wantsBlankBefore(text: string, lines: readonly Line[], i: number): boolean {
  const [line, before] = [lines[i] as Line, lines[i - 1]];
  if (before === undefined || before.kind === "blank") return false;
  // `x`, then a header.
  if (line.kind === "header" && before.kind === "text") return line.endsSection && !endsWithTag(text, before);
  // At the top of a child: before a block and the comments directly above it.
  if (before.kind === "comment") return false;
  const first = lines.slice(i).findIndex(({ kind }) => kind !== "comment");
  const opening = first < 0 ? undefined : lines[i + first];
  if (opening?.role !== "opens" || opening.word !== "block" || !opening.isTop) return false;
  return before.kind === "statement" && (before.role === "closes" || before.role === "stands");
}

/** Ends with a tag or a comment, which take the newline after them away; or with what only looks like text. */
function endsWithTag(text: string, { start, end }: Line): boolean {
  const content = text.slice(start, end);
  return /[%#]\}$/.test(content) || /\s##/.test(content);
}
