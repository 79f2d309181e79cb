/** @file Text of the user's inside of messages: characters that a terminal would not show, or would obey, are named. */

// Control characters, and those that change the direction of what follows.
const hidden = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\p{Cs}]/gu;

export function visible(text: string): string {
  return text.replace(hidden, (c) => `\\u${(c.codePointAt(0) as number).toString(16).padStart(4, "0")}`);
}
