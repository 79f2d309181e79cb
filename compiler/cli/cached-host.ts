/** @file The world with files that are read once in a run of a command. */
import { FileCache } from "../driver/file-cache.ts";
import type { CliHost } from "./host.ts";

type Files = CliHost["files"];

export class CachedFiles extends FileCache implements Files {
  readonly #own: Files;

  constructor(files: Files) {
    super(files);
    this.#own = files instanceof CachedFiles ? files.#own : files;
  }

  replaceText(path: string, text: string): void {
    this.#own.replaceText(path, text);
    this.refresh([path]);
  }

  move(from: string, to: string): void {
    this.#own.move(from, to);
    this.refresh([from, to]);
  }

  remove(path: string): void {
    this.#own.remove(path);
    this.refresh([path]);
  }

  append(path: string, text: string): void {
    this.#own.append(path, text);
    this.refresh([path]);
  }
}

export type CachedHost = CliHost & { readonly files: CachedFiles };

export function cachedHost(host: CliHost): CachedHost {
  return { ...host, files: new CachedFiles(host.files) };
}
