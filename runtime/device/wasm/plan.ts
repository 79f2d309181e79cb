/**
 * @file From Program to module and plan: the stages of all kernels in order, the barriers between them, and one function `run` that
 * goes through them all.
 *
 * A barrier stands before a stage only if some thread would touch what another one wrote (or write what another one touches) since
 * the last: threads that each keep to their own rows run kernel after kernel without meeting.
 */
import type { BufferId } from "../../program/kernel.ts";
import type { Program } from "../../program/program.ts";
import { call, i32, push } from "./asm/code.ts";
import { FunctionBuilder } from "./asm/function.ts";
import { KernelEmitter } from "./emit/kernels.ts";
import { type Binding, headWords, type MicroKernels, type Touch } from "./emit/stage.ts";
import { buildBarrier } from "./threads/barrier.ts";

export interface PlannedStage {
  readonly label: string;
  readonly kind: string;
  readonly function: string;
  readonly barrierBefore: boolean;
  readonly bindings: readonly Binding[];
  /** Which of the two shared scratch areas: kernels take turns, so that one may pack while another still multiplies. */
  readonly scratch: 0 | 1;
  /** Byte offset of its words in the parameter block. */
  readonly parameters: number;
}

export interface Plan {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly stages: readonly PlannedStage[];
  readonly parameterBytes: number;
  /** Of each shared area. */
  readonly sharedScratchBytes: number;
  /** Per thread. */
  readonly threadScratchBytes: number;
}

export interface PlanOptions {
  readonly threads: number;
  readonly micro: MicroKernels;
  readonly fma: boolean;
  readonly maximumPages: number;
}

export function planProgram(program: Program, { threads, micro, fma, maximumPages }: PlanOptions): Plan {
  const emitter = new KernelEmitter(program.buffers, micro, fma);
  const hazards = new Hazards(program, threads);
  const stages: PlannedStage[] = [];
  const indices: number[] = [];
  let parameterBytes = 0;
  let sharedScratchBytes = 0;
  let threadScratchBytes = 0;
  let scratch: 0 | 1 = 0;
  for (const kernel of program.kernels) {
    const emitted = emitter.emit(kernel);
    if (emitted.sharedScratchBytes > 0) scratch = scratch === 0 ? 1 : 0;
    sharedScratchBytes = Math.max(sharedScratchBytes, emitted.sharedScratchBytes);
    threadScratchBytes = Math.max(threadScratchBytes, emitted.threadScratchBytes);
    for (const stage of emitted.stages) {
      stages.push({
        label: kernel.label,
        kind: kernel.kind,
        function: stage.function,
        barrierBefore: hazards.enter(stage.touches, scratch),
        bindings: stage.bindings,
        scratch,
        parameters: parameterBytes,
      });
      indices.push(stage.index);
      parameterBytes += (headWords + stage.bindings.length) * 4;
    }
  }
  const { module } = emitter;
  const barrier = module.add(buildBarrier(), "barrier");
  module.add(buildRun(stages, indices, barrier), "run");
  return {
    bytes: module.encode({ initial: 1, maximum: maximumPages }),
    stages,
    parameterBytes,
    sharedScratchBytes,
    threadScratchBytes: Math.ceil((threadScratchBytes + 64) / 128) * 128,
  };
}

/** `run(parameters, thread, threads) → 1 where the team was aborted`. */
function buildRun(stages: readonly PlannedStage[], indices: readonly number[], barrier: number): FunctionBuilder {
  const f = new FunctionBuilder("run", ["i32", "i32", "i32"], ["i32"]);
  const [parameters, thread, threads] = [f.param(0), f.param(1), f.param(2)];
  const meet = (): void => f.if(call(barrier, threads), () => f.emit([i32.const(1), 0x0f]));
  stages.forEach((stage, i) => {
    if (stage.barrierBefore) meet();
    f.emit(call(indices[i] as number, i32.add(parameters, stage.parameters), thread, threads));
  });
  // The caller reads results when it comes back: everybody must be done.
  f.emit(push(call(barrier, threads)));
  return f;
}

/** The memory touched since the last barrier, by thread. */
class Hazards {
  private readonly threads: number;
  private readonly spaceOf: (
    where: BufferId | "scratch",
    scratch: number,
  ) => { readonly space: string; readonly start: number };
  private pending: {
    readonly space: string;
    readonly writes: boolean;
    readonly ranges: readonly (readonly [number, number])[];
  }[] = [];

  constructor(program: Program, threads: number) {
    this.threads = threads;
    this.spaceOf = (where, scratch) => {
      if (where === "scratch") return { space: `scratch${scratch}`, start: 0 };
      const decl = program.buffers[where];
      // Temporaries may overlap each other in the arena; all other buffers stand alone.
      if (decl?.kind === "temp") return { space: "arena", start: decl.arenaOffset ?? 0 };
      return { space: decl?.kind === "state" ? `state ${decl.name}` : `buffer ${where}`, start: 0 };
    };
  }

  /** Takes a stage in; must a barrier stand before it? */
  enter(touches: readonly Touch[], scratch: number): boolean {
    const entries = touches.map((touch) => {
      const { space, start } = this.spaceOf(touch.where, scratch);
      const ranges = Array.from({ length: this.threads }, (_, tid): readonly [number, number] => {
        const [low, high] = touch.range(tid, this.threads);
        return [low + start, high + start];
      });
      return { space, writes: touch.writes, ranges };
    });
    const meets = this.pending.some((before) =>
      entries.some(
        (now) => before.space === now.space && (before.writes || now.writes) && this.cross(before.ranges, now.ranges),
      ),
    );
    if (meets) this.pending = [];
    this.pending.push(...entries);
    return meets;
  }

  private cross(before: readonly (readonly [number, number])[], now: readonly (readonly [number, number])[]): boolean {
    return before.some(([low, high], i) =>
      now.some(([from, to], j) => i !== j && low < high && from < to && low < to && from < high),
    );
  }
}
