/** @file Whatever stands in a file, the template stage answers with a text or a diagnostic, and its places lie in the file. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SourceFile } from "../../compiler/source/span.ts";
import { memorySource, TemplateEnvironment, TemplateFault, TreeCache } from "../../compiler/template/index.ts";
import { rewritePart } from "../../compiler/template/scan/rewrite.ts";
import { splitFile } from "../../compiler/template/scan/sub-templates.ts";

/** Files made of what the scanner and the parser look for. */
const fragment = fc.oneof(
  fc.constantFrom(
    ..."-- |<< |>> |== |=> |## |  ## x|#--- p ---\n|[a]|  [b!]|[c]\n|{{ |}}|{% |%}|{%- |-%}|{# |#}|+%}".split("|"),
    ..."if x|endif|for i in [1, 2]|endfor|block d|endblock|macro m(a, b=1)|endmacro|call m()|endcall|set v = 1|else|raw|endraw".split(
      "|",
    ),
    ..."x|'s'|\"|'|\\|1|1.5|+|-|**|(|)|[|]|{|}|,|:|.|is defined|not in|and|super()|loop.index|\n|\r\n|\r|\n\n| |\u2028|é|😀".split(
      "|",
    ),
  ),
  fc.string({ maxLength: 6 }),
);
const text = fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(""));
const line = fc.constantFrom(
  "a: {{ x }}",
  "-- if x",
  "-- else",
  "-- endif",
  "[one]",
  "  [two!]",
  "    b: {{ y|default(2) }} ## c",
  "-- for i in [1, 2]",
  "== i",
  "-- endfor",
  "## note",
  "",
);
const lines = fc.array(line, { maxLength: 14 }).map((all) => all.join("\n"));

describe("the scanner", () => {
  it("maps every range of the rewritten text into the file, in order", () => {
    fc.assert(
      fc.property(fc.oneof(text, lines), fc.boolean(), (source, preserveLineNumbers) => {
        const file: SourceFile = { path: "f", text: source };
        for (const part of splitFile(file)) {
          const mapped = rewritePart(part, { preserveLineNumbers });
          let before = part.start;
          for (let i = 0; i < mapped.text.length; i += 1) {
            const { start, end } = mapped.span(i, i + 1);
            expect(start).toBeGreaterThanOrEqual(before);
            expect(end).toBeLessThanOrEqual(part.end);
            expect(end).toBeGreaterThanOrEqual(start);
            before = start;
          }
          const runs = mapped.runs(0, mapped.text.length);
          expect(runs.map((run) => run.text).join("")).toBe(mapped.text);
        }
      }),
    );
  });
});

describe("a render", () => {
  it("gives a text whose pieces lie in the files, or a diagnostic with a place", () => {
    fc.assert(
      fc.property(fc.oneof(text, lines), (source) => {
        const environment = new TemplateEnvironment({
          searchPath: memorySource({ "main.yaml": source }),
          options: { cache: new TreeCache() },
        });
        try {
          const { text: rendered, pieces } = environment.render("main.yaml", [["x", true]]);
          expect(pieces.map((piece) => piece.text).join("")).toBe(rendered);
          for (const { origin } of pieces) expect(origin.span.end).toBeLessThanOrEqual(source.length);
        } catch (error) {
          if (!(error instanceof TemplateFault)) throw error;
          for (const { span, message } of error.diagnostics) {
            expect(span?.file.text).toBe(source);
            expect(span?.start).toBeLessThanOrEqual(source.length);
            expect(message).not.toMatch(/undefined stands|NaN|\[object/);
          }
        }
      }),
      { numRuns: 1500 },
    );
  });
});
