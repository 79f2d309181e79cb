/** @file What is kept of a page is whole at any moment: whatever write is the last one. */
import { describe, expect, it } from "vitest";
import type { PicturedFile } from "./file-tree.ts";
import { FileStore, type StoreFolder } from "./store.ts";

const file = (path: string, content: string): PicturedFile => ({
  path,
  bytes: new TextEncoder().encode(content),
  mtimeMs: 1,
});
const content = (files: readonly PicturedFile[]) =>
  Object.fromEntries(files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]));

/** A folder in memory that dies, or is full, at the order of a number. */
class MemoryFolder implements StoreFolder {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  orders = 0;
  fatal = Number.POSITIVE_INFINITY;
  full = Number.POSITIVE_INFINITY;
  writes: string[] = [];

  #count(): void {
    if (this.orders++ >= this.fatal) throw new Error("the page is gone");
  }
  async names() {
    return [...this.files.keys()];
  }
  async read(name: string) {
    const found = this.files.get(name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  }
  async write(name: string, bytes: Uint8Array<ArrayBuffer>) {
    // What is cut off has a beginning.
    this.files.set(name, bytes.slice(0, bytes.length >> 1));
    this.#count();
    if (this.orders > this.full) throw new DOMException("full", "QuotaExceededError");
    this.files.set(name, bytes);
    this.writes.push(name);
  }
  async remove(name: string) {
    this.#count();
    this.files.delete(name);
  }
}

describe("a store", () => {
  it("gives back what was saved last", async () => {
    const folder = new MemoryFolder();
    const store = new FileStore(folder);
    expect(await store.load()).toEqual([]);
    await store.save([file("/a", "1"), file("/b", "2")]);
    await store.save([file("/a", "one"), file("/c", "3")]);
    expect(content(await new FileStore(folder).load())).toEqual({ "/a": "one", "/c": "3" });
    expect(folder.files.size).toBe(3); // two blobs and an index
  });

  it("writes only what is new, under whatever name", async () => {
    const folder = new MemoryFolder();
    const store = new FileStore(folder);
    const big = file("/tmp/weights", "many");
    await store.save([big]);
    folder.writes = [];
    await store.save([{ ...big, path: "/done/weights" }, file("/log", "x")]);
    expect(folder.writes.filter((name) => name.startsWith("blob"))).toHaveLength(1);
    expect(content(await new FileStore(folder).load())).toEqual({ "/done/weights": "many", "/log": "x" });
  });

  it("is whole wherever a page is closed: the old files or the new ones, never a mixture", async () => {
    const old = { "/state": "old state", "/weights": "old weights" };
    const fresh = { "/state": "new state", "/weights": "new weights" };
    const pictureOf = (files: Record<string, string>) => Object.entries(files).map(([path, text]) => file(path, text));
    const seen = new Set<string>();
    for (let fatal = 0; ; fatal++) {
      const folder = new MemoryFolder();
      const store = new FileStore(folder);
      await store.save(pictureOf(old));
      folder.orders = 0;
      folder.fatal = fatal;
      await store.save(pictureOf(fresh)).catch(() => {});
      const survived = folder.orders <= fatal;
      folder.fatal = Number.POSITIVE_INFINITY;
      const found = content(await new FileStore(folder).load());
      expect([old, fresh]).toContainEqual(found);
      seen.add(found["/state"] ?? "");
      if (survived) break;
    }
    expect(seen).toEqual(new Set(["old state", "new state"]));
  });

  it("keeps what it had when there is no room, and says so", async () => {
    const folder = new MemoryFolder();
    const store = new FileStore(folder);
    await store.save([file("/a", "1")]);
    folder.orders = 0;
    folder.full = 1;
    await expect(store.save([file("/a", "2"), file("/b", "3")])).rejects.toThrow(
      expect.objectContaining({ name: "QuotaExceededError" }),
    );
    folder.full = Number.POSITIVE_INFINITY;
    expect(content(await new FileStore(folder).load())).toEqual({ "/a": "1" });
    expect(folder.files.size).toBe(2); // nothing of the failed one takes up room
    await store.save([file("/a", "2")]);
    expect(content(await new FileStore(folder).load())).toEqual({ "/a": "2" });
  });

  it("forgets on request", async () => {
    const folder = new MemoryFolder();
    const store = new FileStore(folder);
    await store.save([file("/a", "1")]);
    await store.clear();
    expect(folder.files.size).toBe(0);
    await store.save([file("/a", "2")]);
    expect(content(await new FileStore(folder).load())).toEqual({ "/a": "2" });
  });
});
