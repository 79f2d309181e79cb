/**
 * @file Build the package: `node scripts/build.mjs`, run by `prepare`.
 *
 *     dist/fgc.cjs           the command line, one file, so that it starts fast; beside it V8's code of it (see bin/fgc.mjs)
 *     dist/check-worker.mjs  the type checker for machines without the native one, which runs beside it
 *     dist/format-worker.mjs the formatter, which runs beside it
 *     dist/lib/NAME.js       what emitted programs import as `fgc/NAME`, sharing chunks
 *     dist/web/             the same for pages: hosts of ours in the place of Node's modules; and the page that trains
 *     dist/signatures.json   what configs may construct, and with which arguments
 *     dist/types/            declarations, for editors and for checking what a build emits
 *     dist/build-id          a hash of the above: a new compiler or library makes every build stale
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { writeSignatures } from "./signatures.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const require = createRequire(import.meta.url);

/** Big CommonJS packages stay outside of the bundle: they are loaded only by the commands that need them. */
const external = [
  "ts-morph",
  "prettier",
  "esbuild",
  "typescript",
  "vscode-languageserver",
  "vscode-languageserver-textdocument",
];

/** The part of the library that only pages have. */
const pagePart = "web";

/** `fgc/NAME` → entry point, for every part of the library that exists. */
function libraryEntries() {
  const parts = readdirSync(join(root, "stdlib"))
    .filter((name) => name !== pagePart)
    .sort();
  const entries = parts.map((name) => [name, join(root, "stdlib", name, "index.ts")]);
  return Object.fromEntries(
    [...entries, ["runtime", join(root, "runtime/index.ts")]].filter(([, path]) => existsSync(path)),
  );
}

/** Inside the package `fgc/NAME` means the sources, outside it `dist/lib`. */
const ownNames = {
  name: "own-names",
  setup({ onResolve }) {
    onResolve({ filter: /^fgc\/\w+$/ }, ({ path }) => {
      const name = path.slice("fgc/".length);
      return { path: join(root, name === "runtime" ? "runtime/index.ts" : `stdlib/${name}/index.ts`) };
    });
  },
};

/** commander loads `node:child_process` for a feature that is not used here, which costs 5 ms of every start. */
const lateChildProcess = {
  name: "late-child-process",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      importer.includes("/commander/") ? { path, namespace: "late" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => ({
      contents: `module.exports = { get spawn() { return require("${path}").spawn; } };`,
      resolveDir: root,
    }));
  },
};

const common = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  absWorkingDir: root,
  plugins: [ownNames],
  legalComments: "none",
  logLevel: "warning",
};

async function buildCommandLine() {
  const entry = join(root, "compiler/cli/main.ts");
  if (!existsSync(entry)) return;
  await Promise.all([
    build({
      ...common,
      entryPoints: [entry],
      outfile: join(dist, "fgc.cjs"),
      external,
      // V8 keeps code of scripts only. From kept code Node 20 knows no dynamic import: Node's own modules are required when they are first needed.
      format: "cjs",
      supported: { "dynamic-import": false },
      define: { "import.meta.url": "fgcUrl" },
      banner: {
        js: '(function (require, __filename) { const fgcUrl = require("node:url").pathToFileURL(__filename).href;',
      },
      footer: { js: "})" },
      // Names stay: an internal error shows them.
      minifySyntax: true,
      minifyWhitespace: true,
      plugins: [ownNames, lateChildProcess],
    }),
    ...["check-worker", "format-worker"].map((name) =>
      build({
        ...common,
        entryPoints: [join(root, `compiler/codegen/${name}.ts`)],
        outfile: join(dist, `${name}.mjs`),
        external: [...external, "prettier/*"],
      }),
    ),
  ]);
}

/** Runs a command that goes through most of the front end, so that bin/fgc.mjs keeps V8's code of it. */
function warmUp() {
  for (const name of readdirSync(dist)) if (name.endsWith(".cache")) rmSync(join(dist, name));
  const project = join(root, "examples/tutorials/tiny_llama");
  if (!existsSync(project)) return;
  const cli = join(root, "bin/fgc.mjs");
  spawnSync(process.execPath, [cli, "-p", project, "graph"], { stdio: ["ignore", "ignore", "inherit"] });
}

/** Each of Node's modules that has a host for pages: `fs` → its file. */
function webHosts() {
  const folder = join(root, "runtime/host/web");
  const names = ["buffer", "crypto", "fs", "module", "os", "path", "process", "url", "util"];
  return Object.fromEntries(names.map((name) => [name, join(folder, `${name}.ts`)]));
}

/** In the library for pages our own hosts stand where Node's modules do; a module that has none is an error of this build. */
const inPages = {
  name: "in-pages",
  setup({ onResolve }) {
    const hosts = webHosts();
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path: hosts[path.slice("node:".length)] }));
    onResolve({ filter: /\/host\.ts$/ }, ({ path, resolveDir }) => {
      const browserHost = join(resolveDir, dirname(path), "browser-host.ts");
      return existsSync(browserHost) ? { path: browserHost } : undefined;
    });
  },
};

/** Devices are files of their own, so that a bundle can leave some out (`fgc build --device`). */
function deviceEntries() {
  const folder = join(root, "runtime/device");
  const names = readdirSync(folder).filter((name) => name !== "gpu" && existsSync(join(folder, name, "index.ts")));
  return Object.fromEntries(names.map((name) => [`device/${name}`, join(folder, name, "index.ts")]));
}

const buildLibrary = (entries) =>
  buildFolder("lib", {
    ...common,
    entryPoints: { ...entries, ...deviceEntries() },
    splitting: true,
    chunkNames: "chunk-[hash]",
  });

/** As `dist/lib`, and `host/NAME.js` for modules of users that import Node's; what the page is made of lies beside it. */
function buildWebLibrary(entries) {
  const hosts = Object.entries(webHosts()).map(([name, path]) => [`host/${name}`, path]);
  const assets = ["page.html", "page.css"];
  return buildFolder(
    "web",
    {
      ...common,
      platform: "browser",
      target: "es2022",
      plugins: [ownNames, inPages],
      inject: [join(root, "runtime/host/web/globals.ts")],
      entryPoints: {
        ...entries,
        ...deviceEntries(),
        [pagePart]: join(root, `stdlib/${pagePart}/index.ts`),
        page: join(root, `stdlib/${pagePart}/page/main.ts`),
        ...Object.fromEntries(hosts),
        "host/globals": join(root, "runtime/host/web/globals.ts"),
      },
      splitting: true,
      chunkNames: "chunk-[hash]",
    },
    (folder) => {
      for (const name of assets) copyFileSync(join(root, `stdlib/${pagePart}/page`, name), join(folder, name));
    },
  );
}

/** Into a folder of its own first: chunks carry hashes in their names and would pile up, and a failed build must leave the old library. */
async function buildFolder(name, options, finish = () => {}) {
  const fresh = join(dist, `.${name}-${process.pid}`);
  try {
    await build({ ...options, outdir: fresh });
    // What an emitted program does not use of the library is left out of its bundle: no file of it does anything by being imported.
    writeFileSync(join(fresh, "package.json"), `${JSON.stringify({ type: "module", sideEffects: false })}\n`);
    // The nearest one counts, and ours is about sources: with it bundles would differ between a checkout and an installed package.
    writeFileSync(join(fresh, "tsconfig.json"), "{}\n");
    finish(fresh);
    rmSync(join(dist, name), { recursive: true, force: true });
    renameSync(fresh, join(dist, name));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Declarations by the TypeScript compiler. Type errors are `npm run check`'s business: here they are told, and stop nothing. */
function buildTypes() {
  return new Promise((resolve) => {
    const compiler = require.resolve("typescript/bin/tsc");
    const child = spawn(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json")], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.on("close", (code) => {
      if (code !== 0)
        process.stderr.write(
          `declarations were written with type errors:\n${output.split("\n").slice(0, 10).join("\n")}\n`,
        );
      resolve();
    });
  });
}

function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? listFiles(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

function writeBuildId() {
  const hash = createHash("sha256");
  const files = [
    join(dist, "fgc.cjs"),
    join(dist, "check-worker.mjs"),
    join(dist, "format-worker.mjs"),
    join(dist, "signatures.json"),
    ...listFiles(join(dist, "lib")),
    ...listFiles(join(dist, "web")),
  ].filter(existsSync);
  for (const path of files) hash.update(path.slice(dist.length)).update(readFileSync(path));
  writeFileSync(join(dist, "build-id"), `${hash.digest("hex").slice(0, 32)}\n`);
}

const started = performance.now();
mkdirSync(dist, { recursive: true });
const entries = libraryEntries();
await Promise.all([
  buildCommandLine(),
  buildLibrary(entries),
  buildWebLibrary(entries),
  buildTypes(),
  writeSignatures({ root, entries, outfile: join(dist, "signatures.json") }),
]);
writeBuildId();
warmUp();
process.stderr.write(`built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
