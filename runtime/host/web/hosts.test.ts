/** @file The small hosts say what Node's own modules say. */
import nodeCrypto from "node:crypto";
import nodePath from "node:path";
import nodeUrl from "node:url";
import { describe, expect, it } from "vitest";
import { isUtf8 } from "./buffer.ts";
import { createHash } from "./crypto.ts";
import * as path from "./path.ts";
import { bundleFolder } from "./process.ts";
import { fileURLToPath, pathToFileURL } from "./url.ts";

describe("path", () => {
  const paths = [
    "/",
    "/a",
    "/a/b/",
    "a",
    "a/../b",
    "../a",
    ".",
    "",
    "/a/./b/../../c",
    "a//b",
    "/..",
    "x.tar.gz",
    ".hidden",
    "/a/b.txt",
  ];
  for (const one of paths)
    it(`of ${JSON.stringify(one)}`, () => {
      expect(path.normalize(one)).toBe(nodePath.posix.normalize(one).replace(/(.)\/$/, "$1"));
      expect(path.dirname(one)).toBe(nodePath.posix.dirname(one));
      expect(path.basename(one)).toBe(nodePath.posix.basename(one));
      expect(path.extname(one)).toBe(nodePath.posix.extname(one));
      expect(path.resolve(one)).toBe(nodePath.posix.resolve(bundleFolder, one));
      for (const other of paths) {
        expect(path.join(one, other)).toBe(nodePath.posix.join(one, other).replace(/(.)\/$/, "$1"));
        const [from, to] = [nodePath.posix.resolve(bundleFolder, one), nodePath.posix.resolve(bundleFolder, other)];
        expect(path.relative(from, to)).toBe(nodePath.posix.relative(from, to));
      }
    });

  it("basename leaves out an ending", () => expect(path.basename("/a/b.yaml", ".yaml")).toBe("b"));
});

it("SHA-256 of texts of every length about a block's, and of parts", () => {
  for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000]) {
    const text = "fgc é".repeat(300).slice(0, length);
    const expected = nodeCrypto.createHash("sha256").update(text).digest("hex");
    expect(createHash("sha256").update(text).digest("hex"), String(length)).toBe(expected);
    const halves = createHash("sha256")
      .update(text.slice(0, length >> 1))
      .update(text.slice(length >> 1));
    expect(halves.digest("hex"), String(length)).toBe(expected);
  }
});

it("file URLs", () => {
  for (const one of ["/run/trainer.mjs", "/a b/ü.txt", "/100%"]) {
    expect(fileURLToPath(pathToFileURL(one))).toBe(one);
    expect(fileURLToPath(nodeUrl.pathToFileURL(one))).toBe(one);
  }
  expect(() => fileURLToPath("https://example.org/a")).toThrow(/not the URL of a file/);
});

it("UTF-8", () => {
  expect(isUtf8(new TextEncoder().encode("é"))).toBe(true);
  expect(isUtf8(Uint8Array.of(0xe9, 0x20))).toBe(false);
});
