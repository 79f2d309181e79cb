/**
 * @file Named random streams: `init`, `dropout`, `data`, `sample` … of one run draw from one seed without touching each other, so that
 * a change in how much one of them draws changes nothing in the others.
 */
import { HostRandom } from "fgc/runtime";

/** The generator of the stream `name` of a run with `seed`. The same two give the same numbers, on every machine. */
export function namedStream(seed: number, name: string): HostRandom {
  return new HostRandom(seed, hashName(name));
}

/** FNV-1a over the UTF-16 code units, 32 bits. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash | 0;
}
