/** @file From nothing to a trained model with the built package: what `fgc new` makes is clean, trains, and can be looked into. */
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, once, run } from "./support.ts";

let folder = "";
const fgc = (cwd: string, ...args: string[]) =>
  run(cli, args, { cwd, env: { ...process.env, FGC_CACHE: join(folder, "cache"), NO_COLOR: "1", FGC_THREADS: "2" } });
const make = (kind: string) =>
  once(async () => {
    const made = await fgc(folder, "new", `My ${kind}`, "--from", kind, "--description", "As a test", "--yes");
    expect([made.code, made.stderr]).toEqual([0, ""]);
    return join(folder, `my_${kind.replaceAll("-", "_")}`);
  });
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fgc-new-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(["plain", "tokenizer", "dataset", "model"])("a new project of kind %s", (kind) => {
  const project = make(kind);
  it("is clean, and builds", async () => {
    const checked = await fgc(await project(), "check", "--all");
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
    const built = await fgc(await project(), "build");
    expect([kind, built.code, built.stderr]).toEqual([kind, 0, expect.stringContaining("wrote output_models/")]);
  }, 120_000);
});

describe("a new language model", () => {
  const project = make("causal-lm");
  const output = async () => join(await project(), "output_models/my_causal_lm");
  const train = once(async () => {
    const words = [
      "--max-steps",
      "12",
      "trainer_args.logging_steps=3",
      "lr_scheduler.num_warmup_steps=1",
      "--",
      "--device",
      "wasm",
    ];
    return fgc(await project(), "train", ...words);
  });
  it("is clean", async () => {
    const { code, stdout, stderr } = await fgc(await project(), "check", "--all");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("4 configs, 0 errors, 0 warnings");
  }, 120_000);
  it("trains", async () => {
    const { code, stderr } = await train();
    expect([code, stderr]).toEqual([0, expect.stringContaining("wrote output_models/my_causal_lm")]);
    const runs = join(await output(), "runs");
    const log = readFileSync(join(runs, readdirSync(runs)[0] ?? "", "trainer_logs.ndjson"), "utf8");
    const losses = [...log.matchAll(/"loss":([\d.]+)/g)].map(([, loss]) => Number(loss));
    // An untrained model knows nothing of its 1,000 tokens: ln 1000.
    expect(losses[0]).toBeCloseTo(Math.log(1000), 0);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  }, 240_000);
  it("can be constructed and printed", async () => {
    const { code, stdout } = await fgc(await project(), "construct", "--target", "model", "--call");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^CausalLMModel {2}1,250,400 parameters\n/);
    expect(stdout).toContain("layers.0-2 (3 alike): PreLNLayer");
    const optimizer = await fgc(await project(), "construct", "--target", "optimizer", "--lr", "0.5");
    expect(optimizer.stdout).toBe("(parameters) => new AdamW(parameters, { lr: 0.5, betas: [0.9, 0.95] })\n");
  }, 120_000);
  it("tells what a constructor refuses at the line that names it", async () => {
    const words = ["model_config.num_attention_heads=7", "construct", "--target", "model", "--call"];
    const { code, stderr, stdout } = await fgc(await project(), ...words.slice(1), words[0] as string);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/error\[build\/construct-failed\]: constructing 'model' failed: /);
    expect(stderr).toMatch(/--> .*\.yaml:\d+:\d+/);
    expect(readdirSync(join(folder, "cache/construct"))).toEqual([]);
  }, 120_000);
  it("is cleaned up without its runs", async () => {
    await train();
    appendFileSync(join(await output(), "config.yaml"), "# mine\n");
    writeFileSync(join(await output(), "notes.md"), "mine\n");
    const { code, stdout } = await fgc(await project(), "clean");
    expect([code, stdout]).toEqual([0, expect.stringContaining("kept output_models/my_causal_lm/config.yaml")]);
    const has = async (name: string) => existsSync(join(await output(), name));
    expect(
      await Promise.all(["trainer.mjs", "assets", "runs", "checkpoints", "notes.md", "config.yaml"].map(has)),
    ).toEqual([false, false, true, true, true, true]);
  }, 240_000);
});
