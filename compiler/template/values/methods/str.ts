/** @file The methods of str. `format` and `format_map` are in access.ts's care, because they look attributes up. */
import { PyBytes } from "../bytes.ts";
import { characters, codePointLength, substring } from "../code-points.ts";
import { truthy } from "../compare.ts";
import { PyDict } from "../dict.ts";
import { TemplateError, typeError, valueError } from "../errors.ts";
import { iterate } from "../iterate.ts";
import { escapeText } from "../markup.ts";
import { isPrintable } from "../print.ts";
import { expectCount, expectInteger, expectSize, expectText } from "../signature.ts";
import { BuiltinFunction, call, Markup, PyList, PyTuple, textOf, typeNameOf, type Value } from "../value.ts";
import * as character from "./characters.ts";
import { type MethodRows, methodTable } from "./method.ts";
import { sliceBounds } from "./sequence.ts";
import * as text from "./text.ts";

type Row = MethodRows<string>[string];

const predicate = (holds: (self: string) => boolean): Row => ["", (self) => holds(self)];

const strips = (side: text.Side): Row => [
  "chars=None, /",
  (self, chars: Value) => text.strip(self, side, chars === null ? undefined : expectText(chars, "strip argument")),
];

const pads = (alignment: text.Alignment): Row => [
  "width, fillchar=' ', /",
  (self, width: Value, fill: Value) => {
    const filler = expectText(fill, "the fill character");
    if (codePointLength(filler) !== 1) throw typeError("The fill character must be exactly one character long");
    return text.pad(self, expectSize(width), alignment, filler);
  },
];

function searches(fromRight: boolean, mustFind: boolean): Row {
  return [
    "sub, start=None, end=None, /",
    (self, sub: Value, start: Value, end: Value) => {
      const part = expectText(sub);
      const length = codePointLength(self);
      const window = sliceBounds(length, start, end, null);
      // A start beyond the end finds nothing, not even the empty text.
      const outside = typeof start === "bigint" && start > BigInt(length);
      const at = outside ? -1 : text.findText(self, part, window.start, window.stop, fromRight);
      if (at < 0 && mustFind) throw valueError("substring not found");
      return BigInt(at);
    },
  ];
}

function affixes(name: string, holds: (self: string, affix: string) => boolean): Row {
  return [
    "affix, start=None, end=None, /",
    (self, affix: Value, start: Value, end: Value) => {
      const choices = affix instanceof PyTuple ? affix.items : [affix];
      const length = codePointLength(self);
      const window = sliceBounds(length, start, end, null);
      const outside = (typeof start === "bigint" && start > BigInt(length)) || window.start > window.stop;
      const part = substring(self, window.start, window.stop);
      return choices.some((choice) => {
        const wanted = textOf(choice);
        if (wanted === undefined) {
          throw typeError(`${name} first arg must be str or a tuple of str, not ${typeNameOf(choice)}`);
        }
        return !outside && holds(part, wanted);
      });
    },
  ];
}

const strings = (parts: readonly string[]): PyList => new PyList([...parts]);

const splits = (
  bySpace: (self: string, limit: number) => string[],
  byText: (self: string, separator: string, limit: number) => string[],
): Row => [
  "sep=None, maxsplit=-1",
  (self, separator: Value, limit: Value) =>
    strings(
      separator === null
        ? bySpace(self, expectCount(limit))
        : byText(self, expectText(separator, "separator"), expectCount(limit)),
    ),
];

const partitions = (fromRight: boolean): Row => [
  "sep, /",
  (self, sep: Value) => {
    const separator = expectText(sep, "separator");
    if (separator === "") throw valueError("empty separator");
    const at = fromRight ? self.lastIndexOf(separator) : self.indexOf(separator);
    if (at < 0) return new PyTuple(fromRight ? ["", "", self] : [self, "", ""]);
    return new PyTuple([self.slice(0, at), separator, self.slice(at + separator.length)]);
  },
];

export const stringMethods = methodTable<string>({
  capitalize: ["", character.capitalize],
  casefold: ["", character.caseFold],
  center: pads("center"),
  count: [
    "sub, start=None, end=None, /",
    (self, sub: Value, start: Value, end: Value) => {
      const length = codePointLength(self);
      if (typeof start === "bigint" && start > BigInt(length)) return 0n;
      const window = sliceBounds(length, start, end, null);
      if (window.start > window.stop) return 0n;
      return BigInt(text.countText(substring(self, window.start, window.stop), expectText(sub)));
    },
  ],
  encode: ["encoding='utf-8', errors='strict'", encode],
  endswith: affixes("endswith", (part, affix) => part.endsWith(affix)),
  expandtabs: ["tabsize=8", (self, size: Value) => text.expandTabs(self, expectSize(size))],
  find: searches(false, false),
  index: searches(false, true),
  isalnum: predicate(character.isAlphanumeric),
  isalpha: predicate(character.isAlpha),
  isascii: predicate((self) => /^\p{ASCII}*$/u.test(self)),
  isdecimal: predicate(character.isDecimal),
  isdigit: predicate(character.isDigit),
  isidentifier: predicate(character.isIdentifier),
  islower: predicate(character.isLower),
  isnumeric: predicate(character.isNumeric),
  isprintable: predicate((self) => characters(self).every(isPrintable)),
  isspace: predicate(character.isSpace),
  istitle: predicate(character.isTitle),
  isupper: predicate(character.isUpper),
  join: [
    "iterable, /",
    (self, iterable: Value) => {
      const parts: string[] = [];
      for (const item of iterate(iterable)) {
        const part = textOf(item);
        if (part === undefined) {
          throw typeError(`sequence item ${parts.length}: expected str instance, ${typeNameOf(item)} found`);
        }
        parts.push(part);
      }
      return parts.join(self);
    },
  ],
  ljust: pads("left"),
  lower: ["", (self) => self.toLowerCase()],
  lstrip: strips("left"),
  maketrans: ["x, y=?, z=?, /", (_self, x: Value, y?: Value, z?: Value) => makeTranslation(x, y, z)],
  partition: partitions(false),
  removeprefix: [
    "prefix, /",
    (self, prefix: Value) => (self.startsWith(expectText(prefix)) ? self.slice(expectText(prefix).length) : self),
  ],
  removesuffix: [
    "suffix, /",
    (self, suffix: Value) => {
      const end = expectText(suffix);
      return end !== "" && self.endsWith(end) ? self.slice(0, -end.length) : self;
    },
  ],
  replace: [
    "old, new, count=-1, /",
    (self, old: Value, replacement: Value, count: Value) =>
      text.replaceText(self, expectText(old), expectText(replacement), expectCount(count)),
  ],
  rfind: searches(true, false),
  rindex: searches(true, true),
  rjust: pads("right"),
  rpartition: partitions(true),
  rsplit: splits(text.splitSpaceRight, text.splitAtRight),
  rstrip: strips("right"),
  split: splits(text.splitSpace, text.splitAt),
  splitlines: ["keepends=False", (self, keep: Value) => strings(text.splitLines(self, truthy(keep)))],
  startswith: affixes("startswith", (part, affix) => part.startsWith(affix)),
  strip: strips("both"),
  swapcase: ["", character.swapCase],
  title: ["", character.titleCase],
  translate: ["table, /", (self, table: Value) => translate(self, table)],
  upper: ["", (self) => self.toUpperCase()],
  zfill: ["width, /", (self, width: Value) => text.zeroFill(self, expectSize(width))],
});

function encode(self: string, encoding: Value, errors: Value): Value {
  const name = expectText(encoding, "encoding").toLowerCase().replaceAll("_", "-");
  if (["utf-8", "utf8"].includes(name)) return new PyBytes(new TextEncoder().encode(self));
  const limit = ["ascii", "us-ascii"].includes(name)
    ? 0x7f
    : ["latin-1", "latin1", "iso-8859-1"].includes(name)
      ? 0xff
      : 0;
  if (limit === 0) throw new TemplateError("other", `unknown encoding: ${name}`);
  const bytes: number[] = [];
  for (const c of self) {
    const code = c.codePointAt(0)!;
    if (code <= limit) bytes.push(code);
    else if (errors === "replace") bytes.push(0x3f);
    else if (errors !== "ignore") throw valueError(`'${name}' codec can't encode character`);
  }
  return new PyBytes(Uint8Array.from(bytes));
}

/** The table that `translate` takes: from code points to what replaces them. */
function makeTranslation(x: Value, y: Value | undefined, z: Value | undefined): PyDict {
  const table = new PyDict();
  if (y === undefined) {
    if (!(x instanceof PyDict)) throw typeError("if you give only one argument to maketrans it must be a dict");
    for (const [key, value] of x.entries()) {
      const letter = textOf(key);
      if (letter !== undefined && codePointLength(letter) !== 1) {
        throw valueError("string keys in translate table must be of length 1");
      }
      table.set(letter === undefined ? expectInteger(key) : BigInt(letter.codePointAt(0)!), value);
    }
    return table;
  }
  const from = characters(expectText(x));
  const to = characters(expectText(y));
  if (from.length !== to.length) throw valueError("the first two maketrans arguments must have equal length");
  for (const [i, c] of from.entries()) table.set(BigInt(c.codePointAt(0)!), BigInt(to[i]!.codePointAt(0)!));
  if (z !== undefined) for (const c of characters(expectText(z))) table.set(BigInt(c.codePointAt(0)!), null);
  return table;
}

function translate(self: string, table: Value): string {
  if (!(table instanceof PyDict) && !(table instanceof PyList)) {
    throw typeError(`'${typeNameOf(table)}' object is not subscriptable`);
  }
  return Array.from(self, (c) => {
    const code = c.codePointAt(0)!;
    const entry = table instanceof PyDict ? table.get(BigInt(code)) : table.items[code];
    if (entry === undefined) return c;
    if (entry === null) return "";
    return textOf(entry) ?? String.fromCodePoint(Number(expectInteger(entry)));
  }).join("");
}

/** A bound method of a str or of safe text. */
export function stringAttribute(value: string | Markup, name: string): Value | undefined {
  if (typeof value === "string") return stringMethods.get(name)?.(value);
  const method = stringMethods.get(name)?.(value.text);
  if (method === undefined) return undefined;
  return new BuiltinFunction(name, (args, kwargs) => {
    const escaped = args.map(name === "join" ? escapeItems : escapeUnsafe);
    return markSafe(call(method, escaped, new Map([...kwargs].map(([k, v]) => [k, escapeUnsafe(v)]))));
  });
}

const escapeUnsafe = (value: Value): Value => (typeof value === "string" ? escapeText(value) : value);

function escapeItems(value: Value): Value {
  return new PyList(Array.from(iterate(value), escapeUnsafe));
}

/** What safe text is made into stays safe. */
function markSafe(value: Value): Value {
  if (typeof value === "string") return new Markup(value);
  if (value instanceof PyList) return new PyList(value.items.map(markSafe));
  return value instanceof PyTuple ? new PyTuple(value.items.map(markSafe)) : value;
}
