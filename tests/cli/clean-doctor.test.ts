/** @file `fgc clean` on real folders, `fgc doctor` on imagined machines. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeviceDescription } from "../../compiler/cli/host.ts";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { runCommandLine } from "../../compiler/cli/run.ts";
import { fgc } from "./memory-host.ts";

describe("fgc clean", () => {
  let root = "";
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const has = (path: string) => existsSync(join(root, path));
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "fgc-clean-"));
    put("meta.yaml", "name: Clean\n");
    put("notes.md", "mine");
    const built = { "model.ts": "// model", "model.mjs": "//" };
    for (const [name, text] of Object.entries(built)) put(`output_models/a/${name}`, text);
    put("output_models/a/assets/train.tokens", "tokens");
    put("output_models/a/runs/first/log.json", "{}");
    put("output_models/a/checkpoints/checkpoint-1/model.safetensors", "weights");
    put("output_models/a/mine.txt", "mine");
    put(
      "output_models/a/manifest.json",
      JSON.stringify({
        format: "fgc-manifest/1",
        config: "a.yaml",
        outputs: Object.fromEntries(
          Object.entries({ ...built, "../../notes.md": "mine" }).map(([name, text]) => [name, sha256(text)]),
        ),
        assets: { "assets/train.tokens": sha256("tokens") },
      }),
    );
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const clean = async (words: readonly string[], terminal?: string) => {
    let printed = "";
    const write = (text: string) => {
      printed += text;
    };
    const code = await runCommandLine(["clean", "-p", root, ...words], {
      ...nodeHost(),
      stdin: { isTerminal: terminal !== undefined, stream: Readable.from([terminal ?? ""]) },
      stdout: { write, isTerminal: false },
      stderr: { write, isTerminal: false },
    });
    return { code, printed };
  };

  it("removes what builds wrote and leaves the rest", async () => {
    expect((await clean([])).code).toBe(0);
    for (const gone of ["model.ts", "model.mjs", "assets", "manifest.json"])
      expect(has(`output_models/a/${gone}`)).toBe(false);
    for (const kept of ["mine.txt", "runs/first/log.json", "checkpoints/checkpoint-1/model.safetensors"])
      expect(has(`output_models/a/${kept}`)).toBe(true);
    expect(readFileSync(join(root, "notes.md"), "utf8")).toBe("mine");
    expect((await clean([])).printed).toBe("nothing to remove\n");
  });
  it("removes nothing with --dry-run", async () => {
    expect((await clean(["--dry-run", "--runs"])).printed).toMatch(
      /would remove 4 files of .*\nwould remove .*runs\nwould remove .*checkpoints\n/,
    );
    expect(has("output_models/a/model.ts")).toBe(true);
  });
  it("keeps what was edited, and names it", async () => {
    put("output_models/a/model.ts", "// mine now");
    expect((await clean([])).printed).toMatch(/kept .*model\.ts: it was edited/);
    expect([
      has("output_models/a/model.ts"),
      has("output_models/a/manifest.json"),
      has("output_models/a/model.mjs"),
    ]).toEqual([true, true, false]);
  });
  it("removes runs for the word YES alone", async () => {
    expect((await clean(["--runs"])).code).toBe(2);
    expect((await clean(["--runs"], "yes\n")).printed).toContain("nothing was removed");
    expect((await clean(["--runs"], "")).printed).toContain("nothing was removed");
    expect(has("output_models/a/runs/first/log.json")).toBe(true);
    expect((await clean(["--runs"], "YES\n")).code).toBe(0);
    expect([has("output_models/a/runs"), has("output_models/a/checkpoints"), has("output_models/a/mine.txt")]).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe("fgc doctor", () => {
  const wasm: DeviceDescription = { name: "wasm", available: true, threads: 4, features: [], adapters: [] };
  const files = { "/package/dist/signatures.json": "{}", "/package/templatelib/base/config_type.yaml": "" };
  const findings = async (world: Parameters<typeof fgc>[0]) => {
    const { code, stdout } = await fgc(world, "doctor", "--json");
    const report = JSON.parse(stdout) as { ok: boolean; findings: { what: string; state: string; detail: string }[] };
    return { code, ok: report.ok, of: (what: string) => report.findings.find((finding) => finding.what === what) };
  };
  it("finds a machine fit, and says what it lacks without need", async () => {
    const world = {
      files: { ...files, "/package/node_modules/webgpu/package.json": '{ "version": "0.6.2" }' },
      devices: [wasm],
    };
    const { code, ok, of } = await findings(world);
    expect([code, ok]).toEqual([0, true]);
    expect(of("device wasm")).toMatchObject({ state: "ok", detail: "4 threads" });
    expect(of("webgpu")?.detail).toContain("0.6.2");
    expect(of("@tensorflow/tfjs-node-gpu")).toMatchObject({ state: "note" });
    expect((await fgc(world, "doctor")).stdout).toMatch(/^ok {2}Node +20\.19\.0\n/);
  });
  it("leaves no trace", async () =>
    expect(Object.keys((await fgc({ files, devices: [wasm] }, "doctor")).files)).toEqual(Object.keys(files)));
  it("says what fails, with 4", async () => {
    expect((await findings({ files, devices: [] })).of("devices")).toMatchObject({
      state: "failed",
      detail: "none is available",
    });
    expect((await findings({ files })).of("devices")?.detail).toContain("SIGSEGV");
    expect((await findings({ files: {}, devices: [wasm] })).of("fgc")).toMatchObject({ state: "failed" });
    const full = await findings({ files, devices: [wasm], readOnly: (path) => path.includes("fgc-test-cache-") });
    expect([full.code, full.of("cache")?.state]).toEqual([4, "failed"]);
  });
});
