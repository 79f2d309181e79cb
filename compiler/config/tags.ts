/** @file Tags as PyYAML scans them: which characters they may contain, handles, and %-escapes. */

/** What `%TAG` lines declare: `!f!` → `!factory`. */
export type TagHandles = Map<string, string>;

export interface ScannedTag {
  /** The full name, with handles replaced and escapes decoded. `!` alone is the tag that changes nothing. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface TagFault {
  readonly fault: { readonly character?: string; readonly why?: string };
}

export const yamlTagPrefix = "tag:yaml.org,2002:";

export function scanTag(source: string, start: number, handles: TagHandles): ScannedTag | TagFault {
  const end = start + source.length;
  if (source === "!") return { name: "!", start, end };
  if (source.startsWith("!<")) {
    if (!source.endsWith(">")) return { fault: { why: `the tag '${source}' is not closed by '>'` } };
    const suffix = decodeSuffix(source.slice(2, -1));
    return typeof suffix === "string" ? { name: suffix, start, end } : suffix;
  }
  let handle = "!";
  if (source.indexOf("!", 1) >= 0) {
    // A second `!` makes the first part a handle, as in `!!str` and `!f!name`.
    const written = /^![0-9A-Za-z_-]*!/.exec(source);
    if (written === null) return { fault: { character: "!" } };
    handle = written[0];
  }
  const prefix = handles.get(handle) ?? (handle === "!" ? "!" : handle === "!!" ? yamlTagPrefix : undefined);
  if (prefix === undefined) return { fault: { why: `no %TAG line declares the handle '${handle}'` } };
  const suffix = decodeSuffix(source.slice(handle.length));
  return typeof suffix === "string" ? { name: prefix + suffix, start, end } : suffix;
}

function decodeSuffix(text: string): string | TagFault {
  const bad = /[^0-9A-Za-z\-;/?:@&=+$,_.!~*'()[\]%]/u.exec(text);
  if (bad !== null) return { fault: { character: bad[0] } };
  if (text === "") return { fault: { why: "a tag needs a name" } };
  try {
    return decodeURIComponent(text);
  } catch {
    return { fault: { why: `'${text}' contains a '%' that is not followed by two hexadecimal digits of UTF-8 text` } };
  }
}
