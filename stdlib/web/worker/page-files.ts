/** @file The files that a trainer finds beside itself: those in the page, those that were kept, those that are picked from disk. */
import { createHash } from "../../../runtime/host/web/crypto.ts";
import { files } from "../../../runtime/host/web/fs.ts";
import { basename, join } from "../../../runtime/host/web/path.ts";
import { NoPrivateFiles, openPrivateFolder } from "../../../runtime/host/web/private-files.ts";
import { bundleFolder } from "../../../runtime/host/web/process.ts";
import { FileStore } from "../../../runtime/host/web/store.ts";
import { unpack } from "../base64.ts";
import type { EmbeddedFile, PageFileInfo, StorageReport } from "../protocol.ts";

export const placeOf = (path: string): string => join(bundleFolder, path);
export const checkpointsFolder = join(bundleFolder, "checkpoints");

export async function mountEmbedded(embedded: readonly EmbeddedFile[]): Promise<void> {
  for (const { path, packed } of embedded) files.place(placeOf(path), await unpack(packed), { mounted: true });
}

/** Opens what was kept of this page, and puts it into the tree. Without a store the report says why. */
export async function openStore(key: string): Promise<{ store: FileStore | undefined; report: StorageReport }> {
  try {
    const store = new FileStore(await openPrivateFolder(key));
    for (const { path, bytes, mtimeMs } of await store.load()) files.place(path, bytes, { mtimeMs });
    return { store, report: { state: "open" } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { store: undefined, report: { state: error instanceof NoPrivateFiles ? error.kind : "missing", reason } };
  }
}

/** Those that are neither in the page nor kept. */
export function missingFiles(wanted: readonly PageFileInfo[]): PageFileInfo[] {
  return wanted.filter(({ path }) => !files.exists(placeOf(path)));
}

/** Takes what fits of the files that were picked; says what does not. */
export async function takePicked(picked: readonly File[], wanted: readonly PageFileInfo[]): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (const file of picked) {
    const named = wanted.filter(({ path }) => basename(path) === file.name);
    const found = named.find(({ size }) => size === file.size);
    if (found === undefined) {
      const sizes = named.map(({ size }) => `${size.toLocaleString("en-US")} bytes`).join(" or ");
      complaints.push(
        named.length === 0
          ? `${file.name} is none of the files that are wanted`
          : `${file.name} has ${file.size.toLocaleString("en-US")} bytes; wanted are ${sizes}`,
      );
      continue;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    if ((await hashOf(bytes)) === found.sha256) files.place(placeOf(found.path), bytes);
    else complaints.push(`${file.name} is of another build of this page: its content is different`);
  }
  return complaints;
}

/** The browser's own is faster, and there only in secure contexts. */
async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (globalThis.crypto?.subtle === undefined) return createHash("sha256").update(bytes).digest("hex");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
