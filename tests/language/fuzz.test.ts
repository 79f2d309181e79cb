/**
 * @file Fuzzing the template stage: fragments for the lexer and the parser, grammar-aware programs for the evaluator, and real
 * templates with random edits for all of it. Whatever comes in, the answer is a text or a fault whose every place lies in a file.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { renderDiagnostic } from "../../compiler/diagnostics/render.ts";
import type { Span } from "../../compiler/source/span.ts";
import { memorySource, TemplateEnvironment, TemplateFault, TreeCache } from "../../compiler/template/index.ts";
import { ensure, program, runs, type Templates } from "./programs.ts";

const library = join(import.meta.dirname, "../../templatelib");

function templatesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return templatesBelow(path);
    return entry.name.endsWith(".yaml") ? [path] : [];
  });
}

const real: Templates = Object.fromEntries(
  ["examples", "base", "workspace"].flatMap((part) =>
    templatesBelow(join(library, part)).map((path) => [
      relative(join(library, part), path),
      readFileSync(path, "utf8"),
    ]),
  ),
);
const realNames = Object.keys(real);
const unchanged = new TreeCache();

function expectInside({ file, start, end }: Span, templates: Templates): void {
  ensure(templates[file.path] === file.text, () => `${file.path} is no template`);
  ensure(0 <= start && start <= end && end <= file.text.length, () => `${start}…${end} of ${file.text.length}`);
}

function checkDiagnostic(diagnostic: Diagnostic, templates: Templates): void {
  const { span, labels = [], chain = [], message, hint } = diagnostic;
  expect(span).toBeDefined();
  for (const place of [span as Span, ...labels.map((l) => l.span), ...chain.map((c) => c.span)])
    expectInside(place, templates);
  const said = `${message} ${hint ?? ""}`;
  ensure(!/undefined stands|NaN|\[object|\p{Cc}|native code/u.test(said), () => said);
  // It can be shown.
  expect(renderDiagnostic(diagnostic).length).toBeGreaterThan(0);
}

/** Renders, and looks at whatever comes of it. */
function probe(templates: Templates, main: string, cache: TreeCache): void {
  const environment = new TemplateEnvironment({ searchPath: memorySource(templates), options: { cache } });
  try {
    const { pieces, text, warnings } = environment.render(main, [["x", true]]);
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    for (const { origin } of pieces) expectInside(origin.span, templates);
    for (const warning of warnings) checkDiagnostic(warning, templates);
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    expect(error.diagnostics.length).toBeGreaterThan(0);
    for (const diagnostic of error.diagnostics) checkDiagnostic(diagnostic, templates);
    expect(error.partialPieces?.map((piece) => piece.text).join("")).toBe(error.partialText);
  }
}

/** What the scanner, the lexer and the parser look for. */
const fragment = fc.oneof(
  fc.constantFrom(
    ..."-- |<< |>> |== |=> |## |  ## x|\n#--- p ---\n|[a]|  [b!]|[c]\n|{{ |}}|{% |%}|{%- |-%}|{# |#}|+%}|{{-|-}}|{%+".split(
      "|",
    ),
    ..."if x|elif|else|endif|for i in [1, 2]|endfor|block d|endblock|endblock d|macro m(a, b=1)|endmacro|call m()|endcall".split(
      "|",
    ),
    ..."set v = 1|set v|endset|with a = 1|endwith|filter trim|endfilter|raw|endraw|extends 'p'|include 'p'|import 'p' as p|from 'p' import q|print x|autoescape true|endautoescape|do x|iff".split(
      "|",
    ),
    ..."x|'s'|\"|'|\\|1|1.5|0x1F|1e9|+|-|**|*|//|(|)|[|]|{|}|,|:|.|~|=|==|!=|is defined|is not|not in|and|or|not|super()|loop.index|self.a()".split(
      "|",
    ),
    ..."\n|\r\n|\r|\n\n| |\t|\u2028|é|😀|\0|\ufeff|\ud800|constructor|__proto__|toString|__class__|namespace()|range(3)|varargs|kwargs|caller()".split(
      "|",
    ),
  ),
  fc.constantFrom("|", "|upper", "|d(1)", "|join(',')", "|nope"),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: "binary", maxLength: 3 }),
);

const soup = fc.array(fragment, { maxLength: 50 }).map((parts): Templates => ({ main: parts.join("") }));

/** One change to a text, at places given as parts of its length. */
const edit = fc.tuple(
  fc.constantFrom("delete", "insert", "duplicate", "swap", "truncate"),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.nat({ max: 60 }),
  fragment,
);

function apply(text: string, [kind, place, size, inserted]: [string, number, number, string]): string {
  const at = Math.floor(place * text.length);
  switch (kind) {
    case "delete":
      return text.slice(0, at) + text.slice(at + size);
    case "insert":
      return text.slice(0, at) + inserted + text.slice(at);
    case "duplicate":
      return text.slice(0, at + size) + text.slice(at);
    case "truncate":
      return text.slice(0, at);
    default: {
      const lines = text.split("\n");
      const i = Math.floor(place * lines.length);
      const j = (i + size) % lines.length;
      [lines[i], lines[j]] = [lines[j] ?? "", lines[i] ?? ""];
      return lines.join("\n");
    }
  }
}

const edited = fc
  .tuple(fc.constantFrom(...realNames), fc.array(edit, { minLength: 1, maxLength: 5 }))
  .map(([name, edits]) => ({
    name,
    text: edits.reduce<string>((text, change) => apply(text, change), real[name] ?? ""),
  }));

const hour = 3_600_000;

describe("a text or a fault with places comes of", () => {
  it(
    "fragments of the language",
    () => {
      fc.assert(
        fc.property(soup, (templates) => probe(templates, "main", new TreeCache())),
        runs(0.4),
      );
    },
    hour,
  );

  it(
    "programs of several templates",
    () => {
      fc.assert(
        fc.property(program, (templates) => probe(templates, "main", new TreeCache())),
        runs(0.2),
      );
    },
    hour,
  );

  it(
    "programs with edits",
    () => {
      fc.assert(
        fc.property(
          program,
          fc.constantFrom("main", "base", "lib", "part"),
          fc.array(edit, { maxLength: 3 }),
          (templates, name, edits) => {
            const text = edits.reduce<string>((before, change) => apply(before, change), templates[name] ?? "");
            probe({ ...templates, [name]: text }, "main", new TreeCache());
          },
        ),
        runs(0.2),
      );
    },
    hour,
  );

  it(
    "real templates with edits",
    () => {
      fc.assert(
        fc.property(edited, fc.nat({ max: realNames.length - 1 }), ({ name, text }, other) => {
          const templates = { ...real, [name]: text };
          probe(templates, name, unchanged);
          // What uses it, too.
          probe(templates, realNames[other] as string, unchanged);
        }),
        runs(0.2),
      );
    },
    hour,
  );
});
