/**
 * @file Span truth: every character of a rendered text is attributed to a place whose text can have produced it, in random programs
 * with inheritance, includes, imports, loops, macros, `set` blocks and filters.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Origin, Span } from "../../compiler/source/span.ts";
import {
  memorySource,
  type Piece,
  TemplateEnvironment,
  TemplateFault,
  TreeCache,
} from "../../compiler/template/index.ts";
import { ensure, program, runs, type Templates } from "./programs.ts";

/** The pieces of the text, whole or with gaps. */
function piecesOf(templates: Templates): { readonly pieces: readonly Piece[]; readonly text: string } {
  const environment = new TemplateEnvironment({
    searchPath: memorySource(templates),
    options: { cache: new TreeCache() },
  });
  try {
    return environment.render("main");
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    return { pieces: error.partialPieces ?? [], text: error.partialText ?? "" };
  }
}

const textOf = ({ file, start, end }: Span): string => file.text.slice(start, end);

function expectInside({ file, start, end }: Span, templates: Templates): void {
  ensure(templates[file.path] === file.text, () => `${file.path} is no template`);
  ensure(0 <= start && start <= end && end <= file.text.length, () => `${start}…${end} of ${file.text.length}`);
}

/** Is the span what stands between delimiters, or behind the mark of a line statement? */
function isExpression({ file, start, end }: Span): boolean {
  const lineStart = file.text.lastIndexOf("\n", start - 1) + 1;
  const before = file.text.slice(lineStart, start);
  return /\{[{%]|^\s*(?:--|<<|>>|==|=>)\s/.test(before) && !file.text.slice(start, end).includes("\n");
}

function check({ text, origin: { span, stack }, isGap }: Piece, templates: Templates): void {
  expectInside(span, templates);
  for (const frame of stack) expectInside(frame.span, templates);
  if (isGap) return;
  const source = textOf(span);
  // Verbatim text is the file's own, character by character.
  if (source === text) return;
  // A section adds a newline at its end.
  if (text === "\n" && (span.end === span.start || !source.includes(" "))) return;
  ensure(isExpression(span), () => `${JSON.stringify(text)} comes from ${JSON.stringify(source)}`);
  for (const [word] of text.matchAll(/[tvw]\d+_/gi)) {
    // A word is a literal of the expression, or comes through a name in it.
    if (source.toLowerCase().includes(word.toLowerCase())) continue;
    ensure(/[a-z]\w*/i.test(source.replaceAll(/'[^']*'/g, "")), () => `${word} comes from ${source}`);
  }
}

it("every character of a program's text comes from where it says", () => {
  fc.assert(
    fc.property(program, (templates) => {
      const { pieces, text } = piecesOf(templates);
      expect(pieces.map((piece) => piece.text).join("")).toBe(text);
      for (const piece of pieces) check(piece, templates);
    }),
    runs(0.4),
  );
}, 3_600_000);

/** Where `needle` of the output was written: the text of its origin, and the file. */
function origin(
  templates: Templates,
  needle: string,
): { readonly file: string; readonly text: string; readonly stack: string } {
  const environment = new TemplateEnvironment({
    searchPath: memorySource(templates),
    options: { cache: new TreeCache() },
  });
  const result = environment.render("main");
  const offset = result.text.indexOf(needle);
  expect(offset).toBeGreaterThanOrEqual(0);
  const first: Origin = result.originAt(offset);
  const { span, stack } = first;
  return {
    file: span.file.path,
    text: textOf(span),
    stack: stack.map(({ kind, name }) => `${kind} ${name}`).join(", "),
  };
}

it.each([
  ["a set block", "-- set x\nword: {{ 1 }}\n-- endset\n{{ x }}"],
  ["a set block through `=>`", "-- set x\n\nword: {{ 1 }}\n-- endset\n=> x"],
  ["a set block with a filter", "-- set x | trim\n\nword: {{ 1 }}\n-- endset\n{{ x }}"],
  ["a set block in a namespace", "-- set ns = namespace()\n-- set ns.x\nword: {{ 1 }}\n-- endset\n{{ ns.x }}"],
  ["indent", "-- set x\na\nword: {{ 1 }}\n-- endset\n{{ x|indent(4) }}"],
  ["a filter block", "-- filter indent(2)|trim\na\nword: {{ 1 }}\n-- endfilter\n"],
  ["a macro", "-- macro m()\nword\n-- endmacro\n{{ m()|indent }}"],
  ["a macro that is joined", "-- macro m()\nword\n-- endmacro\n{{ 'a' ~ m() ~ 'b' }}"],
  ["a caller", "-- macro m()\n{{ caller()|trim|indent }}\n-- endmacro\n-- call m()\nword\n-- endcall\n"],
])("text keeps its place through %s", (_, main) => {
  expect(origin({ main }, "word").text).toBe("w");
});

it("indentation comes from the filter that added it", () => {
  expect(origin({ main: "-- set x\na\nb\n-- endset\n{{ x|indent(4) }}" }, "    b").text).toBe("indent");
});

it("a value that is computed anew has the place of its expression", () => {
  expect(origin({ main: "-- set x\nword\n-- endset\n-- set y = x\n{{ y }}" }, "word").text).toBe("y");
  expect(origin({ main: "-- set x\nword\n-- endset\n{{ x|upper }}" }, "WORD").text).toBe("x|upper");
});
