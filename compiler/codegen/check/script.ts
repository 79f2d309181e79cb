/** @file The check by the TypeScript compiler that is written in TypeScript: for machines without the native one. */
import { createRequire } from "node:module";
import { CheckFolder } from "./folder.ts";
import type { CheckRequest, TypeFault } from "./request.ts";

export function checkByScript(request: CheckRequest): readonly TypeFault[] {
  const { ts } = createRequire(import.meta.url)("ts-morph") as typeof import("ts-morph");
  const folder = new CheckFolder(request);
  try {
    const { config } = ts.readConfigFile(folder.configPath, (path) => ts.sys.readFile(path));
    const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, folder.path);
    const program = ts.createProgram(fileNames, options);
    const faults = ts.getPreEmitDiagnostics(program).map((diagnostic) => {
      const { file, start = 0, code } = diagnostic;
      if (file === undefined) return undefined;
      const { line, character } = file.getLineAndCharacterOfPosition(start);
      const lines = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n").split("\n");
      return folder.fault(
        file.fileName,
        line + 1,
        character + 1,
        code,
        lines.map((text) => text.trim()),
      );
    });
    return faults.filter((fault) => fault !== undefined);
  } finally {
    folder.remove();
  }
}
