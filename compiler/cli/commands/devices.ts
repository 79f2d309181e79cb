/** @file `fgc devices`: what programs can run on here, and why not on the rest. */
import { defineCommand } from "../command.ts";
import { ExitCode } from "../exit-code.ts";
import type { AdapterDescription, DeviceDescription } from "../host.ts";

export const devicesCommand = defineCommand({
  name: "devices",
  group: "Seeing what is there",
  summary: "list the devices that programs can run on here",
  example: "fgc devices --json",
  positionals: "none",
  options: {},
  async run(host) {
    let devices: readonly DeviceDescription[];
    try {
      devices = await host.listDevices();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      host.stderr.write(`error: a driver of this machine fails when it is asked what it can do (${reason})\n`);
      return { text: "", json: { ok: false, devices: [], reason }, exitCode: ExitCode.Environment };
    }
    const isAny = devices.some(({ available }) => available);
    return {
      text: devices.map(describeDevice).join("\n"),
      json: { ok: isAny, devices },
      exitCode: isAny ? ExitCode.Ok : ExitCode.Environment,
    };
  },
});

const width = 80;
const indent = " ".repeat(11);

function describeDevice(device: DeviceDescription): string {
  const { name, available, reason = "no reason is known", hint, threads, features, adapters } = device;
  const section = (text: string, ...more: readonly string[]) =>
    [...wrap(text, name.padEnd(indent.length), indent), ...more, ...adapters.flatMap(describeAdapter), ""].join("\n");
  if (!available) return section(`not available: ${reason}`, ...(hint === undefined ? [] : wrap(hint, indent, indent)));
  const facts = [
    ...(adapters.length === 0 && threads !== undefined ? [count(threads, "thread")] : []),
    ...(adapters.length > 0 ? [count(adapters.length, "adapter")] : []),
    ...(adapters.length === 0 ? features : []),
  ];
  return section(facts.length === 0 ? "available" : facts.join(", "));
}

function describeAdapter({ name, isSoftware, features, limits }: AdapterDescription): string[] {
  const row = (label: string, items: readonly string[]) =>
    items.length === 0 ? [] : wrap(items.join(", "), `${indent}  ${label.padEnd(10)}`, `${indent}${" ".repeat(12)}`);
  return [
    ...wrap(isSoftware ? `${name} (software: only when asked for)` : name, indent, `${indent}  `),
    ...row("features", features),
    ...row(
      "limits",
      Object.entries(limits).map(([limit, value]) => describeLimit(limit, value)),
    ),
  ];
}

/** `maxBufferSize: 4294967296` is `buffer size 4 GiB`. */
function describeLimit(limit: string, value: number): string {
  const words = limit
    .replace(/^max/, "")
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim();
  return `${words} ${/(Size|Bytes)$/.test(limit) ? formatBytes(value) : value.toLocaleString("en-US")}`;
}

function formatBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power]}`;
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

/** Words in lines of at most 80 columns; the first begins with `first`, the others with `rest`. */
function wrap(text: string, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(/\s+/)) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      [line, isEmpty] = [rest, true];
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
