/** @file The world as the pipeline sees it: files, clock, environment, machine. The command line gives the real one, tests one in memory. */
import type { FileTree } from "../config/files.ts";

export interface Host {
  readonly files: FileTree & {
    /** Makes missing folders. */
    writeText(path: string, text: string): void;
  };
  cwd(): string;
  homeDirectory(): string;
  environment(name: string): string | undefined;
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Minutes that local time is ahead of UTC at that moment. */
  utcOffsetMinutes(epochMs: number): number;
  random(): number;
  readonly platform: "linux" | "darwin" | "win32";
  hostname(): string;
  /** system, node, release, version, machine. */
  uname(): readonly [string, string, string, string, string];
  /** The folder of the installed package: its template library, its types. */
  readonly packageRoot: string;
  readonly versions: { readonly node: string; readonly fgc: string };
}

/** A clock that stands still, for reproducible text. */
export interface FixedClock {
  readonly epochMs: number;
  readonly utcOffsetMinutes: number;
}
