/** @file Each folder of `samples/` is a claim about the passes: its config gives this graph, or these faults. `UPDATE=1` rewrites what is expected. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { printIR } from "../../compiler/graph/passes/index.ts";
import { printDiagnostics, readOptions, runSample } from "./support.ts";

const samples = new URL("./samples/", import.meta.url).pathname;

describe("passes", () => {
  for (const name of readdirSync(samples).sort()) {
    it(name.replaceAll("-", " "), () => {
      const folder = join(samples, name);
      const options = readOptions(folder);
      const { root, graphs, diagnostics } = runSample(folder, options);
      const graph = options.pass === undefined ? root : graphs.get(options.pass);
      const found = new Map<string, string>();
      if (graph !== undefined)
        found.set(
          "graph.txt",
          printIR(graph, (path) => path.replace(`${folder}/`, "")),
        );
      if (diagnostics.length > 0) found.set("diagnostics.txt", printDiagnostics(diagnostics, folder));
      const expected = join(folder, "expected");
      if (process.env["UPDATE"] !== undefined) {
        mkdirSync(expected, { recursive: true });
        for (const [file, text] of found) writeFileSync(join(expected, file), text);
      }
      const files = existsSync(expected) ? readdirSync(expected) : [];
      expect([...found.keys()].sort()).toEqual(files.sort());
      for (const [file, text] of found) expect(text).toBe(readFileSync(join(expected, file), "utf8"));
    });
  }
});
