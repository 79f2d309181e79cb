/**
 * @file `fgc build`: a config becomes a folder that runs with plain Node.
 *
 *     templates → graph → assets → model.ts, trainer.ts → model.mjs, trainer.mjs, config.json, config.yaml, ir.json, manifest.json
 *
 * Same inputs give the same bytes; nothing is written before all of it is there, and nothing over a person's own changes.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type BundledFile, Bundler } from "../codegen/bundle.ts";
import { describeFaults } from "../codegen/check/type-faults.ts";
import type { EmitPlan, EmittedModule, MarkedModule } from "../codegen/plan.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { GraphValue } from "../graph/node.ts";
import { irToJson, type PassName } from "../graph/passes/index.ts";
import { targetOf } from "../graph/passes/queries.ts";
import { type BuiltAsset, buildAssets } from "./assets.ts";
import { buildDiagnostics, emitDiagnostics } from "./build-diagnostics.ts";
import type { BuildReport, BuildRequest, BuildStage } from "./build-request.ts";
import { cacheFolder } from "./cache-folder.ts";
import { printGraphs } from "./dump.ts";
import { hashOf, loadHashes, saveHashes } from "./file-hashes.ts";
import { Formatting } from "./formatting.ts";
import { identityOf, inputPaths, isUpToDate } from "./freshness.ts";
import type { Host } from "./host.ts";
import { type Manifest, manifestName, manifestText, readManifest, sorted } from "./manifest.ts";
import { type Emission, emitModules, generationConfigJson, modelConfigJson, modelModuleOf, seedOf } from "./modules.ts";
import { editedFiles, sha256, writeAtomic } from "./output.ts";
import { type Folders, inputName, knownFolders, portableText, shortener } from "./places.ts";
import { compileProgram, type ProgramGraph } from "./program-graph.ts";
import { type CheckerKind, TypeCheck } from "./type-check.ts";
import { buildWebPage, webManifestName, webPageName } from "./web-page.ts";

export type { BuildReport, BuildRequest, BuildStage } from "./build-request.ts";

/** What builds have in common and is worth keeping between them: the formatter, the checker (where it is `resident`) and the bundler, warm. */
export interface Builder {
  /** Throws a `DiagnosticError` with all that is wrong; then nothing has been written but assets, which are whole. */
  build(request: BuildRequest): Promise<BuildReport>;
  dispose(): Promise<void>;
}

export function createBuilder(host: Host, checker?: CheckerKind): Builder {
  const tools: Tools = {
    formatting: new Formatting(host.packageRoot),
    checker: new TypeCheck(host, checker),
    bundler: new Bundler(),
  };
  return {
    build: (request) => new Build(host, request, tools).run(),
    dispose: async () => {
      tools.checker.close();
      await Promise.all([tools.formatting.close(), tools.bundler.dispose()]);
    },
  };
}

/** One build, as `Builder.build`. */
export async function build(host: Host, request: BuildRequest): Promise<BuildReport> {
  const builder = createBuilder(host);
  try {
    return await builder.build(request);
  } finally {
    // Nothing of the result waits for threads and processes to end.
    builder.dispose().catch(() => {});
  }
}

interface Tools {
  readonly formatting: Formatting;
  readonly checker: TypeCheck;
  readonly bundler: Bundler;
}

/** What templates take for now, so that no build's moment gets into a bundle: see `literals.ts`. */
const sentinelClock = { epochMs: Date.UTC(9999, 11, 31, 23, 59, 59), utcOffsetMinutes: 0 };

class Build {
  readonly #host: Host;
  readonly #request: BuildRequest;
  readonly #tools: Tools;
  readonly #stages: BuildStage[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  readonly #graphs: [PassName, GraphValue][] = [];

  constructor(host: Host, request: BuildRequest, tools: Tools) {
    this.#host = host;
    this.#tools = tools;
    this.#request = {
      clock: sentinelClock,
      ...request,
      ...(request.clock === undefined ? { clock: sentinelClock } : {}),
    };
  }

  async run(): Promise<BuildReport> {
    const target = this.#request.target ?? "main";
    // Both take as long to begin as all that comes before their turn.
    this.#tools.formatting.start();
    if (this.#request.emit !== "ts") this.#tools.bundler.start();
    const hashes = join(cacheFolder(this.#host), "file-hashes.json");
    loadHashes(hashes);
    const program = compileProgram(this.#host, {
      ...this.#request,
      targets: [target],
      dump: (pass, graph) => void this.#graphs.push([pass, graph]),
    });
    this.#diagnostics.push(...program.diagnostics);
    this.#stage("templates", `${program.templates.length} files`, program.timings.templatesMs);
    this.#stage("graph", `${program.size} nodes`, program.timings.graphMs);

    const folders = this.#folders(program);
    const previous = readManifest(folders.outDir, this.#manifestName);
    const edited = previous === undefined ? [] : editedFiles(folders.outDir, previous.outputs);
    if (edited.length > 0 && this.#request.force !== true)
      throw new DiagnosticError(emitDiagnostics.wouldOverwrite({}, { files: edited }));
    const dumps = printGraphs(this.#graphs, this.#request.dumpIr, shortener(folders));
    if (
      previous !== undefined &&
      this.#request.force !== true &&
      isUpToDate(previous, identityOf(this.#host, this.#request, program, folders), program, folders)
    ) {
      return { ...this.#report(folders, previous.outputs, inputPaths(previous, folders)), upToDate: true, dumps };
    }
    const { emission, assets, root, toCheck } = await this.#emit(program, target, folders);
    // Checked as composed, formatted and bundled at the same time; what is bundled is the formatted text, for the source maps.
    const checked = this.#check(toCheck, program);
    const formatted = this.#format(emission.modules);
    const isPage = this.#request.webPage !== undefined;
    const bundling = isPage ? { files: [], inputs: [] } : this.#bundle(emission, formatted, folders);
    let [bundled, modules] = await settled(bundling, formatted, checked);
    let outputs = this.#outputs(program, root, modules, bundled.files, folders);
    if (isPage) {
      bundled = await this.#webPage(outputs, program, root, modules, assets, folders);
      outputs = Object.fromEntries(bundled.files.map(({ name, text }) => [name, text]));
    }
    const inputs = [
      ...program.templates.map((file) => file.path),
      ...program.symbols.sources,
      ...bundled.inputs.filter((path) => existsSync(path)),
      ...assets.flatMap((asset) => asset.inputs),
    ];
    this.#write(outputs, inputs, assets, program, root, folders);
    saveHashes(hashes);
    return { ...this.#report(folders, outputs, inputs), upToDate: false, dumps };
  }

  #stage(name: BuildStage["name"], detail: string, ms: number): void {
    this.#stages.push({ name, detail, ms });
  }

  #report(
    folders: Folders,
    outputs: Readonly<Record<string, string>>,
    inputs: readonly string[],
  ): Omit<BuildReport, "upToDate" | "dumps"> {
    const files = [...Object.keys(outputs), this.#manifestName];
    const programs = ["trainer.mjs", "model.mjs", webPageName].filter((name) => files.includes(name));
    return { outDir: folders.outDir, stages: this.#stages, files, programs, diagnostics: this.#diagnostics, inputs };
  }

  #folders({ meta }: ProgramGraph): Folders {
    const { project } = this.#request;
    const { packageRoot } = this.#host;
    const bundleDir =
      typeof meta["output_dir"] === "string"
        ? meta["output_dir"]
        : join(
            project.dir,
            "output_models",
            (this.#request.config ?? project.defaultConfig ?? "config").replace(/\.yaml$/, ""),
          );
    const outDir = resolve(this.#host.cwd(), this.#request.outDir ?? bundleDir);
    const named = Object.entries(meta).flatMap(([name, value]) =>
      typeof value === "string" && value.startsWith("/") && name.endsWith("_dir") ? [[name, value] as const] : [],
    );
    const { dir: projectDir, workspaceRoot, searchPath } = project;
    return {
      outDir,
      bundleDir: resolve(this.#host.cwd(), bundleDir),
      projectDir,
      workspaceRoot,
      packageRoot,
      home: this.#host.homeDirectory(),
      cwd: this.#host.cwd(),
      searchPath,
      named,
    };
  }

  async #emit(
    program: ProgramGraph,
    target: string,
    folders: Folders,
  ): Promise<{
    emission: Emission;
    assets: readonly BuiltAsset[];
    root: GraphValue;
    toCheck: readonly MarkedModule[];
  }> {
    const { meta } = program;
    const plan = (places: ReadonlyMap<GraphValue, string>): EmitPlan => ({
      title: textOr(meta["config_name"], program.preprocessed.config),
      description: textOr(meta["config_description"], "a config without a description"),
      configName: `${this.#request.project.configPrefix}/${program.preprocessed.config}`,
      folders: knownFolders(folders),
      shorten: shortener(folders),
      importFile: (path) => relativeImport(folders.outDir, path),
      symbols: program.symbols,
      projectDir: folders.projectDir,
      variableUses: program.variableUses,
      assetPath: (asset) => places.get(asset) ?? "assets",
    });
    mkdirSync(folders.outDir, { recursive: true });
    const started = performance.now();
    const { progress = () => {} } = this.#request;
    const { root, assets } = await buildAssets({
      root: program.root,
      plan,
      outDir: folders.outDir,
      bundleDir: folders.bundleDir,
      projectDir: folders.projectDir,
      host: this.#host,
      progress,
    });
    if (assets.length > 0)
      this.#stage(
        "assets",
        `${assets.length} (${assets.filter((asset) => asset.cached).length} cached)`,
        performance.now() - started,
      );
    const wanted = targetOf(root, target) as GraphValue;
    const placed = plan(new Map(assets.map(({ node, path }) => [node, path])));
    const emission = emitModules(wanted, root, placed);
    // The check knows no output folder: there sources are named by where they are.
    const toCheck = emitModules(wanted, root, { ...placed, importFile: (path) => path }).modules;
    return { emission, assets, root, toCheck };
  }

  async #format(modules: readonly EmittedModule[]): Promise<readonly EmittedModule[]> {
    const started = performance.now();
    const { formatting } = this.#tools;
    const formatted = await Promise.all(
      modules.map(async ({ name, text }) => ({ name, text: await formatting.format(text) })),
    );
    const detail = formatted.map(({ name, text }) => `${name} ${text.split("\n").length - 1} lines`).join(", ");
    this.#stage("emit", detail, performance.now() - started);
    return formatted;
  }

  async #check(modules: readonly MarkedModule[], program: ProgramGraph): Promise<void> {
    const started = performance.now();
    const { dir: projectDir } = this.#request.project;
    const sources = program.symbols.sources.map((path) => ({ path, hash: hashOf(path) }));
    const [faults = []] = await this.#tools.checker.check([{ modules, projectDir, sources }]);
    const { symbols } = program;
    const readSource = (path: string) => this.#host.files.readText(path);
    const described = describeFaults(faults, { modules, symbols, projectDir, readSource });
    if (described.length > 0) throw new DiagnosticError(...this.#diagnostics, ...described);
    this.#stage("types", "ok", performance.now() - started);
  }

  async #bundle(
    emission: Emission,
    formatted: Promise<readonly EmittedModule[]>,
    folders: Folders,
  ): Promise<{ files: readonly BundledFile[]; inputs: readonly string[] }> {
    if (this.#request.emit === "ts" || emission.entries.length === 0) return { files: [], inputs: [] };
    const started = performance.now();
    const result = await this.#tools.bundler.bundle({
      modules: new Map([...(await formatted), ...emission.hidden].map(({ name, text }) => [name, text])),
      entries: emission.entries,
      outDir: folders.outDir,
      projectDir: folders.projectDir,
      packageRoot: folders.packageRoot,
      minify: this.#request.minify ?? false,
      sourcemap: this.#request.sourcemap ?? true,
      platform: this.#request.platform ?? "node",
      devices: this.#request.devices,
    });
    if ("faults" in result)
      throw new DiagnosticError(
        ...this.#diagnostics,
        ...result.faults.map(({ file, text }) => buildDiagnostics.bundleFailed({}, { file, problem: text })),
      );
    const programs = result.files.filter(({ name }) => name.endsWith(".mjs"));
    this.#stage(
      "bundle",
      programs.map(({ name, text }) => `${name} ${Math.round(text.length / 1000)} kB`).join(", "),
      performance.now() - started,
    );
    return result;
  }

  get #manifestName(): string {
    return this.#request.webPage === undefined ? manifestName : webManifestName;
  }

  async #webPage(
    texts: Readonly<Record<string, string>>,
    { meta, preprocessed }: ProgramGraph,
    root: GraphValue,
    modules: readonly EmittedModule[],
    assets: readonly BuiltAsset[],
    folders: Folders,
  ): Promise<{ files: readonly BundledFile[]; inputs: readonly string[] }> {
    const started = performance.now();
    const sources = new Set(modules.map(({ name }) => name));
    const page = await buildWebPage({
      modules,
      root,
      texts: Object.fromEntries(Object.entries(texts).filter(([name]) => !sources.has(name))),
      assets,
      folders,
      title: textOr(meta["config_name"], preprocessed.config),
      description: textOr(meta["config_description"], ""),
      version: this.#host.versions.fgc,
      embedMiB: this.#request.webPage?.embedMiB ?? 0,
      devices: this.#request.devices,
    });
    this.#stage("bundle", page.detail, performance.now() - started);
    return { files: [{ name: webPageName, text: page.text }], inputs: page.inputs };
  }

  /** Every file of the bundle but the manifest, as text. */
  #outputs(
    program: ProgramGraph,
    root: GraphValue,
    modules: readonly EmittedModule[],
    bundled: readonly BundledFile[],
    folders: Folders,
  ): Record<string, string> {
    const files: Record<string, string> = {};
    if (this.#request.emit !== "mjs") for (const { name, text } of modules) files[name] = text;
    for (const { name, text } of bundled) files[name] = text;
    files["config.yaml"] = portableText(program.preprocessed.text, folders);
    files["ir.json"] = `${JSON.stringify(
      irToJson(root, (text) => portableText(text, folders)),
      null,
      1,
    )}\n`;
    const generation = generationConfigJson(root);
    if (generation !== undefined) files["generation_config.json"] = generation;
    const model = modelModuleOf(root);
    if (model !== undefined) files["config.json"] = modelConfigJson(model);
    for (const [name, text] of Object.entries(files)) {
      if (name.endsWith(".map") || !text.includes(folders.home === "/" ? folders.projectDir : folders.home)) continue;
      this.#diagnostics.push(emitDiagnostics.machinePath({}, { path: `${name}: ${folders.home}` }));
    }
    return files;
  }

  #write(
    outputs: Readonly<Record<string, string>>,
    inputs: readonly string[],
    assets: readonly BuiltAsset[],
    program: ProgramGraph,
    root: GraphValue,
    folders: Folders,
  ): void {
    for (const [name, text] of Object.entries(outputs)) writeAtomic(join(folders.outDir, name), text);
    const manifest: Manifest = {
      format: "fgc-manifest/1",
      ...identityOf(this.#host, this.#request, program, folders),
      seed: seedOf(root),
      inputs: sorted(Object.fromEntries([...new Set(inputs)].map((path) => [inputName(path, folders), hashOf(path)]))),
      assets: sorted(Object.fromEntries(assets.map(({ path, hash }) => [path, hash]))),
      outputs: sorted(Object.fromEntries(Object.entries(outputs).map(([name, text]) => [name, sha256(text)]))),
    };
    // Last: a build that was cut off leaves the old manifest, and so is done again.
    writeAtomic(join(folders.outDir, this.#manifestName), manifestText(manifest));
  }
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === "string" && value !== "" ? value : fallback;
}

function relativeImport(outDir: string, path: string): string {
  const from = outDir.split("/");
  const to = path.split("/");
  let common = 0;
  while (common < from.length && common < to.length - 1 && from[common] === to[common]) common += 1;
  const up = from.length - common;
  return `${up === 0 ? "./" : "../".repeat(up)}${to.slice(common).join("/")}`;
}

/** All three, or the fault of the first that has one in this order: type errors say more than what a bundler makes of them. */
async function settled<B, F>(
  bundling: B | Promise<B>,
  formatted: Promise<F>,
  checked: Promise<void>,
): Promise<readonly [B, F]> {
  const [check, format, bundle] = await Promise.allSettled([checked, formatted, Promise.resolve(bundling)]);
  for (const result of [check, format, bundle]) if (result.status === "rejected") throw result.reason;
  return [
    (bundle as PromiseFulfilledResult<Awaited<B>>).value as B,
    (format as PromiseFulfilledResult<Awaited<F>>).value as F,
  ];
}
