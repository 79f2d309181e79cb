/** @file Projects in upstream's manner: Python's names, parts found by their dots, code that is generated and imported again. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { checkConfig } from "../../compiler/driver/check.ts";
import { loadProject } from "../../compiler/driver/compile.ts";
import { compileProgram } from "../../compiler/driver/program-graph.ts";
import { symbolHost } from "../../compiler/driver/symbol-host.ts";
import { findCounterpart, wellKnownSpecs } from "../../compiler/graph/import-map.ts";
import { irToJson } from "../../compiler/graph/passes/index.ts";
import { targetsOf } from "../../compiler/graph/passes/queries.ts";

const workspace = join(import.meta.dirname, "workspace");
const host = nodeHost();

async function check(config: string, folder = "harbour"): Promise<readonly Diagnostic[]> {
  const project = loadProject(host, join(workspace, folder));
  return (await checkConfig(host, { project, config })).diagnostics;
}

it("compiles a model and its tokenizer", async () => {
  const shown = async (config: string, folder?: string) => (await check(config, folder)).map(({ message }) => message);
  expect(await shown("small.yaml")).toEqual([]);
  expect(await shown("letters.yaml", "words")).toEqual([]);
});

it("makes one model module of the generated code, the file, its config class and its model class", () => {
  const project = loadProject(host, join(workspace, "harbour"));
  const { root } = compileProgram(host, { project, config: "small.yaml", targets: ["model"] });
  const text = JSON.stringify(irToJson(root, (path) => path));
  expect(text).toContain("fgc/compiler:modelModule");
  expect(text).toContain('"attn_implementation":"eager"');
  expect(text).not.toContain("skiff.py");
  expect(text).not.toContain("forgather");
});

it("writes arguments as the counterpart has them", () => {
  const project = loadProject(host, join(workspace, "harbour"));
  const { root } = compileProgram(host, { project, config: "small.yaml", targets: ["tide", "gale", "calm"] });
  const given = targetsOf(root).map(({ value }) =>
    value.kind === "call"
      ? value.kwargs.map((entry) => [entry.name, entry.value.kind === "scalar" && entry.value.value])
      : [],
  );
  expect(given).toEqual([[["lr", 0.1]], [["lr", 0.001]], [["lr", 0.2]]]);
});

it("tells of each missing part once, and of nothing that follows from it", async () => {
  const found = await check("missing.yaml");
  expect(found.map(({ code, message }) => `${code} ${message}`)).toEqual([
    "resolve/no-counterpart 'datasets:load_dataset' has no counterpart here: reads from the Hugging Face Hub; name local files with fgc/data:textFiles or fgc/data:jsonLines",
    "resolve/no-counterpart 'harbour.data:Pilots' has no counterpart here: the pilots keep it",
    "resolve/no-counterpart '.rudder:Rudder' has no counterpart here: src/rudder.py is Python",
    "resolve/no-counterpart 'torch.optim:Adagrad' has no counterpart here: not built yet",
    "resolve/ignored-argument 'moon' of 'harbour.optim:Tide' has no effect here",
  ]);
  expect(found[0]?.hint).toContain("named once more");
  expect(found[0]?.labels).toHaveLength(1);
});

it("leads every well-known spec to something that the library has", () => {
  const { library } = symbolHost(host);
  const own = new Set(["forgather:from_project", "fgc/build:asset", "fgc/compiler:modelModule"]);
  const astray = [...wellKnownSpecs].flatMap(([spec, entry]) => {
    if ("missing" in entry || own.has(entry.to)) return [];
    const [module, path] = entry.to.split(":") as [string, string];
    const [name, member] = path.split(".") as [string, string | undefined];
    const found = library.modules[module]?.exports[name];
    const isThere =
      member === undefined
        ? found !== undefined
        : found !== undefined && "statics" in found && member in (found.statics ?? {});
    return isThere ? [] : [`${spec} → ${entry.to}`];
  });
  expect(astray).toEqual([]);
});

it("reads a spec in each of its spellings", () => {
  const to = (spec: string) => findCounterpart(wellKnownSpecs, spec);
  expect(to("torch:optim.AdamW")).toEqual(to("torch.optim:AdamW"));
  expect(to("torch.optim.AdamW")).toEqual(to("torch.optim:AdamW"));
  expect(to("tokenizers:pre_tokenizers.ByteLevel.alphabet")).toMatchObject({ to: "fgc/tokenizers:byteLevelAlphabet" });
});
