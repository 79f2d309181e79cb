/**
 * @file Each folder of `samples/` is a claim about emitted code: its config becomes these modules. `UPDATE=1` rewrites them, and the diff is
 * reviewed like code (`.ts.txt`: they import the samples' library). A target `model` is emitted as `model.ts`, `main` as a function.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emitFunctionModule } from "../../compiler/codegen/function-module.ts";
import { emitModelModule } from "../../compiler/codegen/model-module.ts";
import { isCallOf, modelModuleSpec, targetOf } from "../../compiler/graph/passes/queries.ts";
import { printDiagnostics, readOptions, runSample } from "../passes/support.ts";
import { format, samplePlan } from "./support.ts";

const samples = new URL("./samples/", import.meta.url).pathname;

describe("emitted modules", () => {
  for (const name of readdirSync(samples).sort()) {
    it(name.replaceAll("-", " "), async () => {
      const folder = join(samples, name);
      const result = runSample(folder, readOptions(folder));
      expect(result.diagnostics.length === 0 ? "" : printDiagnostics(result.diagnostics, folder)).toBe("");
      if (result.root === undefined) throw new Error("no graph");
      const plan = samplePlan(folder, result);
      const found = new Map<string, string>();
      const model = targetOf(result.root, "model");
      if (model !== undefined && isCallOf(model, modelModuleSpec))
        found.set("model.ts.txt", await format(emitModelModule(model, plan).text));
      const main = targetOf(result.root, "main");
      if (main !== undefined) found.set("main.ts.txt", await format(emitFunctionModule(main, plan).text));
      const expected = join(folder, "expected");
      if (process.env["UPDATE"] !== undefined) {
        mkdirSync(expected, { recursive: true });
        for (const [file, text] of found) writeFileSync(join(expected, file), text);
      }
      expect([...found.keys()].sort()).toEqual(existsSync(expected) ? readdirSync(expected).sort() : []);
      for (const [file, text] of found) expect(text).toBe(readFileSync(join(expected, file), "utf8"));
    });
  }
});
