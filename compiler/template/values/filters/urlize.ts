/** @file Links in text: `urlize`. */
import { codePointLength, substring } from "../code-points.ts";
import { escapeText } from "../markup.ts";
import { whitespaceClass } from "../methods/characters.ts";

export interface UrlizeOptions {
  /** Show at most so many characters of an address. */
  readonly limit: number | undefined;
  readonly rel: string;
  readonly target: string | undefined;
  /** Schemes beyond http, https and mailto, such as `ftp://`. */
  readonly schemes: readonly string[];
}

const word = "[\\p{L}\\p{N}_]";

/** Made when they are needed: classes of characters are costly. */
const makePatterns = () => ({
  httpAddress: new RegExp(
    `^(?:(?:https?://|www\\.)(?:(?:[\\p{L}\\p{N}_%-]+\\.)+)?(?:[a-z]{2,63}|xn--[\\p{L}\\p{N}_%]{2,59})` +
      "|(?:[\\p{L}\\p{N}_%-]{2,63}\\.)+(?:com|net|int|edu|gov|org|info|mil)" +
      "|https?://(?:\\p{Nd}{1,3}(?:\\.\\p{Nd}{1,3}){3}|\\[(?:[\\p{Nd}a-f]{0,4}:){2}(?:[\\p{Nd}a-f]{0,4}:?){1,6}\\]))" +
      "(?::\\p{Nd}{1,5})?(?:[/?#]\\S*)?$",
    "iu",
  ),
  mailAddress: new RegExp(`^\\S+@${word}[\\p{L}\\p{N}_.-]*\\.${word}+$`, "u"),
});
let made: ReturnType<typeof makePatterns> | undefined;

const spaces = new RegExp(`([${whitespaceClass}]+)`);
const brackets = [
  ["(", ")"],
  ["<", ">"],
  ["&lt;", "&gt;"],
] as const;

/** Escaped text with its addresses as links. `safe` text is taken as escaped already. */
export function urlize(text: string, isSafe: boolean, options: UrlizeOptions): string {
  return (isSafe ? text : escapeText(text))
    .split(spaces)
    .map((part) => linkWord(part, options))
    .join("");
}

/** No address is as long, and the patterns below take the square of a word's length. */
const longestWord = 4096;

function linkWord(part: string, options: UrlizeOptions): string {
  if (part.length > longestWord) return part;
  const head = /^(?:[(<]|&lt;)+/.exec(part)?.[0] ?? "";
  let middle = part.slice(head.length);
  let tail = /(?:[)>.,\n]|&gt;)+$/.exec(middle)?.[0] ?? "";
  middle = middle.slice(0, middle.length - tail.length);
  // An address with an opening bracket inside keeps its closing one.
  for (const [open, close] of brackets) {
    const opened = occurrences(middle, open);
    if (opened <= occurrences(middle, close)) continue;
    for (let n = Math.min(opened, occurrences(tail, close)); n > 0; n--) {
      const end = tail.indexOf(close) + close.length;
      middle += tail.slice(0, end);
      tail = tail.slice(end);
    }
  }
  return head + link(middle, options) + tail;
}

const occurrences = (text: string, part: string): number => text.split(part).length - 1;

function link(address: string, { limit, rel, target, schemes }: UrlizeOptions): string {
  const attributes =
    (rel === "" ? "" : ` rel="${escapeText(rel)}"`) + (target ? ` target="${escapeText(target)}"` : "");
  made ??= makePatterns();
  const { httpAddress, mailAddress } = made;
  if (httpAddress.test(address)) {
    const href = /^https?:\/\//.test(address) ? address : `https://${address}`;
    const shown =
      limit !== undefined && codePointLength(address) > limit ? `${substring(address, 0, limit)}...` : address;
    return `<a href="${href}"${attributes}>${shown}</a>`;
  }
  if (address.startsWith("mailto:") && mailAddress.test(address.slice(7))) {
    return `<a href="${address}">${address.slice(7)}</a>`;
  }
  const looksLikeMail = address.includes("@") && !/^(?:www\.|@)/.test(address) && !address.includes(":");
  if (looksLikeMail && mailAddress.test(address)) return `<a href="mailto:${address}">${address}</a>`;
  const scheme = schemes.find((s) => address !== s && address.startsWith(s));
  return scheme === undefined ? address : `<a href="${address}"${attributes}>${address}</a>`;
}
