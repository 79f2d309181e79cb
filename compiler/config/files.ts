/** @file The file system as far as finding projects and templates needs it. In memory in tests. */

export interface FileTree {
  /** The text of a file, or undefined where there is none. */
  readText(path: string): string | undefined;
  /** Offset of the first byte that is not UTF-8, of a file whose text came with replacement characters. */
  invalidByte?(path: string): number | undefined;
  isDirectory(path: string): boolean;
  /** Names in a folder, sorted; empty where there is no folder. */
  list(path: string): readonly { readonly name: string; readonly isDirectory: boolean }[];
}
