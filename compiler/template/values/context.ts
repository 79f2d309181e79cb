/** @file What filters, tests and global functions may know of the world around them. */
import type { KeywordArguments, Value } from "./value.ts";

/** The machine that templates can see. A build replaces it to get the same text everywhere. */
export interface TemplateHost {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Minutes that local time is ahead of UTC at that moment. */
  utcOffsetMinutes(epochMs: number): number;
  cwd(): string;
  homeDirectory(): string;
  /** The value of an environment variable. */
  environment(name: string): string | undefined;
  /** Uniform in [0, 1): for `random` and `lipsum`. */
  random(): number;
  readonly platform: "linux" | "darwin" | "win32";
}

/** What a filter or a test is called with beside its arguments. */
export interface FilterContext {
  /** Is escaping on where the filter stands? */
  readonly autoescape: boolean;
  readonly host: TemplateHost;
  hasFilter(name: string): boolean;
  hasTest(name: string): boolean;
  /** Call another filter by name, as `map` does; an unknown name is a runtime error. */
  callFilter(name: string, value: Value, args: readonly Value[], kwargs: KeywordArguments): Value;
  /** Call a test by name, as `select` does. */
  callTest(name: string, value: Value, args: readonly Value[], kwargs: KeywordArguments): boolean;
}

export type Filter = (context: FilterContext, value: Value, args: readonly Value[], kwargs: KeywordArguments) => Value;
export type Test = (context: FilterContext, value: Value, args: readonly Value[], kwargs: KeywordArguments) => boolean;
