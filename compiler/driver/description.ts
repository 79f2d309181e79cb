/** @file What a constructed target is, as the child process of `fgc construct` tells it: the form of `stdlib/inspect/describe.ts`. */

export type Description =
  | { readonly kind: "plain"; readonly value: null | boolean | number | string }
  | { readonly kind: "other"; readonly text: string }
  | { readonly kind: "text"; readonly start: string; readonly length: number }
  | { readonly kind: "list"; readonly class: string; readonly items: readonly Description[]; readonly length: number }
  | { readonly kind: "mapping"; readonly entries: readonly DescribedEntry[]; readonly length: number }
  | {
      readonly kind: "numbers";
      readonly class: string;
      readonly values: readonly ShownNumber[];
      readonly length: number;
    }
  | DescribedTensor
  | DescribedModule
  | { readonly kind: "object"; readonly class: string; readonly fields: readonly DescribedEntry[] }
  | { readonly kind: "function"; readonly name: string; readonly source: string }
  | { readonly kind: "again"; readonly class: string; readonly path: string }
  | { readonly kind: "deep"; readonly class: string };

/** JSON has no NaN and no infinity. */
export type ShownNumber = number | "NaN" | "Infinity" | "-Infinity";

export type DescribedEntry = readonly [name: string, value: Description];

export interface DescribedTensor {
  readonly kind: "tensor";
  readonly role: "parameter" | "state" | "tensor";
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values?: readonly ShownNumber[];
}

export interface DescribedModule {
  readonly kind: "module";
  readonly class: string;
  readonly about: string;
  readonly parameters: number;
  readonly trainable: number;
  readonly children: readonly DescribedEntry[];
}
