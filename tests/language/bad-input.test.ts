/** @file Whatever a template holds or computes, the answer is a text or a clear diagnostic, within two seconds and in bounded memory. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { startOf } from "../../compiler/source/span.ts";
import {
  memorySource,
  type RenderResult,
  TemplateEnvironment,
  TemplateFault,
  TreeCache,
} from "../../compiler/template/index.ts";

type Templates = Readonly<Record<string, string>>;

function render(templates: Templates | string, main = "main"): RenderResult {
  const files = typeof templates === "string" ? { main: templates } : templates;
  return new TemplateEnvironment({ searchPath: memorySource(files), options: { cache: new TreeCache() } }).render(main);
}

function faultOf(templates: Templates | string): TemplateFault {
  try {
    render(templates);
  } catch (error) {
    if (error instanceof TemplateFault) return error;
    throw error;
  }
  throw new Error("this renders");
}

/** `code line: message` of every fault. */
function faultsOf(templates: Templates | string): readonly string[] {
  return faultOf(templates).diagnostics.map(line);
}

function line({ code, span, message }: Diagnostic): string {
  return `${code.replace("template/", "")} ${span === undefined ? "" : startOf(span).line}: ${message}`;
}

/** The limit, with room for a machine that does other work. */
const slow = 60_000;

describe("large input", () => {
  const row = (i: number): string => `key_${i}: {{ ${i} }} some text\n`;

  it("a template of 10 MB renders", { timeout: slow }, () => {
    const rows: string[] = [];
    for (let i = 0, size = 0; size < 10_000_000; i += 1) size += rows[rows.push(row(i)) - 1]?.length ?? 0;
    expect(render(rows.join("")).text.split("\n").length).toBe(rows.length);
  });

  it("a template of 10 MB with faults everywhere tells the first ones", { timeout: slow }, () => {
    const faults = faultOf("a: {{ x + }}\nb: {{ 'c }}\n".repeat(400_000)).diagnostics;
    // Each costs one more reading of the file, so that a large one is given up after a few.
    expect(faults.length).toBeGreaterThan(1);
    expect(faults.length).toBeLessThanOrEqual(60);
  });

  it("10,000 templates are included, and a slip among them finds its name", { timeout: slow }, () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 10_000; i += 1) files[`part_${i}`] = `p${i}: ${i}\n\n`;
    files["main"] = "-- for i in range(10000)\n-- include 'part_' ~ i\n-- endfor\n";
    expect(render(files).text.split("\n").length).toBe(10_001);
    files["main"] = "-- include 'prat_9999'\n";
    expect(faultOf(files).diagnostics[0]?.hint).toBe("did you mean 'part_9999'?");
  });

  it("200 levels of extends, each with its part of a block, are legal", { timeout: slow }, () => {
    const files: Record<string, string> = { t200: "[body]\nbase\n" };
    for (let i = 0; i < 200; i += 1) files[`t${i}`] = `-- extends 't${i + 1}'\n[body]\n    == super()\nlevel ${i}\n`;
    files["main"] = "-- extends 't0'\n";
    const { text } = render(files);
    expect(text).toMatch(/^base\n/);
    expect(text.match(/level \d+/g)).toHaveLength(200);
  });

  it("200 levels of includes are legal", () => {
    const files: Record<string, string> = { t200: "end" };
    for (let i = 0; i < 200; i += 1) files[`t${i}`] = `-- include 't${i + 1}'\n`;
    expect(render({ ...files, main: "-- include 't0'\n" }).text).toBe("end");
  });

  it.each([
    ["parentheses", `{{ ${"(".repeat(20_000)}1${")".repeat(20_000)} }}`],
    ["unary signs", `{{ ${"- ".repeat(100_000)}1 }}`],
    ["tags", `${"{% if 1 %}".repeat(5000)}x${"{% endif %}".repeat(5000)}`],
    ["blocks", Array.from({ length: 5000 }, (_, i) => `{% block b${i} %}`).join("") + "{% endblock %}".repeat(5000)],
    ["attributes", `{{ x${".a".repeat(100_000)} }}`],
    ["sums", `{{ ${"1 + ".repeat(100_000)}1 }}`],
    ["opened tags", "{% if 1 %}".repeat(20_000)],
    ["opened brackets", `{{ ${"[".repeat(100_000)}`],
    ["openers", "{{".repeat(100_000)],
    ["comments", "{#".repeat(100_000)],
    ["quotes", "{{ '".repeat(50_000)],
  ])("many nested %s give a text or a fault", { timeout: slow }, (_, source) => {
    try {
      render(source);
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateFault);
    }
  });
});

describe("without end", () => {
  it("a circle of extends is shown", () => {
    const [fault] = faultOf({ main: "-- extends 'a'\n", a: "-- extends 'b'\n", b: "-- extends 'main'\n" }).diagnostics;
    expect(fault?.message).toMatch(/^these templates extend each other in a circle: (\w+) → \w+ → \w+ → \1$/);
  });

  it("a template that includes itself", () => {
    expect(faultsOf("a: 1\n-- include 'main'\n")).toEqual([
      "recursion 2: template 'main' is entered again and again without end",
    ]);
  });

  it("a template that imports itself", () => {
    expect(faultsOf("-- import 'main' as m\n")[0]).toMatch(/^recursion 1/);
  });

  it("a macro that calls itself twice is told once, and what follows is read", () => {
    expect(faultsOf("-- macro m()\n{{ m() }}{{ m() }}\n-- endmacro\n{{ m() }}\nb: {{ nope }}\n")).toEqual([
      "recursion 2: macro 'm' is entered again and again without end",
      "undefined-variable 5: 'nope' is undefined",
    ]);
  });

  it("a block that prints itself", () => {
    expect(faultsOf("[a]\n== self.a()\n")[0]).toMatch(/^recursion 2/);
  });

  it("a loop over a billion is refused where it is asked for", () => {
    expect(faultsOf("-- for i in range(1000000000)\n{{ i }}\n-- endfor\n")[0]).toMatch(/^evaluation 1: Range too big/);
  });

  it("loops in loops stop, at the loop", { timeout: slow }, () => {
    const source = "-- for i in range(70000)\n-- for j in range(70000)\n-- endfor\n-- endfor\n";
    const [fault] = faultOf(source).diagnostics;
    expect(line(fault as Diagnostic)).toBe("too-much 2: this loop takes more than a million steps");
    expect(fault?.labels?.map(({ span, text }) => `${startOf(span).line} ${text}`)).toEqual(["1 inside of this loop"]);
  });

  it.each([
    ["a loop that feeds itself", "-- set l = [1]\n-- for i in l\n-- set _ = l.append(i)\n-- endfor\n"],
    ["a recursive loop that doubles", "-- for i in [1, 2] recursive\n{{ loop([1, 2]) }}\n-- endfor\n"],
    ["much text", "-- for i in range(100000)\n{{ 'x' * 100000 }}\n-- endfor\n"],
    [
      "a text that doubles",
      "-- set ns = namespace(a='x')\n-- for i in range(99)\n-- set ns.a = ns.a ~ ns.a\n-- endfor\n",
    ],
    [
      "a list that doubles",
      "-- set ns = namespace(a=[1])\n-- for i in range(99)\n-- set ns.a = ns.a + ns.a\n-- endfor\n",
    ],
    [
      "an int that doubles",
      "-- set ns = namespace(a=3)\n-- for i in range(99)\n-- set ns.a = ns.a * ns.a\n-- endfor\n",
    ],
    [
      "text in text",
      `-- set a = 'xxxxxxxxxx'\n${"-- set a\n{{ a }}{{ a }}{{ a }}{{ a }}\n-- endset\n".repeat(30)}{{ a }}`,
    ],
    [
      "macros that double",
      `-- macro m0()\nx\n-- endmacro\n${Array.from({ length: 60 }, (_, i) => `-- macro m${i + 1}()\n{{ m${i}() }}{{ m${i}() }}\n-- endmacro\n`).join("")}{{ m60() }}`,
    ],
    [
      "a fault in each pass",
      "-- for i in range(100000)\n-- for j in range(100000)\n{{ nope }}{{ 1/0 }}\n-- endfor\n-- endfor\n",
    ],
    ["a missing template in each pass", "-- for i in range(100000)\n-- include 'x' ~ i\n-- endfor\n"],
    [
      "conditions",
      "-- for i in range(100000) if i in range(100000) and range(100000)|select('>', i)|list\n-- endfor\n",
    ],
  ])("%s stops", { timeout: slow }, (_, source) => {
    expect(faultsOf(source).length).toBeLessThanOrEqual(52);
  });

  const doubled = "-- set ns = namespace(l=[1])\n-- for i in range(64)\n-- set ns.l = [ns.l, ns.l]\n-- endfor\n";
  it.each([
    "{{ ns.l }}",
    "{{ ns.l|tojson }}",
    "{{ ns.l|pprint }}",
    "{{ ns.l == [ns.l[0] + [], ns.l[1] + []] }}",
    "{{ ns.l|string|length }}",
  ])("a list that holds itself twice, over and over: %s", { timeout: slow }, (use) => {
    const [fault] = faultsOf(
      `${doubled}-- set m = namespace(l=[1])\n-- for i in range(64)\n-- set m.l = [m.l, m.l]\n-- endfor\n${use.replace("== [ns.l[0] + [], ns.l[1] + []]", "== m.l")}\n`,
    );
    expect(fault).toMatch(/too large/);
  });
});

describe("values that are too large", () => {
  it.each([
    "'x' * 10**12",
    "[0] * 10**10",
    "2 ** (10**9)",
    "10 ** (10**6)",
    "2.0 ** (10**9)",
    "10 ** 5000",
    "range(10**9)|list",
    "'%*d' % (10**9, 1)",
    "'{:>999999999}'.format(1)",
    "'a'.center(10**10)",
    "('a\\n' * 100000)|indent(100000)",
    "'a'|indent(10**9)|indent(10**9)",
    "('x' * 1000000)|replace('x', 'y' * 1000000)",
    "('x' * 1000000)|replace('', 'y' * 1000000)",
    "('\\t' * 1000000).expandtabs(1000000)",
    "['y' * 1000000] * 1000000",
    "(['y' * 1000000] * 100000)|join",
    "lipsum(10**9)",
    "'a'|batch(10**9, 'b')|list",
    "'a'|slice(10**9)|list",
    "('a' * 10000000)|list",
    "('a' * 30000000 ~ 'b').find('a' * 10000000 ~ 'c')",
    "'x'.ljust(-10**9) ~ ('y' * 10**8)",
    "123 ** 456789 ** 1200",
    "2 ** 1000000 ~ ''",
  ])("%s", { timeout: slow }, (expression) => {
    const [fault, ...more] = faultOf(`a: 1\nb: {{ ${expression} }}\n`).diagnostics;
    expect(more).toEqual([]);
    expect(fault?.code).toMatch(/^template\/(?:evaluation|too-much)$/);
    expect(startOf(fault?.span ?? expect.fail("no place"))).toMatchObject({ line: 2 });
  });

  it.each([
    "('a@' * 100000)|urlize|length",
    "('.' * 200000 ~ 'a')|urlize|length",
    "('<' * 200000)|striptags|length",
    "('&' * 200000)|striptags|length",
    "('-' * 50000)|wordwrap(10)|length",
    "('a-' * 100000)|wordwrap(80)|length",
    "('a' * 20000)|wordwrap(1)|length",
    "('%(' * 100000) is string",
    "('((' * 50000 ~ '%s')|format(1)|length",
    "(' ' * 1000000)|trim|length",
    "(' ' * 100000 ~ 'a').split()|length",
    "('a ' * 100000).rsplit(none, 5000)|length",
    "('a,' * 100000).rsplit(',')|length",
    "('aA1 ' * 100000)|title|wordcount",
    "('\\n' * 300000)|indent|length",
    "range(100000)|map('string')|join|length",
    "(range(100000)|list + range(100000)|list)|unique|list|length",
    "round(1, -10**9) if round is defined else 1|round(-10**9)",
  ])("%s is computed", { timeout: slow }, (expression) => {
    expect(() => render(`{{ ${expression} }}`)).not.toThrow();
  });
});

describe("odd bytes", () => {
  it("a NUL byte is text, and a fault in a tag", () => {
    expect(render("a: \0 b").text).toBe("a: \0 b");
    expect(faultsOf("a: {{ \0 }}\n")[0]).toMatch(/^syntax 1/);
  });

  it("all line ends end lines, and come out as one", () => {
    const source = "-- if true\r\na: 1\r-- endif\rb: {{ nope }}\r\nc: 2\r";
    expect(faultsOf(source)).toEqual(["undefined-variable 4: 'nope' is undefined"]);
    expect(render(source.replace("nope", "2")).text).toBe("a: 1\nb: 2\nc: 2");
  });

  it("tabs count as one column of indentation", () => {
    const source = (indent: string): string =>
      `${indent}-- if true\n${indent}a: 1\n${indent}-- endif\n[a]\n${indent}[b]\nx\n[c]\n`;
    expect(render(source("\t")).text).toBe(render(source(" ")).text.replace(" a", "\ta"));
  });
});

describe("files", () => {
  const root = mkdtempSync(join(tmpdir(), "fgc-templates-"));
  afterAll(() => rmSync(root, { recursive: true }));
  const folder = join(root, "templates");
  mkdirSync(folder);
  writeFileSync(join(root, "secret"), "secret");
  const environment = new TemplateEnvironment({ searchPath: [folder], options: { cache: new TreeCache() } });
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);
  const diagnosticsOf = (name: string): readonly string[] => {
    try {
      return [environment.render(name).text];
    } catch (error) {
      if (!(error instanceof TemplateFault)) throw error;
      return error.diagnostics.map(line);
    }
  };

  it("a byte order mark is no text", () => {
    write("bom", "\ufeff-- set a = 1\n{{ a }}");
    expect(diagnosticsOf("bom")).toEqual(["1"]);
  });

  it("what is no UTF-8 is refused at its byte, with who asked for it", () => {
    write("latin", Buffer.from("a: 1\nb: caf\xe9\n", "latin1"));
    write("asks", "-- include 'latin'\nc: {{ nope }}\n");
    expect(diagnosticsOf("asks")).toEqual([
      "not-text 2: this file is not UTF-8: its byte 11 belongs to no character",
      "undefined-variable 2: 'nope' is undefined",
    ]);
    write("replacement", "a: \ufffd");
    expect(diagnosticsOf("replacement")).toEqual(["a: \ufffd"]);
  });

  it("links that lead in a circle are no files, and are walked once", () => {
    symlinkSync("two", join(folder, "one"));
    symlinkSync("one", join(folder, "two"));
    symlinkSync(".", join(folder, "here"));
    write("circle", "-- include 'one'\n");
    expect(diagnosticsOf("circle")).toEqual(["not-found 1: template 'one' was not found"]);
    write("deep", "-- include 'here/here/here/bom'\n");
    expect(diagnosticsOf("deep")).toEqual(["1"]);
  });

  it.each(["../secret", "/../secret", "a/../../secret", "..", ".", "", "..\\secret", "a\0b"])(
    "the name %j leads nowhere",
    (name) => {
      write("leaves", `-- include ${JSON.stringify(name)}\n`);
      expect(diagnosticsOf("leaves")[0]).toMatch(/^not-found 1/);
    },
  );

  it("a name from the root is below the search path too", () => {
    write("absolute", `-- include '${root}/secret'\n`);
    expect(diagnosticsOf("absolute")[0]).toMatch(/^not-found 1/);
    write("rooted", "-- include '/bom'\n");
    expect(diagnosticsOf("rooted")).toEqual(["1"]);
  });
});
