/** @file Options that come as data (from a dict of a config) have YAML's spelling; ours have TypeScript's. */

/** `{ weight_decay: 0 }` → `{ weightDecay: 0 }`. Keys that are camelCase already stay. */
export function camelCaseKeys(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replace(/_([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}
