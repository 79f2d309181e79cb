/** @file `node:module` in a page: there are no packages to find. */

/** What `createRequire` gives: a function that finds nothing, and says where it looked. */
export function createRequire(): { (name: string): never; resolve: { paths(name: string): readonly string[] } } {
  const require = (name: string): never => {
    throw new Error(`package "${name}" cannot be loaded in a page`);
  };
  return Object.assign(require, { resolve: { paths: () => [] } });
}
