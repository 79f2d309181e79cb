/** @file TypeScript's types in the words of people who write configs: `readonly number[] | undefined` is "a list of numbers". */

const simple: Readonly<Record<string, readonly [one: string, many: string]>> = {
  number: ["a number", "numbers"],
  bigint: ["a number", "numbers"],
  string: ["a text", "texts"],
  boolean: ["true or false", "booleans"],
};

/** "a number", "a Dataset", "a list of texts"; source text where words would be longer than it. */
export function article(type: string): string {
  const parts = alternativesOf(type).filter((part) => part !== "undefined" && part !== "null");
  const words = parts.map(wordsOf);
  if (words.length === 0 || words.some((word) => word === undefined)) return `\`${type}\``;
  const distinct = [...new Set(words)] as string[];
  const last = distinct.pop() as string;
  return distinct.length === 0 ? last : `${distinct.join(", ")} or ${last}`;
}

function wordsOf(type: string): string | undefined {
  if (simple[type] !== undefined) return simple[type][0];
  const list = elementOf(type);
  if (list !== undefined) {
    const many = simple[list]?.[1];
    return many !== undefined ? `a list of ${many}` : /^[A-Z]\w*$/.test(list) ? `a list of ${list}` : "a list";
  }
  if (/^\(.*\) => /.test(type)) return "a factory (!partial)";
  if (/^(?:"[^"]*"|'[^']*'|-?[\d.]+|true|false)$/.test(type)) return type;
  if (/^[A-Za-z_]\w*(?:<.*>)?$/.test(type)) {
    const name = type.replace(/<.*$/, "");
    if (name === "Record" || name === "object") return "a mapping";
    return `${/^[aeiouAEIO]/.test(name) ? "an" : "a"} ${name}`;
  }
  return undefined;
}

function elementOf(type: string): string | undefined {
  const plain = type.replace(/^readonly /, "");
  const bare = /^(\w+)\[\]$/.exec(plain) ?? /^(?:Readonly)?Array<(.*)>$/.exec(plain);
  if (bare !== null) return bare[1];
  if (/^\(.*\)\[\]$/.test(plain) || /^\[.*\]$/.test(plain) || plain.endsWith("[]")) return "";
  return undefined;
}

/** The members of a union, brackets and quotes respected. */
function alternativesOf(type: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let quote: string | undefined;
  for (let i = 0; i < type.length; i += 1) {
    const character = type[i] as string;
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if ("([{<".includes(character)) depth += 1;
    else if (")]}".includes(character) || (character === ">" && type[i - 1] !== "=")) depth -= 1;
    else if (character === "|" && depth === 0) {
      parts.push(type.slice(start, i).trim());
      start = i + 1;
    }
    // A function type reaches to the end: `() => a | b` is one alternative.
    else if (character === "=" && type[i + 1] === ">" && depth === 0) break;
  }
  parts.push(type.slice(start).trim());
  return parts.filter((part) => part !== "");
}
