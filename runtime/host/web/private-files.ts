/** @file A folder of the origin private file system, opened by one tab at a time. */
import type { StoreFolder } from "./store.ts";

/** Why a page's files cannot be kept; `reason` is for people. */
export class NoPrivateFiles extends Error {
  readonly kind: "missing" | "taken";

  constructor(cause: "missing" | "taken", message: string) {
    super(message);
    this.kind = cause;
  }
}

interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

/** @throws NoPrivateFiles  where there is no such file system (a page opened as a file), or another tab has the folder */
export async function openPrivateFolder(name: string): Promise<StoreFolder> {
  await takeLock(name);
  let folder: FileSystemDirectoryHandle;
  try {
    folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NoPrivateFiles("missing", isFromDisk(error) ? "it was opened from disk, not from a server" : reason);
  }
  return {
    names: async () => {
      const names: string[] = [];
      for await (const entry of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(entry);
      return names;
    },
    read: async (file) => {
      const handle = await folder.getFileHandle(file);
      return new Uint8Array(await (await handle.getFile()).arrayBuffer());
    },
    write: async (file, bytes) => writeWhole(await folder.getFileHandle(file, { create: true }), bytes),
    remove: (file) => folder.removeEntry(file),
  };
}

/** Pages that are files have no origin that browsers keep anything for. */
const isFromDisk = (error: unknown): boolean =>
  error instanceof DOMException && error.name === "SecurityError" && location.origin === "null";

/** Workers have handles that write at once; elsewhere there are streams. */
async function writeWhole(file: FileSystemFileHandle, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const open = (file as unknown as { createSyncAccessHandle?: () => Promise<SyncAccessHandle> }).createSyncAccessHandle;
  if (open === undefined) {
    const stream = await file.createWritable();
    await stream.write(bytes);
    await stream.close();
    return;
  }
  const access = await open.call(file);
  try {
    access.truncate(0);
    const written = access.write(bytes, { at: 0 });
    if (written !== bytes.length) throw new DOMException(`${written} of ${bytes.length} bytes`, "QuotaExceededError");
    access.flush();
  } finally {
    access.close();
  }
}

/** Held until the page goes away. */
async function takeLock(name: string): Promise<void> {
  if (navigator.locks === undefined) throw new NoPrivateFiles("missing", "this page is not in a secure context");
  const taken = await new Promise<boolean>((settle) => {
    void navigator.locks
      .request(`fgc:${name}`, { ifAvailable: true }, (lock) => {
        settle(lock !== null);
        return lock === null ? undefined : new Promise(() => {});
      })
      .catch(() => settle(true)); // an origin without locks has no second tab that could share files
  });
  if (!taken) throw new NoPrivateFiles("taken", "another tab has it");
}
