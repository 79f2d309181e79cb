/** @file The built-in constructors as TypeScript: a table over their names, so that a new one does not compile until it has an answer here. */
import type { BuiltinName } from "../graph/passes/builtins.ts";
import { camelCase } from "../graph/passes/resolve.ts";
import { memberOf, objectText } from "./literals.ts";

/** The arguments of a built-in call, emitted. */
export interface BuiltinCall {
  readonly args: readonly string[];
  readonly kwargs: readonly (readonly [name: string, text: string])[];
  /** Import from `fgc/build`. */
  helper(name: "len" | "bundleText"): string;
}

type Lowering = (call: BuiltinCall) => string;

const first = ({ args }: BuiltinCall, fallback = "undefined"): string => args[0] ?? fallback;
const data: Lowering = ({ args, kwargs }) => args[0] ?? objectText(kwargs);
const copied: Lowering = ({ args }) =>
  args[0] === undefined ? "[]" : args[0].startsWith("[") ? args[0] : `[...${args[0]}]`;
const extremum =
  (name: "min" | "max"): Lowering =>
  ({ args }) =>
    `Math.${name}(${args.length === 1 ? `...${args[0]}` : args.join(", ")})`;

const lowerings = {
  named_list: ({ args }) => args[0] ?? "[]",
  named_tuple: ({ args }) => args[0] ?? "[]",
  named_dict: data,
  getitem: ({ args: [object = "undefined", key = "undefined"] }) => {
    const literal = /^"(.*)"$/.exec(key)?.[1];
    if (literal !== undefined) return memberOf(object, literal);
    return key.startsWith("-") ? `${object}.at(${key})` : `${object}[${key}]`;
  },
  // Attributes are the library's own: upstream's `pad_token_id` is `padTokenId` here.
  getattr: ({ args: [object = "undefined", name = '""', fallback] }) => {
    const member = memberOf(object, camelCase(JSON.parse(name) as string));
    return fallback === undefined ? member : `(${member} ?? ${fallback})`;
  },
  items: (call) => `Object.entries(${first(call)})`,
  keys: (call) => `Object.keys(${first(call)})`,
  values: (call) => `Object.values(${first(call)})`,
  call: ({ args: [callee = "undefined", ...rest], kwargs }) =>
    `${callee}(${[...rest, ...(kwargs.length === 0 ? [] : [objectText(kwargs)])].join(", ")})`,
  len: (call) => `${call.helper("len")}(${first(call)})`,
  dict: ({ args, kwargs }) =>
    args[0] === undefined
      ? objectText(kwargs)
      : `{ ...${args[0]}${kwargs.map(([key, text]) => `, ${key}: ${text}`).join("")} }`,
  "dict.fromkeys": ({ args: [keys = "[]", value = "null"] }) =>
    `Object.fromEntries(${keys}.map((key) => [key, ${value}]))`,
  list: copied,
  tuple: copied,
  set: ({ args }) => `new Set(${args[0] ?? ""})`,
  int: (call) => `Math.trunc(Number(${first(call, "0")}))`,
  float: (call) => `Number(${first(call, "0")})`,
  str: (call) => `String(${first(call, '""')})`,
  bool: (call) => `Boolean(${first(call, "false")})`,
  abs: (call) => `Math.abs(${first(call)})`,
  min: extremum("min"),
  max: extremum("max"),
  sum: (call) => `${first(call)}.reduce((total, term) => total + term, ${call.args[1] ?? "0"})`,
  round: ({ args: [value = "0", digits] }) =>
    digits === undefined ? `Math.round(${value})` : `Number(${value}.toFixed(${digits}))`,
  range: ({ args: [a = "0", b, step = "1"] }) =>
    b === undefined
      ? `Array.from({ length: ${a} }, (_, index) => index)`
      : `Array.from({ length: Math.max(0, Math.ceil((${b} - ${a}) / ${step})) }, (_, index) => ${a} + index * ${step})`,
  // Python compares numbers as numbers; a bare sort() would compare their texts.
  sorted: (call) => `[...${first(call)}].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))`,
  reversed: (call) => `[...${first(call)}].reverse()`,
  zip: ({ args: [a = "[]", b = "[]"] }) => `${a}.map((item, index) => [item, ${b}[index]])`,
  enumerate: (call) => `[...${first(call)}].map((item, index) => [index, item])`,
  pow: ({ args: [base = "0", exponent = "0"] }) => `${base} ** ${exponent}`,
  or_undefined: (call) => `${first(call)} ?? undefined`,
  bundle_text: (call) => `${call.helper("bundleText")}(import.meta.url, ${first(call)})`,
} satisfies Record<BuiltinName, Lowering>;

export function lowerBuiltin(name: BuiltinName, call: BuiltinCall): string {
  return lowerings[name](call);
}
