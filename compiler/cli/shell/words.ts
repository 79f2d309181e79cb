/** @file A line as words, the way a POSIX shell would have it: quotes and backslashes, no variables, no patterns. */

export interface SplitLine {
  readonly words: readonly string[];
  /** The quote that is not closed, where one is not. */
  readonly open: "'" | '"' | undefined;
  /** Whether the line ends between words: what is typed next begins a new one. */
  readonly isBetween: boolean;
}

export function splitLine(line: string): SplitLine {
  const words: string[] = [];
  let word: string | undefined;
  let open: "'" | '"' | undefined;
  for (let i = 0; i < line.length; i += 1) {
    const char = line[i] as string;
    const next = line[i + 1];
    if (open === "'" ? char === "'" : open === '"' && char === '"') open = undefined;
    else if (open === "'") word += char;
    else if (char === "\\" && next !== undefined && (open === undefined || next === '"' || next === "\\")) {
      word = (word ?? "") + next;
      i += 1;
    } else if (open === '"') word += char;
    else if (char === "'" || char === '"') {
      open = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "#" && word === undefined) break;
    else word = (word ?? "") + char;
  }
  if (word !== undefined) words.push(word);
  return { words, open, isBetween: word === undefined };
}

/** A word that `splitLine` gives back as it is. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./~[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
