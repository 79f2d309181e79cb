/** @file Long output goes through `$PAGER` where a person reads it. */
import type { CliHost } from "../host.ts";

/** Runs with a stdout that is kept until the end, and shown then: as it is where it fits, else a page at a time. */
export async function withPager(host: CliHost, run: (host: CliHost) => Promise<number>): Promise<number> {
  const pager = host.environment("PAGER") ?? "less -FRX";
  if (!host.stdout.isTerminal || pager.trim() === "" || pager === "cat") return run(host);
  let kept = "";
  const stdout = {
    isTerminal: true,
    write: (text: string) => {
      kept += text;
    },
  };
  // What a program that the command starts prints comes in between: first what was said before it.
  const flush = () => {
    host.stdout.write(kept);
    kept = "";
  };
  const wrapped: CliHost = {
    ...host,
    stdout,
    run: (...args) => {
      flush();
      return host.run(...args);
    },
  };
  try {
    return await run(wrapped);
  } finally {
    const isLong = kept.split("\n").length > (process.stdout.rows ?? 24);
    if (!isLong || !(await page(host, pager, kept))) flush();
  }
}

async function page(host: CliHost, pager: string, text: string): Promise<boolean> {
  const [program = "less", ...args] = pager.trim().split(/\s+/);
  try {
    await host.run(program, args, {}, text);
    return true;
  } catch {
    // There is no such program: the text itself is what counts.
    return false;
  }
}
