/**
 * @file When the program started. Templates read the clock while a config is compiled; a bundle must not carry that moment, so the compiler
 * puts a call of this in its place.
 */
const started = new Date();

/**
 * - `file`: local time for the name of a folder, `2026-11-23T20-01-07-250`; with milliseconds, so that a run that is resumed within the second of
 *   its start does not write over its own log
 * - `iso`: local time, `2026-11-23T20:01:07`
 * - `utc`: the same in UTC
 */
export type StartTimeForm = "file" | "iso" | "utc";

/** The moment at which the program started, in one of the forms that template clocks print. */
export function startTime(form: StartTimeForm): string {
  const local = new Date(started.getTime() - (form === "utc" ? 0 : started.getTimezoneOffset() * 60_000));
  const text = local.toISOString();
  return form === "file" ? text.slice(0, 23).replaceAll(/[:.]/g, "-") : text.slice(0, 19);
}
