/**
 * @file The check of emitted modules by both compilers, on a project in a folder of its own: packages with types and without, modules in JavaScript.
 *
 * What the terminal shows for each fault is in tests/diagnostics/samples/types; here both compilers must find the same.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { nativeCompiler } from "../../compiler/codegen/check/native.ts";
import { renderDiagnostic } from "../../compiler/diagnostics/render.ts";
import { checkConfig, checkConfigs } from "../../compiler/driver/check.ts";
import { loadProject } from "../../compiler/driver/compile.ts";
import type { Host } from "../../compiler/driver/host.ts";
import { type CheckerKind, TypeCheck } from "../../compiler/driver/type-check.ts";

const files: Readonly<Record<string, string>> = {
  "forgather_workspace/base_directories.yaml": "",
  "meta.yaml": 'name: "Sample"\ndefault_config: "clean.yaml"\n',
  "node_modules/ring/package.json":
    '{ "name": "ring", "version": "1.0.0", "type": "module", "exports": { ".": { "types": "./ring.d.ts", "default": "./ring.js" } } }',
  "node_modules/ring/ring.d.ts":
    'export declare class Ring<T> { constructor(size: number, fill: T); at(index: number): T }\nexport declare function total(ring: Ring<number>): number;\nexport declare function pad(text: string, to: { width: number; side?: "left" | "right" }): string;\n',
  "node_modules/ring/ring.js": "export class Ring {}\nexport function total() {}\nexport function pad() {}\n",
  "node_modules/bare/package.json": '{ "name": "bare", "version": "1.0.0", "type": "module", "exports": "./bare.js" }',
  "node_modules/bare/bare.js": "export function anything(value) { return value; }\n",
  "src/shelf.mjs":
    "/** @param {number} boards */\nexport function shelf(boards) { return { boards }; }\n/** @param {{ boards: number }} one */\nexport function paint(one) { return one.boards; }\n",
  "src/generic.ts":
    'import { readFileSync } from "node:fs";\nexport function pick<T>(values: readonly T[], choose: (values: readonly T[]) => T): T { return choose(values); }\nexport function first(values: readonly string[]): string { return values[0] ?? readFileSync("x", "utf8"); }\n',
  "templates/configs/clean.yaml":
    "ring: &ring !singleton:ring:Ring [ 3, 1.5 ]\ntotal: !singleton:ring:total [ *ring ]\nany: !singleton:bare:anything [ *ring ]\nshelf: !singleton:./src/shelf.mjs:shelf [ 3 ]\nfree: !singleton:ring:pad { text: !var caption, to: { width: !var width } }\n",
  "templates/configs/package.yaml": 'main: !singleton:ring:total [ !singleton:ring:Ring [ 3, "ä" ] ]\n',
  "templates/configs/words.yaml": 'main: !singleton:ring:pad { text: "äöü 𝄞", to: { width: "wide", side: left } }\n',
  "templates/configs/javascript.yaml": "main: !singleton:./src/shelf.mjs:paint [ !singleton:ring:Ring [ 3, 1 ] ]\n",
  "templates/configs/generic.yaml":
    "main: !singleton:./src/generic.ts:pick [ [ 1, 2 ], !partial:./src/generic.ts:first [] ]\n",
};

const packageRoot = join(import.meta.dirname, "../..");
const isBuilt = existsSync(join(packageRoot, "dist/types"));
const hasNative = nativeCompiler(packageRoot) !== undefined;
if (!isBuilt) console.warn("the type check is not tested: dist/ is missing, run `npm run build`");
if (!hasNative) console.warn("the native TypeScript compiler is not tested: there is none for this machine");

let root = "";
let host: Host;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "fgc-types-")));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const real = nodeHost();
  // Nothing is remembered between runs.
  host = { ...real, environment: (name) => (name === "FGC_CACHE" ? join(root, "cache") : real.environment(name)) };
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function check(config: string, kind: CheckerKind): Promise<string> {
  rmSync(join(root, "cache"), { recursive: true, force: true });
  const checker = new TypeCheck(host, kind);
  try {
    const project = loadProject(host, root);
    const { diagnostics } = await checkConfig(host, { project, config }, { checker });
    return diagnostics
      .map((diagnostic) =>
        renderDiagnostic(diagnostic, { color: false, showPath: (path) => path.replace(`${root}/`, "") }),
      )
      .join("\n");
  } finally {
    checker.close();
  }
}

const kinds: readonly CheckerKind[] = hasNative ? ["native", "script"] : ["script"];

describe.skipIf(!isBuilt)("emitted modules are checked", () => {
  const expected: Readonly<Record<string, string | RegExp>> = {
    "clean.yaml": "",
    "package.yaml": /'ring' of total takes `Ring<number>`, not `Ring<string>`[\s\S]*package.yaml:1:31/,
    "words.yaml": /'to.width' of pad takes a number, not the text 'wide'[\s\S]*words.yaml:1:57/,
    "javascript.yaml": /'one' of paint takes/,
    "generic.yaml": /of pick takes|of pick is called to make/,
  };
  for (const [config, text] of Object.entries(expected))
    it(`${config}, by both compilers alike`, async () => {
      const shown = await Promise.all(kinds.map((kind) => check(config, kind)));
      if (typeof text === "string") expect(shown[0]).toBe(text);
      else expect(shown[0]).toMatch(text);
      for (const other of shown) expect(other).toBe(shown[0]);
    });

  it("one run answers for many configs, in their order", async () => {
    const project = loadProject(host, root);
    const requests = ["words.yaml", "clean.yaml", "package.yaml"].map((config) => ({ project, config }));
    const results = await checkConfigs(host, requests);
    expect(results.map(({ config, diagnostics }) => [config, diagnostics.length])).toEqual([
      ["words.yaml", 1],
      ["clean.yaml", 0],
      ["package.yaml", 1],
    ]);
  });

  it("an editor may leave TypeScript out", async () => {
    const project = loadProject(host, root);
    const { diagnostics } = await checkConfig(host, { project, config: "package.yaml" }, { types: "signatures" });
    expect(diagnostics).toEqual([]);
  });

  it("leaves nothing in the temporary folder, and nothing in the project", async () => {
    const before = readdirSync(root, { recursive: true }).filter((name) => !String(name).startsWith("cache"));
    await check("words.yaml", kinds[0] as CheckerKind);
    expect(readdirSync(root, { recursive: true }).filter((name) => !String(name).startsWith("cache"))).toEqual(before);
  });
});
