/** @file From a spot in a config's text to what wrote it. */
import type { ConfigNode } from "../../config/tree.ts";
import type { Origin, Span } from "../../source/span.ts";
import type { Given, Printed } from "../../template/index.ts";
import { type Flow, FlowTracer, isSameLine, sourceText } from "./flow.ts";
import type { Reading, Stretch } from "./reading.ts";
import type { Input, Source, Step } from "./source.ts";
import { type Detour, ownChildren, type Spot } from "./spot.ts";
import { templateValueText, valueText } from "./value-text.ts";

/** How the command line gave a variable: `--lr`, `--set lr`. */
export type VariableNames = (name: string) => string;

/** What is known of the variables that no template sets. */
export type VariableContext = Pick<Reading, "request" | "caller">;

export class Attributor {
  readonly #variableNames: VariableNames;

  constructor(variableNames: VariableNames) {
    this.#variableNames = variableNames;
  }

  /** What gave the value, and what the same expression would have taken instead. */
  attribute(spot: Spot): Flow {
    const { reading, node } = spot;
    const value = valueText(reading.valueOf(node));
    const { winner, losers } = this.#written(reading, this.#rangeOf(spot));
    const via = [...winner.via, ...spot.detours.map(stepOf).reverse()];
    return { winner: { ...winner, value, via: withoutRepeats(winner.origin, via) }, losers };
  }

  /** The part of the text that says the value: of a node its tag, of a plain collection its key. */
  #rangeOf({ reading, node, key }: Spot): readonly [start: number, end: number] {
    const { text } = reading.preprocessed;
    if (node.kind !== "scalar" && node.tag !== undefined) return [node.tag.start, node.tag.end];
    const start = skipSpace(text, node.tag?.end ?? node.start);
    if (node.kind === "scalar" && node.end > start) {
      const quoted = /^(["'])([\s\S]*)\1$/.exec(text.slice(start, node.end));
      return quoted === null || quoted[2] === "" ? [start, node.end] : [start + 1, node.end - 1];
    }
    if (key !== undefined) return [key.start, key.end];
    return [node.start, Math.max(node.start + 1, node.tag?.end ?? 0)];
  }

  #written(reading: Reading, [start, end]: readonly [number, number]): Flow {
    const stretches = reading.stretches(start, end);
    const tracer = new FlowTracer((given) => this.#given(given, reading));
    const printed = stretches.flatMap((stretch) => {
      const expression = reading.trace.printed(stretch.origin);
      return expression === undefined ? [] : [{ stretch, printed: expression }];
    });
    const [only] = printed;
    const origin = originOf(reading, stretches, start, end);
    if (only !== undefined && only.stretch.start <= start && only.stretch.end >= end) {
      const { expression } = only.printed;
      const { winner, losers } = tracer.trace(expression, only.printed, only.stretch.origin.stack);
      const note = `printed by {{ ${sourceText(expression.span)} }}`;
      return { winner: { ...winner, via: [...winner.via, { origin: only.stretch.origin, note }] }, losers };
    }
    const inputs = new Map<string, Input>();
    for (const { printed: part } of printed)
      for (const input of tracer.inputs(part.expression, part)) inputs.set(input.name, input);
    const kind = inputs.size > 0 ? "computed" : "text";
    const winner: Source = { kind, value: undefined, origin, note: "", via: [], inputs: [...inputs.values()] };
    return { winner, losers: [] };
  }

  /** What gave the value of an expression that was printed. */
  printed(expression: Printed, { stack }: Origin, context: VariableContext): Source {
    const tracer = new FlowTracer((given) => this.#given(given, context));
    return tracer.trace(expression.expression, expression, stack).winner;
  }

  /** Variables that no template set: the command line's, the other project's, fgc's own. */
  #given({ name, value }: Given, reading: VariableContext): Source {
    const text = value === undefined ? undefined : templateValueText(value);
    const base = { value: text, origin: undefined, via: [], inputs: [] };
    if (value === undefined) return { ...base, kind: "open", note: `${name} is not set` };
    const isArgument = Object.hasOwn(reading.request.variables ?? {}, name);
    if (!isArgument) return { ...base, kind: "machine", note: `${name}, given by fgc` };
    const { caller } = reading;
    if (caller === undefined) return { ...base, kind: "flag", note: this.#variableNames(name) };
    const [holder] = ownChildren(caller.spot, "pp_kwargs");
    const [argument] = holder === undefined ? [] : ownChildren(holder, name);
    if (argument === undefined) return { ...base, kind: "flag", note: name };
    const { winner } = this.attribute({ ...argument, detours: [] });
    const given = placeOf(caller.spot.reading, argument.key ?? argument.node);
    return {
      ...winner,
      via: withoutRepeats(winner.origin, [...winner.via, { origin: given, note: `pp_kwargs ${name}` }]),
    };
  }
}

function skipSpace(text: string, start: number): number {
  const space = /[ \t\r\n]*/y;
  space.lastIndex = start;
  space.exec(text);
  return space.lastIndex;
}

/** The place of a stretch of text: one span where one template wrote it all. */
function originOf(reading: Reading, stretches: readonly Stretch[], start: number, end: number): Origin {
  const first = reading.preprocessed.originAt(start);
  const [only, second] = stretches;
  if (only === undefined || second !== undefined) return first;
  const { file, start: from } = first.span;
  const span: Span = { file, start: from, end: Math.min(from + (end - start), file.text.length) };
  return file.text.slice(from, span.end) === reading.preprocessed.text.slice(start, end)
    ? { span, stack: first.stack }
    : first;
}

function placeOf(reading: Reading, { start, end, tag }: ConfigNode): Origin {
  const range = tag === undefined ? ([start, end] as const) : ([tag.start, tag.end] as const);
  return originOf(reading, reading.stretches(...range), ...range);
}

function stepOf(detour: Detour): Step {
  const { reading } = detour;
  switch (detour.kind) {
    case "alias": {
      const { start, end } = detour.place;
      const origin = originOf(reading, reading.stretches(start, end), start, end);
      return { origin, note: `alias ${reading.preprocessed.text.slice(start, end)}` };
    }
    case "merge":
      return { origin: placeOf(reading, detour.key), note: "merged by <<" };
    case "project":
      return { origin: placeOf(reading, detour.tag), note: `from project ${detour.name}` };
    case "variable":
      return { origin: placeOf(reading, detour.node), note: `!var ${detour.name}` };
  }
}

/** Steps that stay on the line of the one before say nothing. */
function withoutRepeats(origin: Origin | undefined, via: readonly Step[]): readonly Step[] {
  let last = origin;
  return via.filter((step) => {
    const isRepeat = last !== undefined && isSameLine(last.span, step.origin.span);
    if (!isRepeat) last = step.origin;
    return !isRepeat;
  });
}
