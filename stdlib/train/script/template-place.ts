/**
 * @file Where a config names the part of the model that a fault arose in: a bundle knows it from the `ir.json` beside it, so that an error at
 * run time can still point at the user's own template line.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Call {
  readonly callee: string;
  readonly at: string;
}

/**
 * The template line of the innermost of `classes` that the config constructs. The graph is descended along with the modules, so that a layer's own
 * `Linear` is not taken for one that the config names elsewhere.
 *
 * @param url      `import.meta.url` of the bundle
 * @param classes  class names of the modules around the fault, outermost first
 * @returns `templates/configs/mine.yaml:14`; undefined where there is no `ir.json` or it names none of them
 */
export function templatePlace(url: string, classes: readonly string[]): string | undefined {
  const path = fileURLToPath(new URL("ir.json", url));
  if (!existsSync(path)) return undefined;
  const root: unknown = JSON.parse(readFileSync(path, "utf8"));
  const nodes = new Map<unknown, object>();
  index(root, nodes);
  let found: Call | undefined;
  for (const name of classes) {
    // A bundler numbers classes whose names meet: `Linear2` is `Linear`.
    const next = findBelow(found ?? root, new Set([name, name.replace(/^_+|\d+$/g, "")]), nodes, new Set());
    if (next === undefined) break;
    found = next;
  }
  return found?.at.replace(/^\$\{\w+\}\//, "");
}

function index(node: unknown, nodes: Map<unknown, object>): void {
  if (typeof node !== "object" || node === null) return;
  if ("id" in node) nodes.set(node.id, node);
  for (const value of Object.values(node)) index(value, nodes);
}

/** The first call of one of `names` below `node`. A node stands once in the file, other uses refer to it. */
function findBelow(
  node: unknown,
  names: ReadonlySet<string>,
  nodes: ReadonlyMap<unknown, object>,
  seen: Set<unknown>,
): Call | undefined {
  if (typeof node !== "object" || node === null || seen.has(node)) return undefined;
  seen.add(node);
  for (const value of Object.values(node)) {
    const child: unknown =
      typeof value === "object" && value !== null && "$ref" in value ? nodes.get(value.$ref) : value;
    if (typeof child !== "object" || child === null) continue;
    if (isCall(child) && names.has(child.callee.slice(child.callee.lastIndexOf(":") + 1))) return child;
    const found = findBelow(child, names, nodes, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isCall(node: object): node is Call {
  return "callee" in node && "at" in node && typeof node.callee === "string" && typeof node.at === "string";
}
