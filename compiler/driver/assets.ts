/**
 * @file Build rules: made once, in a child process, and kept by content.
 *
 * A rule's result depends on its recipe (as emitted), on what that imports of the library, on the rules that it uses, and on the files that it reads;
 * the last are known only after a run, so the cache keeps their hashes beside the result. What the build asks about a result ("facts") is kept
 * there too.
 *
 *     CACHE/assets/KEY/data           the result, a file or a folder
 *     CACHE/assets/KEY/entry.json     inputs with hashes, facts
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle } from "../codegen/bundle.ts";
import type { EmitPlan } from "../codegen/plan.ts";
import { emitRecipeModule } from "../codegen/recipe-module.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { placeOf } from "../graph/describe.ts";
import type { CallNode, GraphValue } from "../graph/node.ts";
import { answerFacts, assetsOf, assetTarget, factsOf } from "../graph/passes/facts.ts";
import { keyword } from "../graph/passes/queries.ts";
import { buildDiagnostics, assetDiagnostics as faults } from "./build-diagnostics.ts";
import { cacheFolder } from "./cache-folder.ts";
import { hashOf } from "./file-hashes.ts";
import type { Host } from "./host.ts";
import { sha256 } from "./output.ts";

export interface AssetRequest {
  readonly root: GraphValue;
  /** The plan with the places of the assets made so far. */
  plan(places: ReadonlyMap<GraphValue, string>): EmitPlan;
  readonly outDir: string;
  /** What paths in emitted code are relative to, wherever this build writes; absent: `outDir`. */
  readonly bundleDir?: string;
  readonly projectDir: string;
  readonly host: Host;
  /** Called before a recipe runs: it may take a while. */
  progress(line: string): void;
}

export interface BuiltAsset {
  /** Relative to the bundle: `assets/tokenizer`. */
  readonly path: string;
  readonly node: CallNode;
  /** Of the result's content. */
  readonly hash: string;
  readonly cached: boolean;
  /** Files that it was made from. */
  readonly inputs: readonly string[];
}

export interface AssetResult {
  /** The graph with every question about an asset answered. */
  readonly root: GraphValue;
  readonly assets: readonly BuiltAsset[];
}

interface Entry {
  readonly inputs: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, unknown>>;
}

export async function buildAssets(request: AssetRequest): Promise<AssetResult> {
  const built: BuiltAsset[] = [];
  let { root } = request;
  // Answers change the graph, the rules in it included: each round looks at it afresh. Their number and order stay.
  for (let index = 0; index < assetsOf(root).length; index += 1) {
    const asset = assetsOf(root)[index] as CallNode;
    const made = await new AssetBuild(request, asset, built).make(factsOf(root, asset));
    const answered = answerFacts(root, asset, made.facts);
    const nodeNow = assetsOf(answered)[index] as CallNode;
    const earlier = assetsOf(answered).slice(0, index);
    built.push({ ...made.asset, node: nodeNow });
    earlier.forEach((node, at) => void built.splice(at, 1, { ...(built[at] as BuiltAsset), node }));
    root = answered;
  }
  return { root, assets: built };
}

class AssetBuild {
  readonly #request: AssetRequest;
  readonly #asset: CallNode;
  readonly #earlier: readonly BuiltAsset[];
  readonly #target: string;

  constructor(request: AssetRequest, asset: CallNode, earlier: readonly BuiltAsset[]) {
    this.#request = request;
    this.#asset = asset;
    this.#earlier = earlier;
    const place = placeOf(asset.constructorOrigin);
    for (const part of ["recipe", "loader"])
      if (keyword(asset, part) === undefined) throw new DiagnosticError(faults.missingPart(place, { part }));
    const target = assetTarget(asset);
    if (target === undefined || target === "") throw new DiagnosticError(faults.missingPart(place, { part: "target" }));
    for (const part of ["recipe", "loader"]) {
      const node = keyword(asset, part);
      const open =
        node?.kind === "call" ? [...(node.layout?.openPositional ?? []), ...(node.layout?.openOptions ?? [])] : [];
      if (open.length > 1) throw new DiagnosticError(faults.cannotPlace(place, { target }));
    }
    this.#target = target;
  }

  async make(
    facts: ReadonlyMap<string, CallNode>,
  ): Promise<{ asset: BuiltAsset; facts: Readonly<Record<string, unknown>> }> {
    const plan = this.#plan();
    const key = this.#key(emitRecipeModule(this.#asset, new Map(), plan));
    const folder = join(cacheFolder(this.#request.host), "assets", key);
    let entry = readEntry(folder);
    const cached = entry !== undefined;
    if (entry === undefined) {
      this.#request.progress(`making ${this.#target}`);
      entry = await this.#run(emitRecipeModule(this.#asset, facts, this.#planOfRun()), folder, undefined);
    } else if ([...facts.keys()].some((name) => !(name in (entry as Entry).facts))) {
      entry = await this.#run(emitRecipeModule(this.#asset, facts, this.#planOfRun()), folder, entry);
    }
    const hash = hashOf(join(folder, "data"));
    const path = this.#place(hash);
    install(join(folder, "data"), join(this.#request.outDir, path), hash);
    return { asset: { path, node: this.#asset, hash, cached, inputs: Object.keys(entry.inputs) }, facts: entry.facts };
  }

  get #bundleDir(): string {
    return this.#request.bundleDir ?? this.#request.outDir;
  }

  #plan(): EmitPlan {
    return this.#request.plan(new Map(this.#earlier.map(({ node, path }) => [node, path])));
  }

  /** The recipe runs as if it lay in the bundle's own place, since its paths are relative to that; what was made before lies where this build writes. */
  #planOfRun(): EmitPlan {
    const plan = this.#plan();
    const toOutDir = relative(this.#bundleDir, this.#request.outDir);
    return { ...plan, assetPath: (asset) => join(toOutDir, plan.assetPath(asset)) };
  }

  #key(recipe: string): string {
    const used = this.#earlier
      .filter(({ path }) => recipe.includes(JSON.stringify(path)))
      .map(({ path, hash }) => [path, hash]);
    return sha256(JSON.stringify([recipe, this.#libraryHashes(recipe), used])).slice(0, 40);
  }

  /** Of the parts of the library that a recipe imports. Their files name the chunks that they share by content, so these need no look. */
  #libraryHashes(recipe: string): readonly string[] {
    const parts = [...recipe.matchAll(/from "fgc\/(\w+)"/g)].map(([, name]) => `${name}.js`);
    return parts.map((file) => hashOf(join(this.#request.host.packageRoot, "dist/lib", file)));
  }

  /** Two rules of one target name that make the same share it; otherwise the later gets a number. */
  #place(hash: string): string {
    for (let count = 1; ; count += 1) {
      const path = `assets/${count === 1 ? this.#target : this.#target.replace(/(\.[^./]*)?$/, (extension) => `-${count}${extension}`)}`;
      const other = this.#earlier.find((asset) => asset.path === path);
      if (other === undefined || other.hash === hash) return path;
    }
  }

  /** @param known the entry of a result that is there, when only facts are missing */
  async #run(source: string, folder: string, known: Entry | undefined): Promise<Entry> {
    const { outDir, projectDir, host } = this.#request;
    const unique = randomBytes(6).toString("hex");
    const staging = `${folder}.${unique}.tmp`;
    const script = join(outDir, `.recipe-${unique}.mjs`);
    mkdirSync(staging, { recursive: true });
    mkdirSync(outDir, { recursive: true });
    try {
      const bundled = await bundle({
        modules: new Map([["recipe.ts", source]]),
        entries: [{ module: "recipe.ts", output: "recipe.mjs" }],
        outDir,
        projectDir,
        packageRoot: host.packageRoot,
        minify: false,
        sourcemap: false,
        platform: "node",
        url: pathToFileURL(join(this.#bundleDir, "recipe.mjs")).href,
      });
      const place = placeOf(this.#asset.constructorOrigin);
      if ("faults" in bundled)
        throw new DiagnosticError(
          ...bundled.faults.map(({ file, text }) => buildDiagnostics.bundleFailed(place, { file, problem: text })),
        );
      writeFileSync(script, bundled.files[0]?.text ?? "");
      const data = known === undefined ? join(staging, "data") : join(folder, "data");
      const report = await runChild(script, data, join(staging, "report.json"), projectDir, known !== undefined);
      if (report.error !== undefined)
        throw new DiagnosticError(
          faults.recipeFailed(place, { target: this.#target, problem: report.error.message, help: report.error.hint }),
        );
      const inputs =
        known?.inputs ??
        Object.fromEntries(
          [...new Set([...report.inputs, ...bundled.inputs])].sort().map((path) => [path, hashOf(path)]),
        );
      const entry: Entry = { inputs, facts: { ...known?.facts, ...report.facts } };
      rmSync(join(staging, "report.json"), { force: true });
      keep(entry, staging, folder, known !== undefined);
      return entry;
    } finally {
      rmSync(script, { force: true });
      rmSync(staging, { recursive: true, force: true });
    }
  }
}

interface ChildReport {
  readonly inputs: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string; readonly hint?: string };
}

/** What the child prints is progress, so all of it goes to stderr. */
function runChild(
  script: string,
  target: string,
  reportPath: string,
  cwd: string,
  factsOnly: boolean,
): Promise<ChildReport> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--enable-source-maps", script, target, reportPath, ...(factsOnly ? ["--facts-only"] : [])],
      { cwd, stdio: ["ignore", 2, "pipe"] },
    );
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      errors += chunk;
      process.stderr.write(chunk);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (existsSync(reportPath)) return resolve(JSON.parse(readFileSync(reportPath, "utf8")) as ChildReport);
      const last =
        errors
          .trim()
          .split("\n")
          .find((line) => /Error/.test(line)) ?? errors.trim().split("\n").at(-1);
      resolve({ inputs: [], facts: {}, error: { message: last || `it ended with ${signal ?? `code ${code}`}` } });
    });
  });
}

/** Moves a finished entry to its place. Another build may have been faster: its result is as good. */
function keep(entry: Entry, staging: string, folder: string, onlyFacts: boolean): void {
  const text = `${JSON.stringify(entry, null, 2)}\n`;
  if (onlyFacts) {
    writeFileSync(join(staging, "entry.json"), text);
    renameSync(join(staging, "entry.json"), join(folder, "entry.json"));
    return;
  }
  writeFileSync(join(staging, "entry.json"), text);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  renameSync(staging, folder);
}

/** The cached entry, if the files that it was made from are still the same. */
function readEntry(folder: string): Entry | undefined {
  const path = join(folder, "entry.json");
  if (!existsSync(path) || !existsSync(join(folder, "data"))) return undefined;
  try {
    const entry = JSON.parse(readFileSync(path, "utf8")) as Entry;
    return Object.entries(entry.inputs).every(([input, hash]) => hashOf(input) === hash) ? entry : undefined;
  } catch {
    return undefined;
  }
}

function install(from: string, to: string, hash: string): void {
  if (existsSync(to) && hashOf(to) === hash) return;
  const fresh = `${to}.${randomBytes(4).toString("hex")}.tmp`;
  mkdirSync(dirname(to), { recursive: true });
  try {
    cpSync(from, fresh, { recursive: true });
    rmSync(to, { recursive: true, force: true });
    renameSync(fresh, to);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
