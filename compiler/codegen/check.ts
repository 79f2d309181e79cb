/**
 * @file The TypeScript checker over what was emitted: the last word on types. Each fault is led back to the place in the templates that the
 * faulty statement came from, by the comment above it.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { EmittedModule } from "./plan.ts";

export interface CheckRequest {
  readonly modules: readonly EmittedModule[];
  readonly outDir: string;
  readonly packageRoot: string;
}

export interface TypeFault {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  /** `configs/4M.yaml:24`, as the emitted comment says it. */
  readonly from: string | undefined;
}

export function checkTypes({ modules, outDir, packageRoot }: CheckRequest): readonly TypeFault[] {
  const { Project, ts } = createRequire(import.meta.url)("ts-morph") as typeof import("ts-morph");
  const types = join(packageRoot, "dist/types");
  const nodeTypes = join(packageRoot, "node_modules/@types");
  // A hundred files of declarations: only for modules that import Node's own.
  const needsNode = modules.some(({ text }) => text.includes('from "node:'));
  const project = new Project({
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      types: needsNode && existsSync(nodeTypes) ? ["node"] : [],
      typeRoots: [nodeTypes],
      paths: { "fgc/runtime": [`${types}/runtime/index.d.ts`], "fgc/*": [`${types}/stdlib/*/index.d.ts`] },
    },
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
  });
  const files = modules.map(({ name, text }) =>
    project.createSourceFile(join(outDir, name), text, { overwrite: true }),
  );
  const program = project.getProgram();
  return files.flatMap((file) =>
    [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic): TypeFault => {
      const line = diagnostic.getLineNumber() ?? 1;
      const message = diagnostic.getMessageText();
      return {
        file: file.getBaseName(),
        line,
        message: ts.flattenDiagnosticMessageText(typeof message === "string" ? message : message.compilerObject, "; "),
        from: placeAbove(file.getFullText(), line),
      };
    }),
  );
}

/** The nearest `// template.yaml:12` above a line. */
function placeAbove(text: string, line: number): string | undefined {
  const lines = text.split("\n").slice(0, line);
  for (const candidate of lines.reverse()) {
    const place = /^\s*\/\/ (\S+:\d+)$/.exec(candidate)?.[1] ?? /\*\* (?:.* )?(\S+:\d+) \*\//.exec(candidate)?.[1];
    if (place !== undefined) return place;
  }
  return undefined;
}
