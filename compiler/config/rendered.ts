/** @file What the config stage needs of the template stage: a text, and where each place of it came from. */
import type { Origin, SourceFile } from "../source/span.ts";

export interface RenderedText {
  readonly text: string;
  /** The user's own place that wrote the character at `offset`. */
  originAt(offset: number): Origin;
  /** The text has a `gapMark` wherever something is missing, since rendering it failed. */
  readonly hasGaps?: boolean;
}

/** Stands for text that nobody knows, or in a comment for lines: what has one is faulty, and what follows from it is not told. */
export const gapMark = "\ue000";

/** A text that no template made: every place is its own origin. */
export function literalText(file: SourceFile): RenderedText {
  return {
    text: file.text,
    originAt: (offset) => ({ span: { file, start: offset, end: Math.min(offset + 1, file.text.length) }, stack: [] }),
  };
}

/** The origin of the range from `start` to `end`: one span where one template wrote it all, otherwise the place that wrote its beginning. */
export function originOfRange(rendered: RenderedText, start: number, end: number): Origin {
  const first = rendered.originAt(start);
  if (end <= start + 1) return first;
  const last = rendered.originAt(end - 1);
  const sameWriter =
    last.span.file === first.span.file && last.stack.length === first.stack.length && last.span.end > first.span.start;
  if (!sameWriter) return first;
  return { span: { file: first.span.file, start: first.span.start, end: last.span.end }, stack: first.stack };
}

/** The same, looked up when it is first asked for: every node has an origin, and few are ever shown. Own accessors, so that copies have the values. */
export function lazyOrigin(rendered: RenderedText, start: number, end: number): Origin {
  let found: Origin | undefined;
  const find = (): Origin => {
    found ??= originOfRange(rendered, start, end);
    return found;
  };
  return {
    get span() {
      return find().span;
    },
    get stack() {
      return find().stack;
    },
  };
}
