/** @file Text of the user's inside of messages: characters that a terminal would not show, or would obey, are named. */

// Control characters, and those that change the direction of what follows.
const hidden = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\p{Cs}]/gu;

const named = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

export function visible(text: string): string {
  return text.replace(
    hidden,
    (c) => named.get(c) ?? `\\u${(c.codePointAt(0) as number).toString(16).padStart(4, "0")}`,
  );
}

/** The same of a stretch of source text, cut to what can be read in a sentence. */
export function excerpt(text: string, length = 40): string {
  const [line = ""] = text.split(/[\r\n]/, 1);
  return line.length > length || line.length < text.length ? `${visible(line.slice(0, length))}…` : visible(line);
}
