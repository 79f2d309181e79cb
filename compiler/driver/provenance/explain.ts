/**
 * @file Where a value of a config comes from: all that set it, the winner first.
 *
 *     override on the command line
 *     the text: expression → variable → flag, `set` or fallback
 *     repeated keys and merged mappings before the last one
 *     blocks of ancestors that were overridden            seen by rendering without the overriding ones
 *     the constructor's own default
 */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import type { GraphValue } from "../../graph/node.ts";
import { modelModuleSpec } from "../../graph/passes/queries.ts";
import { nearest } from "../../source/nearest.ts";
import type { ConfigRequest } from "../compile.ts";
import { driverDiagnostics as faults } from "../diagnostics.ts";
import type { Host } from "../host.ts";
import { applyOverrides, namesIn, type OverrideText, pathSteps, pathTo, stepsOf, valueAt } from "../overrides.ts";
import { linkConfig } from "../program-graph.ts";
import { Attributor, type VariableNames } from "./attribution.ts";
import { Callees, defaultSource } from "./callee.ts";
import { alternatives, inOrder, isSame } from "./counterfactual.ts";
import { ConfigReader, type Reading } from "./reading.ts";
import type { Argument, Explanation, Source } from "./source.ts";
import { type Detour, type Found, type Spot, Walker } from "./spot.ts";
import { valueText } from "./value-text.ts";

/** How far a value may stand for another that stands for another. */
const furthest = 32;

export interface Explainer {
  /** Throws a `DiagnosticError` where the path leads nowhere. */
  explain(path: string): Explanation;
  /** Every target with what gave it. */
  targets(): readonly Argument[];
  /** Faults of the config's graph: what they touch is null in what is explained. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every template that was read. */
  readonly inputs: readonly string[];
}

/**
 * @param variableNames how the command line gave a variable
 */
export function openExplainer(host: Host, request: ConfigRequest, variableNames: VariableNames): Explainer {
  return new GraphExplainer(host, request, variableNames);
}

class GraphExplainer implements Explainer {
  readonly #host: Host;
  readonly #request: ConfigRequest;
  readonly #reader: ConfigReader;
  readonly #walker: Walker;
  readonly #attributor: Attributor;
  readonly #callees: Callees;
  #history: readonly GraphStep[] | undefined;

  constructor(host: Host, request: ConfigRequest, variableNames: VariableNames) {
    this.#reader = new ConfigReader(host, request);
    this.#host = this.#reader.host;
    this.#request = request;
    this.#walker = new Walker(this.#reader);
    this.#attributor = new Attributor(variableNames);
    this.#callees = new Callees(this.#host);
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#reader.main.diagnostics.filter(({ severity }) => severity === "error");
  }

  get inputs(): readonly string[] {
    return this.#reader.main.preprocessed.inputs;
  }

  targets(): readonly Argument[] {
    const { main } = this.#reader;
    const root: Spot = { reading: main, node: main.root, path: [], address: [], detours: [] };
    return this.#walker
      .steps(root)
      .filter((name) => !name.startsWith("."))
      .map((name) => ({ name, source: this.#winnerOf([name]), isDefault: false }));
  }

  explain(path: string): Explanation {
    const steps = pathSteps(path);
    if (steps.includes(""))
      throw new DiagnosticError(faults.badOverride({}, { text: path, problem: "the path has an empty part" }));
    const { main } = this.#reader;
    const found = this.#walker.find(main, steps);
    const callee = this.#calleeOf(steps);
    const argument = callee && this.#argumentOf(callee, steps.at(-1) as string);
    const fallback = callee && defaultSource(argument, callee.reading.specOf(callee.value));
    const defaults = fallback === undefined ? [] : [fallback];
    const written = this.#written(found, steps);
    const overridden = this.#overridden(steps, found.winner);
    // What only lost in the text has the constructor's default above it.
    const below = found.winner === undefined ? [...defaults, ...written] : [...written, ...defaults];
    const sources = [...overridden.sources, ...below];
    if (sources.length === 0 && argument === undefined) throw this.#nowhere(path, steps);
    const isOverridden = overridden.sources.length > 0;
    const target = found.winner === undefined || isOverridden ? undefined : this.#behind(found.winner, steps);
    const isSet = found.winner !== undefined || fallback !== undefined;
    const value = isOverridden
      ? overridden.value && valueText(overridden.value)
      : isSet
        ? sources[0]?.value
        : undefined;
    return {
      path,
      value,
      doc: argument?.doc ?? "",
      sources: distinct(sources),
      arguments: target === undefined ? [] : this.#argumentsIn(target, steps),
    };
  }

  /** The winner in the text and all that lost against it. */
  #written({ winner, losers }: Found, steps: readonly string[]): readonly Source[] {
    if (winner === undefined) return losers.map((loser) => this.#attributor.attribute(loser).winner);
    const flow = this.#attributor.attribute(this.#behind(winner, steps));
    const attribute = (spot: Spot) => this.#attributor.attribute(spot);
    const below = alternatives(this.#reader, this.#walker, attribute, winner, flow);
    const own = [...flow.losers, ...losers.map((loser) => attribute(loser).winner)];
    return [flow.winner, ...inOrder(own, below)];
  }

  /**
   * What the value is in the end, where it stands for another: a target of another project, an item, a variable's value.
   *
   * @param steps the path that led there
   */
  #behind(spot: Spot, steps: readonly string[]): Spot {
    let at = spot;
    for (let i = 0; i < furthest; i += 1) {
      const behind = this.#walker.behind(at);
      const next =
        behind === undefined ? this.#modelSetting(at, steps) : behind.kind === "spot" ? behind.spot : undefined;
      if (next === undefined) break;
      at = next;
    }
    return at;
  }

  /** The variables of a model's parts have their values in the config of the model module around them. */
  #modelSetting({ reading, node, detours }: Spot, steps: readonly string[]): Spot | undefined {
    const value = reading.valueOf(node);
    if (value.kind !== "var") return undefined;
    for (let count = steps.length - 1; count > 0; count -= 1) {
      const { winner } = this.#walker.find(this.#reader.main, steps.slice(0, count));
      const around = winner === undefined ? undefined : this.#behind(winner, steps.slice(0, count));
      if (around === undefined || around.reading.specOf(around.reading.valueOf(around.node)) !== modelModuleSpec)
        continue;
      const { winner: setting } = this.#walker.from(around, ["config", value.varName]);
      const detour: Detour = { kind: "variable", reading, name: value.varName, node };
      return setting && { ...setting, detours: [...detours, detour] };
    }
    return undefined;
  }

  #winnerOf(steps: readonly string[]): Source {
    const { winner } = this.#walker.find(this.#reader.main, steps);
    const nothing: Source = { kind: "text", value: undefined, origin: undefined, note: "", via: [], inputs: [] };
    const overridden = this.#overridden(steps, winner).sources[0];
    if (overridden !== undefined || winner === undefined) return overridden ?? nothing;
    return this.#attributor.attribute(this.#behind(winner, steps)).winner;
  }

  /** The node whose argument the path names, as the overrides leave it. */
  #calleeOf(steps: readonly string[]): Callee | undefined {
    if (steps.length < 2) return undefined;
    const { main } = this.#reader;
    const above = steps.slice(0, -1);
    const { winner } = this.#walker.find(main, above);
    const { sources, value } = this.#overridden(above, winner);
    if (sources.length > 0) return value && { reading: main, value };
    if (winner === undefined) return undefined;
    const { reading, node } = this.#behind(winner, above);
    return { reading, value: reading.valueOf(node) };
  }

  #argumentOf({ reading, value }: Callee, step: string) {
    const known = this.#callees.argumentsOf(reading, value);
    const position = /^(?:arg)?(\d+)$/.exec(step)?.[1];
    return known.find(({ name }) => name === step) ?? (position === undefined ? undefined : known[Number(position)]);
  }

  /** What is in a node: the arguments that the config gives, then those that the constructor fills in. */
  #argumentsIn(spot: Spot, steps: readonly string[]): readonly Argument[] {
    const { reading, node } = spot;
    const value = reading.valueOf(node);
    const names = node.kind === "sequence" ? node.items.map((_, i) => String(i)) : this.#walker.steps(spot);
    const given = names
      .filter((name) => steps.length > 0 || !name.startsWith("."))
      .map((name) => ({ name, source: this.#winnerOf([...steps, name]), isDefault: false }))
      // A null of a `!dlist` erases the item.
      .filter(({ source }) => source.value !== undefined);
    const spec = reading.specOf(value);
    const left = this.#callees.argumentsOf(reading, value).flatMap((argument): Argument[] => {
      const source = names.includes(argument.name) ? undefined : defaultSource(argument, spec);
      return source === undefined ? [] : [{ name: argument.name, source, isDefault: true }];
    });
    return [...given, ...left];
  }

  // Overrides -----------------------------------------------------------------------------------------------------------

  /** The overrides that changed the value, the last one first. */
  #overridden(
    steps: readonly string[],
    winner: Spot | undefined,
  ): { sources: readonly Source[]; value: GraphValue | undefined } {
    const overrides = this.#request.overrides ?? [];
    if (overrides.length === 0) return { sources: [], value: undefined };
    const { main } = this.#reader;
    const address = winner?.reading === main && winner.address.length === steps.length ? winner.address : steps;
    this.#history ??= this.#applied(main, overrides);
    const sources: Source[] = [];
    for (const { before, after, text } of this.#history) {
      const [old, made] = [valueAt(before, address), valueAt(after, address)];
      if (old === made || (old !== undefined && made !== undefined && old.origin === made.origin)) continue;
      const value = made === undefined ? undefined : valueText(made);
      const note = made === undefined ? `${text} removes it` : text;
      sources.unshift({ kind: "override", value, origin: undefined, note, via: [], inputs: [] });
    }
    return {
      sources,
      value: this.#history.length === 0 ? undefined : valueAt((this.#history.at(-1) as GraphStep).after, address),
    };
  }

  /** The graph before and after each override. One that leads into another project is applied to the linked graph, as the compiler does. */
  #applied(main: Reading, overrides: readonly OverrideText[]): readonly GraphStep[] {
    const { yamlFloats } = main.project;
    const apply = (root: GraphValue): readonly GraphStep[] => {
      let before = root;
      return overrides.map((text) => {
        const step = { before, after: applyOverrides(before, [text], yamlFloats), text };
        before = step.after;
        return step;
      });
    };
    try {
      return apply(main.graph);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      return apply(linkConfig(this.#host, this.#request, main.graph).graph);
    }
  }

  // -------------------------------------------------------------------------------------------------------------------

  #nowhere(path: string, steps: readonly string[]): DiagnosticError {
    const { main } = this.#reader;
    let at: Spot = { reading: main, node: main.root, path: [], address: [], detours: [] };
    let step = steps[0] as string;
    for (let i = 1; i <= steps.length; i += 1) {
      step = steps[i - 1] as string;
      const { winner } = this.#walker.find(main, steps.slice(0, i));
      if (winner === undefined) break;
      at = this.#behind(winner, steps.slice(0, i));
    }
    const value = at.reading.valueOf(at.node);
    const named = at.node === main.root ? namesIn(main.graph) : [];
    const taken = this.#callees.argumentsOf(at.reading, value).map(({ name }) => name);
    const known = [...this.#walker.steps(at), ...stepsOf(value), ...named, ...taken];
    const elsewhere = steps.at(-1) === step ? pathTo(main.graph, step) : undefined;
    return new DiagnosticError(faults.unknownPath({}, { path, step, elsewhere, nearest: nearest(step, known) }));
  }
}

interface Callee {
  readonly reading: Reading;
  readonly value: GraphValue;
}

interface GraphStep {
  readonly before: GraphValue;
  readonly after: GraphValue;
  readonly text: OverrideText;
}

/** What is found in two ways is told once. */
function distinct(sources: readonly Source[]): readonly Source[] {
  const kept: Source[] = [];
  for (const source of sources) if (!kept.some((other) => isSame(other, source))) kept.push(source);
  return kept;
}
