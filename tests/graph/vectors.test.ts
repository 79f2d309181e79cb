/** @file The graph vectors: each text composes to the node graph that the reference implementation made of it. */
import { describe, expect, it } from "vitest";
import { composeConfig, literalText } from "../../compiler/config/index.ts";
import { buildGraphFrom } from "../../compiler/graph/build.ts";
import { canonicalGraph } from "../../compiler/graph/canonical.ts";
import { loadSuites } from "./vector-files.ts";

interface GraphCase {
  readonly id: string;
  readonly yaml: string;
  readonly expect: { readonly graph?: unknown; readonly error?: { readonly kind: string } };
}

for (const suite of loadSuites<GraphCase>("graph")) {
  describe.skipIf(suite.absent)(suite.name, () => {
    it.each(suite.cases.map((c) => [c.id, c] as const))("%s", (_, { yaml, expect: expected }) => {
      const rendered = literalText({ path: "case.yaml", text: yaml });
      const { root, diagnostics: composeFaults } = composeConfig(rendered);
      const built =
        root === undefined ? { graph: undefined, diagnostics: [] } : buildGraphFrom(root, rendered, "reference");
      const errors = [...composeFaults, ...built.diagnostics].filter((d) => d.severity === "error");
      if (expected.error !== undefined) {
        expect(errors.length).toBeGreaterThan(0);
        expect(built.graph).toBeUndefined();
        expect(errors.some((d) => d.code === "graph/duplicate-name")).toBe(expected.error.kind === "duplicate_name");
      } else {
        expect(errors).toEqual([]);
        // As text, because the order of keys is part of what a graph is.
        expect(JSON.stringify(canonicalGraph(built.graph!))).toBe(JSON.stringify(expected.graph));
      }
    });
  });
}
