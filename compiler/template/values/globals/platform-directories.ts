/** @file Where each platform keeps an application's files: the rules of the `platformdirs` package that upstream uses. */
import type { TemplateHost } from "../context.ts";
import { joinPath } from "./posix-path.ts";

export type DirectoryKind = "user_data" | "user_cache" | "user_config" | "site_data" | "site_config";

export const directoryKinds: readonly DirectoryKind[] = [
  "user_data",
  "user_cache",
  "user_config",
  "site_data",
  "site_config",
];

/** An XDG variable and what it stands for when it is unset. `~` is the home directory; a list means its first entry. */
const linux: Readonly<Record<DirectoryKind, readonly [variable: string, fallback: string]>> = {
  user_data: ["XDG_DATA_HOME", "~/.local/share"],
  user_cache: ["XDG_CACHE_HOME", "~/.cache"],
  user_config: ["XDG_CONFIG_HOME", "~/.config"],
  site_data: ["XDG_DATA_DIRS", "/usr/local/share"],
  site_config: ["XDG_CONFIG_DIRS", "/etc/xdg"],
};

const darwin: Readonly<Record<DirectoryKind, string>> = {
  user_data: "~/Library/Application Support",
  user_cache: "~/Library/Caches",
  user_config: "~/Library/Application Support",
  site_data: "/Library/Application Support",
  site_config: "/Library/Application Support",
};

export function platformDirectory(host: TemplateHost, kind: DirectoryKind, app?: string, author?: string): string {
  if (host.platform === "win32") return windowsDirectory(host, kind, app, author);
  const base = host.platform === "darwin" ? darwin[kind] : linuxBase(host, kind);
  const path = base.replace(/^~(?=\/|$)/, () => host.homeDirectory());
  return app === undefined ? path : joinPath(path, app);
}

function linuxBase(host: TemplateHost, kind: DirectoryKind): string {
  const [variable, fallback] = linux[kind];
  const [first = ""] = (host.environment(variable) ?? "").trim().split(kind.startsWith("site") ? ":" : "\n");
  return first === "" ? fallback : first;
}

function windowsDirectory(host: TemplateHost, kind: DirectoryKind, app?: string, author?: string): string {
  const base = kind.startsWith("site")
    ? (host.environment("ALLUSERSPROFILE") ?? "C:\\ProgramData")
    : (host.environment("LOCALAPPDATA") ?? `${host.homeDirectory()}\\AppData\\Local`);
  const parts = app === undefined ? [base] : [base, author ?? app, app];
  return (kind === "user_cache" ? [...parts, "Cache"] : parts).join("\\");
}
