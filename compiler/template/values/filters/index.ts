/** @file All filters, by name. */

import { getAttributeOnly } from "../access.ts";
import { truthy } from "../compare.ts";
import type { Filter } from "../context.ts";
import { str } from "../print.ts";
import { Undefined } from "../undefined.ts";
import type { Value } from "../value.ts";
import { dataFilters } from "./data.ts";
import { filterTable } from "./filter.ts";
import { functionalFilters } from "./functional.ts";
import { htmlFilters } from "./html.ts";
import { numberFilters } from "./number.ts";
import { sequenceFilters } from "./sequence.ts";
import { textFilters } from "./text.ts";

const orDefault = [
  "default_value='', boolean=False",
  (_context: unknown, value: Value, fallback: Value, everyFalse: Value): Value =>
    value instanceof Undefined || (truthy(everyFalse) && !truthy(value)) ? fallback : value,
] as const;

const generalFilters = filterTable({
  attr: ["name", (_context, value, name: Value) => getAttributeOnly(value, str(name))],
  d: orDefault,
  default: orDefault,
});

export const filters: ReadonlyMap<string, Filter> = new Map([
  ...generalFilters,
  ...textFilters,
  ...htmlFilters,
  ...numberFilters,
  ...sequenceFilters,
  ...functionalFilters,
  ...dataFilters,
]);
