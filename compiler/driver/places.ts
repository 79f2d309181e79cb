/** @file Names for the places of this machine: in emitted code relative to the bundle, in comments and snapshots as a reader knows them. */
import { basename, relative } from "node:path";
import type { KnownFolder } from "../codegen/literals.ts";

export interface Folders {
  readonly outDir: string;
  readonly projectDir: string;
  readonly workspaceRoot: string;
  readonly packageRoot: string;
  readonly home: string;
}

/** The innermost folder first, so that the shortest name is found. */
export function knownFolders(folders: Folders): readonly KnownFolder[] {
  const paths = [
    ...new Set([folders.outDir, folders.projectDir, folders.workspaceRoot, folders.packageRoot, folders.home]),
  ].filter((path) => path !== "/" && path !== "");
  return paths
    .sort((a, b) => b.length - a.length)
    .map((path) => ({ path, fromBundle: relative(folders.outDir, path) }));
}

/** A file as a reader knows it: relative to the project, else to the workspace, else to the package. */
export function shortener({ projectDir, workspaceRoot, packageRoot }: Folders): (path: string) => string {
  const roots = [projectDir, workspaceRoot, packageRoot];
  return (path) => {
    const root = roots.find((candidate) => path === candidate || path.startsWith(`${candidate}/`));
    if (root !== undefined) return path.slice(root.length + 1) || ".";
    return path.startsWith("/") ? basename(path) : path;
  };
}

/** Preprocessed text for the snapshot: `${project_dir}` and its like for the folders of this machine. */
export function portableText(text: string, { outDir, projectDir, workspaceRoot, packageRoot, home }: Folders): string {
  const names: readonly (readonly [path: string, name: string])[] = [
    [outDir, "output_dir"],
    [projectDir, "project_dir"],
    [workspaceRoot, "workspace_root"],
    [packageRoot, "fgc_dir"],
    [home, "home"],
  ];
  const longestFirst = names.filter(([path]) => path.length > 1).sort(([a], [b]) => b.length - a.length);
  return longestFirst.reduce((result, [path, name]) => result.replaceAll(path, `\${${name}}`), text);
}
