/** @file Writing what a build makes: whole files or none, and nothing over a person's own changes. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** A reader sees the old file or the new one, never a part of it. */
export function writeAtomic(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    writeFileSync(fresh, text);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Of the files that an earlier build wrote, those that are not what it wrote. A file that was deleted is no one's work. */
export function editedFiles(outDir: string, written: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(written).flatMap(([name, hash]) => {
    const path = join(outDir, name);
    return existsSync(path) && sha256(readFileSync(path)) !== hash ? [name] : [];
  });
}
