/** @file Weights in safetensors: shards of at most 4 GiB with an index, in Hugging Face's layout. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  bytesPerElement,
  encodeSafetensors,
  type HostTensor,
  parseSafetensors,
  type Session,
  type StateTensor,
  type StoredTensor,
  sizeOf,
} from "fgc/runtime";
import { UserError } from "../../faults.ts";
import type { Module } from "../../nn/index.ts";
import type { WriteFile } from "./files.ts";

const maxShardBytes = 4 * 2 ** 30;
const indexName = "model.safetensors.index.json";
const singleName = "model.safetensors";

/** Write a model's weights: one shard after the other, so that only one is in memory. */
export async function writeWeights(model: Module, session: Session, write: WriteFile): Promise<void> {
  const tied = model.tiedNames();
  const shards = shardNames(model.stateDict());
  const weightMap: Record<string, string> = {};
  let totalSize = 0;
  for (const [i, names] of shards.entries()) {
    const file = `model-${pad(i + 1)}-of-${pad(shards.length)}.safetensors`;
    const tensors = new Map<string, HostTensor>();
    for (const [name, state] of names) {
      tensors.set(name, await session.read(state));
      weightMap[name] = file;
      totalSize += bytesOf(state);
    }
    write(file, encodeSafetensors(tensors, { format: "pt" }));
  }
  const sharing = groupShared(tied);
  write(indexName, [
    `${JSON.stringify({ metadata: { total_size: totalSize, param_sharing: sharing }, weight_map: weightMap }, null, 2)}\n`,
  ]);
}

const pad = (n: number) => String(n).padStart(5, "0");
const bytesOf = (state: StateTensor) => sizeOf(state.shape) * bytesPerElement[state.dtype];

function shardNames(state: ReadonlyMap<string, StateTensor>): [string, StateTensor][][] {
  const shards: [string, StateTensor][][] = [[]];
  let bytes = 0;
  for (const entry of state) {
    const size = bytesOf(entry[1]);
    if (bytes > 0 && bytes + size > maxShardBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)!.push(entry);
    bytes += size;
  }
  return shards;
}

function groupShared(tied: ReadonlyMap<string, string>): string[][] {
  const groups = new Map<string, string[]>();
  for (const [name, owner] of tied) groups.set(owner, [...(groups.get(owner) ?? [owner]), name]);
  return [...groups.values()];
}

/** Whether a folder has weights. */
export function hasWeights(folder: string): boolean {
  return existsSync(join(folder, indexName)) || existsSync(join(folder, singleName));
}

/** The tensors of a folder, by index or from the single file. */
export function readWeights(folder: string): Map<string, HostTensor> {
  const index = join(folder, indexName);
  if (!existsSync(index)) return readTensorFile(join(folder, singleName));
  const { weight_map: weightMap } = readJsonFile(index) as { weight_map?: Record<string, string> };
  if (typeof weightMap !== "object") throw damaged(index, "it has no weight_map");
  const tensors = new Map<string, HostTensor>();
  for (const file of new Set(Object.values(weightMap))) {
    for (const [name, tensor] of readTensorFile(join(folder, file))) tensors.set(name, tensor);
  }
  return tensors;
}

/** Replace a model's weights by those of a folder. Names that the model does not have are ignored, missing ones are an error. */
export function loadWeights(model: Module, folder: string, session?: Session): void {
  const values = readWeights(folder);
  const known = model.stateDict();
  const tied = model.tiedNames();
  const wanted = new Map([...values].filter(([name]) => known.has(name) || tied.has(name)));
  model.loadStateDict(wanted, { session });
}

/** A safetensors file, checked; a damaged one is named. */
export function readTensorFile(path: string): Map<string, HostTensor> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw damaged(path, "it cannot be read", cause);
  }
  try {
    return new Map([...parseSafetensors(bytes)].map(([name, tensor]) => [name, hostTensorOf(tensor)]));
  } catch (cause) {
    throw damaged(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** A stored tensor for parameters and moments, which are f32 here whatever width the file has. */
function hostTensorOf(tensor: StoredTensor): HostTensor {
  const { data, shape, dtype } = tensor;
  return dtype === "f16" || dtype === "bf16"
    ? { data: tensor.toFloat32(), shape, dtype: "f32" }
    : { data, shape, dtype };
}

export function readJsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw damaged(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

const damaged = (path: string, reason: string, cause?: unknown) =>
  new UserError("train/damaged-checkpoint", `${path} is damaged: ${reason}`, {
    hint: "resume from another checkpoint: --resume=PATH",
    cause,
  });
