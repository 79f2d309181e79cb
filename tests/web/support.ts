/** @file A browser, a server of two kinds, and what tests do with a page that trains. */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

/** Where a Chromium is installed; undefined where none is. */
export const chromiumPath = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));

/** WebGPU over SwiftShader: a software driver that comes with Chromium. */
const webGpuFlags = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--disable-vulkan-surface",
];

export function launch(): Promise<Browser> {
  // Containers give no sandbox to a browser that runs as root.
  return chromium.launch({ executablePath: chromiumPath as string, args: ["--no-sandbox", ...webGpuFlags] });
}

/** Serves a folder; `isolated`: with the headers that let a page share memory between threads. */
export async function serve(folder: string, isolated: boolean): Promise<{ readonly url: string; close(): void }> {
  const headers = isolated
    ? { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
    : {};
  const server: Server = createServer((request, response) => {
    const path = join(folder, new URL(request.url ?? "/", "http://localhost").pathname);
    if (!existsSync(path)) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/html", ...headers }).end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

/** A page that trains, as somebody in front of it would use it. */
export class TrainerPage {
  readonly page: Page;
  readonly faults: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.faults.push(String(error)));
  }

  /** A hash alone would not load the page again. */
  async open(url: string): Promise<void> {
    await this.page.goto("about:blank");
    await this.page.goto(url);
  }

  async text(id: string): Promise<string> {
    return (await this.page.textContent(`#${id}`)) ?? "";
  }

  /** Waits until the run is in one of these phases, and tells which. */
  async until(...phases: readonly string[]): Promise<string> {
    await this.page.waitForFunction(
      (wanted) => wanted.includes(document.querySelector<HTMLElement>("#phase")?.dataset["phase"] ?? ""),
      phases,
      // A software driver takes a minute to compile a step.
      { timeout: 240_000 },
    );
    return this.page.evaluate(() => document.querySelector<HTMLElement>("#phase")?.dataset["phase"] ?? "");
  }

  /** First and last training loss, as the curve tells those who do not see it. */
  async losses(): Promise<{ first: number; last: number; lastStep: number }> {
    const label = (await this.page.getAttribute("#chart", "aria-label")) ?? "";
    const [, last, lastStep] = /training ([\d.]+) at step (\d+)/.exec(label) ?? [];
    const [, first] = /from ([\d.]+) at step/.exec(label) ?? [];
    return { first: Number(first), last: Number(last), lastStep: Number(lastStep) };
  }

  /** What the model writes now. */
  async write(prompt: string): Promise<string> {
    await this.page.fill("#prompt", prompt);
    await this.page.press("#prompt", "Enter");
    await this.page.waitForFunction(
      () => /tokens in|ended/.test(document.querySelector("#text-note")?.textContent ?? ""),
      undefined,
      { timeout: 60_000 },
    );
    return this.text("text");
  }

  async download(button: "download" | "weights"): Promise<{ readonly name: string; readonly path: string }> {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.page.click(`#${button}`)]);
    return { name: download.suggestedFilename(), path: await download.path() };
  }
}
