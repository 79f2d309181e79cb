/** @file The language of choosing from a numbered list: `5`, `1,3`, `2-4,9`, `all`. */

/** Indices from 0, in the order in which they were asked for, each once; or what is wrong. */
export function readSelection(text: string, count: number): readonly number[] | { readonly problem: string } {
  const chosen = new Set<number>();
  for (const part of text.split(/[\s,]+/).filter((piece) => piece !== "")) {
    if (/^all$/i.test(part)) for (let n = 1; n <= count; n += 1) chosen.add(n);
    else {
      const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (from === undefined) return { problem: `'${part}' is no number and no range: 5  1,3  2-4,9` };
      const [first, last] = [Number(from), Number(to)];
      if (first > last) return { problem: `'${part}' runs backwards` };
      if (first < 1 || last > count) return { problem: `'${part}' is not in 1-${count}` };
      for (let n = first; n <= last; n += 1) chosen.add(n);
    }
  }
  return [...chosen].map((n) => n - 1);
}
