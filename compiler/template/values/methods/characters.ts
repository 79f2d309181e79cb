/** @file What Python knows about characters and JavaScript does not: its whitespace, digits, title case and case folding. */

/** Python's whitespace, as the inside of a character class. JavaScript's `\s` lacks U+001C–U+001F and U+0085 and has U+FEFF. */
export const whitespaceClass = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const lineBreakClass = "\\n-\\r\\x1c-\\x1e\\x85\\u2028\\u2029";

/** Line ends for `splitlines`; `\r\n` counts as one. */
export const lineEnd = new RegExp(`\\r\\n|[${lineBreakClass}]`, "g");

const isEvery = (pattern: string): ((text: string) => boolean) => {
  // Made when it is needed: classes of characters are costly.
  let expression: RegExp | undefined;
  return (text) => {
    expression ??= new RegExp(`^(?:${pattern})+$`, "u");
    return expression.test(text);
  };
};

/** Characters with the numeric type Digit that are not decimal digits: superscripts, circled digits, … */
const otherDigits =
  "\\xb2\\xb3\\xb9\\u1369-\\u1371\\u19da\\u2070\\u2074-\\u2079\\u2080-\\u2089\\u2460-\\u2468\\u2474-\\u247c\\u2488-\\u2490\\u24ea\\u24f5-\\u24fd\\u24ff\\u2776-\\u277e\\u2780-\\u2788\\u278a-\\u2792\\u{10a40}-\\u{10a43}\\u{10e60}-\\u{10e68}\\u{11052}-\\u{1105a}\\u{1f100}-\\u{1f10a}";

/** Ideographs that stand for numbers; by category they are letters. */
const numericIdeographs =
  "\\u3405\\u3483\\u382a\\u3b4d\\u4e00\\u4e03\\u4e07\\u4e09\\u4e5d\\u4e8c\\u4e94\\u4e96\\u4ebf\\u4ec0\\u4edf\\u4ee8\\u4f0d\\u4f70\\u5104\\u5146\\u5169\\u516b\\u516d\\u5341\\u5343-\\u5345\\u534c\\u53c1-\\u53c4\\u56db\\u58f1\\u58f9\\u5e7a\\u5efe\\u5eff\\u5f0c-\\u5f0e\\u5f10\\u62fe\\u634c\\u67d2\\u6f06\\u7396\\u767e\\u8086\\u842c\\u8cae\\u8cb3\\u8d30\\u9621\\u9646\\u964c\\u9678\\u96f6\\uf96b\\uf973\\uf978\\uf9b2\\uf9d1\\uf9d3\\uf9fd\\u{20001}\\u{20064}\\u{200e2}\\u{20121}\\u{2092a}\\u{20983}\\u{2098c}\\u{2099c}\\u{20aea}\\u{20afd}\\u{20b19}\\u{22390}\\u{22998}\\u{23b1b}\\u{2626d}\\u{2f890}";

export const isSpace = isEvery(`[${whitespaceClass}]`);
export const isAlpha = isEvery("\\p{L}");
export const isDecimal = isEvery("\\p{Nd}");
export const isDigit = isEvery(`[\\p{Nd}${otherDigits}]`);
export const isNumeric = isEvery(`[\\p{N}${numericIdeographs}]`);
export const isAlphanumeric = isEvery(`[\\p{L}\\p{N}]`);
export const isIdentifier = (text: string): boolean => /^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(text);

export const isUpper = (text: string): boolean => /\p{Uppercase}/u.test(text) && !/[\p{Lowercase}\p{Lt}]/u.test(text);
export const isLower = (text: string): boolean => /\p{Lowercase}/u.test(text) && !/[\p{Uppercase}\p{Lt}]/u.test(text);

/** Upper case only at the start of a run of cased letters, and at least one such run. */
export function isTitle(text: string): boolean {
  let insideWord = false;
  let found = false;
  for (const character of text) {
    if (/[\p{Uppercase}\p{Lt}]/u.test(character)) {
      if (insideWord) return false;
      insideWord = found = true;
    } else if (/\p{Lowercase}/u.test(character)) {
      if (!insideWord) return false;
      found = true;
    } else insideWord = false;
  }
  return found;
}

/** Greek letters with iota, whose upper case writes the iota as a letter of its own and whose title case does not. */
const greekTitles = new Map(
  "ᾲᾺͅ ᾳᾼ ᾴΆͅ ᾷᾼ͂ ῂῊͅ ῃῌ ῄΉͅ ῇῌ͂ ῲῺͅ ῳῼ ῴΏͅ ῷῼ͂ ᾼᾼ ῌῌ ῼῼ".split(" ").map((pair) => [pair[0]!, pair.slice(1)]),
);
const digraphTitles = new Map([..."ǅǈǋǲ"].flatMap((t) => [t, t.toUpperCase(), t.toLowerCase()].map((c) => [c, t])));

/** The title case of one character. */
export function toTitle(character: string): string {
  const code = character.codePointAt(0)!;
  if (code >= 0x1f80 && code <= 0x1faf) return String.fromCodePoint(code | 8);
  // Georgian has capitals, but words do not begin with them.
  if (code >= 0x10d0 && code <= 0x10ff) return character;
  const special = greekTitles.get(character) ?? digraphTitles.get(character);
  if (special !== undefined) return special;
  const upper = character.toUpperCase();
  if (upper.length === character.length || character === "ŉ") return upper;
  const [first = "", ...rest] = upper;
  return first + rest.join("").toLowerCase();
}

/** `str.title`: a capital after everything that is not a cased letter. */
export function titleCase(text: string): string {
  let afterCased = false;
  return Array.from(lowerKeepingContext(text), ([original, lower]) => {
    const result = afterCased ? lower : toTitle(original);
    afterCased = /\p{Cased}/u.test(original);
    return result;
  }).join("");
}

export function capitalize(text: string): string {
  const [first] = text;
  if (first === undefined) return "";
  return toTitle(first) + text.toLowerCase().slice(first.toLowerCase().length);
}

export function swapCase(text: string): string {
  return Array.from(lowerKeepingContext(text), ([original, lower]) => {
    if (/\p{Uppercase}/u.test(original)) return lower;
    return /\p{Lowercase}/u.test(original) ? original.toUpperCase() : original;
  }).join("");
}

/** Each character with its lower case at that place: the Greek sigma has another one at the end of a word. */
function lowerKeepingContext(text: string): [original: string, lower: string][] {
  let at = 0;
  return Array.from(text, (character) => {
    at += character.length;
    if (character !== "Σ") return [character, character.toLowerCase()];
    const before = text.slice(0, at).toLowerCase();
    return [character, text.toLowerCase().charAt(before.length - 1)];
  });
}

/** Full case folding. Lower case of upper case is nearly it. */
export function caseFold(text: string): string {
  return Array.from(text, (character) => {
    if (character === "ı") return character;
    if (character === "ẞ") return "ss";
    if (/\p{Script=Cherokee}/u.test(character)) return character.toUpperCase();
    return character.toUpperCase().toLowerCase();
  }).join("");
}
