/** @file What a start loads: the commands that only read templates get by without the big libraries, and asking for the version without the compiler. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cli, makeWorkspace, run } from "./support.ts";

const workspace = makeWorkspace();
const folder = mkdtempSync(join(tmpdir(), "fgc-start-"));
afterAll(() => {
  workspace.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Every module that is asked for, by whatever way Node has for scripts. */
const tracer = join(folder, "tracer.cjs");
writeFileSync(
  tracer,
  `const Module = require("node:module");
const asked = new Set();
const load = Module._load;
Module._load = function (name, ...rest) { asked.add(name); return load.call(this, name, ...rest); };
const { writeFileSync } = require("node:fs");
process.on("exit", () => writeFileSync(process.env.FGC_TRACE, JSON.stringify([...asked])));
`,
);

async function loadedBy(...words: readonly string[]): Promise<readonly string[]> {
  const trace = join(folder, "trace.json");
  const env = { ...workspace.env, FGC_TRACE: trace, NODE_OPTIONS: `--require ${JSON.stringify(tracer)}` };
  await run(cli, words, { cwd: workspace.mini, env });
  return JSON.parse(readFileSync(trace, "utf8")) as readonly string[];
}

describe("start-up", () => {
  it.each([["pp"], ["ls"], ["targets"], ["meta"], ["trefs"], ["graph"]])(
    "fgc %s loads none of the big libraries",
    async (command) => {
      const loaded = await loadedBy(command);
      const big = loaded.filter((name) =>
        /ts-morph|prettier|esbuild|typescript|languageserver|textmate|oniguruma|clack/.test(name),
      );
      expect(big).toEqual([]);
      expect(loaded).not.toContain("node:worker_threads");
      expect(loaded).not.toContain("node:child_process");
    },
  );

  it("fgc --version loads no compiler", async () => {
    expect((await loadedBy("--version")).filter((name) => !name.startsWith("node:"))).toEqual([]);
  });
});
