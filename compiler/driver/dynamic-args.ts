/**
 * @file Flags that a config declares: the target `dynamic_args` (node-graph.md, 8.2).
 *
 *     dynamic_args:
 *       - { names: [--max-steps], type: int, help: "Stop after this many steps" }      --max-steps 10 binds max_steps
 *
 * Two passes: the config is rendered without arguments to read the list, then again with what the user gave. A flag that is not
 * given is not passed at all, so that `{{ x | default(…) }}` decides, except `store_true` flags, which are passed as false.
 */
import { join } from "node:path";
import type { PlainData } from "../config/project.ts";
import { projectDiagnostics } from "../config/project-diagnostics.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { entryOf, type GraphValue } from "../graph/node.ts";
import type { Origin } from "../source/span.ts";
import type { Host } from "./host.ts";
import { plainData } from "./plain-data.ts";

export const dynamicTypes = ["int", "float", "str", "bool", "path"] as const;
export type DynamicType = (typeof dynamicTypes)[number];

export interface DynamicFlag {
  /** Option strings as declared: `--max-steps`, `-S`. */
  readonly names: readonly string[];
  /** The template variable: the first long name, dashes as underscores. */
  readonly variable: string;
  readonly type: DynamicType;
  readonly choices: readonly string[] | undefined;
  readonly isSwitch: boolean;
  readonly help: string;
  /** Its entry in the list. */
  readonly origin: Origin;
}

export interface DynamicFlags {
  readonly flags: readonly DynamicFlag[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The part of a text that declares flags; undefined where there is none. Most configs have none, and need no graph to say so. */
export function dynamicArgsText(text: string): string | undefined {
  return /^dynamic_args[ \t]*:.*(?:\n(?:[ \t#].*)?)*/m.exec(text)?.[0];
}

/**
 * Whether the list could change anything for a user who gives none of its flags: only switches bind a variable then.
 * Where the text does not tell (anchors, merge keys), it could.
 */
export function mayBindUnasked(declaration: string): boolean {
  return /store_true|[*&]|<<|!/.test(declaration.replace(/!dlist/, ""));
}

/** The flags of a config's graph. What is wrong with the list is a warning. */
export function readDynamicFlags(graph: GraphValue): DynamicFlags {
  const list = entryOf(graph, "dynamic_args");
  if (list === undefined) return { flags: [], diagnostics: [] };
  const declared = plainData(graph, "dynamic_args");
  const diagnostics: Diagnostic[] = [];
  const fault = (problem: string, { span, stack }: Origin) =>
    diagnostics.push(projectDiagnostics.dynamicArgs({ span, chain: stack }, { problem }));
  if (declared !== null && !isList(declared)) fault("the target is not a list", list.origin);
  const items = entriesOf(list);
  const names = new Set<string>();
  const flags = (isList(declared) ? declared : []).flatMap((entry, index): DynamicFlag[] => {
    const origin = items[index]?.origin ?? list.origin;
    const flag = readFlag(entry);
    if (typeof flag === "string") {
      fault(flag, origin);
      return [];
    }
    for (const name of flag.names.filter((name) => names.has(name)))
      fault(`'${name}' is declared twice; the first declaration counts`, origin);
    const own = flag.names.filter((name) => !names.has(name));
    for (const name of own) names.add(name);
    return own.length === 0 ? [] : [{ ...flag, names: own, origin }];
  });
  return { flags, diagnostics };
}

/** The entries of the list in the order of its plain data; a `!dlist` has them by key, and leaves out what is null. */
function entriesOf(list: GraphValue): readonly GraphValue[] {
  if (list.kind === "list") return list.items;
  if (list.kind !== "call") return [];
  const entries = [...list.args.flatMap(dictValues), ...list.kwargs.map(({ value }) => value)];
  return entries.filter((entry) => !(entry.kind === "scalar" && entry.value === null));
}

function dictValues(value: GraphValue): readonly GraphValue[] {
  return value.kind === "dict" ? value.entries.map((entry) => entry.value) : [value];
}

function isList(value: PlainData): value is readonly PlainData[] {
  return Array.isArray(value);
}

/** The flag, or what is wrong with its entry. */
function readFlag(entry: PlainData): Omit<DynamicFlag, "origin"> | string {
  if (entry === null || typeof entry !== "object" || isList(entry)) return "an entry is not a mapping";
  const given = (entry as Readonly<Record<string, PlainData>>)["names"] ?? null;
  const names = (isList(given) ? given : [given]).filter(
    (name): name is string => typeof name === "string" && /^--?[A-Za-z]/.test(name),
  );
  const long = names.find((name) => name.startsWith("--"));
  if (long === undefined) return "an entry has no name that begins with '--'";
  const { type = "str", choices, action, help } = entry as Readonly<Record<string, PlainData>>;
  const known = dynamicTypes.find((candidate) => candidate === type);
  if (known === undefined && type !== null)
    return `'${long}' has the type '${String(type)}'; the types are ${dynamicTypes.join(", ")}`;
  if (action !== undefined && action !== null && action !== "store_true" && action !== "store")
    return `'${long}' has the action '${String(action)}', which is not known`;
  return {
    names,
    variable: long.replace(/^--/, "").replaceAll("-", "_"),
    type: known ?? "str",
    choices: choices !== undefined && choices !== null && isList(choices) ? choices.map(String) : undefined,
    isSwitch: action === "store_true",
    help: typeof help === "string" ? help : "",
  };
}

/** A flag's text as the value of its variable; throws where it is no such value. */
export function readFlagValue(host: Host, flag: DynamicFlag, text: string): PlainData {
  if (flag.choices !== undefined && !flag.choices.includes(text))
    throw new FlagError(`it must be one of ${flag.choices.join(", ")}`);
  switch (flag.type) {
    case "int":
      if (!/^\s*[-+]?\d[\d_]*\s*$/.test(text)) throw new FlagError("it takes an int");
      return BigInt(text.replaceAll("_", "").trim().replace(/^\+/, ""));
    case "float": {
      const value = Number(text.replaceAll("_", ""));
      if (/^[-+]?(?:inf|nan)$/i.test(text))
        return /nan/i.test(text)
          ? Number.NaN
          : text.startsWith("-")
            ? Number.NEGATIVE_INFINITY
            : Number.POSITIVE_INFINITY;
      if (text.trim() === "" || Number.isNaN(value)) throw new FlagError("it takes a number");
      return value;
    }
    case "bool":
      if (/^(?:true|1|yes|on)$/i.test(text)) return true;
      if (/^(?:false|0|no|off)$/i.test(text)) return false;
      throw new FlagError("it takes true or false");
    case "path":
      return text === "~" || text.startsWith("~/") ? join(host.homeDirectory(), text.slice(1)) : text;
    default:
      return text;
  }
}

/** Completes "option '--max-steps': …". */
export class FlagError extends Error {
  override readonly name = "FlagError";
}
