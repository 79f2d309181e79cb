/**
 * @file What a path would have if nobody had overridden it: renders in which one definition of a block after the other is left out.
 *
 *     base.yaml      [optimizer] lr: 0.01            what stands there when project.yaml says nothing
 *     project.yaml   [optimizer] lr: 0.001           wins
 */
import type { Origin, Span } from "../../source/span.ts";
import { type Flow, isSameLine } from "./flow.ts";
import type { ConfigReader } from "./reading.ts";
import type { Source } from "./source.ts";
import type { Spot, Walker } from "./spot.ts";

/** A chain of overrides is seldom longer, and each costs a render. */
const maximumRenders = 24;

interface Alternative extends Flow {
  readonly spot: Spot;
}

/** The values below the one of `spot`, nearest first: each with the definitions of blocks left out that gave the ones before it. */
export function* alternatives(
  reader: ConfigReader,
  walker: Walker,
  attribute: (spot: Spot) => Flow,
  spot: Spot,
  flow: Flow,
): Generator<Flow> {
  const omitted: Span[] = [];
  let current: Alternative = { spot, ...flow };
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
      if (samePlace(found.winner, current.winner)) continue;
      omitted.push(span);
      next = { spot: winner, ...found };
      break;
    }
    if (next === undefined) return;
    yield next;
    current = next;
  }
}

/** The definitions that stand between the value and an ancestor's: of the place that gave it, then of the place that printed it. */
function removable({ spot, winner: source }: Alternative): readonly Span[] {
  const stacks = [source.origin?.stack ?? [], ...source.via.map((step) => step.origin.stack)];
  const found = new Map<string, Span>();
  for (const stack of stacks)
    for (const frame of [...stack].reverse()) {
      const use = frame.kind === "block" ? spot.reading.trace.block(frame) : undefined;
      const below = use?.definitions[use.definitions.indexOf(use.definition) + 1];
      // A required block says nothing itself: without what fills it there is no config.
      if (use === undefined || below === undefined || below.block.required) continue;
      const { span } = use.definition.block;
      found.set(`${span.file.path}:${span.start}`, span);
    }
  return [...found.values()];
}

/** Of what has no place, where it was printed. */
function samePlace(a: Source, b: Source): boolean {
  const [x, y] = [placeOf(a), placeOf(b)];
  if (x === undefined || y === undefined) return x === y;
  return isSameLine(x.span, y.span);
}

function placeOf({ origin, via }: Source): Origin | undefined {
  return origin ?? via.at(-1)?.origin;
}

/**
 * All that lost, nearest first. What an alternative would win against comes after it; what the winner's own expression passed over comes
 * before it.
 */
export function inOrder(losers: readonly Source[], below: Iterable<Flow>): readonly Source[] {
  const told: Source[] = [];
  let pending = losers;
  for (const { winner, losers: next } of below) {
    if (pending.some((source) => isSame(source, winner))) continue;
    const isBelow = (source: Source): boolean => next.some((other) => isSame(other, source));
    told.push(...pending.filter((source) => !isBelow(source)), winner);
    pending = next;
  }
  return [...told, ...pending];
}

/** A place is told once for each value; the command line once. */
export function isSame(a: Source, b: Source): boolean {
  if (a.origin === undefined || b.origin === undefined) return a.origin === b.origin && a.note === b.note;
  return isSameLine(a.origin.span, b.origin.span) && a.value === b.value;
}
