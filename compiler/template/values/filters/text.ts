/** @file Filters that turn text into text. */
import { slice } from "../access.ts";
import { codePointLength } from "../code-points.ts";
import { truthy } from "../compare.ts";
import type { PyDict } from "../dict.ts";
import { overflowError, runtimeError, TemplateError, typeError } from "../errors.ts";
import { formatPercent } from "../format/percent.ts";
import { length } from "../iterate.ts";
import { checkSize } from "../limits.ts";
import { escapeValue } from "../markup.ts";
import { whitespaceClass } from "../methods/characters.ts";
import { splitLines } from "../methods/text.ts";
import { str } from "../print.ts";
import { expectCount, expectSize, expectText } from "../signature.ts";
import { Markup, type PyTuple, textOf, type Value } from "../value.ts";
import { filterTable, like, requireText, softText, textMethod } from "./filter.ts";
import { wrapText } from "./wrap-text.ts";

const wordStart = new RegExp(`([-${whitespaceClass}({[<]+)`);

export const textFilters = filterTable({
  capitalize: ["", (_context, value) => textMethod(value, "capitalize")],
  center: ["width=80", (_context, value, width: Value) => textMethod(value, "center", width)],
  format: [
    "*args, **kwargs",
    (_context, value, args: PyTuple, kwargs: PyDict) => {
      if (args.items.length > 0 && kwargs.size > 0) {
        throw runtimeError("can't handle positional and keyword arguments at the same time");
      }
      return formatPercent(softText(value), kwargs.size > 0 ? kwargs : args);
    },
  ],
  indent: ["width=4, first=False, blank=False", indent],
  lower: ["", (_context, value) => textMethod(value, "lower")],
  replace: [
    "old, new, count=None",
    (context, value, old: Value, replacement: Value, count: Value) => {
      const limit = count ?? -1n;
      if (!context.autoescape) return textMethod(str(value), "replace", str(old), str(replacement), limit);
      const mustEscape = old instanceof Markup || (replacement instanceof Markup && !(value instanceof Markup));
      const subject = mustEscape ? escapeValue(value) : softText(value);
      return textMethod(subject, "replace", softText(old), softText(replacement), limit);
    },
  ],
  string: ["", (_context, value) => softText(value)],
  title: [
    "",
    (_context, value) => {
      const text = softText(value);
      const parts = str(text).split(wordStart);
      return like(text, parts.map(capitalizePart).join(""));
    },
  ],
  trim: ["chars=None", (_context, value, chars: Value) => textMethod(value, "strip", chars)],
  truncate: ["length=255, killwords=False, end='...', leeway=None", truncate],
  upper: ["", (_context, value) => textMethod(value, "upper")],
  wordcount: ["", (_context, value) => BigInt(str(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)],
  wordwrap: [
    "width=79, break_long_words=True, wrapstring=None, break_on_hyphens=True",
    (_context, value, width: Value, breakLongWords: Value, wrapString: Value, breakOnHyphens: Value) => {
      const options = {
        width: expectCount(width, "width"),
        breakLongWords: truthy(breakLongWords),
        breakOnHyphens: truthy(breakOnHyphens),
      };
      const lines = splitLines(requireText(value, "wordwrap"));
      // A word that is broken is read again from the break on.
      for (const { length: size } of lines)
        if ((size / Math.max(1, options.width)) * size > 5e8)
          throw overflowError("this text is too long to be wrapped so narrowly");
      const separator = wrapString === null ? "\n" : expectText(wrapString, "wrapstring");
      return lines.map((line) => wrapText(line, options).join(separator)).join(separator);
    },
  ],
});

function capitalizePart(part: string): string {
  const [first = ""] = part;
  return first.toUpperCase() + part.slice(first.length).toLowerCase();
}

function indent(_context: unknown, value: Value, width: Value, first: Value, blank: Value): Value {
  const indentation = textOf(width) ?? " ".repeat(Math.max(0, expectSize(width, "width")));
  const text = requireText(value, "indent");
  // The added newline keeps a trailing one: splitlines drops the last.
  const [head = "", ...rest] = splitLines(`${text}\n`);
  checkSize(text.length + (rest.length + 1) * indentation.length, "the indented text");
  const lines = [head, ...rest.map((line) => (line === "" && !truthy(blank) ? line : indentation + line))];
  return like(value, (truthy(first) ? indentation : "") + lines.join("\n"));
}

function truncate(_context: unknown, value: Value, limit: Value, killWords: Value, end: Value, leeway: Value): Value {
  const size = expectCount(limit, "length");
  const tolerance = leeway === null ? 5 : expectCount(leeway, "leeway");
  const ending = expectText(end, "end");
  const endLength = codePointLength(ending);
  if (size < endLength) throw new TemplateError("assertion", `expected length >= ${endLength}, got ${size}`);
  if (tolerance < 0) throw new TemplateError("assertion", `expected leeway >= 0, got ${tolerance}`);
  if (length(value) <= size + tolerance) return value;
  if (textOf(value) === undefined) throw typeError("truncate needs a string");
  const head = str(slice(value, null, BigInt(size - endLength), null));
  const lastSpace = head.lastIndexOf(" ");
  const kept = truthy(killWords) || lastSpace < 0 ? head : head.slice(0, lastSpace);
  return like(value, kept + (value instanceof Markup ? escapeValue(end).text : ending));
}
