/** @file Python's `posixpath`. Node's `path.posix` differs: it normalizes when joining, and forgets a second leading slash. */

export function joinPath(first: string, ...rest: readonly string[]): string {
  let path = first;
  for (const part of rest) {
    if (part.startsWith("/")) path = part;
    else path += path === "" || path.endsWith("/") ? part : `/${part}`;
  }
  return path;
}

export function normalizePath(path: string): string {
  if (path === "") return ".";
  // POSIX lets two leading slashes, but not three, mean something of their own.
  const root = /^\/\/(?!\/)/.test(path) ? "//" : path.startsWith("/") ? "/" : "";
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== ".." || (root === "" && parts.length === 0) || parts.at(-1) === "..") parts.push(part);
    else parts.pop();
  }
  return root + parts.join("/") || ".";
}

export function absolutePath(path: string, cwd: string): string {
  return normalizePath(path.startsWith("/") ? path : joinPath(cwd, path));
}

export function relativePath(path: string, start: string, cwd: string): string {
  const segments = (p: string): string[] => absolutePath(p, cwd).split("/").filter(Boolean);
  const from = segments(start);
  const to = segments(path);
  let shared = 0;
  while (shared < Math.min(from.length, to.length) && from[shared] === to[shared]) shared++;
  return [...from.slice(shared).map(() => ".."), ...to.slice(shared)].join("/") || ".";
}

/** Everything after the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Everything before the last slash, without trailing slashes unless it is all slashes. */
export function directoryName(path: string): string {
  const head = path.slice(0, path.lastIndexOf("/") + 1);
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, "");
}

/** Root and extension; leading dots of the base name belong to the root. */
export function splitExtension(path: string): [root: string, extension: string] {
  const base = baseName(path);
  const dot = base.lastIndexOf(".");
  if (dot <= 0 || /^\.*$/.test(base.slice(0, dot))) return [path, ""];
  const at = path.length - base.length + dot;
  return [path.slice(0, at), path.slice(at)];
}
