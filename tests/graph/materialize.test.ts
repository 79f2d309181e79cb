/** @file The materialization vectors, with the harness module that their README describes. */
import { describe, expect, it } from "vitest";
import { composeConfig, literalText } from "../../compiler/config/index.ts";
import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { buildGraphFrom } from "../../compiler/graph/build.ts";
import { type MaterializeRequest, Materializer } from "../../compiler/graph/materialize.ts";
import { entryOf } from "../../compiler/graph/node.ts";
import type { Callable, Keywords, Value } from "../../compiler/graph/value.ts";
import { makeHarness } from "./harness.ts";
import { loadSuites } from "./vector-files.ts";
import { decodeValue, encodeValue } from "./vector-values.ts";

interface Step {
  readonly target?: string;
  readonly of?: number;
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly context_vars?: Readonly<Record<string, unknown>>;
  readonly mtargets?: string | readonly string[];
}
type Result =
  | { readonly value: unknown; readonly calls: number }
  | { readonly error: { readonly kind: string }; readonly calls: number };
interface MaterializeCase {
  readonly id: string;
  readonly yaml: string;
  readonly steps: readonly Step[];
  readonly expect: { readonly steps: readonly Result[]; readonly trace: readonly string[] };
}

function decodeMap(encoded: Readonly<Record<string, unknown>> | undefined): Map<string, Value> {
  return new Map(Object.entries(encoded ?? {}).map(([name, value]) => [name, decodeValue(value)]));
}

function runCase({ yaml, steps }: MaterializeCase): { results: unknown[]; trace: readonly string[] } {
  const rendered = literalText({ path: "case.yaml", text: yaml });
  const graph = buildGraphFrom(composeConfig(rendered).root!, rendered, "reference").graph!;
  const harness = makeHarness();
  const materializer = new Materializer(graph, harness.table);
  const made: Value[] = [];
  const results = steps.map((step) => {
    const before = harness.calls();
    const args = (step.args ?? []).map(decodeValue);
    const kwargs: Keywords = decodeMap(step.kwargs);
    const variables = decodeMap(step.context_vars);
    const request: MaterializeRequest = {
      args,
      kwargs,
      variables,
      ...(step.mtargets === undefined ? {} : { targets: step.mtargets }),
    };
    try {
      let value: Value;
      if (step.of !== undefined) value = (made[step.of] as Callable).call(args, kwargs);
      else if (step.target !== undefined) value = materializer.root(entryOf(graph, step.target)!, variables, request);
      else value = materializer.materialize(request);
      made.push(value);
      return { value: encodeValue(value), calls: harness.calls() - before };
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      made.push(null);
      const unbound = error.diagnostics[0]?.code === "graph/unbound-variable";
      return { error: { kind: unbound ? "unbound_var" : "other" }, calls: harness.calls() - before };
    }
  });
  return { results, trace: harness.trace };
}

for (const suite of loadSuites<MaterializeCase>("materialize")) {
  describe.skipIf(suite.absent)(suite.name, () => {
    it.each(suite.cases.map((c) => [c.id, c] as const))("%s", (_, c) => {
      const { results, trace } = runCase(c);
      const wanted = c.expect.steps.map((step) =>
        "error" in step
          ? { ...step, error: { kind: step.error.kind === "unbound_var" ? "unbound_var" : "other" } }
          : step,
      );
      expect(JSON.parse(JSON.stringify(results))).toEqual(wanted);
      expect(trace).toEqual(c.expect.trace);
    });
  });
}
