/**
 * @file Emitted TypeScript → one file that runs with plain Node, or in a page, by esbuild.
 *
 * `fgc/NAME` means the library of the compiler's own package, wherever the project lies. Neither the code nor the source map names a folder of
 * this machine: library files appear as `fgc/lib/…`, files of the project relative to it.
 */
import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import type {
  BuildContext,
  BuildFailure,
  BuildOptions,
  BuildResult as EsbuildResult,
  Message,
  OutputFile,
  Plugin,
} from "esbuild";

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
  /** The devices that are to be in it; absent: all. */
  readonly devices?: readonly string[] | undefined;
  /** What emitted modules get in the place of a part of the library: `fgc/train` → a module of `modules`, which may import that part itself. */
  readonly replacements?: ReadonlyMap<string, string>;
  /** What `import.meta.url` is; absent: what the host says. */
  readonly url?: string;
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

export type BundleResult = BundledFiles | BundleFailed;

interface BundledFiles {
  readonly files: readonly BundledFile[];
  readonly inputs: readonly string[];
}
interface BundleFailed {
  readonly faults: readonly BundleFault[];
}
/** With the emitted modules that each output holds. */
interface MadeBundle extends BundledFiles {
  readonly emitted: ReadonlyMap<string, readonly string[]>;
}

/**
 * Bundles again and again: what esbuild has read and parsed stays with it while only the emitted modules change, and a program is made again
 * only if something that it consists of is another.
 */
export class Bundler {
  readonly #contexts = new Map<string, Kept>();
  readonly #programs = new Map<string, Program>();

  /** Begins to start the bundler's process. */
  start(): void {
    const esbuild = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
    // Whatever is wrong with it will be said by the first bundle.
    esbuild.transform("").catch(() => {});
  }

  async bundle(request: BundleRequest): Promise<BundleResult> {
    const { entries, modules } = request;
    const keys = entries.map((entry) => keyOf({ ...request, entries: [entry] }));
    const isWanted = (index: number): boolean => !isCurrent(this.#programs.get(keys[index] as string), modules);
    const wanted = entries.filter((_, index) => isWanted(index));
    if (wanted.length > 0) {
      const made = await this.#make({ ...request, entries: wanted });
      if ("faults" in made) return made;
      for (const [index, entry] of entries.entries())
        if (wanted.includes(entry)) this.#programs.set(keys[index] as string, programOf(entry.output, made, modules));
    }
    const programs = keys.map((key) => this.#programs.get(key) as Program);
    return {
      files: programs.flatMap(({ files }) => files).sort((a, b) => (a.name < b.name ? -1 : 1)),
      inputs: [...new Set(programs.flatMap(({ inputs }) => inputs))].sort(),
    };
  }

  async #make(request: BundleRequest): Promise<MadeBundle | BundleFailed> {
    const key = keyOf(request);
    let kept = this.#contexts.get(key);
    if (kept === undefined) {
      const esbuild = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
      const current = { modules: request.modules };
      kept = { current, context: await esbuild.context(optionsOf(request, current)) };
      this.#contexts.set(key, kept);
    }
    kept.current.modules = request.modules;
    const { context } = kept;
    return finished(() => context.rebuild(), request);
  }

  async dispose(): Promise<void> {
    const contexts = [...this.#contexts.values()];
    this.#contexts.clear();
    this.#programs.clear();
    await Promise.all(contexts.map(({ context }) => context.dispose()));
  }
}

/** What one entry became, with all that it was made of. */
interface Program {
  readonly files: readonly BundledFile[];
  /** The emitted modules in it, by name. */
  readonly texts: ReadonlyMap<string, string>;
  readonly inputs: readonly string[];
  /** Of the inputs, in their order. */
  readonly stamps: readonly string[];
}

function programOf(output: string, made: MadeBundle, modules: BundleRequest["modules"]): Program {
  const used = made.emitted.get(output) ?? [...modules.keys()];
  return {
    files: made.files.filter(({ name }) => name === output || name === `${output}.map`),
    texts: new Map(used.map((name) => [name, modules.get(name) ?? ""])),
    inputs: made.inputs,
    stamps: made.inputs.map(stampOf),
  };
}

function isCurrent(program: Program | undefined, modules: BundleRequest["modules"]): boolean {
  if (program === undefined) return false;
  const { texts, inputs, stamps } = program;
  return (
    [...texts].every(([name, text]) => modules.get(name) === text) &&
    inputs.every((path, index) => stampOf(path) === stamps[index])
  );
}

function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.mtimeMs}:${stats.ctimeMs}:${stats.size}:${stats.ino}`;
}

/** Everything about a request but the modules themselves. */
function keyOf({ modules: _, replacements = new Map(), ...rest }: BundleRequest): string {
  return JSON.stringify({ ...rest, replacements: [...replacements] });
}

interface Kept {
  /** The modules of the build that is being done. */
  readonly current: { modules: BundleRequest["modules"] };
  readonly context: BuildContext<BundleOptions>;
}

/** Once. */
export function bundle(request: BundleRequest): Promise<BundleResult> {
  const esbuild = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  return finished(() => esbuild.build(optionsOf(request, request)), request);
}

type BundleOptions = ReturnType<typeof optionsOf>;

function optionsOf(request: BundleRequest, current: { readonly modules: BundleRequest["modules"] }) {
  return {
    entryPoints: request.entries.map(({ module, output }) => ({
      in: `emitted:${module}`,
      out: output.replace(/\.mjs$/, ""),
    })),
    bundle: true,
    write: false,
    outdir: request.outDir,
    outExtension: { ".js": ".mjs" },
    absWorkingDir: request.projectDir,
    platform: request.platform === "deno" ? "neutral" : request.platform,
    ...(request.platform === "deno"
      ? { mainFields: ["module", "main"], conditions: ["import", "deno"], external: ["node:*"] }
      : {}),
    ...(request.platform === "browser" ? { inject: [webGlobals] } : {}),
    ...(request.url === undefined ? {} : { define: { "import.meta.url": JSON.stringify(request.url) } }),
    format: "esm",
    target: "es2022",
    minify: request.minify,
    // Checkpoints, messages and template places go by the names of classes.
    keepNames: request.minify,
    sourcemap: request.sourcemap ? "linked" : false,
    sourcesContent: true,
    metafile: true,
    legalComments: "none",
    charset: "utf8",
    // A CommonJS package of the user's may ask for Node's own modules.
    ...(request.platform === "node" ? { banner: { js: nodeBanner } } : {}),
    plugins: [emittedModules(request, current), libraryModules(request)],
    logLevel: "silent",
  } as const satisfies BuildOptions;
}

async function finished(
  run: () => Promise<EsbuildResult<BundleOptions>>,
  request: BundleRequest,
): Promise<MadeBundle | BundleFailed> {
  try {
    const result = await run();
    const library = libraryFolder(request);
    const inputs = Object.keys(result.metafile.inputs)
      .filter((path) => !path.startsWith("emitted:"))
      .map((path) => join(request.projectDir, path))
      .filter((path) => !path.startsWith(`${library}/`));
    const outputs = Object.entries(result.metafile.outputs).map(([path, output]) => {
      const names = Object.keys(output.inputs).filter((name) => name.startsWith("emitted:"));
      const name = relative(request.outDir, join(request.projectDir, path));
      return [name, names.map((each) => each.slice("emitted:".length))] as const;
    });
    return {
      files: result.outputFiles.map((file) => finish(file, request)).sort((a, b) => (a.name < b.name ? -1 : 1)),
      inputs: inputs.sort(),
      emitted: new Map(outputs),
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
function emittedModules(
  { outDir, replacements = new Map() }: BundleRequest,
  current: { readonly modules: BundleRequest["modules"] },
): Plugin {
  return {
    name: "emitted",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^emitted:/ }, ({ path }) => ({ path: path.slice("emitted:".length), namespace: "emitted" }));
      onResolve({ filter: /^fgc\//, namespace: "emitted" }, ({ path, importer }) => {
        const name = replacements.get(path);
        return name === undefined || name === importer ? undefined : { path: name, namespace: "emitted" };
      });
      onResolve({ filter: /^\.\.?\//, namespace: "emitted" }, ({ path }) => {
        const name = path.replace(/^\.\//, "");
        return current.modules.has(name) ? { path: name, namespace: "emitted" } : { path: join(outDir, path) };
      });
      onLoad({ filter: /.*/, namespace: "emitted" }, ({ path }) => ({
        contents: current.modules.get(path) ?? "",
        loader: path.endsWith(".ts") ? "ts" : "js",
        resolveDir: outDir,
      }));
    },
  };
}

/** What Node has as globals and pages have not. */
const webGlobals = "fgc:globals";

/**
 * `fgc/NAME`, and the chunks that the library's files share. They are given to esbuild as the files that they are, so that it reads them by itself:
 * asking here for each took half of the time of a bundle. In the library for pages there are hosts for Node's modules too.
 */
function libraryModules(request: BundleRequest): Plugin {
  const { platform, devices } = request;
  const isPage = platform === "browser";
  const library = libraryFolder(request);
  return {
    name: "fgc",
    setup({ onResolve, onLoad }) {
      const found = (file: string, problem: string) =>
        existsSync(join(library, file))
          ? { path: join(library, file), sideEffects: false }
          : { errors: [{ text: problem }] };
      onResolve({ filter: /^fgc\/\w+$/ }, ({ path }) =>
        found(`${path.slice("fgc/".length)}.js`, `there is no '${path}' in this copy of fgc`),
      );
      onResolve({ filter: /^fgc:globals$/ }, () => ({ path: join(library, "host/globals.js") }));
      if (isPage)
        onResolve({ filter: /^node:/ }, ({ path }) =>
          found(`host/${path.slice("node:".length)}.js`, `'${path}' is not there in a page`),
        );
      if (devices === undefined) return;
      onLoad({ filter: /[\\/]device[\\/]\w+\.js$/ }, ({ path }) => {
        const [, device] = /^device[\\/](\w+)\.js$/.exec(relative(library, path)) ?? [];
        return device === undefined || devices.includes(device)
          ? undefined
          : { contents: missingDevice(device), loader: "js", resolveDir: library };
      });
    },
  };
}

function libraryFolder({ packageRoot, platform }: BundleRequest): string {
  return join(packageRoot, platform === "browser" ? "dist/web" : "dist/lib");
}

/** What stands for a device that was left out: it cannot be had, like one that is not installed. */
function missingDevice(name: string): string {
  const runtime = "fgc/runtime";
  return `
export async function openDevice() {
  const { DeviceUnavailableError } = await import("${runtime}");
  throw new DeviceUnavailableError("this program was built without the device ${name}", "build it again with --device ${name}", { isInstalled: false });
}
export const describeDevice = openDevice;
`;
}

function finish(file: OutputFile, request: BundleRequest): BundledFile {
  const name = relative(request.outDir, file.path);
  return {
    name,
    text: name.endsWith(".map") ? withPortableSources(file.text, request) : withPortableNames(file.text, request),
  };
}

/** esbuild heads each file's part of a bundle with its path: the library is called by its own name there. */
function withPortableNames(text: string, request: BundleRequest): string {
  const folder = slashed(relative(request.projectDir, libraryFolder(request)));
  return text.replaceAll(`\n// ${folder}/`, "\n// fgc:").replaceAll(`\n  "${folder}/`, '\n  "fgc:');
}

/** Source maps: `emitted:model.ts` is the file beside the map, a library file `fgc/lib/nn.js`, everything else relative to the project. */
function withPortableSources(text: string, { outDir, projectDir, ...request }: BundleRequest): string {
  const library = libraryFolder({ outDir, projectDir, ...request });
  const portable = (source: string): string => {
    if (source.startsWith("emitted:")) return source.slice("emitted:".length);
    const path = join(outDir, source);
    if (path.startsWith(`${library}/`)) return `fgc/lib/${slashed(relative(library, path))}`;
    return slashed(relative(projectDir, path))
      .replace(/^(\.\.\/)+(.*\/)?node_modules\//, "node_modules/")
      .replace(/^(\.\.\/)+/, "");
  };
  // A map holds all sources, megabytes of them, and only the list of their names at its head is to change.
  const start = text.indexOf('"sources": [') + '"sources": '.length;
  const end = text.indexOf("]", text.indexOf('\n  "sourcesContent"', start) - 2) + 1;
  const sources = JSON.parse(text.slice(start, end)) as readonly string[];
  return text.slice(0, start) + JSON.stringify(sources.map(portable)) + text.slice(end);
}

function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}

function describe({ text, location }: Message): BundleFault {
  const file =
    location === null ? "bundle" : `${location.file.replace(/^emitted:/, "")}:${location.line}:${location.column + 1}`;
  return { file, text };
}
