/** @file What a plain scalar means: the tables of YAML 1.1 as PyYAML has them (node-graph.md, 1.1). */
import { yamlTagPrefix } from "./tags.ts";

/** `fgc` reads `1e-4` as a number, `reference` as text. */
export type YamlFloats = "fgc" | "reference";

export type ScalarType = "bool" | "float" | "exponent-float" | "int" | "merge" | "null" | "timestamp" | "value" | "str";

/** Tried in this order, on the whole scalar. */
const implicit: readonly (readonly [ScalarType, RegExp])[] = [
  ["bool", /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/],
  [
    "float",
    /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  ],
  [
    "int",
    /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  ],
  ["merge", /^<<$/],
  ["null", /^(?:~|null|Null|NULL|)$/],
  [
    "timestamp",
    /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
  ],
  ["value", /^=$/],
];

/** What the language's own reading adds: an exponent is enough to make a number. */
const exponentFloat = /^[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$/;

export function resolvePlain(text: string, floats: YamlFloats): ScalarType {
  for (const [type, pattern] of implicit) if (pattern.test(text)) return type;
  return floats === "fgc" && exponentFloat.test(text) ? "exponent-float" : "str";
}

/** The standard tags that have a constructor of their own for scalars. */
export const scalarTags = ["null", "bool", "int", "float", "binary", "timestamp", "str"].map(
  (name) => yamlTagPrefix + name,
);

/** The int that `text` writes, or undefined where it writes none. */
export function parseInt1_1(text: string): bigint | undefined {
  const digits = text.replaceAll("_", "");
  const sign = digits.startsWith("-") ? -1n : 1n;
  const body = digits.replace(/^[-+]/, "");
  const magnitude = parseMagnitude(body);
  return magnitude === undefined ? undefined : sign * magnitude;
}

function parseMagnitude(body: string): bigint | undefined {
  if (/^0b[01]+$/.test(body) || /^0x[0-9a-fA-F]+$/.test(body)) return BigInt(body);
  if (/^0[0-7]*$/.test(body)) return body === "0" ? 0n : BigInt(`0o${body.slice(1)}`);
  if (/^[1-9][0-9]*$/.test(body)) return BigInt(body);
  if (/^[0-9]+(?::[0-9]+)+$/.test(body)) return body.split(":").reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  return undefined;
}

/** The float that `text` writes, or undefined. Takes what Python's `float()` takes, and base 60. */
export function parseFloat1_1(text: string): number | undefined {
  const lower = text.replaceAll("_", "").toLowerCase();
  const sign = lower.startsWith("-") ? -1 : 1;
  const body = lower.replace(/^[-+]/, "").trim();
  if (/^\.?inf(?:inity)?$/.test(body)) return sign * Number.POSITIVE_INFINITY;
  if (/^\.?nan$/.test(body)) return Number.NaN;
  if (/^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(body)) return sign * Number(body);
  if (/^\d+(?::\d+)+(?:\.\d*)?$/.test(body))
    return sign * body.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return undefined;
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["no", false],
  ["true", true],
  ["false", false],
  ["on", true],
  ["off", false],
]);

export function parseBool1_1(text: string): boolean | undefined {
  return booleans.get(text.toLowerCase());
}

export interface Timestamp {
  readonly type: "date" | "datetime";
  /** As Python's `isoformat()` gives it. */
  readonly text: string;
}

const timestampParts =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::?(\d\d))?))?)?$/;

/** The date or date-time that `text` writes, or undefined where there is no such day or time. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = timestampParts.exec(text);
  if (match === null) return undefined;
  const [, y, mo, d, h, mi, s, fraction, zone, zoneSign, zoneHour, zoneMinute] = match;
  const [year, month, day] = [Number(y), Number(mo), Number(d)];
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > lastDay) return undefined;
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${y}-${two(month)}-${two(day)}`;
  if (h === undefined) return { type: "date", text: date };
  if (Number(h) > 23 || Number(mi) > 59 || Number(s) > 59) return undefined;
  const micro = (fraction ?? "").slice(0, 6).padEnd(6, "0");
  const offset =
    zone === undefined ? "" : zone === "Z" ? "+00:00" : `${zoneSign}${two(Number(zoneHour))}:${zoneMinute ?? "00"}`;
  return {
    type: "datetime",
    text: `${date}T${two(Number(h))}:${mi}:${s}${Number(micro) > 0 ? `.${micro}` : ""}${offset}`,
  };
}
