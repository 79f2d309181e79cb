/**
 * @file A config as the modules that TypeScript is to check: all of its targets, with nothing built and nothing written.
 *
 *     trainer.ts, model.ts    as a build would emit them
 *     targets.ts              every other target, as one function of the variables that nothing binds
 *
 * What a config asks of an asset (`len(tokenizer)`) is known after a build; here a value of the right kind stands for it.
 */
import { join } from "node:path";
import { emitFunctionModule } from "../codegen/function-module.ts";
import type { EmitPlan, MarkedModule } from "../codegen/plan.ts";
import type { CallNode, GraphValue } from "../graph/node.ts";
import { assetsOf, factNodes } from "../graph/passes/facts.ts";
import { isCallOf, keyText, modelModuleSpec, targetOf, targetsOf, walk } from "../graph/passes/queries.ts";
import type { Project } from "./compile.ts";
import type { Host } from "./host.ts";
import { emitModules } from "./modules.ts";
import { knownFolders, shortener } from "./places.ts";
import type { ProgramGraph } from "./program-graph.ts";

export function modulesToCheck(host: Host, project: Project, program: ProgramGraph): readonly MarkedModule[] {
  const { root } = program;
  const plan = checkPlan(host, project, program);
  const main = targetOf(root, "main");
  const { modules } = main === undefined ? { modules: [] } : emitModules(main, root, plan);
  const seen = new Set<GraphValue>(modules.some(({ name }) => name === "trainer.ts") ? walk(main as GraphValue) : []);
  const others = targetsOf(root)
    .filter((entry) => !compileTimeTargets.has(keyText(entry)) && !seen.has(entry.value))
    .map(({ value }) => value);
  if (others.length === 0) return modules;
  const list: GraphValue = { kind: "list", items: others, origin: root.origin };
  const targets = emitFunctionModule(list, plan, { name: "targets.ts", freeType: "any" });
  const missing = modules.some(({ name }) => name === "model.ts") ? undefined : modelModuleIn(list);
  const model = missing === undefined ? [] : emitModules(missing, root, plan).modules;
  return [...modules, ...model, targets];
}

/** What only the compiler reads. */
const compileTimeTargets: ReadonlySet<string> = new Set(["meta", "dynamic_args"]);

function modelModuleIn(root: GraphValue): CallNode | undefined {
  for (const node of walk(root)) if (isCallOf(node, modelModuleSpec)) return node;
  return undefined;
}

function checkPlan(host: Host, project: Project, program: ProgramGraph): EmitPlan {
  const outDir = join(project.dir, "output_models", "checked");
  const folders = {
    outDir,
    bundleDir: outDir,
    projectDir: project.dir,
    workspaceRoot: project.workspaceRoot,
    packageRoot: host.packageRoot,
    home: host.homeDirectory(),
    searchPath: project.searchPath,
  };
  return {
    title: "check",
    description: "what TypeScript is to look at",
    configName: program.preprocessed.config,
    folders: knownFolders(folders),
    shorten: shortener(folders),
    // The modules lie nowhere in particular, so sources are named by where they are.
    importFile: (path) => path,
    symbols: program.symbols,
    projectDir: project.dir,
    variableUses: program.variableUses,
    assetPath: (asset) => join("assets", asset.name ?? "asset"),
    placeholders: placeholdersIn(program.root),
  };
}

function placeholdersIn(root: GraphValue): ReadonlyMap<GraphValue, string> {
  const found = new Map<GraphValue, string>();
  for (const asset of assetsOf(root))
    for (const node of factNodes(root, asset).keys()) found.set(node, placeholderOf(node));
  return found;
}

/** Of what built-ins always give, a value of that type; of an asset's own attributes nothing is known. */
function placeholderOf({ constructorSpec }: CallNode): string {
  if (["len", "int", "float", "round", "abs"].includes(constructorSpec)) return "(0 as number)";
  if (constructorSpec === "str") return '("" as string)';
  if (constructorSpec === "bool") return "(false as boolean)";
  return "(undefined as any)";
}
