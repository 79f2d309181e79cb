/** @file HTML character references back to text, as browsers (and Python's `html.unescape`) read them. */
import { namedReferences } from "./html-entities.ts";

const reference = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g;

export function unescapeHtml(text: string): string {
  return text.replace(reference, (_, body: string) => (body.startsWith("#") ? numeric(body) : named(body)));
}

/** The whole name, else the longest start of it that stands without semicolon. */
function named(body: string): string {
  const references = namedReferences();
  for (let length = body.length; length > 1; length--) {
    const text = references.get(body.slice(0, length));
    if (text !== undefined) return text + body.slice(length);
  }
  return `&${body}`;
}

/** Windows code page 1252 from 0x80 on: pages that say `&#150;` mean its dash. */
const windows1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

function numeric(body: string): string {
  const digits = body.replace(/;$/, "");
  const code = /^#x/i.test(digits) ? Number.parseInt(digits.slice(2), 16) : Number.parseInt(digits.slice(1), 10);
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return "\ufffd";
  if (code >= 0x80 && code <= 0x9f) return windows1252[code - 0x80]!;
  return isNonCharacter(code) ? "" : String.fromCodePoint(code);
}

function isNonCharacter(code: number): boolean {
  if (code === 0x7f || code === 0xb || (code >= 0xe && code <= 0x1f) || (code >= 1 && code <= 8)) return true;
  return (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
}
