/** @file Plain values as TypeScript: numbers as people write them, keys without needless quotes, paths and times that hold on any machine. */

export function numberText(value: bigint | number): string {
  if (typeof value === "bigint") {
    const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
    return safe ? grouped(String(value)) : `${value}n`;
  }
  if (Number.isNaN(value)) return "Number.NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Number.POSITIVE_INFINITY" : "Number.NEGATIVE_INFINITY";
  if (Object.is(value, -0)) return "-0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e15)) return value.toExponential().replace("e+", "e");
  return grouped(String(value));
}

/** `10000` → `10_000`. */
function grouped(digits: string): string {
  return digits.replace(
    /^(-?)(\d{5,})/,
    (_, sign: string, whole: string) => sign + whole.replace(/\B(?=(\d{3})+$)/g, "_"),
  );
}

export function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** `x.name`, or `x["a name"]`. */
export function memberOf(object: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${object}.${name}` : `${object}[${JSON.stringify(name)}]`;
}

/** `{ a: a, b: 1 }` → `{ a, b: 1 }`. */
export function objectText(entries: readonly (readonly [key: string, text: string])[]): string {
  if (entries.length === 0) return "{}";
  return `{ ${entries.map(([key, text]) => (key === text ? key : `${keyOf(key)}: ${text}`)).join(", ")} }`;
}

/** A folder of the machine that builds, and what stands for it in emitted code. */
export interface KnownFolder {
  readonly path: string;
  /** Relative to the bundle. */
  readonly fromBundle: string;
}

/** Uses of `fgc/build` that a text may need. */
export interface TextHelpers {
  bundlePath(relative: string): string;
  startTime(form: "file" | "iso"): string;
}

/**
 * What the clock of the template functions says while a config is compiled: replaced by the time of the run. Written as a pattern of its
 * parts, so that it is found inside of longer texts, the names of folders among them.
 */
export const sentinelTime = /9999-12-31([T ])\d\d([:-])\d\d\2\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?/g;

/** @param folders outermost last; a text that begins with one becomes a path relative to the bundle */
export function stringText(value: string, folders: readonly KnownFolder[], helpers: TextHelpers): string {
  for (const { path, fromBundle } of folders) {
    if (value !== path && !value.startsWith(`${path}/`)) continue;
    const relative = [fromBundle, value.slice(path.length + 1)].filter((part) => part !== "" && part !== ".").join("/");
    return helpers.bundlePath(withTimes(relative === "" ? "." : relative, helpers));
  }
  return withTimes(value, helpers);
}

/** The text with each sentinel time as a call: a plain literal, the call itself, or a template literal. */
function withTimes(value: string, helpers: TextHelpers): string {
  const pieces: string[] = [];
  let end = 0;
  for (const match of value.matchAll(sentinelTime)) {
    pieces.push(value.slice(end, match.index), `\${${helpers.startTime(match[2] === "-" ? "file" : "iso")}}`);
    end = match.index + match[0].length;
  }
  if (pieces.length === 0) return quoted(value);
  const rest = value.slice(end);
  if (pieces.length === 2 && pieces[0] === "" && rest === "") return (pieces[1] as string).slice(2, -1);
  const escaped = [...pieces, rest].map((piece, index) =>
    index % 2 === 1 ? piece : piece.replace(/[\\`]|\$\{/g, "\\$&"),
  );
  return `\`${escaped.join("")}\``;
}

/** Long texts of several lines stay readable as a joined list of lines. */
function quoted(value: string): string {
  const lines = value.split("\n");
  if (lines.length < 3 || value.length < 80) return JSON.stringify(value);
  return `[${lines.map((line) => JSON.stringify(line)).join(", ")}].join("\\n")`;
}
