/**
 * @file The target `main` → `trainer.ts`: its parts as constants, in the order in which they need each other, handed to the runner of scripts.
 */
import type { CallNode, GraphValue } from "../graph/node.ts";
import { Block } from "./block.ts";
import { code, joinCode } from "./code.ts";
import { Imports } from "./imports.ts";
import { definedNames, moduleHead, withoutName } from "./module-text.ts";
import { type EmitPlan, type MarkedModule, markedModule } from "./plan.ts";

export function emitTrainerModule(main: GraphValue, plan: EmitPlan): MarkedModule {
  const imports = new Imports(["createScript", ...definedNames(main)]);
  const block = new Block(plan, imports, {
    variable: (name) => name,
    modelModule: (_: CallNode) => imports.value("./model.ts", "constructModel"),
    typed: true,
  });
  // `main` itself is what the function returns, whatever name it has.
  const script = block.emit(withoutName(main));
  const run = imports.value("fgc/train", "runTrainer");
  const text = joinCode(
    [
      moduleHead(plan.title, plan.description, plan, imports.lines(), "node trainer.mjs --help"),
      code`/** Makes everything that the run needs. */\nexport ${block.isAsync ? "async " : ""}function createScript() {\n${joinCode(block.statements, "\n\n")}\n\nreturn ${script};\n}`,
      `await ${run}(import.meta.url, createScript);`,
    ],
    "\n\n",
  );
  return markedModule("trainer.ts", text);
}
