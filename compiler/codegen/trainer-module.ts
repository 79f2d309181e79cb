/**
 * @file The target `main` → `trainer.ts`: its parts as constants, in the order in which they need each other, handed to the runner of scripts.
 */
import type { CallNode, GraphValue } from "../graph/node.ts";
import { walk } from "../graph/passes/queries.ts";
import { Block } from "./block.ts";
import { Imports } from "./imports.ts";
import type { EmitPlan, EmittedModule } from "./plan.ts";

export function emitTrainerModule(main: GraphValue, plan: EmitPlan): EmittedModule {
  const names = [...walk(main)].flatMap((node) => (node.kind === "call" && node.name !== undefined ? [node.name] : []));
  const imports = new Imports(["createScript", ...names]);
  const block = new Block(plan, imports, {
    variable: (name) => name,
    modelModule: (_: CallNode) => imports.value("./model.ts", "constructModel"),
    typed: true,
  });
  // `main` itself is what the function returns, whatever name it has.
  const script = block.emit(main.kind === "call" ? unnamed(main) : main);
  const run = imports.value("fgc/train", "runTrainer");
  const text = [
    `/**\n * ${plan.title}: ${sentence(plan.description)}\n *\n *     node trainer.mjs --help\n *\n * Emitted by fgc from ${plan.configName}. Yours to edit: nothing here needs fgc to run.\n */`,
    imports.lines().join("\n"),
    `/** Makes everything that the run needs. */\nexport ${block.isAsync ? "async " : ""}function createScript() {\n${block.statements.join("\n\n")}\n\nreturn ${script};\n}`,
    `await ${run}(import.meta.url, createScript);`,
  ].join("\n\n");
  return { name: "trainer.ts", text };
}

function unnamed(node: CallNode): CallNode {
  const { name: _, ...rest } = node;
  return rest;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
