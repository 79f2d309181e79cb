/** @file One run tells every independent fault, with the way there; what follows from a fault is silent. */
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { startOf } from "../../compiler/source/span.ts";
import { memorySource, TemplateEnvironment, TemplateFault, TreeCache } from "../../compiler/template/index.ts";

type Templates = Readonly<Record<string, string>>;

function faultOf(templates: Templates | string): TemplateFault {
  const files = typeof templates === "string" ? { main: templates } : templates;
  try {
    new TemplateEnvironment({ searchPath: memorySource(files), options: { cache: new TreeCache() } }).render("main");
  } catch (error) {
    if (error instanceof TemplateFault) return error;
    throw error;
  }
  throw new Error("this renders");
}

/** `file:line message (hint)` */
function told({ span, message, hint }: Diagnostic): string {
  const place = span === undefined ? "" : `${span.file.path}:${startOf(span).line} `;
  return `${place}${message}${hint === undefined ? "" : ` (${hint})`}`;
}

const faultsOf = (templates: Templates | string): readonly string[] => faultOf(templates).diagnostics.map(told);
const linesOf = (templates: Templates | string): readonly string[] =>
  faultOf(templates).diagnostics.map(({ span }) =>
    span === undefined ? "" : `${span.file.path}:${startOf(span).line}`,
  );

describe("syntax", () => {
  it("tells the fault of each tag, expression and line statement", () => {
    const source = [
      "a: {{ 'one }}",
      "b: {{ x",
      "-- if a ? b",
      "-- endif",
      "c: {{ 1 + }}",
      "d: {{ 1|uper }} {{ 1 is defned }}",
      "-- set y = [1, 2",
      "{% set z 5 %}",
      "{% for x y %}{% endfor %}",
      "e: {{ f }",
    ];
    expect(linesOf(source.join("\n"))).toEqual([1, 2, 3, 5, 6, 6, 7, 8, 9, 10].map((n) => `main:${n}`));
  });

  it.each([
    [
      "a misspelt `if` with its end",
      "-- iff x\na\n-- else\nb\n-- endif\n",
      ["main:1 there is no tag 'iff' (did you mean 'if'?)"],
    ],
    ["a misspelt end", "-- for x in []\na\n-- enfor\n", ["main:3 there is no tag 'enfor' (did you mean 'endfor'?)"]],
    ["a tag of another language, with its end", "-- trans\na\n-- endtrans\n", ["main:1 there is no tag 'trans'"]],
    ["`elseif`", "-- if 1\na\n-- elseif 2\nb\n-- endif\n", ["main:3 there is no tag 'elseif' (did you mean 'elif'?)"]],
    [
      "a broken condition",
      "-- if x ==\na\n-- elif +\nb\n-- endif\n",
      [
        "main:1 the end of the line stands here, where a value is expected",
        "main:3 the end of the line stands here, where a value is expected",
      ],
    ],
    [
      "an end that is missing inside of a loop",
      "-- for x in []\n-- if x\na\n-- endfor\nb\n-- endif\n",
      ["main:4 'endfor' stands here, while 'if' is still open (close it first, with 'endif')"],
    ],
    [
      "an end too many",
      "a\n-- endif\nb\n-- endfor\n",
      [
        "main:2 'endif' has nothing to close: no 'if' is open",
        "main:4 'endfor' has nothing to close: no 'for' is open",
      ],
    ],
    ["an end without its mark", "-- if 1\na\nendif\n", ["main:1 'if' is never closed (close it with 'endif')"]],
    [
      "two that are never closed",
      "-- if 1\n-- for x in []\na\n",
      ["main:1 'if' is never closed (close it with 'endif')", "main:2 'for' is never closed (close it with 'endfor')"],
    ],
    [
      "a block inside of a section",
      "[one]\n-- block three\nx\n[two]\ny\n",
      ["main:2 'block' is never closed (close it with 'endblock')"],
    ],
    [
      "`set` with a body that cannot be read",
      "-- set a.b.c\nx\n-- endset\n{{ a }}\n",
      ["main:1 '.' cannot stand after 'b'"],
    ],
    ["a `set` without its sign", "-- set a 5\n{{ a }}\n", ["main:1 '5' cannot stand after 'a'"]],
  ])("of %s is told once", (_, source, expected) => {
    expect(faultsOf(source)).toEqual(expected);
  });

  it("in a loop over sections names what is wrong, and not what follows", () => {
    const source = "-- for x in [1]\n[body]\na\n-- endfor\n[other]\nb\n";
    expect(linesOf(source)).toEqual(["main:4"]);
  });

  it("does not keep the faults of other templates from being told", () => {
    expect(
      linesOf({
        main: "-- extends 'base'\n[a]\n{{ 1 + }}\n",
        base: "[a]\n-- include 'part'\n{{ 2 * }}\n",
        part: "{{ 3 / }}",
      }),
    ).toEqual(["main:3", "base:3"]);
  });

  it("makes no fault of names that the unreadable tags would have given", () => {
    expect(faultsOf("-- set lr = 1 +\n-- import as lib\n{{ lr }} {{ lib.x }} {{ nope }}\n").length).toBe(3);
  });
});

describe("evaluation goes on", () => {
  it("behind each fault, and prints the rest", () => {
    const fault = faultOf("a: {{ nope }}!\nb: {{ 1/0 }}!\nc: {{ 'x'.uper() }}!\nd: 4\n");
    expect(fault.kind).toBe("undefined");
    expect(fault.diagnostics.map(told)).toEqual([
      "main:1 'nope' is undefined",
      "main:2 division by zero",
      "main:3 'str object' has no attribute 'uper' (did you mean 'upper'?)",
    ]);
    expect(fault.partialText).toBe("a: !\nb: !\nc: !\nd: 4");
    expect(fault.partialPieces?.filter(({ isGap }) => isGap).map(({ origin }) => startOf(origin.span).line)).toEqual([
      1, 2, 3,
    ]);
    expect(fault.used.map(({ name }) => name)).toEqual(["main"]);
  });

  it.each([
    ["printing", "{{ x }} {{ x ~ 'a' }} {{ x|upper }} {{ x.y.z }} {{ x[0] }} {{ x() }} {{ -x }} {{ x + 1 }}"],
    [
      "asking",
      "{{ x is defined }} {{ x|default(1) }} {{ 1 if x else raise }} {{ x == 1 }} {{ not x }} {{ 1 in x }} {{ [x]|first + 1 }}",
    ],
    ["looping", "-- for i in x\n{{ i.nope }}\n-- else\n{{ other }}\n-- endfor\n"],
    ["deciding", "-- if x\n-- set y = 1\n-- else\n-- set z = 1\n-- endif\n{{ y }} {{ z }}"],
    ["a macro", "-- macro m(a)\n{{ a }}\n-- endmacro\n-- set r = m(x)\n{{ r|int + 1 }}{{ {'a': 1}[r] }}"],
    ["a set block", "-- set b\na {{ x }}\n-- endset\n{{ b }} {{ {'a': 1}[b] }}"],
    ["unpacking", "-- set p, q = x\n{{ p }} {{ q }}"],
    ["a namespace", "-- set ns = namespace(a=x)\n-- set ns.b = x\n{{ ns.a }} {{ ns.b.c }}"],
    ["names of templates", "-- include x\n-- import x as lib\n{{ lib.m() }}\n-- from x import q\n{{ q }}"],
    ["a condition that sets a namespace", "-- set ns = namespace()\n-- if x\n-- set ns.v = 1\n-- endif\n{{ ns.v }}"],
  ])("and what failed is silent when it is used: %s", (_, source) => {
    expect(faultsOf(`-- set x = 1/0\n${source}`)).toEqual(["main:1 division by zero"]);
  });

  it("with every undefined operand", () => {
    expect(linesOf("{{ first_one ~ second_one }}\n{{ third_one + fourth_one }}").length).toBe(4);
  });

  it("and a name that is used often is one fault, with its other places", () => {
    const { diagnostics } = faultOf("a: {{ nope }}\nb: {{ nope }}\n-- for i in range(9)\n{{ nope }}\n-- endfor\n");
    expect(
      diagnostics.map(({ span, labels }) =>
        [span, ...(labels ?? []).map((l) => l.span)].map((s) => s && startOf(s).line),
      ),
    ).toEqual([[1, 2, 4]]);
  });

  it("behind a missing template, once", () => {
    expect(faultsOf({ main: "-- extends 'bse'\n[a]\n{{ super() }}{{ macro_of_base() }}\n", base: "[a]\n" })).toEqual([
      "main:1 template 'bse' was not found (did you mean 'base'?)",
    ]);
    expect(faultsOf("-- from 'lib' import a\n-- import 'lib2' as b\n{{ a() }}{{ b.c }}\n")).toHaveLength(2);
    expect(faultsOf({ main: "-- import 'lib' as lib\n{{ lib.m() }}\n", lib: "-- extends 'gone'\n" })).toEqual([
      "lib:1 template 'gone' was not found (template names are relative to the search path; sub-templates are known once their file was read)",
    ]);
  });

  it("and no more than 50 are told", () => {
    expect(faultsOf(Array.from({ length: 200 }, (_, i) => `{{ name_${i} }}`).join("\n"))).toHaveLength(50);
  });
});

it("a template that is missing itself is a fault like any other", () => {
  const environment = new TemplateEnvironment({ searchPath: memorySource({ main: "" }) });
  expect(() => environment.render("mian")).toThrow(expect.objectContaining({ kind: "not_found", partialText: "" }));
  expect(() => environment.parse("mian")).toThrow(TemplateFault);
});

it("a template is read once for its content, with its faults", () => {
  const cache = new TreeCache();
  const source = { path: "main", text: "{{ 1 + }}{{ 'a }}" };
  const options = { preserveLineNumbers: true };
  const [first] = cache.parts("main", source, options);
  const [second] = cache.parts("main", { ...source }, options);
  expect(second?.readable).toBe(first?.readable);
  expect(first?.readable.damage?.diagnostics).toHaveLength(2);
  expect(() => first?.tree).toThrow(TemplateFault);
});

describe("hints name", () => {
  it.each([
    ["a variable", "-- set learning_rate = 1\n{{ learnin_rate }}", "did you mean 'learning_rate'?"],
    ["a function", "{{ joinpth('a') }}", "did you mean 'joinpath'?"],
    ["an attribute", "-- set ns = namespace(lr=1, steps=2)\n{{ ns.lrr }}", "did you mean 'lr'?"],
    ["all attributes", "-- set ns = namespace(lr=1, steps=2)\n{{ ns.zzz }}", "it has 'lr', 'steps'"],
    ["a key", "-- set d = {'hidden': 1}\n{{ d.hiden }}", "did you mean 'hidden'?"],
    ["an argument of a filter", "{{ 'a'|indent(widht=2) }}", "did you mean 'width'?"],
    ["an argument of a macro", "-- macro m(size, rate)\n-- endmacro\n{{ m(sise=2) }}", "did you mean 'size'?"],
    ["all arguments of a macro", "-- macro m(size, rate)\n-- endmacro\n{{ m(other=2) }}", "it takes 'size', 'rate'"],
    ["a method", "{{ 'a'.splt() }}", "did you mean 'split'?"],
    ["a filter in a condition", "{{ 1 if 2|uper }}", "did you mean 'upper'?"],
    ["the word for nothing", "{{ null }}", "the language's word is 'none'"],
    ["the filter for a function", "{{ len([1]) }}", "there is a filter: x|length"],
    ["the word for a sign", "{{ 1 || 2 }}", "'or' joins conditions"],
    ["a namespace to set", "-- set ns = namespace()\n-- set nss.a = 1\n", "did you mean 'ns'?"],
  ])("%s", (_, source, hint) => {
    expect(faultOf(source).diagnostics[0]?.hint).toBe(hint);
  });

  it("a template in another folder", () => {
    expect(faultOf({ main: "-- include 'adam.yaml'\n", "optimizers/adam.yaml": "" }).diagnostics[0]?.hint).toBe(
      "did you mean 'optimizers/adam.yaml'?",
    );
  });

  it("a block that some parent has", () => {
    const { diagnostics } = faultOf({
      main: "-- extends 'middle'\n[optimzer]\nx\n{{ not_run }}\n",
      middle: "-- extends 'base'\n[model]\n{{ nope }}\n",
      base: "[model]\n[optimizer]\n",
    });
    expect(diagnostics.map(told)).toEqual([
      "middle:3 'nope' is undefined",
      "main:2 block 'optimzer' overrides nothing: no template that this one extends has it (did you mean 'optimizer'?)",
    ]);
  });
});

it("a `set` without its mark is pointed out where its name is missing", () => {
  const [fault] = faultOf("--set lr = 1\nx: {{ lr }}\n").diagnostics;
  expect(fault?.labels?.map(({ span, text }) => `${startOf(span).line} ${text}`)).toEqual([
    "1 this line is text: a statement begins with '-- '",
  ]);
});

it("the chain shows the filter's macro, the macro's block, the block's parent", () => {
  const { diagnostics } = faultOf({
    main: "-- extends 'base'\n-- from 'lib' import m\n[model]\n{{ m('x') }}\n",
    base: "[model]\n",
    lib: "-- macro m(value)\nv: {{ value|round }}\n-- endmacro\n",
  });
  const [fault] = diagnostics;
  expect(told(fault as Diagnostic)).toBe("lib:2 bad operand type for round(): 'str'");
  expect(
    fault?.chain?.map(({ kind, name, span }) => `${kind} ${name} ${span.file.path}:${startOf(span).line}`),
  ).toEqual(["extends base main:1", "block model base:1", "macro m main:4"]);
});

it("syntax faults of an included template show who included it", () => {
  const { diagnostics } = faultOf({ main: "a\n-- include 'part'\n", part: "{{ 1 + }}\n{{ 2 + }}\n" });
  expect(diagnostics.map(({ chain }) => chain?.map(({ name }) => name))).toEqual([[], []]);
});
