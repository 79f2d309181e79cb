/**
 * @file A constructed value as text: plain data as YAML would have it, classes with their fields, modules as a tree with parameter counts.
 *
 *     Trainer
 *       args: TrainingArguments
 *         maxSteps: 400
 *       model: CausalLMModel  1,342,080 parameters
 *         layers.0-2: 3 × PreLNLayer  360,000 parameters each
 */
import type {
  DescribedEntry,
  DescribedModule,
  DescribedTensor,
  Description,
  ShownNumber,
} from "../driver/description.ts";

export function printDescription(value: Description): string {
  return `${lines(value, "").join("\n")}\n`;
}

/** The value's lines; the first stands behind `name: ` of whoever holds it, the others are indented. */
function lines(value: Description, indent: string): string[] {
  switch (value.kind) {
    case "plain":
      return [typeof value.value === "string" ? textOf(value.value) : String(value.value)];
    case "other":
      return [value.text];
    case "text":
      return [`${JSON.stringify(value.start)}…  ${count(value.length, "character")}`];
    case "numbers":
      return [`${value.class}(${value.length.toLocaleString("en-US")})  ${numbers(value.values, value.length)}`];
    case "tensor":
      return [describeTensor(value)];
    case "function":
      return [value.source];
    case "again":
      return [`${value.class}  (the one at ${value.path === "" ? "the top" : value.path})`.trimStart()];
    case "deep":
      return [`${value.class === "" ? "…" : `${value.class} …`}`];
    case "module":
      return moduleLines(value, indent);
    case "object":
      return [value.class === "" ? "object" : value.class, ...block(value.fields, indent)];
    case "mapping":
      if (value.length === 0) return ["{}"];
      return ["", ...block(value.entries, indent), ...more(value.length - value.entries.length, indent, "entry")];
    case "list":
      return listLines(value, indent);
  }
}

function listLines(value: Description & { readonly kind: "list" }, indent: string): string[] {
  const head = value.class === "" ? "" : `${value.class}  ${count(value.length, "item")}`;
  if (value.length === 0) return [head === "" ? "[]" : head];
  const flat = value.items.map((item) =>
    item.kind === "plain" || item.kind === "other" ? lines(item, "")[0] : undefined,
  );
  const row = `[${flat.join(", ")}]`;
  if (head === "" && flat.every((item) => item !== undefined) && row.length < 80 && value.length === flat.length)
    return [row];
  const inner = `${indent}  `;
  const items = value.items.flatMap((item) => {
    const [first = "", ...others] = lines(item, inner);
    // A mapping's first entry stands beside the dash.
    if (first === "" && others[0] !== undefined) return [`${inner}- ${others[0].trimStart()}`, ...others.slice(1)];
    return [`${inner}- ${first}`, ...others];
  });
  return [head, ...items, ...more(value.length - value.items.length, indent, "item")];
}

function block(entries: readonly DescribedEntry[], indent: string): string[] {
  const inner = `${indent}  `;
  return entries.flatMap(([name, value]) => {
    const [first = "", ...others] = lines(value, inner);
    return [`${inner}${name}:${first === "" ? "" : ` ${first}`}`, ...others];
  });
}

function moduleLines(
  { class: name, about, parameters, trainable, children }: DescribedModule,
  indent: string,
): string[] {
  const frozen = parameters === trainable ? "" : `, ${trainable.toLocaleString("en-US")} of them trained`;
  const size = parameters === 0 ? "" : `  ${count(parameters, "parameter")}${frozen}`;
  return [`${name}${about === "" ? "" : `(${about})`}${size}`, ...block(alikeTogether(children), indent)];
}

/** Equal layers, one after the other, are told once: `layers.0-11`. */
function alikeTogether(children: readonly DescribedEntry[]): DescribedEntry[] {
  const groups: { names: string[]; key: string; value: Description }[] = [];
  for (const [name, value] of children) {
    const key = `${name.replace(/\d+$/, "")} ${JSON.stringify(value, (field, item: unknown) => (field === "values" ? null : item))}`;
    const last = groups.at(-1);
    if (last !== undefined && /\.\d+$/.test(name) && last.key === key) last.names.push(name);
    else groups.push({ names: [name], key, value });
  }
  return groups.map(({ names, value }) => {
    const [first = "", last = first] = [names[0], names.at(-1)];
    if (names.length === 1) return [first, value];
    return [`${first}-${/\d+$/.exec(last)?.[0]} (${names.length} alike)`, value];
  });
}

function describeTensor({ role, dtype, shape, values }: DescribedTensor): string {
  const size = shape.reduce((product, n) => product * n, 1);
  const label = role === "parameter" ? "Parameter" : role === "state" ? "State" : "Tensor";
  return `${label} ${dtype}[${shape.join(", ")}]${values === undefined ? "" : `  ${numbers(values, size)}`}`;
}

function numbers(values: readonly ShownNumber[], length: number): string {
  const shown = values.map((value) =>
    typeof value === "string" || Number.isInteger(value) ? String(value) : Number(value.toPrecision(4)).toString(),
  );
  return `[${[...shown, ...(length > values.length ? ["…"] : [])].join(", ")}]`;
}

function more(n: number, indent: string, what: string): string[] {
  return n > 0 ? [`${indent}  … ${count(n, `more ${what}`)}`] : [];
}

const count = (n: number, what: string): string =>
  `${n.toLocaleString("en-US")} ${n === 1 ? what : what.endsWith("entry") ? what.replace(/y$/, "ies") : `${what}s`}`;

/** Plain where YAML would read it back as the same text. */
function textOf(text: string): string {
  const isPlain =
    /^[A-Za-z_/.][\w ./@+-]*$/.test(text) &&
    !/^(?:true|false|null|yes|no|on|off|~)$/i.test(text) &&
    text.trim() === text;
  return isPlain ? text : JSON.stringify(text);
}
