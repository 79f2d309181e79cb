/**
 * @file What templates see of the machine, and how a user fixes it so that another machine gives the same text.
 *
 *     --frozen-time ISO, FGC_FIXED_TIME, SOURCE_DATE_EPOCH      the clock, local and UTC alike
 *     FGC_FIXED_HOSTNAME, FGC_FIXED_UNAME, FGC_FIXED_VERSIONS   the globals hostname, uname, versions
 */
import type { PlainData } from "../config/project.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { driverDiagnostics as faults } from "./diagnostics.ts";
import type { FixedClock, Host } from "./host.ts";

/** The clock that the flag, or else the environment, fixes. */
export function fixedClock(host: Host, frozenTime: string | undefined): FixedClock | undefined {
  const written = frozenTime ?? host.environment("FGC_FIXED_TIME");
  if (written !== undefined && written !== "")
    return parseClock(written, frozenTime === undefined ? "FGC_FIXED_TIME" : "--frozen-time");
  const epoch = host.environment("SOURCE_DATE_EPOCH");
  if (epoch === undefined || epoch === "") return undefined;
  if (!/^\d+$/.test(epoch))
    throw new DiagnosticError(
      faults.badSetting({}, { name: "SOURCE_DATE_EPOCH", value: epoch, expected: "seconds since 1970" }),
    );
  return { epochMs: Number(epoch) * 1000, utcOffsetMinutes: 0 };
}

/** A written time stands for local and UTC time alike, so that both print the same on every machine. */
function parseClock(text: string, name: string): FixedClock {
  const zoned = /(?:Z|[-+]\d\d:?\d\d)$/.test(text) || !text.includes("T") ? text : `${text}Z`;
  const epochMs = Date.parse(zoned);
  if (Number.isNaN(epochMs))
    throw new DiagnosticError(
      faults.badSetting({}, { name, value: text, expected: "a time such as 2026-01-31T12:00:00" }),
    );
  return { epochMs, utcOffsetMinutes: 0 };
}

export interface MachineGlobals {
  readonly hostname: string;
  readonly uname: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
}

export const unameFields = ["system", "node", "release", "version", "machine"] as const;

export function machineGlobals(host: Host): MachineGlobals {
  const uname = jsonSetting(
    host,
    "FGC_FIXED_UNAME",
    "a JSON list of five texts",
    (value): value is string[] => Array.isArray(value) && value.length === 5,
  );
  const versions = jsonSetting(
    host,
    "FGC_FIXED_VERSIONS",
    "a JSON object of texts",
    (value): value is Record<string, string> => typeof value === "object" && value !== null && !Array.isArray(value),
  );
  return {
    hostname: host.environment("FGC_FIXED_HOSTNAME") ?? host.hostname(),
    uname: (uname ?? host.uname()).map(String),
    versions: versions ?? { node: host.versions.node, fgc: host.versions.fgc },
  };
}

function jsonSetting<T>(
  host: Host,
  name: string,
  expected: string,
  check: (value: unknown) => value is T,
): T | undefined {
  const text = host.environment(name);
  if (text === undefined || text === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!check(value)) throw new DiagnosticError(faults.badSetting({}, { name, value: text, expected }));
  return value;
}

/** Render arguments by name. */
export type Variables = Readonly<Record<string, PlainData>>;
