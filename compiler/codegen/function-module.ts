/** @file Any target → a function that gives it (`fgc code`): its parameters are the variables that nothing binds. */
import type { GraphValue } from "../graph/node.ts";
import { walk } from "../graph/passes/queries.ts";
import { camelCase } from "../graph/passes/resolve.ts";
import { Block } from "./block.ts";
import { code, joinCode } from "./code.ts";
import { Imports } from "./imports.ts";
import { definedNames, withoutName } from "./module-text.ts";
import { type EmitPlan, type MarkedModule, markedModule } from "./plan.ts";

export interface FunctionModuleOptions {
  /** `construct.ts`, unless told. */
  readonly name?: string;
  /** The type of parameters that nothing tells a type of. `any` where a caller's values are not to be judged. */
  readonly freeType?: "unknown" | "any";
}

export function emitFunctionModule(
  target: GraphValue,
  plan: EmitPlan,
  { name = "construct.ts", freeType = "unknown" }: FunctionModuleOptions = {},
): MarkedModule {
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
  const parameters = [...free].map(([variable, fallback]) => {
    if (fallback === undefined) return `${camelCase(variable)}: ${freeType}`;
    const type = freeType === "any" ? ": any" : "";
    return code`${camelCase(variable)}${type} = ${block.emit(fallback)}`;
  });
  const head = code`export const construct = ${block.isAsync ? "async " : ""}(${joinCode(parameters, ", ")}) =>`;
  const body =
    block.statements.length === 0
      ? code`${value.text.startsWith("{") ? code`(${value})` : value};`
      : code`{\n${joinCode(block.statements, "\n\n")}\n\nreturn ${value};\n};`;
  const lines = imports.lines();
  const whole = code`${head} ${body}`;
  return markedModule(name, lines.length === 0 ? whole : code`${joinCode(lines, "\n")}\n\n${whole}`);
}
