/** @file Filters that write a value as data: `toyaml`, `tojson`, `pprint`. */
import { str } from "../print.ts";
import { expectSize } from "../signature.ts";
import { Undefined } from "../undefined.ts";
import { Markup, textOf, type Value } from "../value.ts";
import { emitFlow } from "../yaml/emit.ts";
import { represent } from "../yaml/represent.ts";
import { filterTable } from "./filter.ts";
import { toHtmlSafeJson } from "./json.ts";
import { prettyPrint } from "./pretty-print.ts";

export const dataFilters = filterTable({
  pprint: ["", (_context, value) => prettyPrint(value)],
  tojson: [
    "indent=None",
    (_context, value, indent: Value) => {
      const unit =
        indent === null ? undefined : (textOf(indent) ?? " ".repeat(Math.max(0, expectSize(indent, "indent"))));
      return new Markup(toHtmlSafeJson(value, unit));
    },
  ],
  toyaml: [
    "default_value=?",
    (_context, value, fallback?: Value) => {
      if (value instanceof Undefined && fallback === undefined) return value.fail();
      return toYaml(value instanceof Undefined ? fallback! : value);
    },
  ],
});

/** Ints and bools print as Python prints them; everything else is YAML in flow style. */
function toYaml(value: Value): string {
  if (typeof value === "boolean" || typeof value === "bigint") return str(value);
  return emitFlow(represent(value));
}
