/** @file A template cannot reach the files outside of its search path, the prototype chain, the process or the network. */
import { describe, expect, it } from "vitest";
import { memorySource, TemplateEnvironment, TemplateFault, TreeCache } from "../../compiler/template/index.ts";

/** Names that JavaScript finds on every object, and Python's ways out of its own sandbox. */
const javascript = [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...["prototype", "apply", "call", "bind", "then", "mainModule", "require"],
];
const python = [
  "__class__",
  "__mro__",
  "__subclasses__",
  "__globals__",
  "__builtins__",
  "__init__",
  "gi_frame",
  "mro",
  "_x",
];

function environment(main: string): TemplateEnvironment {
  return new TemplateEnvironment({ searchPath: memorySource({ main }), options: { cache: new TreeCache() } });
}

/** The text, or the codes of what is wrong. */
function outcome(main: string): string {
  try {
    return environment(main).render("main").text;
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    return error.diagnostics.map(({ code }) => code).join(" ");
  }
}

const values = [
  ...[
    "1",
    "1.5",
    "true",
    "none",
    "'text'",
    "[1]",
    "(1, 2)",
    "{'k': 1}",
    "range(3)",
    "namespace(a=1)",
    "now()",
    "dict",
    "lipsum",
  ],
  ...[
    "cycler(1)",
    "joiner()",
    "'a'.upper",
    "[1].append",
    "[1]|map('string')",
    "{'k': 1}.items()",
    "('a'|escape)",
    "splitext('a.b')",
  ],
  ...[
    "{'k': 1}|items",
    "[{'a': 1}]|groupby('a')|first",
    "m",
    "self",
    "loop",
    "caller",
    "2 ** -0.5",
    "(-8) ** 0.5",
    "'a'.encode()",
  ],
];

/** What an attribute or item that is not there may lead to. */
const refused = /^(?:template\/(?:undefined-variable|security|evaluation)(?: |$))+$/;

describe.each([...javascript, ...python])("the name %s", (name) => {
  it("is no attribute, item or filtered attribute of anything", () => {
    for (const value of values) {
      for (const use of [`(${value}).${name}`, `(${value})['${name}']`, `(${value})|attr('${name}')`]) {
        const result = outcome(`-- macro m()\n-- endmacro\n-- for i in [1]\n{{ ${use} }}\n-- endfor\n`);
        // `format`, `items` and the like are Python's methods too: those print as Python prints them.
        expect(result, use).toMatch(/^(?:template\/[\w-]+(?: |$))+$|^<function \w+>\n?$/);
        if (name.startsWith("_")) expect(result, use).toMatch(refused);
      }
    }
  });

  it("is no filter, test, tag, global, argument, block or template", () => {
    expect(outcome(`{{ 1|${name} }}`)).toBe("template/unknown-filter");
    expect(outcome(`{{ 1 is ${name} }}`)).toBe("template/unknown-test");
    expect(outcome(`{{ [1]|map('${name}')|list }}`)).toBe("template/evaluation");
    expect(outcome(`{{ [1]|select('${name}')|list }}`)).toBe("template/evaluation");
    expect(outcome(`{% ${name} %}`)).toMatch(/^template\/(?:unknown-tag|syntax|unclosed)/);
    expect(outcome(`{{ ${name} }}`)).toBe("template/undefined-variable");
    expect(outcome(`{{ dict(a=1, ${name}=2)['${name}'] }}`)).toBe("2");
    expect(outcome(`{{ 'a'|indent(${name}=2) }}`)).toBe("template/evaluation");
    expect(outcome(`{{ '%(${name})s' % {} }}`)).toBe("template/evaluation");
    expect(outcome(`{{ '{${name}}'.format() }}{{ '{0.${name}}'.format(1) }}`)).toMatch(refused);
    expect(outcome(`-- include '${name}'\n`)).toBe("template/not-found");
    expect(outcome(`{{ self.${name}() }}`)).toMatch(refused);
  });

  it("is plain data where a template makes it", () => {
    expect(outcome(`-- set ${name} = 1\n{{ ${name} }}`)).toBe("1");
    expect(outcome(`-- set d = {'${name}': 5}\n{{ d['${name}'] }} {{ d.keys()|list }} {{ d|tojson }}`)).toBe(
      `5 ['${name}'] {"${name}": 5}`,
    );
    expect(outcome(`-- set d = {}\n-- set _ = d.update({'${name}': 5})\n{{ d['${name}'] }}{{ d|length }}`)).toBe("51");
    expect(outcome(`[${name}]\nx\n`)).toBe("x\n\n".slice(0, 2));
    expect(outcome(`-- macro f(${name})\n{{ ${name} }}\n-- endmacro\n{{ f(${name}=3) }}`)).toContain("3");
  });
});

it("nothing of the host leaks through Object.prototype", () => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  outcome(
    "-- set ns = namespace({'__proto__': {'polluted': 1}})\n-- set ns.__proto__ = {'polluted': 1}\n{{ {'__proto__': {'polluted': 1}} }}",
  );
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

it.each([
  "process",
  "require",
  "globalThis",
  "fetch",
  "import",
  "module",
  "Buffer",
  "eval",
  "Function",
  "open",
  "os",
  "sys",
])("%s is no name of templates", (name) => {
  expect(outcome(`{{ ${name} }}`)).toBe("template/undefined-variable");
  expect(outcome(`{{ ${name}('x') }}`)).toBe("template/undefined-variable");
});

it.each([
  "''.__class__.__mro__[1].__subclasses__()",
  "lipsum.__globals__['os'].popen('id')",
  "cycler.__init__.__globals__",
  "self.__init__",
  "'{0.__class__}'.format(1)",
  "'{0[__class__]}'.format({})",
  "'{x.__init__.__globals__}'.format_map({'x': 1})",
  "([1]|map(attribute='__class__')|list)[0] + 1",
  "[1, 2]|sort(attribute='__class__')",
  "[1, 2]|groupby('__class__')",
  "''|attr('__class__') ~ ''",
  "dict.fromkeys.__self__",
  "(1).__class__('2')",
])("Python's way out is closed: %s", (expression) => {
  expect(outcome(`{{ ${expression} }}`)).toMatch(refused);
});

it("globals that tell of the machine tell only what they are asked for", () => {
  const host = {
    now: () => 0,
    utcOffsetMinutes: () => 0,
    cwd: () => "/work",
    homeDirectory: () => "/home/me",
    environment: (name: string) => (name === "SECRET" ? expect.fail("a template read the environment") : undefined),
    random: () => 0.5,
    platform: "linux" as const,
  };
  const text = new TemplateEnvironment({
    searchPath: memorySource({ main: "{{ getcwd() }} {{ user_cache_dir('SECRET') }} {{ abspath('../x') }}" }),
    host,
  }).render("main").text;
  expect(text).toBe("/work /home/me/.cache/SECRET /x");
});
