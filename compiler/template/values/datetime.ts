/** @file Date-time objects, as `now()` and `utcnow()` give them: naive, with microseconds. */
import { typeError } from "./errors.ts";
import { expectText } from "./signature.ts";
import { BuiltinFunction, PyObject, type Value } from "./value.ts";

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const pad = (value: number, width = 2): string => String(value).padStart(width, "0");
const dayMs = 86_400_000;

export class PyDateTime extends PyObject {
  readonly typeName = "datetime";
  /** The wall clock's reading, as if it were UTC. */
  readonly #clock: Date;
  readonly #microsecond: number;
  /** Minutes by which that clock is ahead of UTC; only `timestamp` needs it. */
  readonly #offsetMinutes: number;

  constructor(epochMs: number, offsetMinutes: number) {
    super();
    const local = epochMs + offsetMinutes * 60_000;
    this.#clock = new Date(Math.floor(local));
    this.#microsecond = Math.round((local - Math.floor(local / 1000) * 1000) * 1000);
    this.#offsetMinutes = offsetMinutes;
  }

  #fields(): Readonly<Record<string, number>> {
    const clock = this.#clock;
    return {
      year: clock.getUTCFullYear(),
      month: clock.getUTCMonth() + 1,
      day: clock.getUTCDate(),
      hour: clock.getUTCHours(),
      minute: clock.getUTCMinutes(),
      second: clock.getUTCSeconds(),
      microsecond: this.#microsecond,
    };
  }

  /** `2024-01-31T23:59:59.000001`; no fraction where it is zero. */
  isoFormat(separator: string, withMicroseconds = this.#microsecond !== 0): string {
    const text = this.#clock.toISOString();
    const date = text.slice(0, text.indexOf("T"));
    const time = text.slice(text.indexOf("T") + 1, -5);
    return `${date}${separator}${time}${withMicroseconds ? `.${pad(this.#microsecond, 6)}` : ""}`;
  }

  override attribute(name: string): Value | undefined {
    const fields = this.#fields();
    if (Object.hasOwn(fields, name)) return BigInt(fields[name] as number);
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    return method === undefined ? undefined : new BuiltinFunction(name, (args) => method(this, args));
  }
  override attributeNames(): readonly string[] {
    return [...Object.keys(this.#fields()), ...Object.keys(methods)];
  }
  timestamp(): number {
    return (
      (this.#clock.getTime() - (this.#clock.getTime() % 1000)) / 1000 -
      this.#offsetMinutes * 60 +
      this.#microsecond / 1e6
    );
  }
  /** Sunday is 0. */
  weekday(): number {
    return this.#clock.getUTCDay();
  }
  /** January 1 is 1. */
  dayOfYear(): number {
    return Math.floor((this.#clock.getTime() - Date.UTC(this.#clock.getUTCFullYear(), 0, 1)) / dayMs) + 1;
  }

  /** C's strftime in the C locale. An unknown directive stays as it is. */
  override format(specification: string): string {
    const { year = 0, month = 1, day = 0, hour = 0, minute = 0, second = 0 } = this.#fields();
    const weekday = weekdays[this.weekday()]!;
    const monthName = months[month - 1]!;
    const weekFrom = (first: number): number =>
      Math.floor((this.dayOfYear() + 6 - ((this.weekday() - first + 7) % 7)) / 7);
    const directives: Readonly<Record<string, () => string>> = {
      a: () => weekday.slice(0, 3),
      A: () => weekday,
      b: () => monthName.slice(0, 3),
      B: () => monthName,
      c: () => this.format("%a %b %e %H:%M:%S %Y"),
      C: () => pad(Math.floor(year / 100)),
      d: () => pad(day),
      D: () => this.format("%m/%d/%y"),
      e: () => String(day).padStart(2),
      f: () => pad(this.#microsecond, 6),
      F: () => this.format("%Y-%m-%d"),
      h: () => monthName.slice(0, 3),
      H: () => pad(hour),
      I: () => pad(hour % 12 || 12),
      j: () => pad(this.dayOfYear(), 3),
      m: () => pad(month),
      M: () => pad(minute),
      n: () => "\n",
      p: () => (hour < 12 ? "AM" : "PM"),
      R: () => this.format("%H:%M"),
      s: () => String(Math.floor(this.timestamp())),
      S: () => pad(second),
      t: () => "\t",
      T: () => this.format("%H:%M:%S"),
      u: () => String(this.weekday() || 7),
      U: () => pad(weekFrom(0)),
      w: () => String(this.weekday()),
      W: () => pad(weekFrom(1)),
      x: () => this.format("%m/%d/%y"),
      X: () => this.format("%H:%M:%S"),
      y: () => pad(year % 100),
      Y: () => String(year),
      z: () => "",
      Z: () => "",
      "%": () => "%",
    };
    return specification.replace(/%(.)/gs, (whole, directive: string) => directives[directive]?.() ?? whole);
  }

  override compare(other: Value): number | undefined {
    if (!(other instanceof PyDateTime)) return undefined;
    const difference = this.#clock.getTime() - other.#clock.getTime();
    return difference === 0 ? this.#microsecond - other.#microsecond : difference;
  }
  override equals(other: Value): boolean {
    return this.compare(other) === 0;
  }
  override str(): string {
    return this.isoFormat(" ");
  }
  override repr(): string {
    const { year, month, day, hour, minute, second, microsecond } = this.#fields();
    const parts = [
      year,
      month,
      day,
      hour,
      minute,
      ...(second || microsecond ? [second] : []),
      microsecond || undefined,
    ];
    return `datetime.datetime(${parts.filter((part) => part !== undefined).join(", ")})`;
  }
}

type DateTimeMethod = (self: PyDateTime, args: readonly Value[]) => Value;

const methods: Readonly<Record<string, DateTimeMethod>> = {
  ctime: (self) => self.format("%c"),
  isoformat: (self, [separator]) => self.isoFormat(separator === undefined ? "T" : expectText(separator, "sep")),
  isoweekday: (self) => BigInt(self.weekday() || 7),
  strftime: (self, [format]) => {
    if (format === undefined) throw typeError("strftime() missing required argument: 'format'");
    return self.format(expectText(format, "format"));
  },
  timestamp: (self) => self.timestamp(),
  weekday: (self) => BigInt((self.weekday() + 6) % 7),
};
