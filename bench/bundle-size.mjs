/**
 * @file How large bundles are when they are minified, and what is in them: one line of JSON for each bundle, with the bytes of the runtime by
 * device. `node bench/bundle-size.mjs`, after `npm run build`; nothing is trained or built but the bundles.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What emitted programs import, at the least: a model with its generator, and a trainer. */
const programs = {
  model: [
    'export { runModel } from "fgc/generate";',
    'export { CausalLMModel } from "fgc/models";',
    'export { CausalLM, CausalMultiheadAttn, GLUFeedforwardLayer, LayerStack, Linear, PreLNLayer, RMSNorm } from "fgc/nn";',
    'export { Tokenizer } from "fgc/tokenizers";',
  ],
  trainer: [
    'export { runTrainer, Trainer, TrainingArguments, TrainingScript } from "fgc/train";',
    'export { DataCollatorForCausalLM, TokenBlocks } from "fgc/data";',
    'export { AdamW, CosineWithWarmup } from "fgc/optim";',
    'export { CausalLMModel } from "fgc/models";',
    'export { CausalLM, CausalMultiheadAttn, GLUFeedforwardLayer, LayerStack, Linear, PreLNLayer, RMSNorm } from "fgc/nn";',
    'export { Tokenizer } from "fgc/tokenizers";',
  ],
};

/** The room of a source file: devices by themselves, the rest by folder. */
function roomOf(path) {
  const [, device] = /runtime\/device\/(\w+)\//.exec(path) ?? [];
  if (device !== undefined) return device === "gpu" ? "webgpu" : device;
  return /^(runtime\/\w+|stdlib)/.exec(path)?.[1] ?? "other";
}

const ownNames = {
  name: "own-names",
  setup({ onResolve }) {
    onResolve({ filter: /^fgc\/\w+$/ }, ({ path }) => {
      const name = path.slice("fgc/".length);
      return {
        path: join(root, name === "runtime" ? "runtime/index.ts" : `stdlib/${name}/index.ts`),
        sideEffects: false,
      };
    });
  },
};

/** Devices that a bundle leaves out. */
const without = (devices) => ({
  name: "without-devices",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /device\/\w+\/index\.ts$/ }, ({ path }) =>
      devices.some((device) => path.includes(`/${device}/`)) ? { path, namespace: "left-out" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "export const openDevice = undefined;" }));
  },
});

async function measure(name, lines, devices, left, extra = {}) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: lines.join("\n"), resolveDir: root, loader: "ts" },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    legalComments: "none",
    logLevel: "error",
    plugins: [ownNames, without(left)],
    ...extra,
  });
  const rooms = {};
  for (const output of Object.values(metafile.outputs))
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs))
      rooms[roomOf(path)] = (rooms[roomOf(path)] ?? 0) + bytesInOutput;
  const [{ contents }] = outputFiles;
  const runtime = Object.entries(rooms).reduce((sum, [room, bytes]) => (room === "stdlib" ? sum : sum + bytes), 0);
  const sorted = Object.fromEntries(Object.entries(rooms).sort(([, a], [, b]) => b - a));
  console.log(
    JSON.stringify({
      bundle: name,
      devices,
      minified: contents.length,
      gzip: gzipSync(contents, { level: 9 }).length,
      runtime,
      rooms: sorted,
    }),
  );
}

const all = ["webgpu", "wasm", "tfjs", "reference"];
for (const [name, lines] of Object.entries(programs)) {
  for (const devices of [["wasm", "webgpu"], ["wasm"], ["webgpu"], all]) {
    const left = all.filter((device) => !devices.includes(device));
    await measure(name, lines, devices, left);
  }
  await measure(`${name}, names kept`, lines, all, [], { keepNames: true });
}

const page = join(root, "dist/web/page.js");
if (existsSync(page))
  console.log(JSON.stringify({ part: "page.css", bytes: readFileSync(join(root, "dist/web/page.css")).length }));
