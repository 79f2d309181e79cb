/**
 * @file When the program started. Templates read the clock while a config is compiled; a bundle must not carry that moment, so the compiler
 * puts a call of this in its place.
 */
const started = new Date();

/**
 * - `file`: local time for the name of a folder, `2026-11-23T20-01-07`
 * - `iso`: local time, `2026-11-23T20:01:07`
 * - `utc`: the same in UTC
 */
export type StartTimeForm = "file" | "iso" | "utc";

export function startTime(form: StartTimeForm): string {
  const local = new Date(started.getTime() - (form === "utc" ? 0 : started.getTimezoneOffset() * 60_000));
  const text = local.toISOString().slice(0, 19);
  return form === "file" ? text.replaceAll(":", "-") : text;
}
