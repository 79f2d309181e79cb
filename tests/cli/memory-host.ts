/** @file A world in memory for the command line: files as a record, streams as texts, a clock that stands still. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { CliHost, DeviceDescription } from "../../compiler/cli/host.ts";
import { runCommandLine } from "../../compiler/cli/run.ts";

let cacheOfProcess: string | undefined;
function cache(): string {
  if (cacheOfProcess === undefined) {
    const made = mkdtempSync(join(tmpdir(), "fgc-test-cache-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    cacheOfProcess = made;
  }
  return cacheOfProcess;
}

export interface MemoryWorld {
  readonly files: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** With `--watch`: what happens, one after the other; undefined removes a file. */
  readonly changes?: readonly Readonly<Record<string, string | undefined>>[];
  readonly devices?: readonly DeviceDescription[];
  readonly stdin?: string;
  /** Of standard input alone. */
  readonly isTerminal?: boolean;
  /** Where nothing can be written. */
  readonly readOnly?: (path: string) => boolean;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** All files afterwards. */
  readonly files: Readonly<Record<string, string>>;
  readonly started: readonly (readonly string[])[];
  /** The folders that were watched, each time that they were told. */
  readonly watched: readonly (readonly string[])[];
}

/** Runs `fgc WORDS…` in a world of its own. */
export async function fgc(world: MemoryWorld, ...words: readonly string[]): Promise<Outcome> {
  const { host, outcome } = memoryHost(world);
  return outcome(await runCommandLine(words, host));
}

export interface MemoryHost {
  readonly host: CliHost;
  readonly started: readonly (readonly string[])[];
  outcome(code: number): Outcome;
}

/** The world by itself, for what is not a command line. */
export function memoryHost(world: MemoryWorld): MemoryHost {
  const files = new Map(Object.entries(world.files));
  const started: string[][] = [];
  const watched: string[][] = [];
  let cwd = world.cwd ?? "/ws/project";
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
      writeText: (path, text) => {
        if (world.readOnly?.(path)) throw Object.assign(new Error(`EACCES: ${path}`), { syscall: "open" });
        files.set(path, text);
      },
      replaceText: (path, text) => void files.set(path, text),
      move: (from, to) => {
        if (world.readOnly?.(to)) throw Object.assign(new Error(`EACCES: ${to}`), { syscall: "rename" });
        for (const [path, text] of [...files].filter(([path]) => path === from || path.startsWith(`${from}/`))) {
          files.delete(path);
          files.set(`${to}${path.slice(from.length)}`, text);
        }
      },
      remove: (path) => {
        for (const file of [...files.keys()]) if (file === path || file.startsWith(`${path}/`)) files.delete(file);
      },
      append: (path, text) => void files.set(path, `${files.get(path) ?? ""}${text}`),
    },
    changeDirectory: (path) => {
      cwd = path;
    },
    stdin: { isTerminal: world.isTerminal ?? false, stream: Readable.from([world.stdin ?? ""]) },
    cwd: () => cwd,
    homeDirectory: () => "/home/user",
    // Caches lie on the disk whatever the host.
    environment: (name) => world.environment?.[name] ?? (name === "FGC_CACHE" ? cache() : undefined),
    now: () => Date.UTC(2026, 0, 31, 12, 30, 15),
    utcOffsetMinutes: () => 60,
    random: () => 0.5,
    platform: "linux",
    hostname: () => "box",
    uname: () => ["Linux", "box", "6.1", "#1", "x86_64"],
    packageRoot: "/package",
    versions: { node: "20.19.0", fgc: "0.1.0" },
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
    openWatcher: () => {
      const waiting = [...(world.changes ?? [])];
      return {
        watch: (folders) => void watched.push([...folders].sort()),
        async next() {
          const change = waiting.shift();
          for (const [path, text] of Object.entries(change ?? {}))
            if (text === undefined) files.delete(path);
            else files.set(path, text);
          return change === undefined ? undefined : Object.keys(change);
        },
        close: () => {},
      };
    },
  };
  return {
    host,
    started,
    outcome: (code) => ({ code, stdout, stderr, files: Object.fromEntries(files), started, watched }),
  };
}
