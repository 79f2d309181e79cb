/** @file Paths as people type them. */
import type { CliHost } from "../host.ts";

/** `~/x`, and `$NAME/x`. */
export function expandHome(host: CliHost, path: string): string {
  return path
    .replace(/^~(?=\/|$)/, host.homeDirectory())
    .replaceAll(/\$(\w+)|\$\{(\w+)\}/g, (whole, plain: string | undefined, braced: string | undefined) => {
      return host.environment(plain ?? braced ?? "") ?? whole;
    });
}
