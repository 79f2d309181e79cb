/**
 * @file What the standard library throws when the user's input is at fault: one message, a stable code, a hint.
 *
 * A program's `main` prints these without a stack trace. Everything else that is thrown is a fault of ours.
 */

/** A fault in what the user gave: a file, an option, an unlucky machine. */
export class UserError extends Error {
  override readonly name = "UserError";
  /** `stage/kebab-case`, stable across versions. */
  readonly code: string;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** `input` is exit code 1, `usage` 2, `failed` 3 (the run failed), `outside` 4 (a file, the disk, a device). */
  readonly kind: "input" | "usage" | "failed" | "outside";

  constructor(
    code: string,
    message: string,
    { hint, kind = "input", cause }: { hint?: string | undefined; kind?: UserError["kind"]; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.kind = kind;
  }
}

/** The candidate nearest to `name` by edit distance, for "did you mean"; undefined where none is near. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length]!;
}
