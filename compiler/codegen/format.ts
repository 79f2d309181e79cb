/** @file Finished text → the form that a person would give it, by prettier. Its first use takes a quarter of a second, so it can be started early. */
import { createRequire } from "node:module";
import type { Options } from "prettier";

const options: Options = { parser: "typescript", printWidth: 120, trailingComma: "all", quoteProps: "as-needed" };

type Prettier = typeof import("prettier/standalone");

export class Formatter {
  #loaded: { readonly prettier: Prettier; readonly plugins: NonNullable<Options["plugins"]> } | undefined;

  /** Load and warm up: the first call compiles the parser. */
  async start(): Promise<void> {
    await this.format("export const warm: number = 1;\n");
  }

  async format(text: string): Promise<string> {
    this.#loaded ??= load();
    const { prettier, plugins } = this.#loaded;
    return prettier.format(text, { ...options, plugins });
  }
}

/** The standalone build with two plugins starts faster than the package with all of them. */
function load() {
  const require = createRequire(import.meta.url);
  const prettier = require("prettier/standalone") as Prettier;
  const plugins = [require("prettier/plugins/typescript"), require("prettier/plugins/estree")] as NonNullable<
    Options["plugins"]
  >;
  return { prettier, plugins };
}
