/**
 * @file Kinds of new projects. Their files lie in `templatelib/starters`, as layers that are laid over one another.
 *
 * A layer's files are what a person would write, with a few words to fill in: `@name@`, `@description@`, `@slug@`, `@config@` (the
 * default config), `@prefix@` (the folder of the configs).
 */
import { basename, join } from "node:path";
import type { CliHost } from "../host.ts";
import { quoted } from "./words.ts";
import type { NewFiles } from "./write-files.ts";

export interface Starter {
  readonly summary: string;
  /** The default config, unless the user names another. */
  readonly config: string;
  readonly layers: readonly string[];
  /** What to type first. */
  readonly next: readonly string[];
}

export const starters = {
  plain: {
    summary: "a project with nothing in it but the shape of one",
    config: "default.yaml",
    layers: ["plain"],
    next: ["fgc ls", "fgc pp", "fgc construct"],
  },
  "causal-lm": {
    summary: "a small language model that trains on its own text in about a minute",
    config: "baseline.yaml",
    layers: ["text", "data", "causal-lm"],
    next: ["fgc check", "fgc train", 'node output_models/*/model.mjs --prompt "Call me"'],
  },
  model: {
    summary: "a model whose sizes are flags, for other projects",
    config: "model.yaml",
    layers: ["text", "model"],
    next: ["fgc check", "fgc build", "fgc construct --target model"],
  },
  tokenizer: {
    summary: "a tokenizer trained on a folder of texts",
    config: "tokenizer.yaml",
    layers: ["text", "tokenizer"],
    next: ["fgc check", "fgc build", "fgc construct"],
  },
  dataset: {
    summary: "a folder of texts as a dataset",
    config: "data.yaml",
    layers: ["text", "data", "dataset"],
    next: ["fgc check", "fgc construct --target train_dataset_split"],
  },
} as const satisfies Record<string, Starter>;

export type StarterKind = keyof typeof starters;
export const starterKinds = Object.keys(starters) as readonly StarterKind[];

export interface ProjectWords {
  readonly name: string;
  readonly description: string;
  readonly slug: string;
  readonly configPrefix: string;
  readonly defaultConfig: string;
}

/** All files of a new project, its meta file included. */
export function projectFiles(host: CliHost, kind: StarterKind, words: ProjectWords): NewFiles {
  const { layers, config } = starters[kind];
  const files = new Map([
    ["meta.yaml", metaText(words)],
    // Written here: a package registry drops files of this name.
    [".gitignore", "output_models/\nsweeps/\ntmp/\n.fgc_history\n"],
  ]);
  for (const layer of layers) {
    const folder = join(host.packageRoot, "templatelib", "starters", layer);
    for (const [name, text] of readTree(host, folder, "")) {
      const own = name.replace(/^templates\/configs\//, `templates/${words.configPrefix}/`);
      const renamed = own !== name && basename(own) === config ? own.replace(/[^/]*$/, () => words.defaultConfig) : own;
      files.set(renamed, name.startsWith("data/") ? text : fillIn(text, words, name.endsWith(".yaml")));
    }
  }
  return files;
}

function* readTree(host: CliHost, folder: string, prefix: string): Generator<readonly [string, string]> {
  for (const { name, isDirectory } of host.files.list(folder)) {
    if (isDirectory) yield* readTree(host, join(folder, name), `${prefix}${name}/`);
    else yield [`${prefix}${name}`, host.files.readText(join(folder, name)) ?? ""];
  }
}

function fillIn(text: string, words: ProjectWords, isTemplate: boolean): string {
  const values: Readonly<Record<string, string>> = {
    name: words.name,
    description: words.description,
    slug: words.slug,
    config: words.defaultConfig,
    prefix: words.configPrefix,
  };
  // A description that nobody gave leaves no gap.
  const whole = words.description === "" ? text.replace("@description@\n\n", "") : text;
  return whole.replaceAll(/@(name|description|slug|config|prefix)@/g, (_, word: string) =>
    isTemplate ? quoted(values[word] ?? "") : (values[word] ?? ""),
  );
}

export function metaText({ name, description, configPrefix, defaultConfig }: ProjectWords): string {
  return [
    "-- extends 'meta_defaults.yaml'",
    "",
    "-- block configs",
    `name: "${quoted(name)}"`,
    `description: "${quoted(description)}"`,
    `config_prefix: "${quoted(configPrefix)}"`,
    `default_config: "${quoted(defaultConfig)}"`,
    "-- endblock configs",
    "",
  ].join("\n");
}
