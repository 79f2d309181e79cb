/** @file The graph passes, in the order in which they run. Each also merges equal nodes and drops unreachable ones. */
import type { Pass } from "../rewrite.ts";
import { dissolve } from "./dissolve.ts";
import { normalizeIndexing } from "./normalize-indexing.ts";
import { simplify } from "./simplify.ts";
import { sinkConcat } from "./sink-concat.ts";
import { splitReduce } from "./split-reduce.ts";

export const passes: readonly Pass[] = [
  dissolve,
  normalizeIndexing, // after dissolve, which still sees torch's axes
  splitReduce,
  simplify,
  sinkConcat, // after simplify: zero pieces that join into one tensor must not be sunk into
  simplify, // slices and casts that sinking made
];
