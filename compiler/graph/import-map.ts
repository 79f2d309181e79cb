/**
 * @file Python's names for what is constructed → ours: what Forgather's configs call things, and what projects add in `import_map:` of a meta file.
 *
 *     torch.optim:AdamW: fgc/optim:AdamW                     the same arguments under the same names
 *     mylab.optim:Lion:                                      others
 *       to: ./src/lion.ts:Lion
 *       positional: [ parameters ]                           names for arguments that Python takes by position and we by name
 *       rename: { wd: weight_decay }
 *       drop: [ foreach ]                                    means nothing here: left out in silence
 *       unsupported: [ amsgrad ]                             would mean something: a warning says that it has no effect
 *       words: { mode: { slow: { momentum: 0.99 } } }        `mode: slow` is written `momentum: 0.99` here
 *     mylab.data:Stream: { missing: "reads from our cluster" }
 *
 * A key is a whole spec (`torch.optim:AdamW`) or a module (`torch.optim`, then the symbol keeps its name). Specs may be written with a dot
 * for the colon before the symbol (`torch.optim.AdamW`), as upstream's readme does; `findCounterpart` reads both.
 */
import type { Scalar } from "./node.ts";
import { missingSpecs, wellKnownCounterparts } from "./well-known-specs.ts";

export interface Counterpart {
  readonly to: string;
  readonly positional?: readonly string[];
  readonly rename?: Readonly<Record<string, string>>;
  readonly drop?: readonly string[];
  readonly unsupported?: readonly string[];
  /** An argument whose words are arguments of their own here: `mixed_precision: { bf16: { bf16: true }, no: {} }`. */
  readonly words?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Scalar>>>>>>;
}

/** Known, and not to be had here. */
export interface NoCounterpart {
  /** Why. */
  readonly missing: string;
}

/** As a table or a meta file writes it: a bare text is the `to` alone. */
export type ImportEntry = string | Counterpart | NoCounterpart;

export type ImportMap = ReadonlyMap<string, Counterpart | NoCounterpart>;

export const wellKnownSpecs: ImportMap = new Map([...normalized(missingSpecs), ...normalized(wellKnownCounterparts)]);

function* normalized(
  table: Readonly<Record<string, Readonly<Record<string, ImportEntry>>>>,
): Generator<readonly [string, Counterpart | NoCounterpart]> {
  for (const [module, symbols] of Object.entries(table))
    for (const [symbol, entry] of Object.entries(symbols)) yield [`${module}:${symbol}`, entryOf(entry)];
}

function entryOf(entry: ImportEntry): Counterpart | NoCounterpart {
  return typeof entry === "string" ? { to: entry } : entry;
}

/** The shipped map with a project's `import_map` laid over it. */
export function extendImportMap(own: Readonly<Record<string, ImportEntry>>): ImportMap {
  const entries = Object.entries(own).map(([spec, entry]) => [spec, entryOf(entry)] as const);
  return entries.length === 0 ? wellKnownSpecs : new Map([...wellKnownSpecs, ...entries]);
}

/** What `spec` is called here; absent where nothing renames it. */
export function lookup(map: ImportMap, spec: string): string | undefined {
  const found = findCounterpart(map, spec);
  return found === undefined || "missing" in found ? undefined : found.to;
}

/**
 * What the map says of `spec`. The longest key wins: `transformers:AutoTokenizer.from_pretrained` before `transformers:AutoTokenizer`,
 * that before `transformers`.
 */
export function findCounterpart(map: ImportMap, spec: string): Counterpart | NoCounterpart | undefined {
  return spec.includes(":") ? findColon(map, spec) : findDotted(map, spec);
}

function findColon(map: ImportMap, spec: string): Counterpart | NoCounterpart | undefined {
  const colon = spec.indexOf(":");
  const module = spec.slice(0, colon);
  const members = spec.slice(colon + 1).split(".");
  for (let length = members.length; length > 0; length -= 1) {
    const found = map.get(`${module}:${members.slice(0, length).join(".")}`);
    const rest = members.slice(length);
    if (found === undefined) continue;
    return "missing" in found || rest.length === 0 ? found : { to: [found.to, ...rest].join(".") };
  }
  // `torch:optim.AdamW` is `torch.optim:AdamW` too: upstream imports the first part and looks the rest up.
  for (let length = 1; length < members.length; length += 1) {
    const found = map.get(`${[module, ...members.slice(0, length)].join(".")}:${members.slice(length).join(".")}`);
    if (found !== undefined) return found;
  }
  const renamed = map.get(module);
  if (renamed === undefined || "missing" in renamed) return renamed;
  return renamed.to.includes(":") ? undefined : { ...renamed, to: `${renamed.to}:${members.join(".")}` };
}

/** `torch.optim.AdamW`: any of the dots may be the one before the symbol. */
function findDotted(map: ImportMap, spec: string): Counterpart | NoCounterpart | undefined {
  const parts = spec.split(".");
  for (let length = parts.length - 1; length > 0; length -= 1) {
    const found = map.get(`${parts.slice(0, length).join(".")}:${parts.slice(length).join(".")}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
