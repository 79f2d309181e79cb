/** @file A world in memory for the command line: files as a record, streams as texts, a clock that stands still. */
import { join } from "node:path";
import type { CliHost, DeviceDescription } from "../../compiler/cli/host.ts";
import { runCommandLine } from "../../compiler/cli/run.ts";

export interface MemoryWorld {
  readonly files: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly devices?: readonly DeviceDescription[];
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** All files afterwards. */
  readonly files: Readonly<Record<string, string>>;
  readonly started: readonly (readonly string[])[];
}

/** Runs `fgc WORDS…` in a world of its own. */
export async function fgc(world: MemoryWorld, ...words: readonly string[]): Promise<Outcome> {
  const files = new Map(Object.entries(world.files));
  const started: string[][] = [];
  let stdout = "";
  let stderr = "";
  const isDirectory = (path: string) => path === "/" || [...files.keys()].some((file) => file.startsWith(`${path}/`));
  const host: CliHost = {
    files: {
      readText: (path) => files.get(path),
      isDirectory,
      list: (path) => {
        const names = [...files.keys()].flatMap((file) =>
          file.startsWith(`${path}/`) ? (file.slice(path.length + 1).split("/")[0] as string) : [],
        );
        return [...new Set(names)].sort().map((name) => ({ name, isDirectory: isDirectory(join(path, name)) }));
      },
      writeText: (path, text) => void files.set(path, text),
    },
    cwd: () => world.cwd ?? "/ws/project",
    homeDirectory: () => "/home/user",
    environment: (name) => world.environment?.[name],
    now: () => Date.UTC(2026, 0, 31, 12, 30, 15),
    utcOffsetMinutes: () => 60,
    random: () => 0.5,
    platform: "linux",
    hostname: () => "box",
    uname: () => ["Linux", "box", "6.1", "#1", "x86_64"],
    packageRoot: "/package",
    versions: { node: "20.0.0", fgc: "0.1.0" },
    stdout: {
      write: (text) => {
        stdout += text;
      },
      isTerminal: false,
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
      isTerminal: false,
    },
    run: async (command, args) => {
      started.push([command, ...args]);
      return 0;
    },
    listDevices: async () => {
      if (world.devices === undefined) throw new Error("SIGSEGV: ");
      return world.devices;
    },
    waitForChange: async () => {},
  };
  const code = await runCommandLine(words, host);
  return { code, stdout, stderr, files: Object.fromEntries(files), started };
}
