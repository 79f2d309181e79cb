/**
 * @file The target `main` → `trainer.ts`: its parts as constants, in the order in which they need each other, handed to the runner of scripts.
 */
import type { CallNode, GraphValue } from "../graph/node.ts";
import { Block } from "./block.ts";
import { Imports } from "./imports.ts";
import { definedNames, moduleHead, withoutName } from "./module-text.ts";
import type { EmitPlan, EmittedModule } from "./plan.ts";

export function emitTrainerModule(main: GraphValue, plan: EmitPlan): EmittedModule {
  const imports = new Imports(["createScript", ...definedNames(main)]);
  const block = new Block(plan, imports, {
    variable: (name) => name,
    modelModule: (_: CallNode) => imports.value("./model.ts", "constructModel"),
    typed: true,
  });
  // `main` itself is what the function returns, whatever name it has.
  const script = block.emit(withoutName(main));
  const run = imports.value("fgc/train", "runTrainer");
  const text = [
    moduleHead(plan.title, plan.description, plan, imports.lines(), "node trainer.mjs --help"),
    `/** Makes everything that the run needs. */\nexport ${block.isAsync ? "async " : ""}function createScript() {\n${block.statements.join("\n\n")}\n\nreturn ${script};\n}`,
    `await ${run}(import.meta.url, createScript);`,
  ].join("\n\n");
  return { name: "trainer.ts", text };
}
