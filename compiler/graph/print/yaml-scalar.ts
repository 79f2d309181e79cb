/** @file Scalars as YAML text that reads back as the same value, whatever reads it: ours or the reference. */
import { resolvePlain } from "../../config/scalars.ts";
import { floatText } from "../float-text.ts";
import type { Scalar } from "../node.ts";

export function yamlScalar(value: Scalar): string {
  if (value === null) return "null";
  if (typeof value === "number") return yamlFloat(value);
  return typeof value === "string" ? yamlText(value) : String(value);
}

/** With a point in the mantissa: `1e-05` would read back as text. */
function yamlFloat(value: number): string {
  if (!Number.isFinite(value)) return floatText(value).replace(/inf|nan/, ".$&");
  return floatText(value).replace(/^(-?\d+)e/, "$1.0e");
}

const plainText = /^[A-Za-z_/.$][\w./$+()=%@*-]*(?:[ :][\w./$+()=%@*-]+)*$/;

export function yamlText(text: string): string {
  if (plainText.test(text) && !/^(?:\.\.\.|<<|=)/.test(text) && resolvePlain(text, "fgc") === "str") return text;
  // JSON's strings are YAML's, but for characters that YAML refuses or folds.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The lines of a literal block, header first, or undefined where the text needs quotes. */
export function literalBlock(text: string): readonly string[] | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a block cannot hold them
  if (!text.includes("\n") || /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/.test(text))
    return undefined;
  const body = text.replace(/\n+$/, "");
  if (body === "" || /^[ \n]/.test(body) || / (?:\n|$)/.test(body)) return undefined;
  const ending = text.length - body.length;
  const header = ending === 0 ? "|-" : ending === 1 ? "|" : "|+";
  return [header, ...body.split("\n"), ...Array<string>(Math.max(ending - 1, 0)).fill("")];
}

/** A tag's suffix, with %-escapes for what a tag may not contain or reads otherwise. */
export function yamlTagText(text: string): string {
  return text.replace(/[^0-9A-Za-z\-;/?:@&=+$,_.~*'()[\]]/gu, (c) =>
    [...new TextEncoder().encode(c)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
