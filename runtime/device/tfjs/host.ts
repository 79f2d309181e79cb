/** @file What the tfjs device asks of Node: packages that may or may not be there. In a page there are none. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface Package {
  readonly version: string;
  /** Its main file. */
  readonly path: string;
  /** What it exports. @throws whatever the package does as it loads */
  load(): unknown;
}

export class MissingPackageError extends Error {
  readonly packageName: string;

  constructor(packageName: string) {
    super(`the npm package '${packageName}' is not installed`);
    this.packageName = packageName;
  }
}

export function environment(name: string): string | undefined {
  return typeof process === "undefined" ? undefined : process.env?.[name];
}

/**
 * Finds a package as its neighbour `from` would, or from beside this code, and else from the working directory: a bundle may lie far from any
 * `node_modules`. All through `require`, so that a backend and the ops above it share one copy of `tfjs-core`.
 */
export function findPackage(name: string, from?: string): Package {
  const places = from === undefined ? [import.meta.url, `${process.cwd()}/`] : [from];
  for (const place of places) {
    const require = createRequire(place);
    let path: string;
    try {
      path = require.resolve(name);
    } catch {
      continue;
    }
    return { version: versionOf(require, name, path), path, load: () => require(path) as unknown };
  }
  throw new MissingPackageError(name);
}

function versionOf(require: NodeJS.Require, name: string, path: string): string {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = require(join(folder, "package.json")) as { name?: string; version?: string };
      if (manifest.name === name && manifest.version !== undefined) return manifest.version;
    } catch {
      // not the package's own folder yet
    }
  }
  return "unknown";
}
