/** @file Any target → a function that gives it (`fgc code`): its parameters are the variables that nothing binds. */
import type { GraphValue } from "../graph/node.ts";
import { walk } from "../graph/passes/queries.ts";
import { camelCase } from "../graph/passes/resolve.ts";
import { Block } from "./block.ts";
import { code, joinCode } from "./code.ts";
import { Imports } from "./imports.ts";
import { definedNames, withoutName } from "./module-text.ts";
import { type EmitPlan, type MarkedModule, markedModule } from "./plan.ts";

export function emitFunctionModule(target: GraphValue, plan: EmitPlan): MarkedModule {
  const free = new Map<string, GraphValue | undefined>();
  for (const node of walk(target))
    if (node.kind === "var" && !free.has(node.varName)) free.set(node.varName, node.fallback);
  const imports = new Imports(["construct", ...definedNames(target), ...[...free.keys()].map(camelCase)]);
  const block = new Block(plan, imports, {
    variable: camelCase,
    modelModule: () => imports.value("./model.ts", "constructModel"),
    typed: true,
  });
  const value = block.emit(withoutName(target));
  const parameters = [...free].map(([name, fallback]) =>
    fallback === undefined ? `${camelCase(name)}: unknown` : code`${camelCase(name)} = ${block.emit(fallback)}`,
  );
  const head = code`export const construct = ${block.isAsync ? "async " : ""}(${joinCode(parameters, ", ")}) =>`;
  const body =
    block.statements.length === 0
      ? code`${value.text.startsWith("{") ? code`(${value})` : value};`
      : code`{\n${joinCode(block.statements, "\n\n")}\n\nreturn ${value};\n};`;
  const lines = imports.lines();
  const whole = code`${head} ${body}`;
  return markedModule("construct.ts", lines.length === 0 ? whole : code`${joinCode(lines, "\n")}\n\n${whole}`);
}
