/** @file `node:util` in a page: there is no command line to parse. */

export function parseArgs(): never {
  throw new Error("there is no command line in a page");
}
