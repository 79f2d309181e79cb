/** @file What is kept of modules is used while every file that it was read from, or looked for in vain, is as it was. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StoredModules } from "./module-memory.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fgc-modules-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const signature = { exports: { Layer: { kind: "type", type: "Layer", doc: "A layer." } } } as const;
const files: Readonly<Record<string, string>> = { "/p/layer.ts": "export …", "/p/part.ts": "part" };
const reader = (changed: Readonly<Record<string, string | undefined>> = {}) => {
  const all: Readonly<Record<string, string | undefined>> = { ...files, ...changed };
  return (file: string) => all[file];
};
const known = { signature, texts: new Map([...Object.entries(files), ["/p/part.mts", undefined] as const]) };

it("another process finds what one has kept", () => {
  new StoredModules(folder, "build").keep("/p/layer.ts", known);
  expect(new StoredModules(folder, "build").find("/p/layer.ts", reader())).toEqual(known);
});

it("a file that changed, one that is gone and one that has come each make it worthless", () => {
  const here = new StoredModules(folder, "build");
  here.keep("/p/layer.ts", known);
  for (const changed of [{ "/p/part.ts": "other" }, { "/p/part.ts": undefined }, { "/p/part.mts": "new" }])
    for (const modules of [here, new StoredModules(folder, "build")])
      expect(modules.find("/p/layer.ts", reader(changed))).toBeUndefined();
  expect(here.find("/p/layer.ts", reader())).toEqual(known);
});

it("another compiler reads for itself, and so does one whose notes are damaged", () => {
  new StoredModules(folder, "build").keep("/p/layer.ts", known);
  expect(new StoredModules(folder, "other").find("/p/layer.ts", reader())).toBeUndefined();
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '{"path": "/p/la');
  expect(new StoredModules(folder, "build").find("/p/layer.ts", reader())).toBeUndefined();
});

it("a module that is not there is known not to be there", () => {
  new StoredModules(folder, "build").keep("/p/none.ts", {
    signature: undefined,
    texts: new Map([["/p/none.ts", undefined]]),
  });
  expect(new StoredModules(folder, "build").find("/p/none.ts", reader())?.signature).toBeUndefined();
  expect(new StoredModules(folder, "build").find("/p/none.ts", reader())?.texts.size).toBe(1);
});

it("a folder that cannot be written to costs nothing but time", () => {
  const modules = new StoredModules("/dev/null/cache", "build");
  modules.keep("/p/layer.ts", known);
  expect(modules.find("/p/layer.ts", reader())).toEqual(known);
});
