/** @file The finished model as a folder: config, tokenizer and weights, as Hugging Face lays them out. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "fgc/runtime";
import { writeFileWhole } from "../../data/write-file.ts";
import { UserError } from "../../faults.ts";
import { writeModelConfig } from "../../models/index.ts";
import type { Tokenizer } from "../../tokenizers/index.ts";
import type { TrainableModel } from "../model.ts";
import { completeMarker, writeFolder } from "./files.ts";
import { hasWeights, writeWeights } from "./weights.ts";

export interface ModelFolderContent {
  readonly model: TrainableModel;
  readonly session: Session;
  readonly tokenizer: Tokenizer | null | undefined;
  /** Whether weights that are there may be replaced. */
  readonly mayOverwrite: boolean;
}

/** @throws UserError `train/would-overwrite` */
export async function writeModelFolder(
  folder: string,
  { model, session, tokenizer, mayOverwrite }: ModelFolderContent,
): Promise<void> {
  if (hasWeights(folder) && !mayOverwrite) {
    throw new UserError("train/would-overwrite", `${folder} has weights already`, {
      hint: "set overwrite_output_dir: true",
      kind: "failed",
    });
  }
  mkdirSync(folder, { recursive: true });
  // The folder holds more than the weights, so they are written beside it and moved in one by one, the index last.
  const staged = join(folder, ".weights");
  await writeFolder(staged, (write) => writeWeights(model, session, write));
  moveFiles(staged, folder, [completeMarker]);
  const { config } = model as { config?: object };
  if (config !== undefined && !existsSync(join(folder, "config.json"))) {
    writeFileWhole(join(folder, "config.json"), [`${JSON.stringify(writeModelConfig(config), null, 2)}\n`]);
  }
  if (!existsSync(join(folder, "tokenizer.json"))) tokenizer?.save(folder);
}

/** Move the files of a folder into another; the index last, since it vouches for the shards. */
function moveFiles(from: string, to: string, leave: readonly string[]): void {
  const files = readdirSync(from).filter((name) => !leave.includes(name));
  files.sort((a, b) => Number(a.endsWith(".index.json")) - Number(b.endsWith(".index.json")));
  for (const name of files) renameSync(join(from, name), join(to, name));
  rmSync(from, { recursive: true });
}
