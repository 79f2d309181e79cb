/**
 * @file What a path would have if nobody had overridden it: renders in which one definition of a block after the other is left out.
 *
 *     base.yaml      [optimizer] lr: 0.01            what stands there when project.yaml says nothing
 *     project.yaml   [optimizer] lr: 0.001           wins
 */
import type { Origin, Span } from "../../source/span.ts";
import { isSameLine } from "./flow.ts";
import type { ConfigReader } from "./reading.ts";
import type { Source } from "./source.ts";
import type { Spot, Walker } from "./spot.ts";

/** A chain of overrides is seldom longer, and each costs a render. */
const maximumRenders = 24;

export interface Alternative {
  readonly spot: Spot;
  readonly source: Source;
}

/**
 * The values below `spot`'s, nearest first: each with the definitions of blocks left out that gave the ones before it.
 *
 * @param source what gave the value of `spot`
 */
export function* alternatives(
  reader: ConfigReader,
  walker: Walker,
  attribute: (spot: Spot) => Source,
  spot: Spot,
  source: Source,
): Generator<Alternative> {
  const omitted: Span[] = [];
  let current: Alternative = { spot, source };
  let renders = 0;
  for (;;) {
    let next: Alternative | undefined;
    for (const span of removable(current)) {
      if (renders >= maximumRenders) return;
      renders += 1;
      const reading = reader.without(current.spot.reading, [...omitted, span]);
      const { winner } = reading === undefined ? { winner: undefined } : walker.find(reading, current.spot.path);
      if (winner === undefined) continue;
      const found = attribute(winner);
      if (samePlace(found.origin, current.source.origin)) continue;
      omitted.push(span);
      next = { spot: winner, source: found };
      break;
    }
    if (next === undefined) return;
    yield next;
    current = next;
  }
}

/** The definitions that stand between the value and an ancestor's: of the place that gave it, then of the place that printed it. */
function removable({ spot, source }: Alternative): readonly Span[] {
  const stacks = [source.origin?.stack ?? [], ...source.via.map((step) => step.origin.stack)];
  const found = new Map<string, Span>();
  for (const stack of stacks)
    for (const frame of [...stack].reverse()) {
      const use = frame.kind === "block" ? spot.reading.trace.block(frame) : undefined;
      if (use === undefined || use.definitions.at(-1) === use.definition) continue;
      const { span } = use.definition.block;
      found.set(`${span.file.path}:${span.start}`, span);
    }
  return [...found.values()];
}

function samePlace(a: Origin | undefined, b: Origin | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return isSameLine(a.span, b.span);
}
