/** @file Names for the places of this machine: in emitted code relative to the bundle, in comments and snapshots as a reader knows them. */
import { basename, join, relative } from "node:path";
import { type KnownFolder, sentinelTime } from "../codegen/literals.ts";

export interface Folders {
  /** Where this build writes. */
  readonly outDir: string;
  /** Where the config says that its output lies: what emitted paths are relative to, wherever `--out` puts the bundle. */
  readonly bundleDir: string;
  readonly projectDir: string;
  readonly workspaceRoot: string;
  readonly packageRoot: string;
  readonly home: string;
  readonly cwd?: string;
  /** Where templates are searched: they are known by their names there. */
  readonly searchPath?: readonly string[];
  /** Those that the config's `meta` names: `forgather_dir`. */
  readonly named?: readonly (readonly [name: string, path: string])[];
}

/** The innermost folder first, so that the shortest name is found. */
export function knownFolders(folders: Folders): readonly KnownFolder[] {
  const { bundleDir, projectDir, workspaceRoot, packageRoot, home, cwd = home, named = [] } = folders;
  const all = [bundleDir, projectDir, workspaceRoot, packageRoot, home, cwd, ...named.map(([, path]) => path)];
  const paths = [...new Set(all)].filter((path) => path !== "/" && path !== "");
  return paths.sort((a, b) => b.length - a.length).map((path) => ({ path, fromBundle: relative(bundleDir, path) }));
}

/** A file as a reader knows it: by its name as a template, else relative to the project, to the workspace, to the package. */
export function shortener({
  projectDir,
  workspaceRoot,
  packageRoot,
  searchPath = [],
}: Pick<Folders, "projectDir" | "workspaceRoot" | "packageRoot" | "searchPath">): (path: string) => string {
  const roots = [...searchPath.filter((folder) => folder !== projectDir), projectDir, workspaceRoot, packageRoot];
  return (path) => {
    const root = roots.find((candidate) => path === candidate || path.startsWith(`${candidate}/`));
    if (root !== undefined) return path.slice(root.length + 1) || ".";
    return path.startsWith("/") ? basename(path) : path;
  };
}

/** Preprocessed text for the snapshot: `${project_dir}` and its like for the folders of this machine, `${time}` for what the clock will say. */
export function portableText(text: string, folders: Folders): string {
  const { bundleDir, projectDir, workspaceRoot, packageRoot, home, cwd = home, named = [] } = folders;
  const names: readonly (readonly [path: string, name: string])[] = [
    [bundleDir, "output_dir"],
    [projectDir, "project_dir"],
    [workspaceRoot, "workspace_root"],
    [packageRoot, "fgc_dir"],
    ...named.map(([name, path]) => [path, name] as const),
    [home, "home"],
    [cwd, "cwd"],
  ];
  const longestFirst = names.filter(([path]) => path.length > 1).sort(([a], [b]) => b.length - a.length);
  const timeless = text.replaceAll(sentinelTime, `\${time}`);
  return longestFirst.reduce((result, [path, name]) => result.replaceAll(path, `\${${name}}`), timeless);
}

/** A file's name in the manifest: the same on every machine for what belongs to the project, its workspace or the package. */
export function inputName(path: string, { projectDir, workspaceRoot, packageRoot }: Folders): string {
  const below = (root: string): string | undefined =>
    path.startsWith(`${root}/`) ? path.slice(root.length + 1) : undefined;
  const own = below(projectDir);
  if (own !== undefined) return own;
  const others = [["workspace", below(workspaceRoot)] as const, ["fgc", below(packageRoot)] as const];
  for (const [prefix, name] of others) if (name !== undefined) return `${prefix}:${name}`;
  return relative(projectDir, path);
}

/** The file behind a name in the manifest. */
export function inputPath(name: string, { projectDir, workspaceRoot, packageRoot }: Folders): string {
  const [, prefix, rest] = /^(workspace|fgc):(.*)$/.exec(name) ?? [];
  if (prefix === undefined || rest === undefined) return join(projectDir, name);
  return join(prefix === "workspace" ? workspaceRoot : packageRoot, rest);
}
