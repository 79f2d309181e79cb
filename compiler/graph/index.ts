/** @file The graph stage for callers from outside: config tree → node graph, its printers, its interpreter. */
export { type BuildGraphResult, buildGraphFrom } from "./build.ts";
export { canonicalGraph, type Json } from "./canonical.ts";
export {
  type ConstructorTable,
  type MaterializeRequest,
  Materializer,
  noConstructors,
  targetNames,
} from "./materialize.ts";
export { automaticName, type NamedNodes, type NamePolicy, nameNodes, namePolicies } from "./names.ts";
export type {
  CallMode,
  CallNode,
  DictEntry,
  GraphValue,
  Keyword,
  ResolvedSymbol,
  Scalar,
  ScalarNode,
  VarNode,
} from "./node.ts";
export { entryOf, isNullValue, operands } from "./node.ts";
export { type GraphFormat, graphPrinters, printGraph } from "./print/index.ts";
export { Callable, CallError, type Keywords, Tuple, type Value, View } from "./value.ts";
