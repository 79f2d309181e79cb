/** @file What the language server answers, asked as functions over documents and places. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { openExplainer } from "../../compiler/driver/provenance/explain.ts";
import { actionsFor } from "../../compiler/lsp/actions.ts";
import { completionsAt } from "../../compiler/lsp/completion.ts";
import { cursorAt } from "../../compiler/lsp/cursor.ts";
import { definitionsAt } from "../../compiler/lsp/definition.ts";
import { checkDocument } from "../../compiler/lsp/diagnostics.ts";
import { offsetOf, positionOf } from "../../compiler/lsp/documents.ts";
import { hoverAt } from "../../compiler/lsp/hover.ts";
import { renamableAt, renameEdit } from "../../compiler/lsp/rename.ts";
import { symbolsOf } from "../../compiler/lsp/symbols.ts";
import { Bench, shown, templates, typing } from "./bench.ts";

const soup = "configs/soup.yaml";

function definitions(name: string, text: string, behind = 1): readonly string[] {
  const bench = new Bench();
  const cursor = bench.at(name, text, behind);
  return definitionsAt(cursor, bench.components(cursor.view)).map(shown);
}

it.each<[string, string, number, readonly string[]]>([
  [soup, "kitchen.yaml", 2, ["templates/kitchen.yaml:1 ## Everything that is cooked begins here."]],
  [soup, "inline.pepper'", 2, ["templates/configs/soup.yaml:23 max_steps: {{ ns.heat | int }}"]],
  [
    "configs/stew.yaml",
    "[optimizer]",
    3,
    ["templates/configs/soup.yaml:7 [optimizer]", "templates/kitchen.yaml:9 -- block optimizer"],
  ],
  [soup, "*optimizer", 3, ["templates/kitchen.yaml:11 optimizer: &optimizer !partial:fgc/optim:AdamW"]],
  [soup, "*schedule", 3, ["templates/configs/soup.yaml:12 schedule: &schedule !partial:fgc/optim:ConstantLR"]],
  ["kitchen.yaml", "stir(ns", 2, ["templates/spoons.jinja:1 -- macro stir(times)"]],
  [soup, "./src/taste.ts", 4, ["src/taste.ts:8 export class Taste {"]],
  [soup, "salt", 2, ["src/taste.ts:4 readonly salt?: number;"]],
])("finds what is meant in %s by %s", (name, text, behind, places) => {
  expect(definitions(name, text, behind)).toEqual(places);
});

it("leads a constructor of the library to its declaration", () => {
  const [place] = definitions(soup, "fgc/optim:ConstantLR", 12);
  expect(place).toMatch(/dist\/types\/stdlib\/optim\/\S+\.d\.ts:\d+ export declare class ConstantLR/);
});

it("leads a variable to the places that set it, nearest first", () => {
  expect(definitions(soup, "ns.heat | int", 4)[0]).toBe("templates/configs/soup.yaml:5 -- set ns.heat = 5");
});

function hover(name: string, text: string, behind = 1): string {
  const bench = new Bench();
  const cursor = bench.at(name, text, behind);
  const contents = hoverAt(cursor, bench.components(cursor.view))?.contents;
  return typeof contents === "object" && "value" in contents ? contents.value : "";
}

it("shows who overrides a block", () => {
  expect(hover(soup, "[optimizer]", 2)).toBe(
    [
      "block `optimizer`",
      "How the taste is found.",
      "- `kitchen.yaml`:9 defined\n- `configs/soup.yaml`:7 adds to it (here)\n- `configs/stew.yaml`:3 adds to it",
    ].join("\n\n"),
  );
});

it("shows where a variable gets its values", () => {
  expect(hover(soup, "ns.heat = 5", 4)).toContain("- `5` set in configs/soup.yaml:5");
  expect(hover(soup, "ns.heat = 5", 4)).toContain("- `heat | default(3)` set in kitchen.yaml:6");
});

it("shows arguments and what they are for", () => {
  expect(hover(soup, "weight_decay", 3)).toContain("**weight_decay**: `number`");
  expect(hover(soup, "salt", 2)).toContain("Grams of it.");
  expect(hover(soup, "save_strategy", 2)).toContain("save_strategy");
  expect(hover(soup, "fgc/optim:ConstantLR", 3)).toContain("`fgc/optim:ConstantLR`, a class");
});

it("shows where a value comes from", () => {
  const bench = new Bench();
  const cursor = bench.at("kitchen.yaml", "lr: 0.01", 1);
  const explain = (config: string, path: string) =>
    openExplainer(bench.host, { project: cursor.view.project, config }, (name) => name).explain(path);
  const contents = hoverAt(cursor, bench.components(cursor.view), explain)?.contents;
  const value = typeof contents === "object" && "value" in contents ? contents.value : "";
  expect(value).toContain("`optimizer.lr` is `0.01` in soup.yaml");
  expect(value).toContain("- `0.01` kitchen.yaml:12 (wins)");
  expect(value).toContain("default of AdamW");
});

function completions(name: string, text: string): readonly string[] {
  const { bench, cursor } = typing(name, text);
  return [...completionsAt(cursor, bench.components(cursor.view))]
    .sort((a, b) => ((a.sortText ?? "") < (b.sortText ?? "") ? -1 : 1))
    .map(({ label }) => label);
}

it("offers templates, this file's own first", () => {
  const offered = completions(soup, "-- extends '‸'\n\n#--- inline.salt ---\n");
  expect(offered[0]).toBe("inline.salt");
  expect(offered).toContain("kitchen.yaml");
  expect(offered).toContain("config_type.yaml");
});

it("offers the parents' blocks, those that are left first", () => {
  expect(completions(soup, "-- extends 'kitchen.yaml'\n\n[settings]\n\n[‸\n")).toEqual([
    "dish",
    "optimizer",
    "side",
    "settings",
  ]);
});

it("offers constructors, arguments that are not given yet, and their words", () => {
  expect(completions(soup, "[side]\na: !partial:fgc/opt‸\n")).toContain("fgc/optim:AdamW");
  const names = completions(soup, "[side]\na: !partial:fgc/optim:AdamW\n    lr: 1\n    ‸\n");
  expect(names).toContain("weight_decay");
  expect(names).not.toContain("lr");
  expect(completions(soup, "[side]\na: !partial:./src/taste.ts:Taste\n    amount: ‸\n")).toEqual(["little", "much"]);
  expect(completions(soup, "[side]\na: !‸\n")).toContain("partial");
});

it("offers arguments of a call that a block above begins", () => {
  const names = completions(
    soup,
    "-- extends 'kitchen.yaml'\n\n[optimizer]\n    == super()\n    betas: [0.9, 0.95]\n    ‸\n",
  );
  expect(names).toContain("weight_decay");
  expect(names).not.toContain("betas");
});

it("offers arguments of a computed constructor", () => {
  const text =
    "-- extends 'kitchen.yaml'\n\n[side]\n-- set cook = 'fgc/optim:SGD'\na: !partial:{{ cook }}\n    ‸\nb: 1\n";
  expect(completions(soup, text)).toContain("momentum");
});

it("offers aliases, variables, filters and tests", () => {
  expect(completions(soup, "-- extends 'kitchen.yaml'\n\n[side]\na: &mine 1\nb: *‸\n")).toEqual(["mine", "optimizer"]);
  expect(completions(soup, "-- extends 'kitchen.yaml'\n\n[side]\na: {{ ns.h‸\n")).toContain("ns.heat");
  expect(completions(soup, "a: {{ x | to‸\n")).toContain("toyaml");
  expect(completions(soup, "-- if x is def‸\n")).toContain("defined");
  expect(completions(soup, "## a comment ‸\n")).toEqual([]);
});

it("outlines templates, blocks and targets", () => {
  const bench = new Bench();
  const { view, file } = bench.at(soup, "-- extends");
  const outline = (symbols: ReturnType<typeof symbolsOf>): unknown =>
    symbols.map(({ name, children = [] }) => (children.length === 0 ? name : [name, outline(children)]));
  expect(outline(symbolsOf(view, file))).toEqual([
    "settings",
    "optimizer",
    ["side", ["schedule", "taste", "arguments", "main"]],
    "inline.pepper",
  ]);
});

const everywhere = (): boolean => true;

it("renames a block in every template of its hierarchy", () => {
  const cursor = new Bench().at(soup, "[optimizer]", 2);
  const edit = renameEdit(cursor, "solver", everywhere);
  expect(
    "changes" in edit
      ? Object.entries(edit.changes ?? {}).map(([uri, edits]) => [uri.split("/").at(-1), edits.length])
      : edit,
  ).toEqual([
    ["kitchen.yaml", 2],
    ["soup.yaml", 1],
    ["stew.yaml", 1],
  ]);
});

it("does not rename what others share, nor into a name that is taken", () => {
  const cursor = new Bench().at(soup, "[optimizer]", 2);
  expect(renameEdit(cursor, "dish", everywhere)).toEqual({ reason: "'kitchen.yaml' has a block 'dish' already" });
  expect(renameEdit(cursor, "two words", everywhere)).toEqual({ reason: "'two words' cannot be the name of a block" });
  expect(renamableAt(cursor, (path) => !path.endsWith("/kitchen.yaml"))).toEqual({
    reason: "block 'optimizer' is also in 'kitchen.yaml', which is not part of this workspace",
  });
  expect(renamableAt(new Bench().at(soup, "*schedule", 2), everywhere)).toEqual({
    reason: "only blocks can be renamed",
  });
});

it("checks a template through the nearest config, with the text in the editor", async () => {
  const broken = "-- extends 'kitchen.yaml'\n\n[side]\na: !partial:fgc/optim:AdamW\n    lrr: 1\n";
  const bench = new Bench({ [soup]: broken });
  const view = bench.view("kitchen.yaml");
  const path = join(templates, "kitchen.yaml");
  expect(view.configsReaching(path)).toEqual(["soup.yaml", "stew.yaml"]);
  const faults = await checkDocument(bench.host, bench.views, path, { types: "signatures" });
  expect(faults.get(path)).toEqual([]);
  const [fault] = faults.get(join(templates, soup)) ?? [];
  expect(fault).toMatchObject({
    code: "types/unknown-argument",
    severity: 1,
    range: { start: { line: 4, character: 4 }, end: { line: 4, character: 7 } },
  });
  expect(fault?.relatedInformation?.[0]?.message).toBe("block 'side'");
});

it("tells why a project cannot be read", async () => {
  const bench = new Bench({ "../meta.yaml": "-- extends 'nowhere.yaml'\n" });
  const path = join(templates, "../meta.yaml");
  const faults = await checkDocument(bench.host, bench.views, path, { types: "signatures" });
  expect(faults.get(path)?.map(({ code }) => code)).toEqual(["template/not-found"]);
});

it("puts the name there that was meant", async () => {
  const text =
    "-- extends 'kitchen.yaml'\n\n[side]\na: !partial:fgc/optim:AdmW\nb: !partial:fgc/optim:SGD { momntum: 1 }\n";
  const bench = new Bench({ [soup]: text });
  const path = join(templates, soup);
  const faults = await checkDocument(bench.host, bench.views, path, { types: "signatures" });
  const actions = actionsFor({ path, text }, faults.get(path) ?? []);
  expect(actions.map(({ title }) => title)).toEqual(["Replace with 'AdamW'", "Replace with 'momentum'"]);
  const edits = actions.flatMap(({ edit }) => Object.values(edit?.changes ?? {}).flat());
  expect(edits.map(({ range }) => [range.start, range.end.character])).toEqual([
    [{ line: 3, character: 22 }, 26],
    [{ line: 4, character: 28 }, 35],
  ]);
});

it("answers in a document that is not whole", () => {
  expect(completions(soup, "-- extends 'kitchen.yaml'\n-- if ns.heat >\n\n[‸\n")).toContain("dish");
});

it("counts as the protocol does", () => {
  const file = { path: "a", text: "one\r\ntwo\nlü😀x" };
  for (const offset of [0, 3, 5, 9, 10, 13]) expect(offsetOf(file, positionOf(file, offset))).toBe(offset);
  expect(positionOf(file, 13)).toEqual({ line: 2, character: 4 });
  expect(offsetOf(file, { line: 0, character: 99 })).toBe(3);
  expect(offsetOf(file, { line: 9, character: 0 })).toBe(file.text.length);
});

it("answers at every place, and at none with a fault", () => {
  const bench = new Bench({
    "configs/soup.yaml": `\0[side\r\n${"{{ ".repeat(9)}\n-- extends\n*\n!partial:\n    \t: &\n\ufeff{% block`,
  });
  const view = bench.view(soup);
  const components = bench.components(view);
  const explain = () => undefined;
  for (const { path } of view.entries.filter((entry) => entry.path.startsWith(templates))) {
    const file = { path, text: bench.host.files.readText(path) ?? "" };
    symbolsOf(view, file);
    for (let offset = 0; offset <= file.text.length; offset += 2) {
      const cursor = cursorAt(view, file, offset);
      definitionsAt(cursor, components);
      hoverAt(cursor, components, explain);
      completionsAt(cursor, components);
      renameEdit(cursor, "other", everywhere);
    }
  }
});

it("finds the config of a template that is included by a computed name", () => {
  const bench = new Bench({
    "configs/dynamic.yaml": "-- set ns = namespace(part='parts/lone.yaml')\n-- include ns.part\n",
    "parts/lone.yaml": "lone: !partial:fgc/optim:AdamW\n    lr: 1\n",
  });
  expect(bench.view("parts/lone.yaml").configsReaching(join(templates, "parts/lone.yaml"))).toEqual(["dynamic.yaml"]);
});
