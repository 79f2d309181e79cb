/** @file Keeps the house's arrows pointing one way: which folder may import which, as drawn in ARCHITECTURE.md. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** A folder may import itself, and what stands here. The longest matching folder counts. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "runtime/program": [],
  "runtime/device": ["runtime/program", "runtime/host"],
  "runtime/execute": ["runtime/program", "runtime/device"],
  "runtime/checkpoint": ["runtime/program", "runtime/device", "runtime/host"],
  "runtime/tensor": ["runtime/program"],
  "runtime/lower": ["runtime/program", "runtime/tensor"],
  "runtime/host": [],
  "runtime/session": ["runtime"],
  runtime: ["runtime"],
  stdlib: ["stdlib", "runtime"],
  "compiler/source": [],
  "compiler/diagnostics": ["compiler/source"],
  grammar: ["compiler/template", "compiler/source", "compiler/diagnostics"],
  "compiler/template": ["compiler/source", "compiler/diagnostics", "grammar"],
  "compiler/config": ["compiler/template", "compiler/source", "compiler/diagnostics", "compiler/graph/node.ts"],
  "compiler/graph": ["compiler/config", "compiler/source", "compiler/diagnostics", "compiler/template"],
  "compiler/codegen": ["compiler/graph", "compiler/source", "compiler/diagnostics"],
  "compiler/driver": ["compiler", "runtime/program"],
  "compiler/lint": [
    "compiler/driver",
    "compiler/template",
    "compiler/config",
    "compiler/graph",
    "compiler/source",
    "compiler/diagnostics",
  ],
  "compiler/lsp": ["compiler/driver", "compiler/diagnostics", "compiler/source", "compiler/graph", "compiler/template"],
  "compiler/cli": [
    "compiler/lint",
    "compiler/lsp",
    "compiler/driver",
    "compiler/diagnostics",
    "compiler/source",
    "compiler/graph",
    "compiler/config",
    "compiler/template",
    "compiler/codegen",
  ],
};

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts")) yield path;
  }
}

/** Import specifiers of a module, type imports included: a type is a dependency too. */
function importsOf(path: string): readonly string[] {
  const text = readFileSync(join(root, path), "utf8");
  return [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g),
  ].map((match) => (match[1] ?? match[2]) as string);
}

function targetOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return relative(root, resolve(root, dirname(path), specifier));
  if (specifier === "fgc/runtime") return "runtime/index.ts";
  if (specifier.startsWith("fgc/")) return `stdlib/${specifier.slice(4)}/index.ts`;
  return undefined;
}

const inside = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

describe("every import points up the table of ARCHITECTURE.md", () => {
  for (const top of ["runtime", "stdlib", "compiler"]) {
    it(`${top}/`, () => {
      const wrong: string[] = [];
      for (const path of sources(top)) {
        const room = Object.keys(mayImport)
          .filter((folder) => inside(path, folder))
          .sort((a, b) => b.length - a.length)[0];
        if (room === undefined) {
          wrong.push(`${path} lies in no folder of the table`);
          continue;
        }
        for (const specifier of importsOf(path)) {
          const target = targetOf(path, specifier);
          if (target === undefined || inside(target, room)) continue;
          if (!(mayImport[room] as readonly string[]).some((folder) => inside(target, folder)))
            wrong.push(`${path} imports ${target}`);
        }
      }
      expect(wrong).toEqual([]);
    });
  }

  it("nothing that a bundle contains imports a package", () => {
    const wrong = ["runtime", "stdlib"].flatMap((top) =>
      [...sources(top)].flatMap((path) =>
        importsOf(path)
          .filter(
            (specifier) =>
              !specifier.startsWith(".") && !specifier.startsWith("node:") && !specifier.startsWith("fgc/"),
          )
          .map((specifier) => `${path} imports ${specifier}`),
      ),
    );
    expect(wrong).toEqual([]);
  });
});
