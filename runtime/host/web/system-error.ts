/** @file Errors with a code, as Node's own functions throw them: callers tell faults apart by it. */

const texts = {
  ENOENT: "no such file or directory",
  EEXIST: "file already exists",
  EISDIR: "illegal operation on a directory",
  ENOTDIR: "not a directory",
  ENOTEMPTY: "directory not empty",
  EBADF: "bad file descriptor",
  EROFS: "read-only file system",
  ESRCH: "no such process",
} as const;

export class SystemError extends Error {
  readonly code: keyof typeof texts;
  readonly syscall: string;
  readonly path: string | undefined;

  constructor(code: keyof typeof texts, syscall: string, path?: string) {
    super(`${code}: ${texts[code]}, ${syscall}${path === undefined ? "" : ` '${path}'`}`);
    this.code = code;
    this.syscall = syscall;
    this.path = path;
  }
}
