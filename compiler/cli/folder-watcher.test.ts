/** @file Folders on a real disk: what happens in them is told, the way of an editor's writing included. Nothing here waits for a time, only for what is told. */
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Bursts, pollingWatcher, systemWatcher } from "./folder-watcher.ts";
import type { FolderWatcher } from "./host.ts";

describe("bursts", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("what comes together is told together, each path once", async () => {
    const bursts = new Bursts();
    const next = bursts.next();
    for (const path of ["/a", "/b", "/a"]) {
      bursts.add(path);
      await vi.advanceTimersByTimeAsync(5);
    }
    await vi.advanceTimersByTimeAsync(50);
    expect(await next).toEqual(["/a", "/b"]);
  });

  it("a burst without an end is cut, and goes on in the next", async () => {
    const bursts = new Bursts();
    const told: string[] = [];
    void bursts.next().then((paths) => told.push(...paths));
    let added = 0;
    while (told.length === 0 && added < 1000) {
      bursts.add(`/${added}`);
      added += 1;
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(told.length).toBeGreaterThan(1);
    expect(added).toBeLessThan(40);
  });

  it("what came while nobody asked is told at once", async () => {
    const bursts = new Bursts();
    bursts.add("/a");
    const next = bursts.next();
    await vi.advanceTimersByTimeAsync(50);
    expect(await next).toEqual(["/a"]);
  });
});

describe.each([
  ["the system's watcher", systemWatcher],
  ["the watcher that looks", () => pollingWatcher(5)],
] as const)("%s", (_, open) => {
  let root: string;
  let watcher: FolderWatcher;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "fgc-watched-")));
    writeFileSync(join(root, "a.yaml"), "a");
    watcher = open();
    watcher.watch(new Set([root]));
  });
  afterEach(() => {
    watcher.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** Bursts may come in parts. */
  const until = async (path: string): Promise<void> => {
    for (;;) if ((await watcher.next())?.includes(path)) return;
  };

  it("tells of a file that is written, of one that takes another's place, of a new one and of one that goes", async () => {
    writeFileSync(join(root, "a.yaml"), "other text");
    await until(join(root, "a.yaml"));
    writeFileSync(join(root, "a.yaml~"), "as editors write");
    renameSync(join(root, "a.yaml~"), join(root, "a.yaml"));
    await until(join(root, "a.yaml"));
    writeFileSync(join(root, "b.yaml"), "b");
    await until(join(root, "b.yaml"));
    rmSync(join(root, "b.yaml"));
    await until(join(root, "b.yaml"));
  });

  it("takes on folders that come, and another one of the same name", async () => {
    const inner = join(root, "inner");
    mkdirSync(inner);
    await until(inner);
    watcher.watch(new Set([root, inner]));
    writeFileSync(join(inner, "c.yaml"), "c");
    await until(join(inner, "c.yaml"));
    renameSync(inner, join(root, "away"));
    mkdirSync(inner);
    await until(inner);
    watcher.watch(new Set([root, inner]));
    writeFileSync(join(inner, "d.yaml"), "d");
    await until(join(inner, "d.yaml"));
  });

  it("a folder that is not there is no fault", () => {
    expect(() => watcher.watch(new Set([root, join(root, "nowhere")]))).not.toThrow();
  });
});
