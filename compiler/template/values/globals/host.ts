/** @file Hosts: the real machine, and one whose clock stands still so that a build gives the same text at any time. */
import { homedir } from "node:os";
import process from "node:process";
import type { TemplateHost } from "../context.ts";
import { valueError } from "../errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** This machine, as it is. */
export function systemHost(environment: Environment = process.env): TemplateHost {
  const { platform } = process;
  return {
    now: () => Date.now(),
    utcOffsetMinutes: (epochMs) => -new Date(epochMs).getTimezoneOffset(),
    cwd: () => process.cwd(),
    homeDirectory: () => environment["HOME"] || homedir(),
    environment: (name) => environment[name],
    random: Math.random,
    platform: platform === "darwin" || platform === "win32" ? platform : "linux",
  };
}

/** The same host with its clock stopped, local time being UTC. */
export function withFixedTime(host: TemplateHost, epochMs: number): TemplateHost {
  return { ...host, now: () => epochMs, utcOffsetMinutes: () => 0 };
}

/**
 * The host that the environment asks for: `FGC_FIXED_TIME` (ISO; local time and UTC alike) or, failing that,
 * `SOURCE_DATE_EPOCH` (seconds since 1970) stops the clock.
 */
export function hostFromEnvironment(environment: Environment = process.env): TemplateHost {
  const host = systemHost(environment);
  const fixed = environment["FGC_FIXED_TIME"];
  if (fixed) return withFixedTime(host, parseTime(fixed));
  const epoch = environment["SOURCE_DATE_EPOCH"];
  if (!epoch) return host;
  if (!/^\d+$/.test(epoch)) throw valueError(`SOURCE_DATE_EPOCH must be a number of seconds, not '${epoch}'`);
  return withFixedTime(host, Number(epoch) * 1000);
}

/** Milliseconds since 1970 of an ISO time; one without zone is taken as UTC. */
export function parseTime(text: string): number {
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text);
  const hasTime = /[T ]\d/.test(text);
  const time = Date.parse(hasZone || !hasTime ? text : `${text.replace(" ", "T")}Z`);
  if (Number.isNaN(time)) throw valueError(`not an ISO time: '${text}'`);
  return time;
}
