/** @file WebGPU's flags by value: in Node they are no globals, and a global that a library sets is everybody's surprise. */

export const bufferUsage = { mapRead: 1, copySrc: 4, copyDst: 8, storage: 128, queryResolve: 512 } as const;
export const mapRead = 1;
export const computeStage = 4;

/** Offsets of bindings are multiples of this on every adapter. */
export const bindingAlignment = 256;

export const align = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;
