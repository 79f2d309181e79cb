/**
 * @file Sizes beyond which an operation fails instead of exhausting memory or patience. Each is far above what a config needs.
 *
 * They are counted, not timed, so the same template fails everywhere or nowhere.
 */
import { overflowError } from "./errors.ts";

/** Characters of one text that an operation makes. */
export const sizeLimit = 1 << 25;

/** Elements of one sequence that an operation makes. */
export const elementLimit = 1 << 22;

/** Bits of an int. */
export const bitLimit = 1 << 22;

/** Decimal digits of an int that is printed or read: Python's own limit. */
export const digitLimit = 4300;

export function checkSize(size: number, what = "the resulting text"): void {
  if (size > sizeLimit) throw overflowError(`${what} would have more than ${sizeLimit >> 20} million characters`);
}

export function checkElements(count: number): void {
  if (count > elementLimit) throw overflowError(`this would have more than ${elementLimit >> 20} million elements`);
}

/** Looking for a long text in a long text: the engine's own search may take the product of their lengths. */
export function checkSearch(text: string, part: string): void {
  if (part.length > 64 && text.length * part.length > 2e9)
    throw overflowError("these texts are too long to look for one in the other");
}

/**
 * Counts the steps of walking a value. A list that holds another one twice is small in memory, and endless to walk after thirty
 * such levels.
 */
export class Walk {
  #left = 1_000_000;
  #characters = sizeLimit;
  /** A text is written. */
  text(length: number): void {
    this.#characters -= length;
    checkSize(sizeLimit - this.#characters);
  }
  step(): void {
    this.#left -= 1;
    if (this.#left < 0) throw overflowError("this value is too large: it holds the same parts over and over");
  }
}
