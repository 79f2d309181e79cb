/** @file `fgc targets`: what a config offers to construct. */
import { columns } from "../columns.ts";
import { defineCommand, toggle } from "../command.ts";

export const targetsCommand = defineCommand({
  name: "targets",
  group: "Seeing what is there",
  summary: "list the targets of a config",
  example: "fgc -t tiny.yaml targets --long",
  positionals: "config",
  hasConfigFlags: true,
  options: { long: toggle("-l, --long", "with the kind of each and what it constructs") },
  async run(_host, { options, session }) {
    const { entryOf, targetNames } = await import("../../graph/index.ts");
    const { graph, diagnostics } = session.buildGraph();
    const targets = targetNames(graph).map((name) => {
      const value = entryOf(graph, name);
      const kind = value?.kind === "call" ? value.mode : (value?.kind ?? "");
      return {
        name,
        kind,
        constructor: value?.kind === "call" ? value.constructorSpec : value?.kind === "var" ? value.varName : "",
      };
    });
    const rows = options.long
      ? targets.map((target) => [target.name, target.kind, target.constructor])
      : targets.map(({ name }) => [name]);
    return { text: columns(rows), json: targets, diagnostics };
  },
});
