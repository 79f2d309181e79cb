/** @file Any target → a function that gives it (`fgc code`): its parameters are the variables that nothing binds. */
import type { GraphValue } from "../graph/node.ts";
import { walk } from "../graph/passes/queries.ts";
import { camelCase } from "../graph/passes/resolve.ts";
import { Block } from "./block.ts";
import { Imports } from "./imports.ts";
import { definedNames, withoutName } from "./module-text.ts";
import type { EmitPlan, EmittedModule } from "./plan.ts";

export function emitFunctionModule(target: GraphValue, plan: EmitPlan): EmittedModule {
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
  const parameters = [...free].map(
    ([name, fallback]) => `${camelCase(name)}${fallback === undefined ? ": unknown" : ` = ${block.emit(fallback)}`}`,
  );
  const head = `export const construct = ${block.isAsync ? "async " : ""}(${parameters.join(", ")}) =>`;
  const body =
    block.statements.length === 0
      ? `${value.startsWith("{") ? `(${value})` : value};`
      : `{\n${block.statements.join("\n\n")}\n\nreturn ${value};\n};`;
  return {
    name: "construct.ts",
    text: [imports.lines().join("\n"), `${head} ${body}`].filter((part) => part !== "").join("\n\n"),
  };
}
