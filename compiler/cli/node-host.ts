/** @file The real world for the command line: Node's files, streams and processes. */
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, hostname, machine, constants as osConstants, release, type as systemName, version } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { firstInvalidByte } from "../template/index.ts";
import { checkThreads } from "./check-thread.ts";
import { pollingWatcher, systemWatcher } from "./folder-watcher.ts";
import type { CliHost, DeviceDescription, OutputStream } from "./host.ts";

export function nodeHost(): CliHost {
  const packageRoot = findPackageRoot();
  return {
    files: {
      readText: (path) => attempt(() => readFileSync(path, "utf8")),
      invalidByte: (path) => attempt(() => firstInvalidByte(readFileSync(path))),
      isDirectory: (path) => attempt(() => statSync(path).isDirectory()) ?? false,
      list: (path) =>
        (attempt(() => readdirSync(path, { withFileTypes: true })) ?? [])
          // A link counts as what it points at.
          .map((entry) => ({
            name: entry.name,
            isDirectory: entry.isSymbolicLink() ? isDirectory(join(path, entry.name)) : entry.isDirectory(),
          }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      writeText: (path, text) => {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      },
      replaceText: (path, text) => {
        // A link stays one: what it points at is replaced.
        const target = realpathSync(path);
        const fresh = `${target}.${process.pid}.tmp`;
        try {
          writeFileSync(fresh, text, { mode: statSync(target).mode });
          renameSync(fresh, target);
        } finally {
          rmSync(fresh, { force: true });
        }
      },
      move: (from, to) => {
        mkdirSync(dirname(to), { recursive: true });
        if (isDirectory(from)) return renameSync(from, to);
        // A second name fails where a rename would replace a file.
        linkSync(from, to);
        unlinkSync(from);
      },
      remove: (path) => rmSync(path, { recursive: true, force: true }),
      append: (path, text) => {
        mkdirSync(dirname(path), { recursive: true });
        appendFileSync(path, text);
      },
    },
    stdin: {
      get isTerminal() {
        return process.stdin.isTTY === true;
      },
      get stream() {
        return process.stdin;
      },
    },
    cwd: () => process.cwd(),
    changeDirectory: (path) => process.chdir(path),
    homeDirectory: homedir,
    environment: (name) => process.env[name],
    now: Date.now,
    utcOffsetMinutes: (epochMs) => -new Date(epochMs).getTimezoneOffset(),
    random: Math.random,
    platform: process.platform === "darwin" || process.platform === "win32" ? process.platform : "linux",
    hostname,
    uname: () => [systemName(), hostname(), release(), version(), machine()],
    packageRoot,
    versions: { node: process.versions.node, fgc: packageVersion(packageRoot) },
    stdout: stream(() => process.stdout),
    stderr: stream(() => process.stderr),
    run: async (command, args, environment = {}, input = undefined) => {
      const { spawn } = await import("node:child_process");
      return new Promise((resolve, reject) => {
        const env = { ...process.env, ...environment };
        const child = spawn(command, args, {
          stdio: [input === undefined ? "inherit" : "pipe", "inherit", "inherit"],
          env,
        });
        // A pager may be left before it has read everything.
        child.stdin?.on("error", () => {}).end(input);
        // The terminal sends Ctrl-C to the child too: it decides when to stop, and we report what it did.
        const wait = () => {};
        process.on("SIGINT", wait);
        child.on("error", reject);
        child.on("close", (code, signal) => {
          process.off("SIGINT", wait);
          resolve(code ?? 128 + (signal === null ? 0 : osConstants.signals[signal]));
        });
      });
    },
    listDevices: async () => {
      // The compiler does not contain the runtime; and drivers are asked in a process of their own, since a broken one may end it.
      const runtime = pathToFileURL(join(packageRoot, "dist/lib/runtime.js")).href;
      const program = `import(${JSON.stringify(runtime)})
        .then(({ listDevices }) => listDevices())
        .then((devices) => process.stdout.write(JSON.stringify(devices), () => process.exit()));`;
      const { execFile } = await import("node:child_process");
      const answer = await new Promise<string>((resolve, reject) => {
        execFile(process.execPath, ["--eval", program], (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else reject(new Error(`${error.signal ?? error.code}: ${stderr.trim().split("\n").at(-1) ?? ""}`));
        });
      });
      return JSON.parse(answer) as readonly DeviceDescription[];
    },
    threads: checkThreads(packageRoot),
    openWatcher: () => {
      const interval = Number(process.env["FGC_WATCH_POLL"] ?? 0);
      return interval > 0 ? pollingWatcher(interval) : systemWatcher();
    },
  };
}

const absent = new Set(["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "ENAMETOOLONG", "ERR_INVALID_ARG_VALUE"]);

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // Absent is an answer, also where links lead in a circle; a file that may not be read is a fault of the environment.
    if (error instanceof Error && "code" in error && absent.has(String(error.code))) return undefined;
    throw error;
  }
}

function isDirectory(path: string): boolean {
  return attempt(() => statSync(path).isDirectory()) ?? false;
}

/** Node makes a stream when it is first asked for, which takes a while: most runs write to one only. */
function stream(target: () => NodeJS.WriteStream): OutputStream {
  return {
    write: (text) => void target().write(text),
    get isTerminal() {
      return target().isTTY === true;
    },
  };
}

/** The nearest folder above this module with fgc's own package.json: the same for the sources and the bundle. */
function findPackageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (attempt(() => statSync(join(folder, "package.json"))) === undefined && dirname(folder) !== folder)
    folder = dirname(folder);
  return folder;
}

function packageVersion(root: string): string {
  const text = attempt(() => readFileSync(join(root, "package.json"), "utf8"));
  return text === undefined ? "0.0.0" : String((JSON.parse(text) as { version?: unknown }).version ?? "0.0.0");
}
