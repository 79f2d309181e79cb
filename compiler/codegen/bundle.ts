/**
 * @file Emitted TypeScript → one file that runs with plain Node, by esbuild.
 *
 * `fgc/NAME` means the library of the compiler's own package, wherever the project lies. Neither the code nor the source map names a folder of
 * this machine: library files appear as `fgc/lib/…`, files of the project relative to it.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import type { BuildFailure, Message, OutputFile, Plugin } from "esbuild";

export type Platform = "node" | "browser" | "deno";

export interface BundleRequest {
  /** Emitted modules that live only in memory, by name: `./model.ts`. */
  readonly modules: ReadonlyMap<string, string>;
  /** `trainer.ts` → `trainer.mjs` */
  readonly entries: readonly { readonly module: string; readonly output: string }[];
  /** The folder that the modules are written to: relative imports start here. */
  readonly outDir: string;
  readonly projectDir: string;
  readonly packageRoot: string;
  readonly minify: boolean;
  readonly sourcemap: boolean;
  readonly platform: Platform;
}

export interface BundledFile {
  readonly name: string;
  readonly text: string;
}

/** What went wrong, at a place in an emitted or user's file. */
export interface BundleFault {
  readonly file: string;
  readonly text: string;
}

export type BundleResult =
  | { readonly files: readonly BundledFile[]; readonly inputs: readonly string[] }
  | { readonly faults: readonly BundleFault[] };

export async function bundle(request: BundleRequest): Promise<BundleResult> {
  const esbuild = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  const { outDir } = request;
  try {
    const result = await esbuild.build({
      entryPoints: request.entries.map(({ module, output }) => ({
        in: `emitted:${module}`,
        out: output.replace(/\.mjs$/, ""),
      })),
      bundle: true,
      write: false,
      outdir: outDir,
      outExtension: { ".js": ".mjs" },
      absWorkingDir: request.projectDir,
      platform: request.platform === "node" ? "node" : "neutral",
      ...(request.platform === "node"
        ? {}
        : { mainFields: ["module", "main"], conditions: ["import", request.platform], external: ["node:*"] }),
      format: "esm",
      target: "es2022",
      minify: request.minify,
      sourcemap: request.sourcemap ? "linked" : false,
      sourcesContent: true,
      metafile: true,
      legalComments: "none",
      charset: "utf8",
      // A CommonJS package of the user's may ask for Node's own modules.
      ...(request.platform === "node" ? { banner: { js: nodeBanner } } : {}),
      plugins: [emittedModules(request), libraryModules(request)],
      logLevel: "silent",
    });
    const inputs = Object.keys(result.metafile.inputs).filter((path) => !/^(emitted|fgc):/.test(path));
    return {
      files: result.outputFiles.map((file) => finish(file, request)).sort((a, b) => (a.name < b.name ? -1 : 1)),
      inputs: inputs.map((path) => join(request.projectDir, path)).sort(),
    };
  } catch (error) {
    const failure = error as Partial<BuildFailure>;
    if (failure.errors === undefined) throw error;
    return { faults: failure.errors.map((message) => describe(message)) };
  }
}

const nodeBanner =
  'import { createRequire as fgcRequire } from "node:module";\nconst require = fgcRequire(import.meta.url);';

/** The modules of this build, and what they import relative to where they will lie. */
function emittedModules({ modules, outDir }: BundleRequest): Plugin {
  return {
    name: "emitted",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^emitted:/ }, ({ path }) => ({ path: path.slice("emitted:".length), namespace: "emitted" }));
      onResolve({ filter: /^\.\.?\//, namespace: "emitted" }, ({ path }) => {
        const name = path.replace(/^\.\//, "");
        return modules.has(name) ? { path: name, namespace: "emitted" } : { path: join(outDir, path) };
      });
      onLoad({ filter: /.*/, namespace: "emitted" }, ({ path }) => ({
        contents: modules.get(path) ?? "",
        loader: path.endsWith(".ts") ? "ts" : "js",
        resolveDir: outDir,
      }));
    },
  };
}

/** `fgc/NAME`, and the chunks that the library's files share. */
function libraryModules({ packageRoot }: BundleRequest): Plugin {
  const library = join(packageRoot, "dist/lib");
  return {
    name: "fgc",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^fgc\/\w+$/ }, ({ path }) => {
        const file = `${path.slice("fgc/".length)}.js`;
        return existsSync(join(library, file))
          ? { path: file, namespace: "fgc", sideEffects: false }
          : { errors: [{ text: `there is no '${path}' in this copy of fgc` }] };
      });
      onResolve({ filter: /^\.\//, namespace: "fgc" }, ({ path, importer }) => ({
        path: join(dirname(importer), path),
        namespace: "fgc",
        sideEffects: false,
      }));
      onLoad({ filter: /.*/, namespace: "fgc" }, ({ path }) => ({
        contents: readFileSync(join(library, path), "utf8"),
        loader: "js",
        resolveDir: library,
      }));
    },
  };
}

function finish(file: OutputFile, request: BundleRequest): BundledFile {
  const name = relative(request.outDir, file.path);
  return { name, text: name.endsWith(".map") ? withPortableSources(file.text, request) : file.text };
}

/** Source maps: `emitted:model.ts` is the file beside the map, `fgc:nn.js` the library's, everything else relative to the project. */
function withPortableSources(text: string, { outDir, projectDir }: BundleRequest): string {
  const map = JSON.parse(text) as { sources: string[] };
  const sources = map.sources.map((source) => {
    if (source.startsWith("emitted:")) return source.slice("emitted:".length);
    if (source.startsWith("fgc:")) return `fgc/lib/${source.slice("fgc:".length)}`;
    return relative(projectDir, join(outDir, source))
      .replace(/^(\.\.\/)+(.*\/)?node_modules\//, "node_modules/")
      .replace(/^(\.\.\/)+/, "");
  });
  return `${JSON.stringify({ ...map, sources })}\n`;
}

function describe({ text, location }: Message): BundleFault {
  const file =
    location === null ? "bundle" : `${location.file.replace(/^emitted:/, "")}:${location.line}:${location.column + 1}`;
  return { file, text };
}
