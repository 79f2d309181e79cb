/** @file `host.ts` in a page, where no package can be asked for: there WebGPU and WebAssembly are at hand without one. */

export interface Package {
  readonly version: string;
  readonly path: string;
  load(): unknown;
}

export class MissingPackageError extends Error {
  readonly packageName: string;

  constructor(packageName: string) {
    super(`package "${packageName}" cannot be loaded in a page`);
    this.packageName = packageName;
  }
}

export function environment(_name: string): string | undefined {
  return undefined;
}

export function findPackage(name: string, _from?: string): Package {
  throw new MissingPackageError(name);
}
