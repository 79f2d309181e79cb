/** @file `fgc doctor`: what of this machine fgc needs, and whether it is there. */
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { cacheFolder } from "../../driver/cache-folder.ts";
import { defineCommand } from "../command.ts";
import { ExitCode } from "../exit-code.ts";
import type { CliHost, DeviceDescription } from "../host.ts";
import { showPath } from "../output.ts";

export interface Finding {
  readonly what: string;
  /** `note`: not there, and not needed. */
  readonly state: "ok" | "note" | "failed";
  readonly detail: string;
  readonly hint?: string;
}

/** Packages that nothing needs and some things use. */
const optionalPackages = {
  webgpu: "Dawn, for the device webgpu",
  "@tensorflow/tfjs-node-gpu": "for the device tfjs on a GPU",
  "@tensorflow/tfjs-core": "for the device tfjs",
} as const;
const oldestNode = [20, 19] as const;

export const doctorCommand = defineCommand({
  name: "doctor",
  group: "This machine",
  summary: "look whether this machine has what fgc needs",
  example: "fgc doctor --json",
  positionals: "none",
  options: {},
  async run(host) {
    const findings = [
      checkNode(host),
      { what: "threads", state: "ok", detail: String(availableParallelism()) } as const,
      checkPackage(host),
      checkTypeChecker(host),
      ...(await checkDevices(host)),
      ...Object.entries(optionalPackages).map(([name, use]) => checkOptional(host, name, use)),
      ...checkFolders(host),
    ];
    const isFit = findings.every(({ state }) => state !== "failed");
    const width = Math.max(...findings.map(({ what }) => what.length));
    const marks = { ok: "ok", note: "--", failed: "!!" };
    const text = findings.map(({ what, state, detail, hint }) => {
      const line = `${marks[state]}  ${what.padEnd(width)}  ${detail}`;
      return hint === undefined ? `${line}\n` : `${line}\n${" ".repeat(width + 6)}= ${hint}\n`;
    });
    return { text: text.join(""), json: { ok: isFit, findings }, exitCode: isFit ? ExitCode.Ok : ExitCode.Environment };
  },
});

function checkNode({ versions }: CliHost): Finding {
  const [major = 0, minor = 0] = versions.node.split(".").map(Number);
  const isNewEnough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  const oldest = oldestNode.join(".");
  return isNewEnough
    ? { what: "Node", state: "ok", detail: versions.node }
    : { what: "Node", state: "failed", detail: versions.node, hint: `fgc needs ${oldest} or newer` };
}

function checkPackage(host: CliHost): Finding {
  const what = "fgc";
  const detail = `${host.versions.fgc} in ${showPath(host, host.packageRoot)}`;
  const missing = ["dist/signatures.json", "templatelib/base/config_type.yaml"].filter(
    (path) => host.files.readText(join(host.packageRoot, path)) === undefined,
  );
  if (missing.length === 0) return { what, state: "ok", detail };
  return {
    what,
    state: "failed",
    detail: `${detail}, without ${missing.join(" and ")}`,
    hint: "install it again, or run `npm run build` in its folder",
  };
}

/** The native compiler checks what is emitted; it comes as a package for each platform. */
function checkTypeChecker(host: CliHost): Finding {
  const what = "type checker";
  const version = packageVersion(host, "typescript-native");
  const binary = `@typescript/typescript-${process.platform}-${process.arch}`;
  const native = packageVersion(host, binary);
  if (version !== undefined && native !== undefined)
    return { what, state: "ok", detail: `native, TypeScript ${version}` };
  const absent = version === undefined ? "typescript-native" : binary;
  return {
    what,
    state: "note",
    detail: `not native: ${absent} is not installed`,
    hint: "checks take longer; `npm install` without --omit=optional brings it",
  };
}

async function checkDevices(host: CliHost): Promise<readonly Finding[]> {
  let devices: readonly DeviceDescription[];
  try {
    devices = await host.listDevices();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      {
        what: "devices",
        state: "failed",
        detail: `a driver fails when it is asked: ${reason}`,
        hint: "fgc devices tells more",
      },
    ];
  }
  const found = devices.map(({ name, available, reason, threads, adapters }): Finding => {
    const hardware = adapters.filter(({ isSoftware }) => !isSoftware).map((adapter) => adapter.name);
    const detail =
      hardware.length > 0 ? hardware.join(", ") : threads === undefined ? "available" : `${threads} threads`;
    return available
      ? { what: `device ${name}`, state: "ok", detail }
      : { what: `device ${name}`, state: "note", detail: `not available: ${reason ?? "no reason is known"}` };
  });
  if (devices.some(({ available }) => available)) return found;
  return [...found, { what: "devices", state: "failed", detail: "none is available", hint: "fgc devices says why" }];
}

function checkOptional(host: CliHost, name: string, use: string): Finding {
  const version = packageVersion(host, name);
  if (version !== undefined) return { what: name, state: "ok", detail: `${version}, ${use}` };
  return { what: name, state: "note", detail: `not installed; ${use}` };
}

/** Of the package as the project or fgc would find it. */
function packageVersion(host: CliHost, name: string): string | undefined {
  for (const start of [host.packageRoot, host.cwd()])
    for (let folder = start; ; folder = dirname(folder)) {
      const text = host.files.readText(join(folder, "node_modules", name, "package.json"));
      const version = text === undefined ? undefined : /"version"\s*:\s*"([^"]+)"/.exec(text)?.[1];
      if (version !== undefined) return version;
      if (dirname(folder) === folder) break;
    }
  return undefined;
}

function checkFolders(host: CliHost): readonly Finding[] {
  const cache = cacheFolder(host);
  const kept = ["assets", "completion"]
    .map((part) => [part, host.files.list(join(cache, part)).length] as const)
    .filter(([, count]) => count > 0)
    .map(([part, count]) => `${count} ${part}`);
  const folders = [
    ["cache", cache, kept.length === 0 ? "empty" : kept.join(", ")],
    ["this folder", host.cwd(), ""],
  ] as const;
  return folders.map(([what, path, more]): Finding => {
    const detail = [showPath(host, path), more].filter((part) => part !== "").join(", ");
    const problem = writeProblem(host, path);
    if (problem === undefined) return { what, state: "ok", detail };
    const hint = what === "cache" ? "FGC_CACHE=FOLDER names another" : "builds write into the project";
    return { what, state: "failed", detail: `${detail} cannot be written: ${problem}`, hint };
  });
}

function writeProblem(host: CliHost, folder: string): string | undefined {
  const path = join(folder, `.fgc-doctor-${Math.floor(host.random() * 2 ** 30).toString(36)}`);
  try {
    host.files.writeText(path, "");
    host.files.remove(path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
