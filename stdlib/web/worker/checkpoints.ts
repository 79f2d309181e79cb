/** @file Checkpoints on their way to and from the user's disk: one archive, with the folder that Node resumes from. */
import { files } from "../../../runtime/host/web/fs.ts";
import { basename, join } from "../../../runtime/host/web/path.ts";
import { UserError } from "../../faults.ts";
import { unzip, type ZipEntry, zip } from "../zip.ts";

/** `checkpoint-20.zip` with `checkpoint-20/…`. */
export function packCheckpoint(path: string): Blob {
  const name = basename(path);
  const entries = files
    .picture(path)
    .map((file) => ({ path: `${name}/${file.path.slice(path.length + 1)}`, bytes: file.bytes }));
  return new Blob(zip(entries), { type: "application/zip" });
}

/** The weights alone: the safetensors file, or an archive where there are several. */
export function packWeights(path: string): { readonly name: string; readonly content: Blob } {
  const step = basename(path).replace("checkpoint-", "step-");
  const shards = files.picture(path).filter((file) => /\/model[^/]*\.safetensors$/.test(file.path));
  if (shards.length === 1)
    return { name: `${step}.safetensors`, content: new Blob([shards[0]!.bytes], { type: "application/octet-stream" }) };
  const entries = files
    .picture(path)
    .filter((file) => /\/model[^/]*$/.test(file.path))
    .map((file) => ({ path: basename(file.path), bytes: file.bytes }));
  return { name: `${step}.zip`, content: new Blob(zip(entries), { type: "application/zip" }) };
}

/**
 * Puts a checkpoint from disk, an archive or the files of one, into `folder`, in the place of those that are there.
 *
 * @returns its path
 * @throws UserError `web/not-a-checkpoint`
 */
export async function placeCheckpoint(picked: readonly File[], folder: string): Promise<string> {
  const entries = (await Promise.all(picked.map(entriesOf))).flat();
  // Whatever folders the archive has around it: the state of a run lies in the one that is meant.
  const state = entries.find(({ path }) => basename(path) === "trainer_state.json");
  const hasWeights = entries.some(({ path }) => /^model.*\.safetensors$/.test(basename(path)));
  if (state === undefined || !hasWeights) throw notACheckpoint("it has no trainer_state.json, or no weights");
  const step = stepOf(state);
  const root = state.path.slice(0, -"trainer_state.json".length);
  const target = join(folder, `checkpoint-${step}`);
  files.remove(folder, { recursive: true, force: true });
  for (const { path, bytes } of entries)
    if (path.startsWith(root)) files.place(join(target, path.slice(root.length)), bytes);
  return target;
}

async function entriesOf(file: File): Promise<ZipEntry[]> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!/\.zip$/i.test(file.name)) return [{ path: file.name, bytes }];
  try {
    return await unzip(bytes);
  } catch (cause) {
    throw notACheckpoint(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function stepOf({ bytes }: ZipEntry): number {
  try {
    const { global_step: step } = JSON.parse(new TextDecoder().decode(bytes)) as { global_step?: unknown };
    if (Number.isInteger(step) && (step as number) >= 0) return step as number;
  } catch {
    // told below
  }
  throw notACheckpoint("its trainer_state.json says no step");
}

const notACheckpoint = (reason: string, cause?: unknown) =>
  new UserError("web/not-a-checkpoint", `this is not a checkpoint: ${reason}`, {
    hint: "pick the .zip that this page has saved, or all files of a folder checkpoint-STEP at once",
    cause,
  });
