/** @file A part of the project's own. */
export interface TasteOptions {
  /** Grams of it. */
  readonly salt?: number;
  readonly amount?: "little" | "much";
}

export class Taste {
  readonly options: TasteOptions;

  constructor(options: TasteOptions = {}) {
    this.options = options;
  }
}
