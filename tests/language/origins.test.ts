/** @file Every character of a rendered text knows the place that wrote it, and how that place was reached. */
import { expect, it } from "vitest";
import { startOf } from "../../compiler/source/span.ts";
import {
  memorySource,
  type RenderResult,
  TemplateEnvironment,
  TemplateFault,
  TreeCache,
} from "../../compiler/template/index.ts";

function environment(templates: Readonly<Record<string, string>>): TemplateEnvironment {
  return new TemplateEnvironment({ searchPath: memorySource(templates), options: { cache: new TreeCache() } });
}

/** Where `needle` of the output was written: `file:line:column`, and the way there. */
function origin(result: RenderResult, needle: string): { place: string; chain: string[] } {
  const { span, stack } = result.originAt(result.text.indexOf(needle));
  const { line, column } = startOf(span);
  return { place: `${span.file.path}:${line}:${column}`, chain: stack.map((frame) => `${frame.kind} ${frame.name}`) };
}

const project = {
  "base.yaml": "top: 1\n[model]\nwidth: 8\n[optimizer]\nlr: {{ lr|default(1) }}\n",
  "main.yaml": "-- extends 'base.yaml'\n[model]\n    => super()\ndepth: 4 ## layers\n",
};

it("keeps the places of text that super() prints, through the trim of `=>`", () => {
  const result = environment(project).render("main.yaml");
  expect(result.text).toBe("top: 1\nwidth: 8\ndepth: 4\n\nlr: 1\n");
  expect(origin(result, "width")).toEqual({
    place: "base.yaml:3:1",
    chain: ["extends base.yaml", "block model", "block model"],
  });
  expect(origin(result, "depth")).toEqual({ place: "main.yaml:4:1", chain: ["extends base.yaml", "block model"] });
  expect(origin(result, "4").place).toBe("main.yaml:4:8");
  expect(origin(result, "top").chain).toEqual(["extends base.yaml"]);
});

it("gives a printed value the place of its expression", () => {
  const result = environment(project).render("main.yaml");
  const { span } = result.originAt(result.text.lastIndexOf("1"));
  expect(span.file.text.slice(span.start, span.end)).toBe("lr|default(1)");
});

it("follows macros, callers, includes and sub-templates", () => {
  const result = environment({
    "main.yaml":
      "-- macro wrap(name)\nbegin {{ name }}\n{{ caller() }}\n-- endmacro\n-- call wrap('x')\ninner\n-- endcall\n-- include 'part'\n\n#--- part ---\nfrom part\n",
  }).render("main.yaml");
  expect(origin(result, "begin")).toEqual({ place: "main.yaml:2:1", chain: ["macro wrap"] });
  expect(origin(result, "inner")).toEqual({ place: "main.yaml:6:1", chain: ["macro wrap", "call caller"] });
  expect(origin(result, "from part")).toEqual({ place: "main.yaml:11:1", chain: ["include part"] });
});

it("covers the text with its pieces, and verbatim pieces with their own spans", () => {
  const result = environment(project).render("main.yaml");
  expect(result.pieces.map((piece) => piece.text).join("")).toBe(result.text);
  for (const [offset, character] of [...result.text].entries()) {
    const { span } = result.originAt(offset);
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    if (/[a-z]/.test(character) && span.end - span.start === 1) expect(span.file.text[span.start]).toBe(character);
  }
});

it("lists what was read, and which template reached which", () => {
  const { used, edges } = environment(project).render("main.yaml");
  expect(used.map((file) => file.name)).toEqual(["main.yaml", "base.yaml"]);
  expect(edges.map(({ kind, from, to }) => [kind, from, to])).toEqual([["extends", "main.yaml", "base.yaml"]]);
});

it("warns of a block that overrides nothing", () => {
  const { warnings } = environment({ ...project, "main.yaml": "-- extends 'base.yaml'\n[optimiser]\nx\n" }).render(
    "main.yaml",
  );
  expect(warnings).toMatchObject([
    { code: "template/unknown-block", severity: "warning", hint: "did you mean 'optimizer'?" },
  ]);
});

it("keeps the text before a fault", () => {
  const failing = environment({ "main.yaml": "a: 1\nb: {{ nope }}\n" });
  try {
    failing.render("main.yaml");
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(TemplateFault);
    expect((error as TemplateFault).partialText).toBe("a: 1\nb: ");
  }
});
