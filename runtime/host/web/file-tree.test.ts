/** @file The page's files behave as a disk's do, as far as the library looks; pictures of them do not change afterwards. */
import { describe, expect, it } from "vitest";
import { FileTree } from "./file-tree.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

function write(tree: FileTree, path: string, content: string, flags: "w" | "a" | "r+" = "w", position?: number): void {
  const handle = tree.open(path, flags);
  tree.write(handle, bytes(content), position);
  tree.close(handle);
}

describe("a tree of files", () => {
  it("reads what was written, appended and written over", () => {
    const tree = new FileTree();
    tree.makeFolder("/a/b");
    write(tree, "/a/b/file", "hello");
    write(tree, "/a/b/file", " there", "a");
    write(tree, "/a/b/file", "J", "r+", 0);
    expect(text(tree.read("/a/b/file"))).toBe("Jello there");
    expect(tree.stats("/a/b/file")?.size).toBe(11);
  });

  it("goes on where a handle stands", () => {
    const tree = new FileTree();
    const handle = tree.open("/file", "w");
    for (const part of ["one ", "two ", "three"]) tree.write(handle, bytes(part));
    tree.close(handle);
    expect(text(tree.read("/file"))).toBe("one two three");
    expect(() => tree.write(handle, bytes("x"))).toThrow(/EBADF/);
  });

  it("says what is missing as Node does", () => {
    const tree = new FileTree();
    expect(() => tree.read("/none")).toThrow(expect.objectContaining({ code: "ENOENT", syscall: "open" }));
    expect(() => tree.open("/no/folder/file", "w")).toThrow(/ENOENT/);
    expect(() => tree.list("/none")).toThrow(/ENOENT/);
    expect(() => tree.rename("/none", "/other")).toThrow(/ENOENT/);
    expect(() => tree.remove("/none")).toThrow(/ENOENT/);
    expect(() => tree.remove("/none", { force: true })).not.toThrow();
    tree.makeFolder("/folder");
    expect(() => tree.read("/folder")).toThrow(/EISDIR/);
    expect(() => tree.remove("/folder")).toThrow(/EISDIR/);
  });

  it("renames folders with all that is in them, and replaces files", () => {
    const tree = new FileTree();
    tree.makeFolder("/runs/.tmp/deep");
    write(tree, "/runs/.tmp/weights", "w");
    write(tree, "/runs/.tmp/deep/state", "s");
    tree.rename("/runs/.tmp", "/runs/done");
    expect(tree.exists("/runs/.tmp")).toBe(false);
    expect(text(tree.read("/runs/done/deep/state"))).toBe("s");
    expect(tree.list("/runs").map(({ name }) => name)).toEqual(["done"]);
    write(tree, "/new", "new");
    write(tree, "/old", "old");
    tree.rename("/new", "/old");
    expect(text(tree.read("/old"))).toBe("new");
    tree.makeFolder("/full/inner");
    expect(() => tree.rename("/runs/done", "/full")).toThrow(/ENOTEMPTY/);
  });

  it("tells files apart whose names begin alike", () => {
    const tree = new FileTree();
    write(tree, "/a", "1");
    write(tree, "/ab", "2");
    tree.remove("/a", { recursive: true });
    expect(tree.list("/").map(({ name }) => name)).toEqual(["ab"]);
  });

  it("gives later files later times", () => {
    const tree = new FileTree();
    write(tree, "/first", "");
    write(tree, "/second", "");
    expect(tree.stats("/second")!.mtimeMs).toBeGreaterThan(tree.stats("/first")!.mtimeMs);
  });
});

describe("a picture", () => {
  it("stays as it is, whatever is written later", () => {
    const tree = new FileTree();
    write(tree, "/log", "one");
    const [before] = tree.picture();
    write(tree, "/log", " two", "a");
    write(tree, "/log", "O", "r+", 0);
    expect(text(before!.bytes)).toBe("one");
    expect(text(tree.read("/log"))).toBe("One two");
  });

  it("holds the same bytes of what did not change, and nothing that came with the page", () => {
    const tree = new FileTree();
    tree.place("/assets/data", bytes("data"), { mounted: true });
    write(tree, "/state", "kept");
    const [first] = tree.picture();
    const [second, ...others] = tree.picture();
    expect(second!.bytes).toBe(first!.bytes);
    expect(others).toEqual([]);
    tree.rename("/state", "/moved");
    expect(tree.picture()[0]!.bytes).toBe(first!.bytes);
  });
});
