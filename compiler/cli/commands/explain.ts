/** @file `fgc explain`: a value, and every template, flag, override or default that set it. */
import { looksLikeOverride } from "../../driver/overrides.ts";
import { defineCommand } from "../command.ts";
import { explanationText, placeNames, targetsText, variableNames } from "../explain-report.ts";
import { usesColor } from "../output.ts";
import { Session } from "../session.ts";

export const explainCommand = defineCommand({
  name: "explain",
  group: "Where values come from",
  summary: "show where a value comes from: all that set it, the winner first",
  example: "fgc -t tiny.yaml explain trainer_args.save_steps",
  positionals: "names",
  arguments: [
    {
      usage: "[config|paths|overrides...]",
      description: "values by path: optimizer.lr, callbacks[2].interval, @name.path; none: the targets",
    },
  ],
  hasConfigFlags: true,
  options: {},
  async run(host, { names, session }) {
    const { openExplainer } = await import("../../driver/provenance/explain.ts");
    const { explanationJson, argumentJson } = await import("../explain-json.ts");
    const overrides = names.filter(looksLikeOverride);
    const words = names.filter((name) => !looksLikeOverride(name));
    const config = words.find((word) => /\.ya?ml$/.test(word));
    const paths = words.filter((word) => word !== config);
    const own = new Session(host, session.globals, config === undefined ? overrides : [config, ...overrides]);
    const { variables } = session;
    const explainer = openExplainer(host, { ...own.request, variables }, variableNames(session));
    const style = { color: usesColor(host, session.globals.color, host.stdout), ...placeNames(host, own.project) };
    if (paths.length === 0) {
      const targets = explainer.targets();
      const { diagnostics, inputs } = explainer;
      return { text: targetsText(targets, style), json: targets.map(argumentJson), diagnostics, inputs };
    }
    const explanations = paths.map((path) => explainer.explain(path));
    const { diagnostics, inputs } = explainer;
    const json = explanations.map(explanationJson);
    return {
      text: explanations.map((explanation) => explanationText(explanation, style)).join("\n"),
      json: json.length === 1 ? json[0] : json,
      diagnostics,
      inputs,
    };
  },
});
