/** @file An emitted trainer as a process: flags, streams, exit codes, Ctrl-C, resuming what was interrupted. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "fgc-process-"));
const program = join(folder, "trainer.mjs");
beforeAll(async () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  await build({
    entryPoints: [fileURLToPath(new URL("fixture-script.ts", import.meta.url))],
    ...{ bundle: true, platform: "node", format: "esm", target: "node20", outfile: program, logLevel: "error" },
    alias: { "fgc/runtime": join(root, "runtime/index.ts") },
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[], env: Record<string, string> = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
};
type Summary = {
  ok: boolean;
  step: number;
  checkpoint?: string;
  log: Record<string, number>[];
  diagnostics?: { code: string }[];
};
const summaryOf = (stdout: string) => JSON.parse(stdout) as Summary;
const lossesOf = ({ log }: Summary) => log.filter((r) => r["loss"] !== undefined).map((r) => [r["step"], r["loss"]]);

describe("a trainer as a process", () => {
  test("lines in a pipe, no control characters; logs beside", () => {
    const { status, stdout, stderr } = run(["--max-steps", "3", "--output-dir", "plain"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Fixture: a bigram model\noutput: .*\nlogs: .*\ndevice: reference, 1 thread, float32\n/);
    expect(stdout.match(/train-loss: /g)).toHaveLength(3);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
    expect(stdout).not.toMatch(/[\r\x1b]/);
    expect(existsSync(join(folder, "plain/runs"))).toBe(true);
  });

  test("--json: one value on standard output, everything else on the other", () => {
    const { status, stdout, stderr } = run(["--json", "--max-steps=2", "--output-dir=json", "--save-strategy=steps"]);
    expect(status).toBe(0);
    expect(summaryOf(stdout)).toMatchObject({
      ok: true,
      step: 2,
      checkpoint: join(folder, "json/checkpoints/checkpoint-2"),
    });
    expect(stderr).toContain("train-loss");
  });

  test("--device, --threads and --dtype: the banner says what came of them", () => {
    const flags = ["--max-steps=2", "--output-dir=f16", "--device=wasm", "--threads=2", "--dtype=float16"];
    expect(run(flags).stdout).toContain("\ndevice: wasm, 2 threads, float16\n");
    const { device, log } = JSON.parse(run([...flags, "--json"]).stdout) as { device: string; log: object[] };
    expect(device).toBe("wasm, 2 threads, float16");
    expect(log[0]).toMatchObject({ loss_scale: 65_536, skipped_steps: 0 });
  });

  test("--eval-only, --help", () => {
    run(["--max-steps=2", "--output-dir=eval", "--save-strategy=steps"]);
    const { status, stdout, stderr } = run(["--eval-only", "--output-dir=eval"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/eval-loss: \d/);
    expect(stderr).toContain("at step 2");
    expect(run(["--help"]).stdout).toContain("--max-steps NUMBER");
  });

  test.each([
    [
      ["--max-stepz", "2"],
      {},
      2,
      /error\[train\/usage\]: unknown flag --max-stepz\n {2}= help: did you mean --max-steps\?/,
    ],
    [["--device", "webgup"], {}, 2, /error\[train\/usage\]: --device is webgup\n {2}= help: one of auto, webgpu, wasm/],
    [["--dtype", "float61"], {}, 2, /error\[train\/usage\]: --dtype is float61/],
    [
      ["--device=webgpu", "--adapter=a graphics card from the future"],
      {},
      4,
      /error\[device\/unavailable\]: .*\n {2}= help: ./,
    ],
    [["--resume=nowhere"], {}, 4, /error\[train\/no-checkpoint\]: .*nowhere is not a checkpoint/],
    [["--output-dir=misfit"], { MISFIT: "1" }, 1, /error\[model\/shape\]: .*head/],
    [
      ["--output-dir=trainer.mjs", "--save-strategy=steps", "--save-steps=1", "--logging-dir=elsewhere"],
      {},
      4,
      /error\[train\/cannot-write\]/,
    ],
    [["--device=tpu"], {}, 2, /--device is tpu/],
  ] as const)("%j leaves with one message", (args, env, code, message) => {
    const { status, stderr } = run(args, env);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /); // no stack
    expect(status).toBe(code);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s finishes the step, saves, and the run goes on with the same losses", async (signal, code) => {
    const whole = summaryOf(run(["--json", "--output-dir", `whole-${signal}`]).stdout);
    const flags = ["--output-dir", `cut-${signal}`];
    const child = spawn(process.execPath, [program, ...flags], { cwd: folder, env: { ...process.env, STEP_MS: "20" } });
    const { stderr, status } = await interrupt(child, signal, 1);
    expect(stderr).toMatch(
      /stopped at step \d+ of 30, saved in .*checkpoint-\d+\ngo on with: node trainer\.mjs --output-dir cut-\S+ --resume/,
    );
    expect(status).toBe(code);
    const rest = summaryOf(run(["--json", ...flags, "--resume"]).stdout);
    expect(rest.step).toBe(30);
    const resumed = lossesOf(rest);
    expect(resumed.length).toBeGreaterThan(0);
    expect(resumed).toEqual(lossesOf(whole).slice(-resumed.length));
  });

  test("the second signal leaves at once", async () => {
    const child = spawn(process.execPath, [program, "--output-dir", "twice"], {
      cwd: folder,
      env: { ...process.env, STEP_MS: "60000" },
    });
    const { status, stderr } = await interrupt(child, "SIGINT", 2);
    expect(status).toBe(130);
    expect(stderr).not.toContain("saved in");
  });

  test("logs are whole after a kill", async () => {
    const child = spawn(process.execPath, [program, "--output-dir", "killed", "--logging-dir", "killed/log"], {
      cwd: folder,
      env: { ...process.env, STEP_MS: "20" },
    });
    await interrupt(child, "SIGKILL", 1);
    const log = JSON.parse(readFileSync(join(folder, "killed/log/trainer_logs.json"), "utf8")) as unknown[];
    expect(log.length).toBeGreaterThan(0);
  });

  test("a damaged dataset or tokenizer is not our fault", () => {
    writeFileSync(join(folder, "checkpoint"), "");
    expect(run(["--resume=checkpoint"]).status).toBe(4);
  });
});

/** Send a signal so many times: first when the second step has been logged (the first is on disk then), then when the program has answered. */
async function interrupt(
  child: ChildProcess,
  signal: NodeJS.Signals,
  times: number,
): Promise<{ status: number | null; stderr: string }> {
  let [stdout, stderr, sent] = ["", "", 0];
  const send = () => {
    sent++;
    child.kill(signal);
  };
  child.stdout!.on("data", (data: Buffer) => {
    stdout += String(data);
    // With a step that never ends nothing is logged: the header has to do.
    if (sent === 0 && ((stdout.match(/train-loss/g)?.length ?? 0) > 1 || (times === 2 && stdout.includes("logs:"))))
      setImmediate(send);
  });
  child.stderr!.on("data", (data: Buffer) => {
    stderr += String(data);
    if (sent === 1 && times === 2 && stderr.includes("again to leave at once")) send();
  });
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, stderr };
}
