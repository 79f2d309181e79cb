/** @file "Did you mean": the known name that is nearest to a mistyped one. */

/** The nearest of `candidates`, or undefined where none is near enough to be a likely slip; `furthest` allows fewer changes than usual. */
export function nearest(name: string, candidates: Iterable<string>, furthest = Infinity): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  const limit = Math.max(2, Math.ceil(name.length / 3)) + 1;
  let bestDistance = Math.min(limit, furthest + 0.5);
  for (const candidate of candidates) {
    if (candidate === name || candidate === "") continue;
    const known = candidate.toLowerCase();
    // A long common beginning counts as near: `hidden` for `hidden_size`, `epsilon` for `eps`.
    const isShort = wanted.length >= 4 && known.startsWith(wanted);
    const isLong = known.length >= 3 && known.length * 2.5 >= wanted.length && wanted.startsWith(known);
    const distance = isShort || isLong ? 1.5 : editDistance(wanted, known, limit);
    // Among equals a name of the same length wins: one wrong letter is likelier than one too many (`AdamV` means `AdamW`, not `Adam`).
    const nearer =
      distance < bestDistance ||
      (distance === bestDistance &&
        best !== undefined &&
        candidate.length === name.length &&
        best.length !== name.length);
    if (nearer && distance < Math.max(name.length, candidate.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours; `limit` or more is reported as `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (previous[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (previous[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] as number) + 1);
      row.push(cost);
    }
    before = previous;
    previous = row;
  }
  return Math.min(previous[b.length] as number, limit);
}
