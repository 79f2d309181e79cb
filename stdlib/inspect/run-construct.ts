/**
 * @file Construct a target and tell what it is: the entry point of the child process of `fgc construct`.
 *
 *     node construct.mjs REPORT DEPTH [--call]
 */
import { writeFileSync } from "node:fs";
import { type Description, describeValue } from "./describe.ts";

/** What `fgc construct` gets back. */
export interface Construction {
  readonly value?: Description;
  readonly error?: {
    readonly message: string;
    readonly code?: string;
    readonly hint?: string;
    readonly stack: string;
  };
}

/** @param construct the emitted function that makes the target */
export async function runConstruct(construct: () => unknown): Promise<void> {
  const [reportPath, depth, mode] = process.argv.slice(2);
  if (reportPath === undefined) throw new TypeError("usage: construct.mjs REPORT DEPTH [--call]");
  const report = await attempt(construct, Number(depth), mode === "--call");
  writeFileSync(reportPath, JSON.stringify(report));
  if (report.error !== undefined) process.exitCode = 1;
}

async function attempt(construct: () => unknown, depth: number, isCalled: boolean): Promise<Construction> {
  try {
    let value = await construct();
    if (isCalled) {
      if (typeof value !== "function") throw new TypeError("the target is no function, so it cannot be called");
      value = await (value as () => unknown)();
    }
    return { value: describeValue(value, depth) };
  } catch (error) {
    if (!(error instanceof Error)) return { error: { message: String(error), stack: "" } };
    const { code, hint } = error as { code?: unknown; hint?: unknown };
    return {
      error: {
        message: error.message,
        stack: error.stack ?? "",
        ...(typeof code === "string" ? { code } : {}),
        ...(typeof hint === "string" ? { hint } : {}),
      },
    };
  }
}
