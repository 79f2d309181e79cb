/** @file How the parts of a template look: scopes of the TextMate grammar to styles, styles to colours of terminals and pages. */

export const styles = [
  ...["comment", "key", "string", "escape", "number", "constant", "constructor", "kind", "name", "anchor", "alias"],
  ...["keyword", "block", "function", "filter", "variable", "operator", "mark", "punctuation"],
] as const;
export type Style = (typeof styles)[number] & string;

/** Longer prefixes first where one begins with another. */
const styleOfScope: readonly (readonly [prefix: string, style: Style])[] = [
  ["comment", "comment"],
  ["punctuation.definition.comment", "comment"],
  ["entity.name.tag", "key"],
  ["string", "string"],
  ["constant.character.escape", "escape"],
  ["constant.numeric", "number"],
  ["constant.language", "constant"],
  ["constant.other", "constant"],
  ["entity.name.type.constructor", "constructor"],
  ["storage.type", "kind"],
  ["punctuation.definition.tag.yaml", "kind"],
  ["entity.name.label", "name"],
  ["punctuation.definition.name", "name"],
  ["entity.name.type.anchor", "anchor"],
  ["punctuation.definition.anchor", "anchor"],
  ["variable.other.alias", "alias"],
  ["punctuation.definition.alias", "alias"],
  ["keyword.other.merge", "alias"],
  ["entity.name.section", "block"],
  ["punctuation.definition.section", "block"],
  ["entity.name.function", "function"],
  ["support.function", "filter"],
  ["keyword.operator.statement", "mark"],
  ["keyword.operator.print", "mark"],
  ["keyword.operator.trim", "mark"],
  ["punctuation.definition.interpolation", "mark"],
  ["punctuation.definition.tag", "mark"],
  ["punctuation.definition.separator", "mark"],
  ["keyword.operator.word", "keyword"],
  ["keyword.operator", "operator"],
  ["keyword", "keyword"],
  ["variable.language", "keyword"],
  ["variable", "variable"],
  ["punctuation", "punctuation"],
];

const known = new Map<string, Style | undefined>();

/** The style of the innermost scope that has one. */
export function styleOf(scopes: readonly string[]): Style | undefined {
  for (let i = scopes.length - 1; i >= 0; i -= 1) {
    const scope = scopes[i] as string;
    if (!known.has(scope)) known.set(scope, styleOfScope.find(([prefix]) => scope.startsWith(prefix))?.[1]);
    const style = known.get(scope);
    if (style !== undefined) return style;
  }
  return undefined;
}

/** Codes of the sixteen colours that every terminal has, so that its own theme decides how they look. */
export const ansiCodes: Readonly<Partial<Record<Style, string>>> = {
  comment: "90",
  key: "34",
  string: "32",
  escape: "36",
  number: "33",
  constant: "33",
  constructor: "36",
  kind: "35",
  name: "2;36",
  anchor: "1;33",
  alias: "33",
  keyword: "35",
  block: "1;34",
  function: "36",
  filter: "36",
  mark: "1;35",
};

/** Lightness and hue for pages: `light-dark()` follows the reader's theme. Contrast is at least 4.5 on both papers. */
export const pageColors: Readonly<Partial<Record<Style, readonly [light: string, dark: string]>>> = {
  comment: ["#6a737d", "#8b949e"],
  key: ["#0550ae", "#79c0ff"],
  string: ["#0a5c2e", "#7ee787"],
  escape: ["#116329", "#a5d6ff"],
  number: ["#953800", "#ffa657"],
  constant: ["#953800", "#ffa657"],
  constructor: ["#116a7b", "#56d4dd"],
  kind: ["#8250df", "#d2a8ff"],
  name: ["#57606a", "#9da7b3"],
  anchor: ["#9a6700", "#e3b341"],
  alias: ["#9a6700", "#e3b341"],
  keyword: ["#cf222e", "#ff7b72"],
  block: ["#0550ae", "#79c0ff"],
  function: ["#116a7b", "#56d4dd"],
  filter: ["#116a7b", "#56d4dd"],
  mark: ["#cf222e", "#ff7b72"],
};
