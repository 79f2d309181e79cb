/** @file The check by the TypeScript compiler that is written in TypeScript: for machines without the native one. */
import { createRequire } from "node:module";
import { InternalError } from "../../diagnostics/diagnostic.ts";
import { CheckFolder } from "./folder.ts";
import type { CheckRequest, TypeFault } from "./request.ts";

export function checkByScript(request: CheckRequest): readonly TypeFault[] {
  const { Project, ts } = createRequire(import.meta.url)("ts-morph") as typeof import("ts-morph");
  const folder = new CheckFolder(request);
  try {
    // ts-morph's own host knows where the declarations of the language itself are: it has them in memory.
    const program = new Project({ tsConfigFilePath: folder.configPath }).getProgram().compilerObject;
    const faults = ts.getPreEmitDiagnostics(program).map((diagnostic) => {
      const { file, start = 0, code } = diagnostic;
      const lines = ts
        .flattenDiagnosticMessageText(diagnostic.messageText, "\n")
        .split("\n")
        .map((line) => line.trim());
      if (file === undefined) throw new InternalError(`TypeScript cannot check at all: ${lines[0]}`);
      const { line, character } = file.getLineAndCharacterOfPosition(start);
      return folder.fault(file.fileName, line + 1, character + 1, code, lines);
    });
    return faults.filter((fault) => fault !== undefined);
  } finally {
    folder.remove();
  }
}
