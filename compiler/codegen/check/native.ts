/** @file The check by the native TypeScript compiler, in a process of its own: a seventh of the time, and none of this process's memory. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { CheckFolder } from "./folder.ts";
import type { CheckRequest, TypeFault } from "./request.ts";

/** The compiler's binary for this machine; absent on platforms that it is not made for, and where the optional package was left out. */
export function nativeCompiler(packageRoot: string): string | undefined {
  const name = `@typescript/typescript-${process.platform}-${process.arch}`;
  try {
    const main = createRequire(join(packageRoot, "package.json")).resolve("typescript-native/package.json");
    // Beside the package that wants it, or above.
    const folder = dirname(createRequire(main).resolve(`${name}/package.json`));
    const path = join(folder, "lib", process.platform === "win32" ? "tsc.exe" : "tsc");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Absent where the compiler could not be run or did not answer as it should: then another one has to. */
export function checkNatively(compiler: string, request: CheckRequest): Promise<readonly TypeFault[] | undefined> {
  const folder = new CheckFolder(request);
  return new Promise((done) => {
    const args = ["--project", folder.configPath, "--pretty", "false"];
    execFile(compiler, args, { cwd: folder.path, maxBuffer: 64 * 1024 * 1024 }, (error, output) => {
      try {
        const faults = readFaults(output, folder);
        const isSilent = error !== null && !/error TS\d+/.test(output);
        done(isSilent ? undefined : faults);
      } finally {
        folder.remove();
      }
    });
  });
}

/** `0/trainer.ts(12,5): error TS2345: …`, and what explains it indented below. */
function readFaults(output: string, folder: CheckFolder): readonly TypeFault[] | undefined {
  const faults: (TypeFault | undefined)[] = [];
  let current: { place: readonly [string, number, number, number]; lines: string[] } | undefined;
  const finish = (): void => {
    if (current !== undefined) faults.push(folder.fault(...current.place, current.lines));
    current = undefined;
  };
  for (const line of output.split(/\r?\n/)) {
    const [, file, row, column, code, message] = /^(.+)\((\d+),(\d+)\): error TS(\d+): (.*)$/.exec(line) ?? [];
    if (file !== undefined) {
      finish();
      current = {
        place: [resolve(folder.path, file), Number(row), Number(column), Number(code)],
        lines: [message as string],
      };
    } else if (/^error TS\d+/.test(line)) return undefined;
    else if (line.startsWith(" ")) current?.lines.push(line.trim());
  }
  finish();
  return faults.filter((fault) => fault !== undefined);
}
