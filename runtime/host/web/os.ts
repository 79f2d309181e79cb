/** @file `node:os` in a page. */

export const hostname = (): string => "browser";
export const availableParallelism = (): number => navigator.hardwareConcurrency;
export const tmpdir = (): string => "/tmp";
export const homedir = (): string => "/";
export const platform = (): string => "browser";
