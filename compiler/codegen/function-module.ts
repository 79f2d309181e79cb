/** @file Any target → a function that gives it (`fgc code`): its parameters are the variables that nothing binds. */
import { type GraphValue, operands } from "../graph/node.ts";
import { walk } from "../graph/passes/queries.ts";
import { camelCase } from "../graph/passes/resolve.ts";
import { Block } from "./block.ts";
import { Imports } from "./imports.ts";
import type { EmitPlan, EmittedModule } from "./plan.ts";

export function emitFunctionModule(target: GraphValue, plan: EmitPlan): EmittedModule {
  const free = new Map<string, GraphValue | undefined>();
  for (const node of walk(target))
    if (node.kind === "var" && !free.has(node.varName)) free.set(node.varName, node.fallback);
  const names = [...walk(target)].flatMap((node) =>
    node.kind === "call" && node.name !== undefined ? [node.name] : [],
  );
  const imports = new Imports(["construct", ...names, ...[...free.keys()].map(camelCase)]);
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

function withoutName(node: GraphValue): GraphValue {
  if (node.kind !== "call" || operands(node).length === 0) return node;
  const { name: _, ...rest } = node;
  return rest;
}
