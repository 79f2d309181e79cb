/** @file The package `webgpu` as bundles meet it: beside them, in the working directory, or nowhere; and browsers, which have no use for it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openHost } from "./host.ts";

const folder = mkdtempSync(join(tmpdir(), "fgc-host-"));
const script = join(folder, "bundle.mjs");
const source = `
import { openHost } from ${JSON.stringify(join(import.meta.dirname, "host.ts"))};
const tell = (entry) => console.log(JSON.stringify(entry));
await openHost().then(({ gpu }) => tell({ gpu: gpu.tag }), ({ message, hint, isInstalled }) => tell({ message, hint, isInstalled }));
`;

/** A package of that name, in `parent/node_modules`. */
function install(parent: string, code: string): string {
  const packageFolder = join(parent, "node_modules/webgpu");
  mkdirSync(packageFolder, { recursive: true });
  writeFileSync(join(packageFolder, "package.json"), '{ "name": "webgpu", "type": "module", "main": "index.js" }');
  writeFileSync(join(packageFolder, "index.js"), code);
  return parent;
}

function run(cwd: string, env: Readonly<Record<string, string>> = {}): unknown {
  mkdirSync(cwd, { recursive: true });
  const { stdout, stderr } = spawnSync(process.execPath, [script], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, FGC_DAWN_FLAGS: "", ...env },
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

beforeAll(async () => {
  await build({
    stdin: { contents: source, resolveDir: folder, loader: "ts" },
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    outfile: script,
    logLevel: "silent",
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the host", () => {
  it("misses the package where it is nowhere, and says what to install", () => {
    expect(run(join(folder, "empty"))).toEqual({
      message: "the npm package 'webgpu' is not installed",
      hint: "run 'npm install webgpu' in the folder that you start from",
      isInstalled: false,
    });
  });

  it("finds it in the working directory, and passes Dawn's flags on", () => {
    const cwd = install(join(folder, "here"), "export const create = (flags) => ({ tag: flags.join(' ') });");
    expect(run(cwd, { FGC_DAWN_FLAGS: "backend=null;enable-dawn-features=dump_shaders" })).toEqual({
      gpu: "backend=null enable-dawn-features=allow_unsafe_apis,disable_workgroup_init,dump_shaders disable-dawn-features=timestamp_quantization",
    });
  });

  it("says why one does not load", () => {
    const cwd = install(join(folder, "broken"), "throw new Error('libc is too old\\nand more');");
    expect(run(cwd)).toMatchObject({
      message: "the npm package 'webgpu' does not load: libc is too old",
      isInstalled: true,
    });
  });

  it("takes navigator.gpu where there is one, and finds fault with a browser that has none", async () => {
    const gpu = { requestAdapter: async () => null };
    vi.stubGlobal("navigator", { gpu });
    expect((await openHost()).gpu).toBe(gpu);
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("process", undefined);
    const refused = await openHost().catch((error: unknown) => error);
    vi.unstubAllGlobals();
    expect(refused).toMatchObject({ message: "this browser has no WebGPU", isInstalled: true });
  });

  it("goes into a page without the package", async () => {
    const { warnings, outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, "index.ts")],
      bundle: true,
      minify: true,
      platform: "browser",
      format: "esm",
      write: false,
      logLevel: "silent",
    });
    expect(warnings).toEqual([]);
    expect(outputFiles[0]?.text).not.toMatch(/import\(["']/);
  });
});
