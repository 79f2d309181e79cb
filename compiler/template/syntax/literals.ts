/** @file What the text of a literal means: numbers with underscores, strings with Python's escapes. */

/** A digit sequence with an optional `0x`, `0o`, `0b`. */
export function integerOf(text: string): bigint {
  return BigInt(text.replaceAll("_", ""));
}

export function floatOf(text: string): number {
  return Number(text.replaceAll("_", ""));
}

/** An escape that is not complete: at `offset` in the literal's text, quotes included. */
export interface BadEscape {
  readonly offset: number;
  readonly length: number;
  readonly message: string;
}

const simple: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};
const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const escapes = /\\(?:([0-7]{1,3})|([xuU])([\da-fA-F]*)|N(\{[^}]*\})?|([\s\S]))/g;

/** The value of a quoted string, or what is wrong with it. */
export function stringOf(literal: string, nameToCharacter: (name: string) => string | undefined): string | BadEscape {
  const body = literal.slice(1, -1);
  if (!body.includes("\\")) return body;
  let out = "";
  let last = 0;
  escapes.lastIndex = 0;
  for (let match = escapes.exec(body); match !== null; match = escapes.exec(body)) {
    const [whole, octal, hexKind, hex = "", named, other] = match;
    out += body.slice(last, match.index);
    const bad = (message: string): BadEscape => ({ offset: match.index + 1, length: whole.length, message });
    if (octal !== undefined) {
      out += String.fromCodePoint(Number.parseInt(octal, 8));
    } else if (hexKind !== undefined) {
      const digits = hexDigits[hexKind] as number;
      if (hex.length < digits) return bad(`\\${hexKind} needs ${digits} hexadecimal digits`);
      const code = Number.parseInt(hex.slice(0, digits), 16);
      if (code > 0x10ffff) return bad("there is no such character");
      out += String.fromCodePoint(code);
      escapes.lastIndex = match.index + 2 + digits;
    } else if (other !== undefined) {
      out += simple[other] ?? whole;
    } else {
      const character = named === undefined ? undefined : nameToCharacter(named.slice(1, -1));
      if (character === undefined) return bad("\\N needs the name of a character in braces");
      out += character;
    }
    last = escapes.lastIndex;
  }
  return out + body.slice(last);
}
