/**
 * @file A config becomes one HTML file, which trains in a real browser: on WebGPU, on threads, on one thread from disk. What it has learnt goes to
 * disk, comes back, and goes on in Node with the same next loss.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseSafetensors } from "fgc/runtime";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unzip } from "../../stdlib/web/zip.ts";
import { cli, type LogRecord, makeWorkspace, once, run } from "../e2e/support.ts";
import { chromiumPath, launch, serve, TrainerPage } from "./support.ts";

if (chromiumPath === undefined)
  console.warn("skipped: pages are tested in Chromium, and there is none (CHROMIUM names one)");

describe.skipIf(chromiumPath === undefined)("a page that trains", () => {
  const workspace = makeWorkspace();
  const elsewhere = mkdtempSync(join(tmpdir(), "fgc-web-"));
  const folder = join(workspace.mini, "output_models/mini");
  let browser: Browser;
  let isolated: Awaited<ReturnType<typeof serve>>;
  let plain: Awaited<ReturnType<typeof serve>>;

  const build = async (...args: readonly string[]) => {
    const { code, stderr } = await run(cli, ["-p", workspace.mini, "build", ...args], { env: workspace.env });
    expect(code, stderr).toBe(0);
  };

  beforeAll(async () => {
    await build("--target", "web");
    [browser, isolated, plain] = await Promise.all([launch(), serve(folder, true), serve(folder, false)]);
  });
  afterAll(async () => {
    await browser?.close();
    isolated?.close();
    plain?.close();
    workspace.remove();
    rmSync(elsewhere, { recursive: true, force: true });
  });

  /** A tab with storage of its own. */
  const tab = async () => new TrainerPage(await (await browser.newContext()).newPage());

  /** Opens the page, trains it to its end, and gives the tab. */
  const train = async (url: string) => {
    const page = await tab();
    await page.open(url);
    expect(await page.until("ready", "failed"), await page.text("banners")).toBe("ready");
    await page.page.click("#toggle");
    expect(await page.until("done", "failed"), await page.text("banners")).toBe("done");
    expect(page.faults).toEqual([]);
    const { first, last, lastStep } = await page.losses();
    expect(lastStep).toBe(20);
    expect(last).toBeLessThan(first - 0.5);
    return page;
  };

  const onThreads = once(() => train(`${isolated.url}/trainer.html#device=wasm&threads=2&steps=20`));

  /** Downloads the checkpoint of step 20 into a folder: the archive, and what is in it. */
  const downloaded = async (page: TrainerPage, name: string) => {
    const download = await page.download("download");
    expect(download.name).toBe("mini-checkpoint-20.zip");
    const place = join(elsewhere, name);
    const archive = join(place, download.name);
    mkdirSync(place, { recursive: true });
    cpSync(download.path, archive);
    for (const entry of await unzip(new Uint8Array(readFileSync(archive)))) {
      mkdirSync(dirname(join(place, entry.path)), { recursive: true });
      writeFileSync(join(place, entry.path), entry.bytes);
    }
    return { archive, folder: join(place, "checkpoint-20") };
  };
  const checkpoint = once(async () => downloaded(await onThreads(), "threads"));

  /** The loss of step 21, when Node goes on from a checkpoint. */
  const nextLossInNode = async (from: string) => {
    await build();
    const bundle = mkdtempSync(join(elsewhere, "node-"));
    cpSync(folder, bundle, { recursive: true });
    const flags = ["--max-steps", "21", `--resume=${from}`, "--device", "wasm"];
    const resumed = await run(join(bundle, "trainer.mjs"), flags, { env: workspace.env });
    expect(resumed.code, resumed.stderr).toBe(0);
    const [runFolder] = readdirSync(join(bundle, "runs"));
    const log = JSON.parse(readFileSync(join(bundle, "runs", runFolder!, "trainer_logs.json"), "utf8")) as LogRecord[];
    return log.find(({ global_step: step, loss }) => step === 21 && loss !== undefined)?.loss ?? Number.NaN;
  };

  /** A fresh tab that was given the checkpoint of the run on threads. */
  const continued = async (url: string) => {
    const page = await tab();
    await page.open(url);
    await page.until("ready");
    await page.page.setInputFiles("#import", (await checkpoint()).archive);
    expect(await page.until("done", "failed"), await page.text("banners")).toBe("done");
    return page;
  };

  it("is one file that asks nothing of the network", () => {
    const text = readFileSync(join(folder, "trainer.html"), "utf8");
    expect(text).not.toMatch(/(src|href)=["']https?:/);
    expect(text).not.toMatch(/import\s*\(?["']https?:/);
    expect(text).not.toContain(workspace.dir);
  });

  it("trains on threads where the page is isolated, and says so", async () => {
    const page = await onThreads();
    expect(await page.text("device")).toBe("WebAssembly, 2 threads");
    expect(await page.text("kept")).toMatch(/Step 20 is saved/);
    expect(await page.text("storage")).toMatch(/survives a reload/);
  });

  it("generates from the weights as they are", async () => {
    expect(await (await onThreads()).write("The captain")).toMatch(/^The captain.+/s);
  });

  it("gives weights that are safetensors", async () => {
    const { name, path } = await (await onThreads()).download("weights");
    expect(name).toBe("mini-step-20.safetensors");
    const names = [...parseSafetensors(readFileSync(path))].map(([tensor]) => tensor);
    expect(names.some((tensor) => tensor.includes("layer_stack.layers.0"))).toBe(true);
  });

  it("gives a checkpoint from which Node goes on with the same next loss as the page", async () => {
    const page = await onThreads();
    const { folder: from } = await checkpoint();
    await page.open(`${isolated.url}/trainer.html#device=wasm&threads=2&steps=21`);
    expect(await page.until("ready", "failed")).toBe("ready");
    await page.page.click("#toggle");
    await page.until("done", "failed");
    const there = await page.losses();
    expect(there.lastStep).toBe(21);

    // The page shows four digits.
    expect(await nextLossInNode(from)).toBeCloseTo(there.last, 3);
  });

  it("goes on after a reload, at the last saved step", async () => {
    const page = await train(`${isolated.url}/trainer.html#device=wasm&threads=2&steps=20`);
    await page.open(`${isolated.url}/trainer.html#device=wasm&threads=2&steps=30`);
    await page.until("ready", "failed");
    expect(await page.text("n-step")).toBe("20 / 30");
    expect((await page.losses()).lastStep).toBe(20);
    expect(await page.text("toggle")).toBe("Continue");
    await page.page.click("#toggle");
    await page.until("done", "failed");
    expect((await page.losses()).lastStep).toBe(30);
  });

  it("trains from disk on one thread, says what that costs, and takes a checkpoint from disk", async () => {
    const url = `${pathToFileURL(join(folder, "trainer.html")).href}#device=wasm&steps=20`;
    const page = await train(url);
    expect(await page.text("device")).toBe("WebAssembly, 1 thread");
    expect(await page.text("device-line")).toMatch(/not cross-origin isolated/);
    expect(await page.text("storage")).toMatch(/download the checkpoint/);
    const other = await continued(url);
    // The curve came along in the checkpoint.
    expect(await other.losses()).toEqual(await page.losses());
  });

  it("trains on WebGPU, and Node goes on from there as from the processor", async () => {
    const url = `${plain.url}/trainer.html#device=webgpu&adapter=software&steps=20`;
    const page = await train(url);
    expect(await page.text("device")).toMatch(/^WebGPU/);
    expect(await page.write("The captain")).toMatch(/^The captain.+/s);
    const { folder: from } = await downloaded(page, "webgpu");
    const onWasm = (await checkpoint()).folder;
    expect(await nextLossInNode(from)).toBeCloseTo(await nextLossInNode(onWasm), 3);
  }, 300_000);

  it("falls back to the processor where there is no GPU, and says why", async () => {
    const page = await tab();
    await page.open(`${plain.url}/trainer.html`);
    await page.until("ready", "failed");
    expect(await page.text("device")).toMatch(/^WebAssembly/);
    expect(await page.text("device-line")).toMatch(/webgpu device did not open/i);
  });

  it("pauses, writes while it is paused, goes on and stops, all by the keyboard", async () => {
    const page = await tab();
    await page.open(`${plain.url}/trainer.html#device=wasm`);
    await page.until("ready");
    await page.page.keyboard.press("p");
    await page.until("running");
    await page.page.keyboard.press("p");
    expect(await page.until("paused", "done")).toBe("paused");
    const step = await page.text("n-step");
    expect(await page.text("kept")).toContain(`Step ${step.split(" ")[0]} is saved`);
    await page.page.keyboard.press("g");
    expect(await page.write("The")).toMatch(/^The/);
    expect(await page.text("n-step")).toBe(step);
    // In the prompt, letters are letters.
    await page.page.press("#prompt", "p");
    expect(await page.until("paused", "running")).toBe("paused");
    await page.page.focus("#chart");
    await page.page.keyboard.press("p");
    await page.until("running");
    await page.page.keyboard.press("s");
    expect(await page.until("stopped", "done")).toBe("stopped");
  });

  it("starts over only when asked twice", async () => {
    const page = await train(`${plain.url}/trainer.html#device=wasm&steps=20`);
    await page.page.click("#reset");
    await page.page.click("dialog button[value=cancel]");
    expect((await page.losses()).lastStep).toBe(20);
    await page.page.click("#reset");
    await page.page.click("dialog button[value=reset]");
    await page.until("ready");
    expect(await page.text("n-step")).toBe("0 / 20");
    expect(await page.text("kept")).toBe("Nothing saved yet.");
    expect(await page.page.getAttribute("#chart", "aria-label")).toBe("Loss curve: nothing yet");
  });

  it("asks for data that it does not carry, takes the right files and names the wrong ones", async () => {
    const out = join(elsewhere, "asking");
    await build("--target", "web", "--embed-mib", "0.002", "--out", out);
    const server = await serve(out, false);
    try {
      const page = await tab();
      await page.open(`${server.url}/trainer.html#device=wasm&steps=20`);
      expect(await page.until("needs-data", "ready", "failed")).toBe("needs-data");
      expect(await page.text("wants-list")).toContain("assets/train.tokens");
      const wrong = join(elsewhere, "train.tokens");
      writeFileSync(wrong, "not the tokens");
      await page.page.setInputFiles("#wants-input", wrong);
      await page.page.waitForSelector("#banners .warning");
      expect(await page.text("banners")).toMatch(/train\.tokens has 14 bytes/);
      const wanted = await page.page.$$eval("#wants-list code", (all) => all.map((code) => code.textContent ?? ""));
      await page.page.setInputFiles(
        "#wants-input",
        wanted.map((path) => join(out, path)),
      );
      expect(await page.until("ready", "failed")).toBe("ready");
      // They are kept: a reload does not ask again.
      await page.page.reload();
      expect(await page.until("needs-data", "ready", "failed")).toBe("ready");
    } finally {
      server.close();
    }
  });

  it("stops before weights that are no numbers are saved, and says what to do", async () => {
    const out = join(elsewhere, "diverging");
    await build("--target", "web", "--set", "lr=1.0e+30", "--out", out);
    const server = await serve(out, false);
    try {
      const page = await tab();
      await page.open(`${server.url}/trainer.html#device=wasm`);
      await page.until("ready", "failed");
      await page.page.click("#toggle");
      expect(await page.until("failed", "done")).toBe("failed");
      expect(await page.text("banners")).toMatch(/The loss is not a number/);
      expect(await page.text("banners")).toMatch(/learning rate/);
      expect(await page.page.getAttribute("#banners .banner", "role")).toBe("alert");
    } finally {
      server.close();
    }
  });

  it("refuses a file that is no checkpoint, and keeps what it has", async () => {
    const page = await train(`${plain.url}/trainer.html#device=wasm&steps=20`);
    const damaged = join(elsewhere, "damaged.zip");
    const bytes = readFileSync((await checkpoint()).archive);
    writeFileSync(damaged, bytes.subarray(0, bytes.length >> 1));
    await page.page.setInputFiles("#import", damaged);
    await page.page.waitForSelector("#banners .error");
    expect(await page.text("banners")).toMatch(/not a checkpoint/);
    await page.until("done");
    expect((await page.losses()).lastStep).toBe(20);
  });

  it("keeps nothing in a second tab of one browser, and says so", async () => {
    const context = await browser.newContext();
    const [first, second] = [new TrainerPage(await context.newPage()), new TrainerPage(await context.newPage())];
    await first.open(`${plain.url}/trainer.html#device=wasm`);
    await first.until("ready");
    await second.open(`${plain.url}/trainer.html#device=wasm`);
    await second.until("ready");
    expect(await second.text("storage")).toMatch(/Another tab/);
  });

  it("and the bundle for Node leave each other alone", async () => {
    await build();
    const before = readFileSync(join(folder, "trainer.html"), "utf8");
    const { stderr } = await run(cli, ["-p", workspace.mini, "build", "--target", "web"], { env: workspace.env });
    expect(stderr).toMatch(/up to date/);
    expect(readFileSync(join(folder, "trainer.html"), "utf8")).toBe(before);
  });
});
