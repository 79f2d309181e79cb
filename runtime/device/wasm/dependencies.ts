/** @file Which stages a stage must wait for: those that wrote what it touches, or touched what it writes. */
import type { Program } from "../../program/program.ts";
import type { Touch } from "./emit/stage.ts";

interface Entry {
  readonly space: string;
  readonly writes: boolean;
  readonly low: number;
  readonly high: number;
}

interface Scratch {
  readonly start: number;
  readonly bytes: number;
}

interface Seen {
  readonly entries: readonly Entry[];
  /** All stages that are done once this one is. */
  readonly closure: ReadonlySet<number>;
}

export class Dependencies {
  private readonly program: Program;
  private readonly seen: Seen[] = [];
  /** What whoever has come this far has waited for: every thread takes all stages in order. */
  private readonly done = new Set<number>();

  constructor(program: Program) {
    this.program = program;
  }

  /** Takes the next stage in; the earlier ones to wait for. A stage that has no work to do is never waited for. */
  enter(touches: readonly Touch[], scratch: Scratch, works: boolean): readonly number[] {
    const index = this.seen.length;
    const entries = works ? touches.map((touch) => this.entry(touch, scratch)) : [];
    const waits: number[] = [];
    // The latest first: it may have waited for others.
    for (let before = index - 1; before >= 0; before--) {
      if (this.done.has(before)) continue;
      const { entries: earlier, closure } = this.seen[before] as Seen;
      if (!earlier.some((a) => entries.some((b) => meet(a, b)))) continue;
      waits.push(before);
      for (const each of closure) this.done.add(each);
    }
    this.seen.push({ entries, closure: new Set([...this.done, index]) });
    return waits;
  }

  private entry({ where, writes, range: [low, high] }: Touch, scratch: Scratch): Entry {
    if (where === "scratch")
      return { space: "scratch", writes, low: scratch.start, high: scratch.start + scratch.bytes };
    const decl = this.program.buffers[where];
    // Temporaries may overlap each other in the arena; all other buffers stand alone.
    if (decl?.kind === "temp") {
      const start = decl.arenaOffset ?? 0;
      return { space: "arena", writes, low: low + start, high: high + start };
    }
    return { space: decl?.kind === "state" ? `state ${decl.name}` : `buffer ${where}`, writes, low, high };
  }
}

const meet = (a: Entry, b: Entry): boolean =>
  (a.writes || b.writes) && a.space === b.space && a.low < b.high && b.low < a.high && a.low < a.high && b.low < b.high;
