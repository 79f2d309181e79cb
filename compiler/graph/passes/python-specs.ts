/**
 * @file Calls that name Python: their arguments as the counterpart here takes them, and what has no counterpart.
 *
 * A config of upstream's names the same part in many places; it is told of once, at the first, with a count of the others.
 */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { placeOf } from "../describe.ts";
import type { Counterpart } from "../import-map.ts";
import type { CallNode, GraphValue, Keyword } from "../node.ts";
import { resolveDiagnostics as faults } from "./diagnostics.ts";
import { asData, scalar } from "./queries.ts";

interface Met {
  readonly first: CallNode;
  readonly others: CallNode[];
  readonly make: (place: ReturnType<typeof placeOf>, others: number) => Diagnostic;
}

/** What was met of Python and cannot be had, by spec, in the order of meeting. One for all projects of a run. */
export class PythonParts {
  readonly #met = new Map<string, Met>();

  missing(node: CallNode, reason: string): void {
    const spec = node.constructorSpec;
    this.#note(spec, node, (place, others) => faults.noCounterpart(place, { spec, reason, others }));
  }

  /** Named in no map. */
  unknown(node: CallNode, near: string | undefined): void {
    const spec = node.constructorSpec;
    this.#note(spec, node, (place) => faults.unknownPythonModule(place, { spec, nearest: near }));
  }

  ignored(node: CallNode, entry: Keyword, argument: string): void {
    const callee = node.constructorSpec;
    const at = { ...node, constructorOrigin: entry.nameOrigin };
    this.#note(`${callee} ${argument}`, at, (place, others) =>
      faults.ignoredArgument(place, { callee, argument, others }),
    );
  }

  #note(key: string, node: CallNode, make: Met["make"]): void {
    const known = this.#met.get(key);
    if (known === undefined) this.#met.set(key, { first: node, others: [], make });
    else known.others.push(node);
  }

  /** Tells of everything noted so far. */
  report(tell: (diagnostic: Diagnostic) => void): void {
    for (const { first, others, make } of this.#met.values()) {
      const labels = others.slice(0, 2).map((other) => ({ span: other.constructorOrigin.span, text: "and here" }));
      tell(make({ ...placeOf(first.constructorOrigin), labels }, others.length));
    }
    this.#met.clear();
  }
}

/** The arguments under the counterpart's names. */
export function adaptArguments(node: CallNode, counterpart: Counterpart, parts: PythonParts): CallNode {
  const { positional = [], rename = {}, drop = [], unsupported = [], words = {} } = counterpart;
  const named = node.args
    .slice(0, positional.length)
    .map((value, index): Keyword => ({ name: positional[index] as string, nameOrigin: value.origin, value }));
  const kwargs = [...named, ...node.kwargs].flatMap((entry): Keyword[] => {
    const { name, value } = entry;
    if (drop.includes(name)) return [];
    const word = value.kind === "scalar" ? String(value.value) : undefined;
    const meaning = word === undefined ? undefined : words[name]?.[word];
    if (meaning !== undefined)
      return Object.entries(meaning).map(([given, text]) => ({
        ...entry,
        name: given,
        value: scalar(text, value.origin),
      }));
    if (unsupported.includes(name)) {
      if (!isIdle(value)) parts.ignored(node, entry, name);
      return [];
    }
    const renamed = rename[name];
    return [renamed === undefined ? entry : { ...entry, name: renamed }];
  });
  return { ...node, args: node.args.slice(positional.length), kwargs };
}

/** Asks for nothing: null, false, an empty list or mapping. */
function isIdle(value: GraphValue): boolean {
  const data = value.kind === "call" ? (asData(value) ?? value) : value;
  if (data.kind === "scalar") return data.value === null || data.value === false || data.value === "no";
  if (data.kind === "list" || data.kind === "tuple") return data.items.length === 0;
  return data.kind === "dict" && data.entries.length === 0;
}
