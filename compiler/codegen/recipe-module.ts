/** @file An asset node → the module that makes it at build time, in a process of its own. Run once and thrown away, so it is written for machines. */
import type { CallNode, GraphValue } from "../graph/node.ts";
import { keyword } from "../graph/passes/queries.ts";
import { Block } from "./block.ts";
import { Imports } from "./imports.ts";
import type { EmitPlan } from "./plan.ts";

/** @param facts expressions over the loaded asset, by the name that they are asked with */
export function emitRecipeModule(asset: CallNode, facts: ReadonlyMap<string, CallNode>, plan: EmitPlan): string {
  const imports = new Imports(["asset", "target"]);
  const build = recipePart(keyword(asset, "recipe") as GraphValue, imports, plan);
  const load = recipePart(keyword(asset, "loader") as GraphValue, imports, plan);
  const questions = [...facts].map(([name, fact]) => {
    const block = new Block(plan, imports, {
      variable: (variable) => variable,
      modelModule: () => "undefined",
      given: new Map([[asset, "asset"]]),
      inline: true,
      typed: false,
    });
    return `${JSON.stringify(name)}: (asset) => ${block.emit(fact).text}`;
  });
  const run = imports.value("fgc/build", "runRecipe");
  return [
    ...imports.lines().map((line) => line.text),
    `await ${run}({ build: ${build}, load: ${load}, facts: { ${questions.join(", ")} } });`,
    "",
  ].join("\n");
}

function recipePart(node: GraphValue, imports: Imports, plan: EmitPlan): string {
  const block = new Block(plan, imports, { variable: (name) => name, modelModule: () => "undefined", typed: false });
  const value = block.applied(node, "target");
  return `async (target) => {\n${block.statements.map(({ text }) => text).join("\n")}\nreturn ${value.text};\n}`;
}
