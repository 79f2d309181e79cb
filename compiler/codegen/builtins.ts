/** @file The built-in constructors as TypeScript: a table over their names, so that a new one does not compile until it has an answer here. */
import type { BuiltinName } from "../graph/passes/builtins.ts";
import { camelCase } from "../graph/passes/resolve.ts";
import { type Code, type CodeLike, code, joinCode, type ObjectEntry, objectCode, textOfCode, toCode } from "./code.ts";
import { keyOf, memberOf } from "./literals.ts";

/** The arguments of a built-in call, emitted. */
export interface BuiltinCall {
  readonly args: readonly Code[];
  readonly kwargs: readonly ObjectEntry[];
  /** Import from `fgc/build`. */
  helper(name: "len" | "bundleText"): string;
}

type Lowering = (call: BuiltinCall) => CodeLike;

const first = ({ args }: BuiltinCall, fallback = "undefined"): CodeLike => args[0] ?? fallback;
const data: Lowering = ({ args, kwargs }) => args[0] ?? objectCode(kwargs);
const copied: Lowering = ({ args: [items] }) =>
  items === undefined ? "[]" : items.text.startsWith("[") ? items : code`[...${items}]`;
const extremum =
  (name: "min" | "max"): Lowering =>
  ({ args }) =>
    code`Math.${name}(${args.length === 1 ? "..." : ""}${joinCode(args, ", ")})`;

const lowerings = {
  named_list: ({ args }) => args[0] ?? "[]",
  named_tuple: ({ args }) => args[0] ?? "[]",
  named_dict: data,
  getitem: ({ args: [object = "undefined", key = "undefined"] }) => {
    const keyText = textOfCode(key);
    if (/^".*"$/.test(keyText)) return memberCode(object, JSON.parse(keyText) as string);
    return keyText.startsWith("-") ? code`${object}.at(${key})` : code`${object}[${key}]`;
  },
  // Attributes are the library's own: upstream's `pad_token_id` is `padTokenId` here.
  getattr: ({ args: [object = "undefined", name = '""', fallback] }) => {
    const member = memberCode(object, camelCase(JSON.parse(textOfCode(name)) as string));
    return fallback === undefined ? member : code`(${member} ?? ${fallback})`;
  },
  items: (call) => code`Object.entries(${first(call)})`,
  keys: (call) => code`Object.keys(${first(call)})`,
  values: (call) => code`Object.values(${first(call)})`,
  call: ({ args: [callee = "undefined", ...rest], kwargs }) =>
    code`${callee}(${joinCode([...rest, ...(kwargs.length === 0 ? [] : [objectCode(kwargs)])], ", ")})`,
  len: (call) => code`${call.helper("len")}(${first(call)})`,
  dict: ({ args: [base], kwargs }) =>
    base === undefined
      ? objectCode(kwargs)
      : code`{ ...${base}${joinCode(
          kwargs.map(({ key, value }) => code`, ${keyOf(key)}: ${value}`),
          "",
        )} }`,
  "dict.fromkeys": ({ args: [keys = "[]", value = "null"] }) =>
    code`Object.fromEntries(${keys}.map((key) => [key, ${value}]))`,
  list: copied,
  tuple: copied,
  set: ({ args }) => code`new Set(${args[0] ?? ""})`,
  int: (call) => code`Math.trunc(Number(${first(call, "0")}))`,
  float: (call) => code`Number(${first(call, "0")})`,
  str: (call) => code`String(${first(call, '""')})`,
  bool: (call) => code`Boolean(${first(call, "false")})`,
  abs: (call) => code`Math.abs(${first(call)})`,
  min: extremum("min"),
  max: extremum("max"),
  sum: (call) => code`${first(call)}.reduce((total, term) => total + term, ${call.args[1] ?? "0"})`,
  round: ({ args: [value = "0", digits] }) =>
    digits === undefined ? code`Math.round(${value})` : code`Number(${value}.toFixed(${digits}))`,
  range: ({ args: [a = "0", b, step = "1"] }) =>
    b === undefined
      ? code`Array.from({ length: ${a} }, (_, index) => index)`
      : code`Array.from({ length: Math.max(0, Math.ceil((${b} - ${a}) / ${step})) }, (_, index) => ${a} + index * ${step})`,
  // Python compares numbers as numbers; a bare sort() would compare their texts.
  sorted: (call) => code`[...${first(call)}].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))`,
  reversed: (call) => code`[...${first(call)}].reverse()`,
  zip: ({ args: [a = "[]", b = "[]"] }) => code`${a}.map((item, index) => [item, ${b}[index]])`,
  enumerate: (call) => code`[...${first(call)}].map((item, index) => [index, item])`,
  pow: ({ args: [base = "0", exponent = "0"] }) => code`${base} ** ${exponent}`,
  or_undefined: (call) => code`${first(call)} ?? undefined`,
  bundle_text: (call) => code`${call.helper("bundleText")}(import.meta.url, ${first(call)})`,
} satisfies Record<BuiltinName, Lowering>;

export function lowerBuiltin(name: BuiltinName, call: BuiltinCall): Code {
  return toCode(lowerings[name](call));
}

/** `x.name`, or `x["a name"]`. */
function memberCode(object: CodeLike, name: string): Code {
  return code`${object}${memberOf("", name)}`;
}
