/** @file Where fgc keeps what it can make again: `FGC_CACHE`, else `XDG_CACHE_HOME/fgc`. */
import { join } from "node:path";
import type { Host } from "./host.ts";

export function cacheFolder(host: Host): string {
  return (
    host.environment("FGC_CACHE") ??
    join(host.environment("XDG_CACHE_HOME") ?? join(host.homeDirectory(), ".cache"), "fgc")
  );
}
