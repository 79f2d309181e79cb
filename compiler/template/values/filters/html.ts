/** @file Filters for HTML and addresses. */
import { truthy } from "../compare.ts";
import { PyDict } from "../dict.ts";
import { runtimeError, typeError, valueError } from "../errors.ts";
import { toArray, tryIterator } from "../iterate.ts";
import { escapeText, escapeValue } from "../markup.ts";
import { splitSpace } from "../methods/text.ts";
import { repr, reprText, str } from "../print.ts";
import { expectCount, expectText } from "../signature.ts";
import { Undefined } from "../undefined.ts";
import { Markup, textOf, typeNameOf, type Value } from "../value.ts";
import { filterTable } from "./filter.ts";
import { unescapeHtml } from "./unescape.ts";
import { urlize } from "./urlize.ts";

const escapes = ["", (_context: unknown, value: Value) => escapeValue(value)] as const;

export const htmlFilters = filterTable({
  e: escapes,
  escape: escapes,
  forceescape: ["", (_context, value) => new Markup(escapeText(str(value)))],
  safe: ["", (_context, value) => new Markup(str(value))],
  striptags: ["", (_context, value) => stripTags(str(value))],
  urlencode: ["", (_context, value) => urlEncode(value)],
  urlize: [
    "trim_url_limit=None, nofollow=False, target=None, rel=None, extra_schemes=None",
    (context, value, limit: Value, nofollow: Value, target: Value, rel: Value, extraSchemes: Value) => {
      const schemes = extraSchemes === null ? [] : toArray(extraSchemes).map((s) => expectText(s, "scheme"));
      const invalid = schemes.find((scheme) => !/^[\p{L}\p{N}_.+-]{2,}:\/{0,2}$/u.test(scheme));
      if (invalid !== undefined) throw runtimeError(`${reprText(invalid)} is not a valid URI scheme prefix.`);
      const relations = new Set(splitSpace(rel === null ? "" : expectText(rel, "rel"), -1));
      if (truthy(nofollow)) relations.add("nofollow");
      relations.add("noopener");
      const linked = urlize(str(value), value instanceof Markup, {
        limit: limit === null ? undefined : expectCount(limit, "trim_url_limit"),
        rel: [...relations].sort().join(" "),
        target: target === null ? undefined : expectText(target, "target"),
        schemes,
      });
      return context.autoescape ? new Markup(linked) : linked;
    },
  ],
  xmlattr: [
    "autospace=True",
    (context, value, autospace: Value) => {
      if (value instanceof Undefined) value.truthy();
      if (!(value instanceof PyDict)) throw typeError(`xmlattr needs a dict, not ${typeNameOf(value)}`);
      const attributes = value.entries().flatMap(([key, item]) => {
        if (item === null || item instanceof Undefined) return [];
        const name = textOf(key);
        if (name === undefined) throw typeError(`attribute name must be str, not ${typeNameOf(key)}`);
        if (/[\t-\r />=]/.test(name)) throw valueError(`Invalid character in attribute name: ${repr(key)}`);
        return [`${escapeValue(key).text}="${escapeValue(item).text}"`];
      });
      const text = (truthy(autospace) && attributes.length > 0 ? " " : "") + attributes.join(" ");
      return context.autoescape ? new Markup(text) : text;
    },
  ],
});

/** Comments go, then tags, then runs of whitespace become one space, then references are decoded. */
function stripTags(text: string): string {
  const plain = removeBetween(removeBetween(text, "<!--", "-->"), "<", ">");
  return unescapeHtml(splitSpace(plain, -1).join(" "));
}

/** Remove everything from each `open` to the next `close`; what is never closed stays. */
function removeBetween(text: string, open: string, close: string): string {
  let out = "";
  let rest = text;
  for (;;) {
    const start = rest.indexOf(open);
    const end = start < 0 ? -1 : rest.indexOf(close, start);
    if (end < 0) return out + rest;
    out += rest.slice(0, start);
    rest = rest.slice(end + close.length);
  }
}

function urlEncode(value: Value): string {
  if (textOf(value) !== undefined || tryIterator(value) === undefined) return quoteUrl(str(value), "/");
  const pairs = value instanceof PyDict ? value.entries() : toArray(value).map((pair) => toArray(pair));
  return pairs
    .map((pair) => {
      const [key, item] = pair;
      if (pair.length !== 2 || key === undefined || item === undefined) {
        throw valueError("urlencode needs pairs of key and value");
      }
      return `${quoteQuery(str(key))}=${quoteQuery(str(item))}`;
    })
    .join("&");
}

const quoteQuery = (text: string): string => quoteUrl(text, "").replaceAll("%20", "+");

/** Percent-encode the UTF-8 bytes of everything but unreserved characters and those in `safe`. */
function quoteUrl(text: string, safe: string): string {
  let out = "";
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    out +=
      /[A-Za-z0-9_.~-]/.test(character) || safe.includes(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}
