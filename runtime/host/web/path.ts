/** @file `node:path` in a page: POSIX paths, and the functions that the library uses. */
import { cwd } from "./process.ts";

export const sep = "/";

export function normalize(path: string): string {
  if (path === "") return ".";
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!absolute) parts.push("..");
  }
  const text = parts.join("/");
  return absolute ? `/${text}` : text || ".";
}

export function join(...parts: readonly string[]): string {
  return normalize(parts.filter((part) => part !== "").join("/"));
}

export function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

export function resolve(...parts: readonly string[]): string {
  let path = "";
  for (const part of [cwd(), ...parts]) {
    if (part === "") continue;
    path = isAbsolute(part) ? part : `${path}/${part}`;
  }
  return normalize(path);
}

export function dirname(path: string): string {
  const end = trimmed(path).lastIndexOf("/");
  if (end < 0) return ".";
  return end === 0 ? "/" : path.slice(0, end);
}

export function basename(path: string, suffix = ""): string {
  const name = trimmed(path).slice(trimmed(path).lastIndexOf("/") + 1);
  return suffix !== "" && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

export function extname(path: string): string {
  const name = basename(path);
  const dot = name.lastIndexOf(".");
  return dot <= 0 || name === ".." ? "" : name.slice(dot);
}

export function relative(from: string, to: string): string {
  const start = partsOf(resolve(from));
  const end = partsOf(resolve(to));
  let common = 0;
  while (common < start.length && common < end.length && start[common] === end[common]) common++;
  return [...start.slice(common).map(() => ".."), ...end.slice(common)].join("/");
}

const trimmed = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, "") : path);
const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "");

export default { sep, normalize, join, isAbsolute, resolve, dirname, basename, extname, relative };
