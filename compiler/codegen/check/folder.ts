/**
 * @file The modules to check as TypeScript wants them: files with a configuration, in a folder of their own outside of every project.
 *
 *     TMP/fgc-check-XXXX/tsconfig.json
 *     TMP/fgc-check-XXXX/0/trainer.ts
 *     TMP/fgc-check-XXXX/0/node_modules/PACKAGE → where the project finds it
 */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import type { CheckRequest, CheckUnit, TypeFault } from "./request.ts";

export class CheckFolder {
  readonly path: string;
  readonly #packageRoot: string;
  readonly #nodeTypes: string | undefined;

  constructor({ units, packageRoot }: CheckRequest) {
    this.#packageRoot = packageRoot;
    process.once("exit", this.#removeAtExit);
    // A temporary folder is often reached through a link; messages name the real place.
    this.path = realpathSync(mkdtempSync(join(tmpdir(), "fgc-check-")));
    this.#nodeTypes = needsNode(units) ? nodeTypesOf(packageRoot) : undefined;
    const files: string[] = [];
    for (const [index, unit] of units.entries()) {
      const folder = join(this.path, String(index));
      mkdirSync(folder);
      for (const { name, text } of unit.modules) {
        writeFileSync(join(folder, name), text);
        files.push(`${index}/${name}`);
      }
      for (const name of packagesOf(unit)) linkPackage(name, unit.projectDir, folder);
    }
    writeFileSync(this.configPath, JSON.stringify({ compilerOptions: this.#options, files }));
  }

  get configPath(): string {
    return join(this.path, "tsconfig.json");
  }

  get #options(): Record<string, unknown> {
    const types = join(this.#packageRoot, "dist/types");
    return {
      target: "es2023",
      lib: ["es2023", "dom"],
      module: "esnext",
      moduleResolution: "bundler",
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      // Modules in JavaScript are known by their JSDoc.
      allowJs: true,
      // A hundred files of declarations: only where something may use them.
      types: this.#nodeTypes === undefined ? [] : ["node"],
      typeRoots: this.#nodeTypes === undefined ? [] : [dirname(this.#nodeTypes)],
      paths: { "fgc/runtime": [`${types}/runtime/index.d.ts`], "fgc/*": [`${types}/stdlib/*/index.d.ts`] },
    };
  }

  /** A fault in the words of the request; absent for one in a package, which is no one's here. */
  fault(file: string, line: number, column: number, code: number, lines: readonly string[]): TypeFault | undefined {
    if (this.#nodeTypes === undefined && isAboutNode(code, lines)) return undefined;
    const inside = relative(this.path, file);
    const own = /^(\d+)\/(.+)$/.exec(inside.replaceAll("\\", "/"));
    if (own !== null) return { unit: Number(own[1]), file: own[2] as string, line, column, code, lines };
    const isForeign = /[\\/]node_modules[\\/]/.test(file) || file.startsWith(join(this.#packageRoot, "dist"));
    return isForeign ? undefined : { unit: undefined, file, line, column, code, lines };
  }

  readonly #removeAtExit = (): void => rmSync(this.path, { recursive: true, force: true });

  remove(): void {
    process.off("exit", this.#removeAtExit);
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Sources of a project may use Node as they like; the library hides it. */
function needsNode(units: readonly CheckUnit[]): boolean {
  return units.some(({ modules }) =>
    modules.some(({ text }) => /(?:from|import) "(node:|[./])(?!\/(model|trainer|targets)\.ts")/.test(text)),
  );
}

/** Without declarations of Node's modules nothing can be said about them. */
function isAboutNode(code: number, lines: readonly string[]): boolean {
  return [2580, 2591, 2503].includes(code) || (code === 2307 && /'node:/.test(lines[0] ?? ""));
}

function nodeTypesOf(packageRoot: string): string | undefined {
  try {
    return dirname(createRequire(join(packageRoot, "package.json")).resolve("@types/node/package.json"));
  } catch {
    return undefined;
  }
}

/** `@scope/name` of `@scope/name/part`, for everything that is imported and no file. */
export function packagesOf({ modules }: CheckUnit): readonly string[] {
  const specifiers = modules.flatMap(({ text }) => [...text.matchAll(/^import .* from "([^"./][^"]*)";$/gm)]);
  const names = specifiers.map(([, specifier = ""]) =>
    specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/"),
  );
  return [...new Set(names)].filter((name) => name !== "fgc" && !name.startsWith("node:"));
}

/** The folder that Node would take for `name`, looked for from `from` upwards. */
export function packageFolder(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

function linkPackage(name: string, projectDir: string, folder: string): void {
  const typesName = `@types/${name.startsWith("@") ? name.slice(1).replace("/", "__") : name}`;
  for (const each of [name, typesName]) {
    const found = packageFolder(each, projectDir);
    const link = join(folder, "node_modules", each);
    if (found === undefined || existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(found, link, "junction");
  }
}
