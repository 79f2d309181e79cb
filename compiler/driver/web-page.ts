/** @file `fgc build --target web`: the trainer's bundle for a worker, the page's own script, and the files of the bundle, as one HTML file. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { bundle } from "../codegen/bundle.ts";
import type { EmittedModule } from "../codegen/plan.ts";
import { composeWebPage, type PageDescription, type PageFile } from "../codegen/web-page.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { GraphValue } from "../graph/node.ts";
import { constantOf, keyword, walk } from "../graph/passes/queries.ts";
import type { BuiltAsset } from "./assets.ts";
import { buildDiagnostics } from "./build-diagnostics.ts";
import { sha256 } from "./output.ts";
import type { Folders } from "./places.ts";

export const webPageName = "trainer.html";
/** Its own: building the page leaves the bundles for Node as they are, and the other way round. */
export const webManifestName = "manifest.web.json";

export interface WebPageRequest {
  readonly modules: readonly EmittedModule[];
  readonly root: GraphValue;
  /** Small files that lie beside a bundle, by name: `config.yaml`. */
  readonly texts: Readonly<Record<string, string>>;
  readonly assets: readonly BuiltAsset[];
  readonly folders: Folders;
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly embedMiB: number;
  /** Absent: those that a page can use. */
  readonly devices?: readonly string[] | undefined;
}

export interface WebPage {
  readonly text: string;
  readonly inputs: readonly string[];
  /** For the report. */
  readonly detail: string;
}

/** The trainer as it stands, but run by the page instead of by a command line. */
const runnerOfPages = [
  'export * from "fgc/train";',
  // An export by name wins over one of the star's.
  'export { runTrainer } from "fgc/web";',
].join("\n");

/** TensorFlow.js would have to be brought along, and nobody compares with the reference in a tab. */
const pageDevices = ["webgpu", "wasm"];

export async function buildWebPage(request: WebPageRequest): Promise<WebPage> {
  const { folders, modules } = request;
  if (!modules.some(({ name }) => name === "trainer.ts")) throw new DiagnosticError(buildDiagnostics.noTrainer({}, {}));
  const bundled = await bundle({
    modules: new Map([
      ...modules.map(({ name, text }) => [name, text] as const),
      ["runner.ts", runnerOfPages],
      // Exports nothing, so that its bundle is a script.
      ["worker.ts", 'import "./trainer.ts";'],
      ["page.ts", 'import { startPage } from "fgc/page";\nstartPage();'],
    ]),
    entries: [
      { module: "worker.ts", output: "worker.mjs" },
      { module: "page.ts", output: "page.mjs" },
    ],
    outDir: folders.outDir,
    projectDir: folders.projectDir,
    packageRoot: folders.packageRoot,
    minify: true,
    sourcemap: false,
    platform: "browser",
    devices: request.devices ?? pageDevices,
    replacements: new Map([["fgc/train", "runner.ts"]]),
    url: "file:///run/trainer.mjs",
  });
  if ("faults" in bundled)
    throw new DiagnosticError(
      ...bundled.faults.map(({ file, text }) => buildDiagnostics.bundleFailed({}, { file, problem: text })),
    );
  const part = (name: string): string => bundled.files.find((file) => file.name === name)?.text ?? "";
  const library = (name: string): string => readFileSync(join(folders.packageRoot, "dist/web", name), "utf8");
  const files = pageFiles(request);
  const composed = composeWebPage({
    template: library("page.html"),
    style: library("page.css"),
    script: part("page.mjs"),
    worker: asScript(part("worker.mjs")),
    page: describePage(request, part("worker.mjs"), files),
    files,
    embedLimit: request.embedMiB * 2 ** 20,
  });
  const kB = (text: string): string => `${Math.round(text.length / 1000)} kB`;
  const asked = composed.left.map(({ path }) => path);
  const detail = [
    `${webPageName} ${kB(composed.text)} (trainer ${kB(part("worker.mjs"))}, page ${kB(part("page.mjs"))})`,
    ...(asked.length === 0 ? [] : [`asks for ${asked.join(", ")}`]),
  ].join(", ");
  return { text: composed.text, inputs: bundled.inputs, detail };
}

/** A page that was opened as a file may start scripts, and no modules, as workers. A script cannot await at its top, but a function can. */
const asScript = (module: string): string =>
  `(async () => {\n${module}\n})().catch((error) => setTimeout(() => { throw error; }));\n`;

function describePage(
  { root, texts, folders, title, description, version }: WebPageRequest,
  worker: string,
  files: readonly PageFile[],
): PageDescription {
  const name = basename(folders.outDir);
  const sampling = texts["generation_config.json"];
  return {
    name,
    title,
    description,
    key: `${name}-${sha256(JSON.stringify([worker, files.map(({ path, sha256: hash }) => [path, hash])])).slice(0, 12)}`,
    version,
    prompt: firstPrompt(root) ?? "",
    sampling: sampling === undefined ? {} : (JSON.parse(sampling) as Record<string, unknown>),
  };
}

/** The first of the texts that the config itself would have continued. */
function firstPrompt(root: GraphValue): string | undefined {
  for (const node of walk(root)) {
    const prompts = node.kind === "call" ? keyword(node, "prompts") : undefined;
    const value: unknown = prompts === undefined ? undefined : constantOf(prompts);
    if (Array.isArray(value) && typeof value[0] === "string") return value[0];
  }
  return undefined;
}

/** What the trainer reads of its folder: small texts and assets. */
function pageFiles({ texts, assets, folders }: WebPageRequest): PageFile[] {
  const file = (path: string, bytes: Uint8Array): PageFile => ({ path, bytes, sha256: sha256(bytes) });
  const paths = [...new Set(assets.map(({ path }) => path))].flatMap((path) => filesBelow(folders.outDir, path));
  return [
    ...Object.entries(texts).map(([name, text]) => ({ ...file(name, new TextEncoder().encode(text)), always: true })),
    ...paths.sort().map((path) => file(path, readFileSync(join(folders.outDir, path)))),
  ];
}

function filesBelow(root: string, path: string): string[] {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full).flatMap((name) => filesBelow(root, `${path}/${name}`));
}
