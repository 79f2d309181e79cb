/** @file The constructors without a module: Forgather's own and the part of Python's built-ins that configs use. Emitters have a table over these names. */
export const builtinNames = [
  "named_list",
  "named_tuple",
  "named_dict",
  "getitem",
  "getattr",
  "items",
  "keys",
  "values",
  "call",
  "len",
  "dict",
  "dict.fromkeys",
  "list",
  "tuple",
  "set",
  "int",
  "float",
  "str",
  "bool",
  "abs",
  "min",
  "max",
  "sum",
  "round",
  "range",
  "sorted",
  "reversed",
  "zip",
  "enumerate",
  "pow",
  "or_undefined",
  "bundle_text",
] as const;

export type BuiltinName = (typeof builtinNames)[number];

const known = new Set<string>(builtinNames);

export function isBuiltin(spec: string): spec is BuiltinName {
  return known.has(spec);
}

/** Those that depend on nothing but their arguments, so that a build may evaluate them over an asset. */
export const pureBuiltins: ReadonlySet<string> = new Set(builtinNames);
