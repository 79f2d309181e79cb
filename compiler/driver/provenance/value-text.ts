/** @file Values on one line, as YAML: those of the graph, and those of templates. */

import type { CallNode, GraphValue } from "../../graph/node.ts";
import { yamlScalar, yamlTagText } from "../../graph/print/yaml-scalar.ts";
import { str, type Value } from "../../template/index.ts";
import { emitFlow } from "../../template/values/yaml/emit.ts";
import { represent } from "../../template/values/yaml/represent.ts";

/** A value of the template language; what YAML has no form for, as the template would print it. */
export function templateValueText(value: Value): string | undefined {
  try {
    if (value === null || typeof value !== "object") return yamlScalar(value);
    return emitFlow(represent(value));
  } catch {
    try {
      return str(value);
    } catch {
      // An undefined value has no text.
      return undefined;
    }
  }
}

const tags = { singleton: "!singleton", factory: "!factory", partial: "!partial", meta: "!meta" } as const;
const dataTags: Readonly<Record<string, string>> = { named_list: "!list", named_tuple: "!tuple", named_dict: "!dict" };

/** The tag that a node was written with. */
export function tagText({ mode, constructorSpec, name }: CallNode): string {
  const data = dataTags[constructorSpec];
  const suffix = name === undefined ? "" : `@${yamlTagText(name)}`;
  if (data !== undefined) return suffix === "" ? data : `${data}:${suffix}`;
  return `${tags[mode]}:${yamlTagText(constructorSpec)}${suffix}`;
}

/** A value in flow style; nodes within it by their tags alone. */
export function valueText(value: GraphValue, depth = 0): string {
  switch (value.kind) {
    case "scalar":
      return yamlScalar(value.value);
    case "opaque":
      return typeof value.value === "string" ? value.value : "!!set";
    case "list":
    case "tuple":
      return value.items.length === 0 ? "[]" : `[${value.items.map((item) => valueText(item, depth + 1)).join(", ")}]`;
    case "dict":
      if (value.entries.length === 0) return "{}";
      return `{${value.entries.map((entry) => `${valueText(entry.key)}: ${valueText(entry.value, depth + 1)}`).join(", ")}}`;
    case "var":
      return `!var ${yamlScalar(value.varName)}`;
    case "call": {
      const [only] = value.args;
      const isData = dataTags[value.constructorSpec] !== undefined;
      if (isData && only !== undefined) return `${tagText(value)} ${valueText(only, depth)}`;
      if (!isData || value.kwargs.length === 0) return tagText(value);
      return `${tagText(value)} {${value.kwargs.map((keyword) => `${keyword.name}: ${valueText(keyword.value, depth + 1)}`).join(", ")}}`;
    }
  }
}
