/**
 * @file The tokens of the template language, and the modes that they belong to.
 *
 * | mode | where | left by |
 * | --- | --- | --- |
 * | text | outside of tags | |
 * | raw | between `{% raw %}` and `{% endraw %}` | the end tag |
 * | tag, print | inside `{% %}`, `{{ }}` | the closing delimiter |
 * | group | inside brackets of those, where a closing delimiter is two operators | the closing bracket |
 */
import {
  createToken,
  type IMultiModeLexerDefinition,
  type IToken,
  type ITokenConfig,
  Lexer,
  type TokenType,
} from "chevrotain";
import { isSpace, SPACE, trimEndOffset } from "../scan/characters.ts";

const S = `[${SPACE}]`;
const sticky = (source: string): RegExp => new RegExp(source);

const custom = (match: (text: string, offset: number) => string): Pick<ITokenConfig, "pattern" | "line_breaks"> => ({
  pattern: {
    exec(text: string, offset: number) {
      const found = match(text, offset);
      return found === "" ? null : ([found] as unknown as RegExpExecArray);
    },
  },
  line_breaks: true,
});

/** What a token can begin with, told to the lexer: it would parse the pattern to find out. */
const begins = (...characters: (string | number)[]) => ({ start_chars_hint: characters });

// The lexer finds candidates by first character; characters above 255 share buckets of 255 codes there.
const spaceStarts: number[] = [];
const nameStarts: number[] = [];
for (let code = 0; code < 256; code += 1) {
  const character = String.fromCharCode(code);
  if (isSpace(character)) spaceStarts.push(code);
  else if (code >= 128 || /[A-Za-z_]/.test(character)) nameStarts.push(code);
}
for (let code = 256; code < 0x10000; code += 255) nameStarts.push(code);
nameStarts.push(0xffff);
for (const code of [0x1680, 0x2000, 0x2028, 0x205f, 0x3000]) spaceStarts.push(code);

const opener = /\{[{%#]/g;
const rawEnd = new RegExp(`\\{%[-+]?${S}*endraw${S}*(?:\\+%\\}|-%\\}|%\\})`, "g");

/** Text up to the next `delimiter`; a `-` in the delimiter takes the whitespace before it away. */
const textUpTo =
  (delimiter: RegExp) =>
  (text: string, offset: number): string => {
    delimiter.lastIndex = offset;
    const found = delimiter.exec(text);
    if (found === null) return text.slice(offset);
    const trimmed = text[found.index + 2] === "-";
    return text.slice(offset, trimmed ? trimEndOffset(text, offset, found.index) : found.index);
  };

// Text and delimiters -------------------------------------------------------------------------------------------------

export const Comment = createToken({
  name: "Comment",
  pattern: sticky(`\\{#[\\s\\S]*?(?:\\+#\\}|-#\\}${S}*|#\\}\\n?)`),
  ...begins("{"),
  line_breaks: true,
  group: Lexer.SKIPPED,
});
export const UnclosedComment = createToken({
  name: "UnclosedComment",
  pattern: /\{#[\s\S]*/,
  ...begins("{"),
  line_breaks: true,
});
export const RawOpen = createToken({
  name: "RawOpen",
  label: "{% raw %}",
  ...begins("{"),
  pattern: sticky(`\\{%[-+]?${S}*raw${S}*(?:-%\\}${S}*|%\\})`),
  line_breaks: true,
  push_mode: "raw",
});
export const RawText = createToken({ name: "RawText", label: "text", ...custom(textUpTo(rawEnd)) });
export const RawClose = createToken({
  name: "RawClose",
  label: "{% endraw %}",
  ...begins("{"),
  pattern: sticky(`\\{%[-+]?${S}*endraw${S}*(?:\\+%\\}|-%\\}${S}*|%\\}\\n?)`),
  line_breaks: true,
  pop_mode: true,
});
export const TagOpen = createToken({
  name: "TagOpen",
  label: "{%",
  pattern: /\{%[-+]?/,
  ...begins("{"),
  push_mode: "tag",
});
export const PrintOpen = createToken({
  name: "PrintOpen",
  label: "{{",
  pattern: /\{\{[-+]?/,
  ...begins("{"),
  push_mode: "print",
});
export const TagClose = createToken({
  name: "TagClose",
  label: "%}",
  pattern: sticky(`\\+%\\}|-%\\}${S}*|%\\}\\n?`),
  ...begins("+", "-", "%"),
  line_breaks: true,
  pop_mode: true,
});
export const PrintClose = createToken({
  name: "PrintClose",
  label: "}}",
  pattern: sticky(`-\\}\\}${S}*|\\}\\}`),
  ...begins("-", "}"),
  line_breaks: true,
  pop_mode: true,
});
const StrippedSpace = createToken({
  name: "StrippedSpace",
  pattern: sticky(`${S}+(?=\\{[{%#]-)`),
  ...begins(...spaceStarts),
  line_breaks: true,
  group: Lexer.SKIPPED,
});
export const Text = createToken({ name: "Text", label: "text", ...custom(textUpTo(opener)) });
const Whitespace = createToken({
  name: "Whitespace",
  pattern: sticky(`${S}+`),
  ...begins(...spaceStarts),
  line_breaks: true,
  group: Lexer.SKIPPED,
});

// Literals and names --------------------------------------------------------------------------------------------------

const identifier = /[\p{XIDS}_][\p{XIDC}]*/uy;
export const Name = createToken({
  name: "Name",
  label: "name",
  // By hand: Chevrotain drops the `u` flag of a pattern.
  ...custom((text, offset) => {
    identifier.lastIndex = offset;
    return identifier.exec(text)?.[0] ?? "";
  }),
  ...begins(...nameStarts),
  line_breaks: false,
});
export const Float = createToken({
  name: "Float",
  label: "number",
  // Not after a dot: `x.0.1` is two items.
  pattern: /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/i,
  ...begins(..."0123456789"),
  line_breaks: false,
});
export const Integer = createToken({
  name: "Integer",
  label: "number",
  pattern: /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/i,
  ...begins(..."0123456789"),
});
export const Str = createToken({
  name: "String",
  label: "string",
  pattern: /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/,
  ...begins("'", '"'),
  line_breaks: true,
});
export const UnclosedString = createToken({ name: "UnclosedString", pattern: /['"][^\n]*/, ...begins("'", '"') });

// Words. They are names wherever a name can stand ---------------------------------------------------------------------

const words = new Map<string, TokenType>();
const word = (text: string): TokenType => {
  const name = `${text[0]?.toUpperCase()}${text.slice(1)}`;
  const type = createToken({ name, label: text, pattern: text, longer_alt: Name, categories: [Name] });
  words.set(text, type);
  return type;
};
export const [And, Or, Not, In, Is] = [word("and"), word("or"), word("not"), word("in"), word("is")];
export const [If, Elif, Else, EndIf] = [word("if"), word("elif"), word("else"), word("endif")];
export const [For, Recursive, EndFor] = [word("for"), word("recursive"), word("endfor")];
export const [Block, Scoped, Required, EndBlock] = [word("block"), word("scoped"), word("required"), word("endblock")];
export const [Extends, Include, Import, From, As] = [
  word("extends"),
  word("include"),
  word("import"),
  word("from"),
  word("as"),
];
export const [Ignore, Missing, Without, Context] = [word("ignore"), word("missing"), word("without"), word("context")];
export const [Macro, EndMacro, Call, EndCall] = [word("macro"), word("endmacro"), word("call"), word("endcall")];
export const [SetWord, EndSet, With, EndWith] = [word("set"), word("endset"), word("with"), word("endwith")];
export const [Filter, EndFilter, Print] = [word("filter"), word("endfilter"), word("print")];
export const [Autoescape, EndAutoescape] = [word("autoescape"), word("endautoescape")];

/** The token type of a word of the language. */
export const wordTypes: ReadonlyMap<string, TokenType> = words;

// Operators -----------------------------------------------------------------------------------------------------------

const operator = (name: string, pattern: string, config: Partial<ITokenConfig> = {}): TokenType =>
  createToken({ name, label: pattern, pattern, ...config });
export const Power = operator("Power", "**");
export const FloorDivide = operator("FloorDivide", "//");
export const Equal = operator("Equal", "==");
export const NotEqual = operator("NotEqual", "!=");
export const LessEqual = operator("LessEqual", "<=");
export const GreaterEqual = operator("GreaterEqual", ">=");
export const Less = operator("Less", "<");
export const Greater = operator("Greater", ">");
export const AssignSign = operator("Assign", "=");
export const Plus = operator("Plus", "+");
export const Minus = operator("Minus", "-");
export const Times = operator("Times", "*");
export const Divide = operator("Divide", "/");
export const Modulo = operator("Modulo", "%");
export const Tilde = operator("Tilde", "~");
export const Pipe = operator("Pipe", "|");
export const Dot = operator("Dot", ".");
export const Comma = operator("Comma", ",");
export const Colon = operator("Colon", ":");
export const Semicolon = operator("Semicolon", ";");
export const LParen = operator("LParen", "(", { push_mode: "group" });
export const RParen = operator("RParen", ")", { pop_mode: true });
export const LBracket = operator("LBracket", "[", { push_mode: "group" });
export const RBracket = operator("RBracket", "]", { pop_mode: true });
export const LBrace = operator("LBrace", "{", { push_mode: "group" });
export const RBrace = operator("RBrace", "}", { pop_mode: true });

const expression: TokenType[] = [
  Whitespace,
  Float,
  Integer,
  // The longest first: `include` before `in`.
  ...[...words.values()].sort((a, b) => b.name.length - a.name.length),
  Name,
  Str,
  UnclosedString,
  ...[Power, FloorDivide, Equal, NotEqual, LessEqual, GreaterEqual, Less, Greater, AssignSign],
  ...[Plus, Minus, Times, Divide, Modulo, Tilde, Pipe, Dot, Comma, Colon, Semicolon, LParen, LBracket, LBrace],
];

export const lexerDefinition: IMultiModeLexerDefinition = {
  defaultMode: "text",
  modes: {
    text: [Comment, UnclosedComment, RawOpen, TagOpen, PrintOpen, StrippedSpace, Text],
    raw: [RawClose, RawText, Whitespace],
    tag: [TagClose, ...expression],
    print: [PrintClose, ...expression],
    group: [...expression, RParen, RBracket, RBrace],
  },
};

/** Every token type, for the parser. */
export const allTokens: TokenType[] = [...new Set(Object.values(lexerDefinition.modes).flat())];

/** The offset after a token: the lexer keeps only where tokens start. */
export function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}
