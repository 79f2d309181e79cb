/** @file What a build is asked, and what it reports. */
import type { Platform } from "../codegen/bundle.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { PassName } from "../graph/passes/index.ts";
import type { ProgramRequest } from "./program-graph.ts";

export interface BuildRequest extends ProgramRequest {
  /** Target to emit; absent: `main`. */
  readonly target?: string | undefined;
  /** Absent: the config's own `meta.output_dir`. */
  readonly outDir?: string | undefined;
  readonly emit?: "ts" | "mjs" | "both" | undefined;
  readonly minify?: boolean | undefined;
  readonly sourcemap?: boolean | undefined;
  readonly platform?: Platform | undefined;
  /** The devices that the bundles carry; absent: all. */
  readonly devices?: readonly string[] | undefined;
  /** One HTML file that trains in a browser, instead of the bundles; `embedMiB` of compressed files at most lie in it. */
  readonly webPage?: { readonly embedMiB: number } | undefined;
  /** Build even if nothing changed, and over edited files. */
  readonly force?: boolean | undefined;
  /** Print the graph after this pass, or after each. */
  readonly dumpIr?: PassName | "all" | undefined;
  /** Progress of what takes a while. */
  readonly progress?: ((line: string) => void) | undefined;
}

export interface BuildStage {
  readonly name: "templates" | "graph" | "assets" | "types" | "emit" | "bundle";
  /** `14 files` */
  readonly detail: string;
  readonly ms: number;
}

export interface BuildReport {
  readonly outDir: string;
  readonly upToDate: boolean;
  readonly stages: readonly BuildStage[];
  /** Written, relative to `outDir`. */
  readonly files: readonly string[];
  /** Programs to run: `trainer.mjs`. */
  readonly programs: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** Files whose change makes this build stale. */
  readonly inputs: readonly string[];
  /** What `dumpIr` asked for, by pass. */
  readonly dumps: Readonly<Record<string, string>>;
}
