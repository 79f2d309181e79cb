/** @file The main job from end to end: a config becomes bundles, which train, resume and generate in a folder where nothing else is. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, type LogRecord, makeWorkspace, once, run, start } from "./support.ts";

const workspace = makeWorkspace();
const elsewhere = mkdtempSync(join(tmpdir(), "fgc-elsewhere-"));
const built = join(workspace.mini, "output_models/mini");
/** The environment of a machine that has Node and nothing of fgc. */
const bare = { PATH: process.env["PATH"], NO_COLOR: "1", FGC_THREADS: "2" };

afterAll(() => {
  workspace.remove();
  rmSync(elsewhere, { recursive: true, force: true });
});

/** Loss by step over all runs in `folder`, later runs last. */
function losses(folder: string): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync(join(folder, "runs")).sort()) {
    const records = JSON.parse(readFileSync(join(folder, "runs", name, "trainer_logs.json"), "utf8")) as LogRecord[];
    for (const { global_step, loss } of records) if (loss !== undefined) found.set(global_step, loss);
  }
  return found;
}

function copyTo(name: string): string {
  const folder = join(elsewhere, name);
  cpSync(built, folder, { recursive: true });
  return folder;
}

/** The losses of 30 steps in one go, which every interrupted run is compared with. */
const wholeRun = once(async () => {
  const whole = copyTo("whole");
  const { code, stderr } = await run(join(whole, "trainer.mjs"), ["--max-steps", "30"], { env: bare });
  expect(code, stderr).toBe(0);
  return [...losses(whole)];
});

describe("a config becomes bundles", () => {
  beforeAll(async () => {
    const { code, stderr } = await run(cli, ["-p", workspace.mini, "build"], { env: workspace.env });
    expect(code, stderr).toBe(0);
  });

  it("emits every artifact", () => {
    for (const file of [
      "model.ts",
      "trainer.ts",
      "model.mjs",
      "trainer.mjs",
      "config.json",
      "config.yaml",
      "ir.json",
      "manifest.json",
    ])
      expect(existsSync(join(built, file)), file).toBe(true);
  });

  it("emits no path of this machine", () => {
    const walk = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
      );
    const repository = join(import.meta.dirname, "../..");
    for (const file of walk(built)) {
      const text = readFileSync(file, "latin1");
      expect(text.includes(workspace.dir), `${file} names the workspace`).toBe(false);
      expect(text.includes(repository), `${file} names the package's folder`).toBe(false);
    }
  });

  it("builds the same bytes again", async () => {
    const again = join(elsewhere, "again");
    const { code, stderr } = await run(cli, ["-p", workspace.mini, "build", "--out", again], { env: workspace.env });
    expect(code, stderr).toBe(0);
    for (const file of readdirSync(built, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const relative = join(file.parentPath, file.name).slice(built.length + 1);
      expect(readFileSync(join(again, relative)).equals(readFileSync(join(built, relative))), relative).toBe(true);
    }
  });

  it("says that a second build is up to date", async () => {
    const { code, stdout, stderr } = await run(cli, ["-p", workspace.mini, "build"], { env: workspace.env });
    expect(code).toBe(0);
    expect(stdout + stderr).toMatch(/up to date/);
  });

  it("trains and generates where nothing else is", async () => {
    const folder = copyTo("alone");
    const trained = await run(join(folder, "trainer.mjs"), ["--max-steps", "20"], { cwd: elsewhere, env: bare });
    expect(trained.code, trained.stderr).toBe(0);
    const byStep = losses(folder);
    expect(byStep.size).toBe(20);
    expect(byStep.get(20) as number).toBeLessThan(byStep.get(1) as number);
    const run0 = join(folder, "runs", readdirSync(join(folder, "runs"))[0] as string);
    expect(readFileSync(join(run0, "loss.svg"), "utf8")).toMatch(/^<svg/);
    const spoken = await run(join(folder, "model.mjs"), ["--prompt", "The captain", "--max-new-tokens", "8"], {
      cwd: elsewhere,
      env: bare,
    });
    expect(spoken.code, spoken.stderr).toBe(0);
    expect(spoken.stdout).toContain("The captain");
  });

  it("resumes with the losses of a run that was never stopped, bit for bit", async () => {
    const parts = copyTo("parts");
    expect((await run(join(parts, "trainer.mjs"), ["--max-steps", "10"], { env: bare })).code).toBe(0);
    expect((await run(join(parts, "trainer.mjs"), ["--max-steps", "30", "--resume"], { env: bare })).code).toBe(0);
    expect([...losses(parts)]).toEqual(await wholeRun());
  });

  it("leaves a usable checkpoint on Ctrl-C, and resumes from it bit for bit", async () => {
    const stopped = copyTo("stopped");
    const { child, done } = start(join(stopped, "trainer.mjs"), ["--max-steps", "30"], { env: bare });
    // The first logged step is the sign that training is under way.
    await new Promise<void>((resolve) =>
      child.stdout?.on("data", (text: string) => /train-loss/.test(text) && resolve()),
    );
    child.kill("SIGINT");
    const { code, stdout, stderr } = await done;
    expect(code, stderr).toBe(130);
    expect(stdout + stderr).toMatch(/--resume/);
    const steps = losses(stopped).size;
    expect(existsSync(join(stopped, "checkpoints"))).toBe(true);
    if (steps < 30) {
      const resumed = await run(join(stopped, "trainer.mjs"), ["--max-steps", "30", "--resume"], { env: bare });
      expect(resumed.code, resumed.stderr).toBe(0);
    }
    expect([...losses(stopped)].sort((a, b) => a[0] - b[0])).toEqual(await wholeRun());
  });

  it("carries only the devices that a build names, and says so of the others", async () => {
    const out = join(elsewhere, "wasm-only");
    const flags = ["-p", workspace.mini, "build", "--out", out];
    expect((await run(cli, [...flags, "--device", "wasm"], { env: workspace.env })).code).toBe(0);
    const size = (folder: string) => readFileSync(join(folder, "model.mjs")).length;
    expect(size(out)).toBeLessThan(0.75 * size(built));
    const asked = await run(join(out, "trainer.mjs"), ["--device", "webgpu", "--max-steps", "1"], { env: bare });
    expect(asked.code).toBe(4);
    expect(asked.stderr).toContain("built without the device webgpu");
    expect((await run(join(out, "trainer.mjs"), ["--max-steps", "1"], { env: bare })).code).toBe(0);
    const misspelt = await run(cli, [...flags, "--device", "wsm"], { env: workspace.env });
    expect([misspelt.code, misspelt.stderr]).toEqual([2, expect.stringContaining("did you mean 'wasm'?")]);
  });

  it("leaves nothing half-written in the output folder", async () => {
    await wholeRun();
    const leftovers = readdirSync(elsewhere, { recursive: true }).filter((name) =>
      /\.(tmp|partial)|~$/.test(String(name)),
    );
    expect(leftovers).toEqual([]);
  });
});
