/** @file `len(x)` of a config: how many items a value has, whatever kind of collection it is. */

/** @throws TypeError where the value counts nothing */
export function len(value: unknown): number {
  if (typeof value === "string") return [...value].length;
  if (typeof value === "object" && value !== null) {
    const { length, size } = value as { length?: unknown; size?: unknown };
    if (typeof length === "number") return length;
    if (typeof size === "number") return size;
    if (Object.getPrototypeOf(value) === Object.prototype) return Object.keys(value).length;
  }
  throw new TypeError(`len(): a ${typeof value} counts nothing`);
}
