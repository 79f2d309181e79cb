/** @file Graphs of samples as emitted, formatted TypeScript. */
import { Formatter } from "../../compiler/codegen/format.ts";
import type { EmitPlan } from "../../compiler/codegen/plan.ts";
import type { SampleResult } from "../passes/support.ts";

/** A plan as if the sample lay in `/home/ann/project` and were emitted to its `output_models/sample`. */
export function samplePlan(folder: string, { symbols, variableUses }: SampleResult): EmitPlan {
  return {
    title: "Sample",
    description: "shows one thing",
    configName: "configs/input.yaml",
    folders: [
      { path: "/home/ann/project/output_models/sample", fromBundle: "" },
      { path: "/home/ann/project", fromBundle: "../.." },
    ],
    shorten: (path) => path.replace(`${folder}/`, ""),
    importFile: (path) => path.replace(folder, "../.."),
    symbols,
    projectDir: folder,
    variableUses,
    assetPath: () => "assets/sample",
  };
}

const formatter = new Formatter();
export const format = (text: string): Promise<string> => formatter.format(text);
