/** @file The preprocess suites of the language vectors: text byte for byte, and the kinds of failures. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  memorySource,
  TemplateEnvironment,
  TemplateFault,
  type TemplateSource,
  TreeCache,
} from "../../compiler/template/index.ts";
import { decodeEntries, type Encoded } from "./encoded-values.ts";

interface PreprocessCase {
  readonly id: string;
  readonly templates: Readonly<Record<string, string>>;
  readonly main: string;
  readonly context: Readonly<Record<string, Encoded>>;
  readonly options?: {
    readonly searchpath?: readonly string[];
    readonly globals?: Readonly<Record<string, Encoded>>;
    readonly preserve_line_numbers?: boolean;
  };
  readonly expect: { readonly text: string } | { readonly error: { readonly kind: string } };
}
interface Suite {
  readonly kind: string;
  readonly suite: string;
  readonly cases: readonly PreprocessCase[];
}

const folder = resolve(dirname(fileURLToPath(import.meta.url)), "../../../shared/vectors/language");

/** Kinds that the vectors tell apart; all others are one: "evaluation failed". */
const exactKinds = new Set(["syntax", "undefined", "not_found", "security"]);
const group = (kind: string): string => (exactKinds.has(kind) ? kind : "evaluation failed");

/** The case's files, seen through its search path. */
function sourceOf({ templates, options }: PreprocessCase): TemplateSource {
  const roots = options?.searchpath;
  if (roots === undefined) return memorySource(templates);
  const prefixes = roots.map((root) => (root === "." || root === "" ? "" : `${root.replace(/\/$/, "")}/`));
  return {
    read(name) {
      const prefix = prefixes.find((p) => Object.hasOwn(templates, p + name));
      return prefix === undefined ? undefined : { path: prefix + name, text: templates[prefix + name] as string };
    },
    names: () => Object.keys(templates),
  };
}

function run(test: PreprocessCase): { text: string } | { error: string } {
  const environment = new TemplateEnvironment({
    searchPath: sourceOf(test),
    globals: decodeEntries(test.options?.globals ?? {}),
    options: { preserveLineNumbers: test.options?.preserve_line_numbers ?? true, cache: new TreeCache() },
  });
  try {
    return { text: environment.render(test.main, decodeEntries(test.context)).text };
  } catch (error) {
    if (error instanceof TemplateFault) return { error: group(error.kind) };
    throw error;
  }
}

if (!existsSync(folder)) {
  console.warn(`language vectors are not at ${folder}: their tests are skipped`);
  describe.skip("language vectors", () => {
    it("needs the vectors", () => {});
  });
} else {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const { kind, suite, cases } = JSON.parse(readFileSync(join(folder, file), "utf8")) as Suite;
    if (kind !== "preprocess") continue;
    describe(suite, () => {
      for (const test of cases) {
        it(test.id, () => {
          const { expect: wanted } = test;
          expect(run(test)).toEqual("text" in wanted ? { text: wanted.text } : { error: group(wanted.error.kind) });
        });
      }
    });
  }
}
