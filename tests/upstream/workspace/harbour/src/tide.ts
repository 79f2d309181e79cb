/** @file An optimizer of the project's own, under the name that its Python ancestor has. */
export interface TideOptions {
  /** Learning rate. */
  readonly lr?: number;
}

export class Tide {
  readonly parameters: readonly unknown[];
  readonly options: TideOptions;

  constructor(parameters: readonly unknown[], options: TideOptions = {}) {
    this.parameters = parameters;
    this.options = options;
  }
}
