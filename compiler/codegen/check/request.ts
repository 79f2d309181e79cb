/** @file What the check of emitted modules is asked, and what it answers: plain data, so that it can be done in another process or thread. */
import type { EmittedModule } from "../plan.ts";

/** The modules of one config, which import each other by `./NAME` and sources of the project by their absolute paths. */
export interface CheckUnit {
  readonly modules: readonly EmittedModule[];
  /** Where packages are searched from. */
  readonly projectDir: string;
}

export interface CheckRequest {
  readonly units: readonly CheckUnit[];
  readonly packageRoot: string;
}

/** One error of TypeScript's. */
export interface TypeFault {
  /** The unit whose module it is in; absent for a source of the project. */
  readonly unit: number | undefined;
  /** A module's name, or the path of a source of the project. */
  readonly file: string;
  /** Both count from 1; columns in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  /** TypeScript's number for it: 2345. */
  readonly code: number;
  /** The message, one line for each step of the explanation. */
  readonly lines: readonly string[];
}
