/**
 * @file `fgc fmt`: samples, and what must hold for every template: it means the same afterwards, and formatting again changes nothing.
 *
 * UPDATE=1 rewrites `samples/*.formatted`; read the diff. FGC_FORMAT_RUNS and FGC_FORMAT_SEED make the search for counterexamples longer.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { formatOnce, formatTemplates } from "../../compiler/template/format/format.ts";
import { meaningOf } from "../../compiler/template/format/same-meaning.ts";
import { memorySource, TemplateEnvironment, TemplateFault, TreeCache } from "../../compiler/template/index.ts";
import { fgc } from "../cli/memory-host.ts";

const samples = join(import.meta.dirname, "samples");
const repository = resolve(import.meta.dirname, "../..");
const vectors = resolve(repository, "../shared/vectors/language");

function meanings(text: string): string | undefined {
  try {
    const parts = new TreeCache().parts("main", { path: "main", text }, { preserveLineNumbers: true });
    return parts.map(({ name, tree }) => `${name} ${meaningOf(tree)}`).join("\n");
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

/** The promises of the formatter, for one text. */
function expectHarmless(text: string, name = "main"): void {
  const before = meanings(text);
  const { text: formatted, diagnostics } = formatTemplates({ path: name, text });
  if (before === undefined) {
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(formatted).toBe(text);
    return;
  }
  // In the whole style: the weaker one is for what nobody has thought of.
  expect(meanings(formatOnce({ path: name, text }, true)), `${name} in one pass`).toBe(before);
  expect(meanings(formatted), name).toBe(before);
  expect(formatTemplates({ path: name, text: formatted }).text, `${name} formatted again`).toBe(formatted);
  // Nothing but white space has changed.
  expect(formatted.replace(/\s+/g, ""), name).toBe(text.replace(/\s+/g, ""));
}

describe("samples", () => {
  for (const name of readdirSync(samples).filter((file) => file.endsWith(".yaml")))
    it(name, () => {
      const text = readFileSync(join(samples, name), "utf8");
      const path = join(samples, name.replace(/\.yaml$/, ".formatted"));
      const { text: formatted, diagnostics } = formatTemplates({ path: name, text });
      expect(diagnostics).toEqual([]);
      if (process.env["UPDATE"] === "1") writeFileSync(path, formatted);
      expect(formatted).toBe(existsSync(path) ? readFileSync(path, "utf8") : "");
      expectHarmless(text, name);
    });
});

describe("changes no meaning", () => {
  for (const folder of ["templatelib", "examples"])
    it(`of the templates of ${folder}/, which are in the style already`, () => {
      for (const entry of readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(?:yaml|jinja)$/.test(entry.name) || /output_models|\/tmp/.test(entry.parentPath))
          continue;
        const path = join(entry.parentPath, entry.name);
        const text = readFileSync(path, "utf8");
        expectHarmless(text, path);
        expect(formatTemplates({ path, text }).text, path).toBe(text);
      }
    });

  if (!existsSync(vectors)) {
    console.warn(`language vectors are not at ${vectors}: their templates are not formatted`);
    it.skip("of the vectors' templates", () => {});
  } else
    it("of the vectors' templates", () => {
      for (const file of readdirSync(vectors).filter((name) => name.endsWith(".json"))) {
        const suite = JSON.parse(readFileSync(join(vectors, file), "utf8")) as Suite;
        if (suite.kind !== "preprocess") continue;
        for (const { id, templates } of suite.cases)
          for (const [name, text] of Object.entries(templates)) expectHarmless(text, `${id} ${name}`);
      }
    }, 60_000);

  it("of generated templates, whose text stays the same too", () => {
    fc.assert(
      fc.property(template, template, (child, parent) => {
        expectHarmless(child);
        expectHarmless(parent);
        const files = { main: `-- extends 'parent'\n${child}`, parent };
        expectHarmless(files.main);
        const formatted = Object.fromEntries(
          Object.entries(files).map(([path, text]) => [path, formatTemplates({ path, text }).text]),
        );
        expect(rendered(formatted)).toEqual(rendered(files));
      }),
      {
        numRuns: Number(process.env["FGC_FORMAT_RUNS"] ?? 150),
        seed: Number(process.env["FGC_FORMAT_SEED"] ?? 20261124),
      },
    );
  }, 900_000);
});

interface Suite {
  readonly kind: string;
  readonly cases: readonly { readonly id: string; readonly templates: Readonly<Record<string, string>> }[];
}

function rendered(files: Readonly<Record<string, string>>): string {
  try {
    const environment = new TemplateEnvironment({
      searchPath: memorySource(files),
      options: { cache: new TreeCache() },
    });
    return environment.render("main", [
      ["x", 3n],
      ["y", "text"],
    ]).text;
  } catch (error) {
    if (error instanceof TemplateFault) return `fault ${error.kind}`;
    throw error;
  }
}

// Templates, line by line: mostly well formed, with every construct in odd spacing -------------------------------------

const blanks = fc.constantFrom("", " ", "  ", "\t", "    ");
const gap = fc.constantFrom("", " ", "  ");
const operand = fc.constantFrom(
  "x",
  "y",
  "1",
  "-1",
  "2.5",
  "'a  b'",
  '"#"',
  "[1,2]",
  "{'k':x}",
  "x|default( 2 )",
  "(x,)",
  "ns.z",
);
const expression = fc
  .tuple(
    operand,
    fc.constantFrom("", "+", "~", "==", " and ", " or not ", " is not ", "|", "**", " if x else "),
    operand,
    gap,
  )
  .map(([a, operator, b, space]) =>
    operator === ""
      ? a
      : operator === "|"
        ? `${a}${space}|${space}string`
        : operator === " is not "
          ? `${a} is not none`
          : `${a}${space}${operator}${space}${b}`,
  );
const text = fc.constantFrom(
  "key: 1",
  "    deep: 2",
  "- item",
  "",
  "",
  "  ",
  "# note",
  "a ## gone",
  "[a, b]",
  "--- no",
  "x {{y}}",
  "{%if x%}t{%endif%}",
);
const comment = fc
  .tuple(blanks, fc.constantFrom("## note", "### more ", "## {{ x }}  "))
  .map(([indent, body]) => indent + body);
const simple = fc
  .tuple(blanks, fc.constantFrom("--", "<<", ">>"), gap, gap, expression, gap)
  .map(([indent, mark, a, b, value, end]) => `${indent}${mark} ${a}set v${b}=${value}${end}`);
const print = fc
  .tuple(blanks, fc.constantFrom("==", "=>"), expression)
  .map(([indent, mark, value]) => `${indent}${mark} ${value}`);
const line = fc.oneof({ weight: 4, arbitrary: text }, comment, simple, print);
let serial = 0;
const name = fc.constantFrom("a", "b", "c", "d", "e").map((letter) => letter);

/** Lines that open and close what they open. */
const { lines } = fc.letrec<{ lines: string[]; block: string[]; branch: string[]; loop: string[] }>((tie) => ({
  lines: fc
    .array(
      fc.oneof(
        { maxDepth: 3 },
        line.map((one) => [one]),
        tie("block"),
        tie("branch"),
        tie("loop"),
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.flat()),
  block: fc.tuple(blanks, name, tie("lines"), blanks).map(([indent, , body, end]) => {
    serial += 1;
    const unique = `blk${serial}`;
    return [`${indent}-- block ${unique}`, ...body, `${end}-- endblock ${unique}`];
  }),
  branch: fc
    .tuple(blanks, expression, tie("lines"), tie("lines"), blanks)
    .map(([indent, test, yes, no, end]) => [
      `${indent}-- if  (${test})`,
      ...yes,
      `${end}-- else:`,
      ...no,
      `${end}-- endif`,
    ]),
  loop: fc
    .tuple(blanks, tie("lines"), blanks)
    .map(([indent, body, end]) => [`${indent}-- for i in  range(2)`, ...body, `${end}-- endfor`]),
}));
const section = fc
  .tuple(fc.constantFrom("", "    ", "        "), name, fc.constantFrom("", "!"), lines)
  .map(([indent, header, trim, body]) => {
    // Sections and blocks of parent and child share a few names, so that overriding happens.
    return [`${indent}[${header}${trim}]`, ...body.filter((one) => !/-- (?:end)?block/.test(one))];
  });
const template = fc
  .tuple(
    lines,
    fc.uniqueArray(section, { maxLength: 4, selector: (part) => /\[(\w+)/.exec(part[0] as string)?.[1] ?? "" }),
    fc.constantFrom("\n", "\r\n"),
    fc.boolean(),
  )
  .map(([top, sections, lineBreak, ends]) => [...top, ...sections.flat()].join(lineBreak) + (ends ? lineBreak : ""));

describe("fgc fmt", () => {
  const messy = "-- set x={'a':1}\nkey: {{x|length}}\n";
  const tidy = "-- set x = {'a': 1}\nkey: {{ x | length }}\n";
  const world = {
    files: {
      "/ws/project/meta.yaml": "name: Sample\n",
      "/ws/project/templates/configs/a.yaml": messy,
      "/ws/project/templates/configs/b.yaml": tidy,
    },
  };
  it("writes what it changes", async () => {
    const { code, stdout, files } = await fgc(world, "fmt");
    expect(stdout).toBe("templates/configs/a.yaml\n");
    expect(files["/ws/project/templates/configs/a.yaml"]).toBe(tidy);
    expect(code).toBe(0);
  });
  it("--check writes nothing and exits with 1", async () => {
    const { code, files } = await fgc(world, "fmt", "--check");
    expect(files["/ws/project/templates/configs/a.yaml"]).toBe(messy);
    expect(code).toBe(1);
    expect((await fgc(world, "fmt", "--check", "templates/configs/b.yaml")).code).toBe(0);
  });
  it("--diff shows what it would do", async () => {
    const { code, stdout } = await fgc(world, "fmt", "--diff");
    expect(stdout).toContain("-key: {{x|length}}\n+-- set x = {'a': 1}\n+key: {{ x | length }}\n");
    expect(code).toBe(0);
  });
  it("--stdin goes to stdout", async () => {
    const { stdout } = await fgc({ ...world, stdin: messy }, "fmt", "--stdin");
    expect(stdout).toBe(tidy);
  });
  it("leaves what has faults, and says which", async () => {
    const path = "/ws/project/templates/configs/a.yaml";
    const { code, stderr, files } = await fgc({ files: { ...world.files, [path]: "-- if x\n{{y|z }}\n" } }, "fmt");
    expect(stderr).toContain("error[template/");
    expect(files[path]).toBe("-- if x\n{{y|z }}\n");
    expect(code).toBe(1);
  });
  it("leaves what is no UTF-8", async () => {
    const path = "/ws/project/templates/configs/a.yaml";
    const { code, stderr, files } = await fgc({ files: { ...world.files, [path]: "a: \ufffd{{x|y}}\n" } }, "fmt");
    expect(stderr).toContain("cli/not-text");
    expect(files[path]).toBe("a: \ufffd{{x|y}}\n");
    expect(code).toBe(1);
  });
});
