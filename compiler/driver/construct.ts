/**
 * @file `fgc construct`: a target made for real, in a child process, from the code that a build would emit.
 *
 * Nothing of it stays: the script, its assets and the report lie in a folder of the cache that is removed afterwards. What a constructor
 * throws is led back to the template line that named it, through the source map and the marks of the emitted code.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { bundle } from "../codegen/bundle.ts";
import type { Source } from "../codegen/code.ts";
import { emitFunctionModule } from "../codegen/function-module.ts";
import type { EmitPlan, EmittedModule, MarkedModule } from "../codegen/plan.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import { placeOf } from "../graph/describe.ts";
import { graphDiagnostics } from "../graph/diagnostics.ts";
import { entryOf, type GraphValue, targetNames } from "../graph/index.ts";
import { isCallOf, modelModuleSpec, targetOf, walk } from "../graph/passes/queries.ts";
import { nearest } from "../source/nearest.ts";
import { lineStartsOf, type Origin } from "../source/span.ts";
import { buildAssets } from "./assets.ts";
import { buildDiagnostics as faults } from "./build-diagnostics.ts";
import { cacheFolder } from "./cache-folder.ts";
import { buildGraph } from "./compile.ts";
import type { Description } from "./description.ts";
import type { Host } from "./host.ts";
import { emitModules } from "./modules.ts";
import { type Folders, knownFolders, shortener } from "./places.ts";
import { compileProgram, type ProgramGraph, type ProgramRequest } from "./program-graph.ts";

export interface ConstructRequest extends ProgramRequest {
  readonly target: string;
  /** Call the result, and describe what that gives. */
  readonly isCalled: boolean;
  /** How far to look into objects. */
  readonly depth: number;
  /** What takes a while. */
  progress(line: string): void;
}

export interface Constructed {
  readonly value: Description;
  readonly diagnostics: readonly Diagnostic[];
}

/** A signal ended the child: Ctrl-C, mostly. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode: number;
  constructor(signal: NodeJS.Signals) {
    super(signal);
    this.exitCode = 128 + constants.signals[signal];
  }
}

export async function construct(host: Host, request: ConstructRequest): Promise<Constructed> {
  const { target, project } = request;
  const { graph } = buildGraph(host, { ...request, overrides: [] });
  if (entryOf(graph, target) === undefined) {
    const close = nearest(target, targetNames(graph));
    throw new DiagnosticError(graphDiagnostics.unknownTarget({}, { name: target, nearest: close }));
  }
  const program = compileProgram(host, { ...request, targets: [target] });
  const folder = join(cacheFolder(host), "construct", randomBytes(8).toString("hex"));
  mkdirSync(folder, { recursive: true });
  try {
    const plan = planFor(host, request, program, folder);
    const { root, assets } = await buildAssets({
      root: program.root,
      plan,
      outDir: folder,
      bundleDir: folder,
      projectDir: project.dir,
      host,
      progress: request.progress,
    });
    const places = new Map(assets.map(({ node, path }) => [node as GraphValue, path]));
    const modules = emit(targetOf(root, target) ?? root, root, plan(places));
    const script = await writeScript(host, modules, project.dir, folder, placeOf(graph.origin));
    const report = await runChild(script, folder, project.dir, request);
    if (report.value !== undefined) return { value: report.value, diagnostics: program.diagnostics };
    const { message, hint, stack } = report.error;
    const origin = originOf(stack, modules);
    const place = origin === undefined ? {} : placeOf(origin);
    throw new DiagnosticError(
      ...program.diagnostics,
      faults.constructFailed(place, { target, problem: message, help: hint }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function planFor(
  host: Host,
  { project }: ConstructRequest,
  program: ProgramGraph,
  folder: string,
): (places: ReadonlyMap<GraphValue, string>) => EmitPlan {
  const folders: Folders = {
    outDir: folder,
    bundleDir: folder,
    projectDir: project.dir,
    workspaceRoot: project.workspaceRoot,
    packageRoot: host.packageRoot,
    home: host.homeDirectory(),
    searchPath: project.searchPath,
  };
  return (places) => ({
    title: program.preprocessed.config,
    description: "",
    configName: join(project.configPrefix, program.preprocessed.config),
    folders: knownFolders(folders),
    shorten: shortener(folders),
    importFile: (path) => path,
    symbols: program.symbols,
    projectDir: project.dir,
    variableUses: program.variableUses,
    // The target itself is emitted without its name, as a copy.
    assetPath: (asset) =>
      places.get(asset) ?? [...places].find(([node]) => originIs(node, asset.constructorOrigin))?.[1] ?? "assets",
  });
}

function originIs(node: GraphValue, origin: Origin): boolean {
  return node.kind === "call" && node.constructorOrigin === origin;
}

/** The function that makes the target, and the model's module where the target needs it. */
function emit(target: GraphValue, root: GraphValue, plan: EmitPlan): readonly MarkedModule[] {
  const model = [...walk(target)].find((node) => isCallOf(node, modelModuleSpec));
  const needed =
    model === undefined ? [] : emitModules(model, root, plan).modules.filter(({ name }) => name === "model.ts");
  return [...needed, emitFunctionModule(target, plan)];
}

const entry: EmittedModule = {
  name: "construct-entry.ts",
  text: 'import { runConstruct } from "fgc/inspect";\nimport { construct } from "./construct.ts";\nawait runConstruct(construct);\n',
};

/** @param place for faults of the bundler, which knows no template */
async function writeScript(
  host: Host,
  modules: readonly MarkedModule[],
  projectDir: string,
  folder: string,
  place: ReturnType<typeof placeOf>,
): Promise<string> {
  const bundled = await bundle({
    modules: new Map([...modules, entry].map(({ name, text }) => [name, text])),
    entries: [{ module: entry.name, output: "construct.mjs" }],
    // Packages are looked for from here.
    outDir: projectDir,
    projectDir,
    packageRoot: host.packageRoot,
    minify: false,
    sourcemap: true,
    platform: "node",
  });
  if ("faults" in bundled)
    throw new DiagnosticError(
      ...bundled.faults.map(({ file, text }) => faults.bundleFailed(place, { file, problem: text })),
    );
  for (const { name, text } of bundled.files) writeFileSync(join(folder, name), text);
  return join(folder, "construct.mjs");
}

interface Failure {
  readonly message: string;
  readonly hint?: string;
  readonly stack: string;
}
type Report =
  | { readonly value: Description; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: Failure };

/** What the child prints is progress, so all of it goes to stderr. Ctrl-C is the child's; we wait for it, and clean up. */
function runChild(script: string, folder: string, cwd: string, { isCalled, depth }: ConstructRequest): Promise<Report> {
  const reportPath = join(folder, "report.json");
  const args = ["--enable-source-maps", script, reportPath, String(depth), ...(isCalled ? ["--call"] : [])];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      stdio: ["ignore", 2, "pipe"],
      env: { ...process.env, FGC_PROJECT_DIR: cwd },
    });
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      errors += chunk;
      process.stderr.write(chunk);
    });
    const wait = () => {};
    process.on("SIGINT", wait);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.off("SIGINT", wait);
      if (existsSync(reportPath)) return resolve(JSON.parse(readFileSync(reportPath, "utf8")) as Report);
      if (signal !== null) return reject(new Interrupted(signal));
      // A module of the project's own fails while it loads.
      const message = /^(?:\w*Error): (.*)$/m.exec(errors)?.[1] ?? `its process ended with code ${code}`;
      resolve({ error: { message, stack: errors } });
    });
  });
}

/** The innermost emitted code on the stack, and of that the smallest range that a template stands behind. */
function originOf(stack: string, modules: readonly MarkedModule[]): Origin | undefined {
  for (const [, name, line, column] of stack.matchAll(/([\w-]+\.ts):(\d+):(\d+)/g)) {
    const module = modules.find((candidate) => candidate.name === name);
    if (module === undefined) continue;
    const starts = lineStartsOf({ path: module.name, text: module.text });
    const at = (starts[Number(line) - 1] ?? 0) + Number(column) - 1;
    const around = module.marks
      .filter(({ start, end }) => start <= at && at < end)
      .sort((a, b) => a.end - a.start - (b.end - b.start));
    for (const { source } of around) {
      const origin = originOfSource(source);
      if (origin !== undefined) return origin;
    }
  }
  return undefined;
}

function originOfSource(source: Source): Origin | undefined {
  switch (source.kind) {
    case "callee":
    case "import":
    case "options":
      return source.call.constructorOrigin;
    case "value":
    case "reference":
      return source.node.kind === "call" ? source.node.constructorOrigin : source.node.origin;
    case "argument":
      return source.argument.nameOrigin ?? source.argument.value.origin;
    case "name":
      return source.argument.nameOrigin;
    case "key":
      return source.origin;
  }
}
