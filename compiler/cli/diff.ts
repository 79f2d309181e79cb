/** @file Differences of two texts, line by line, in the unified form. */

interface Edit {
  readonly mark: " " | "-" | "+";
  readonly line: string;
  /** Line numbers before this edit, from 0. */
  readonly a: number;
  readonly b: number;
}

/** Empty where the texts are equal. */
export function diffLines(before: string, after: string, beforeName: string, afterName: string, context = 3): string {
  const edits = edit(before.split("\n"), after.split("\n"));
  const changed = edits.flatMap(({ mark }, i) => (mark === " " ? [] : [i]));
  if (changed.length === 0) return "";
  const hunks: [number, number][] = [];
  for (const i of changed) {
    const last = hunks.at(-1);
    const [from, to] = [Math.max(0, i - context), Math.min(edits.length, i + context + 1)];
    if (last !== undefined && from <= last[1]) last[1] = to;
    else hunks.push([from, to]);
  }
  const lines = hunks.flatMap(([from, to]) => {
    const part = edits.slice(from, to);
    const count = (other: string) => part.filter(({ mark }) => mark !== other).length;
    const { a, b } = part[0] as Edit;
    return [`@@ -${a + 1},${count("+")} +${b + 1},${count("-")} @@`, ...part.map(({ mark, line }) => `${mark}${line}`)];
  });
  return `--- ${beforeName}\n+++ ${afterName}\n${lines.join("\n")}\n`;
}

/** Longest common subsequence by dynamic programming, after the equal ends are cut off: configs are short. */
function edit(before: readonly string[], after: readonly string[]): Edit[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail))
    tail += 1;
  const a = before.slice(head, before.length - tail);
  const b = after.slice(head, after.length - tail);
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      common[i * width + j] =
        a[i] === b[j]
          ? (common[(i + 1) * width + j + 1] as number) + 1
          : Math.max(common[(i + 1) * width + j] as number, common[i * width + j + 1] as number);
  const edits: Edit[] = before.slice(0, head).map((line, i) => ({ mark: " ", line, a: i, b: i }));
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const place = { a: head + i, b: head + j };
    if (i < a.length && j < b.length && a[i] === b[j]) {
      edits.push({ mark: " ", line: a[i] as string, ...place });
      i += 1;
      j += 1;
    } else if (
      i < a.length &&
      (j === b.length || (common[(i + 1) * width + j] as number) >= (common[i * width + j + 1] as number))
    ) {
      edits.push({ mark: "-", line: a[i] as string, ...place });
      i += 1;
    } else {
      edits.push({ mark: "+", line: b[j] as string, ...place });
      j += 1;
    }
  }
  for (let k = 0; k < tail; k += 1) {
    edits.push({
      mark: " ",
      line: before.at(-tail + k) as string,
      a: before.length - tail + k,
      b: after.length - tail + k,
    });
  }
  return edits;
}
