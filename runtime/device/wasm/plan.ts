/**
 * @file From Program to module and plan: the stages of all kernels in order, what each must wait for, and one function `run` that
 * goes through them all.
 *
 * Every thread goes through all stages and takes units of work where there are any left (`threads/claim.ts`). A stage waits only for
 * those before it whose memory it touches: while one thread is at the last piece of a product, others pack the next one's operand.
 */
import type { Program } from "../../program/program.ts";
import { call, i32, push } from "./asm/code.ts";
import { FunctionBuilder } from "./asm/function.ts";
import type { ModuleBuilder } from "./asm/module.ts";
import { Dependencies } from "./dependencies.ts";
import { KernelEmitter } from "./emit/kernels.ts";
import { type Binding, headWords, type MicroKernels, type Stage } from "./emit/stage.ts";
import { buildAwait, buildBarrier } from "./threads/barrier.ts";
import { buildClaim, counterBytes } from "./threads/claim.ts";

export interface PlannedStage {
  readonly label: string;
  readonly kind: string;
  /** Names of its function, and of the one that takes units for it as they come. */
  readonly function: string;
  readonly claim: string;
  readonly index: number;
  readonly units: number;
  /** The stages that must be done before it begins, except where others in the list wait for them already. */
  readonly waitsFor: readonly number[];
  readonly bindings: readonly Binding[];
  /** Byte offset of its kernel's memory in the shared scratch area. */
  readonly scratch: number;
  /** Byte offset of its words in the parameter block. */
  readonly parameters: number;
  /** Byte offset of its counters in the parameter block. */
  readonly counters: number;
}

export interface Plan {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly stages: readonly PlannedStage[];
  /** Of the parameter block: words of all stages, then their counters. */
  readonly parameterBytes: number;
  readonly countersFrom: number;
  readonly sharedScratchBytes: number;
  /** Per thread. */
  readonly threadScratchBytes: number;
}

export interface PlanOptions {
  readonly threads: number;
  readonly micro: MicroKernels;
  readonly fma: boolean;
  readonly maximumPages: number;
  readonly shared: boolean;
}

/** The shared scratch area is as large as the largest kernel's share this often: kernels that fit in it side by side need not wait. */
const scratchFactor = 2;
const line = 64;
const align = (bytes: number): number => Math.ceil(bytes / line) * line;

export function planProgram(program: Program, { threads, micro, fma, maximumPages, shared }: PlanOptions): Plan {
  const emitter = new KernelEmitter(program.buffers, micro, fma);
  const emitted = program.kernels.map((kernel) => emitter.emit(kernel));
  const words = emitted.flatMap(({ stages }) => stages).reduce((n, { bindings }) => n + headWords + bindings.length, 0);
  const countersFrom = align(words * 4);
  const scratch = new Ring(scratchFactor * Math.max(0, ...emitted.map((kernel) => align(kernel.sharedScratchBytes))));
  const dependencies = new Dependencies(program);
  const stages: PlannedStage[] = [];
  let parameters = 0;
  emitted.forEach((kernel, i) => {
    const { label, kind } = program.kernels[i] as Program["kernels"][number];
    const place = { start: scratch.take(align(kernel.sharedScratchBytes)), bytes: kernel.sharedScratchBytes };
    for (const { touches, ...stage } of kernel.stages) {
      stages.push({
        ...stage,
        claim: `claim ${stage.function}`,
        label,
        kind,
        waitsFor: dependencies.enter(touches, place, stage.units > 0),
        scratch: place.start,
        parameters,
        counters: countersFrom + stages.length * counterBytes(threads),
      });
      parameters += (headWords + stage.bindings.length) * 4;
    }
  });
  const { module } = emitter;
  addRun(
    module,
    stages,
    emitted.flatMap((kernel) => kernel.stages),
    threads,
  );
  return {
    bytes: module.encode({ initial: 1, maximum: maximumPages, shared }),
    stages,
    parameterBytes: countersFrom + (threads > 1 ? stages.length * counterBytes(threads) : 0),
    countersFrom,
    sharedScratchBytes: scratch.bytes,
    threadScratchBytes:
      Math.ceil((Math.max(0, ...emitted.map((kernel) => kernel.threadScratchBytes)) + 64) / 128) * 128,
  };
}

/** Hands out pieces of a circular area, so that the last few kernels' pieces lie side by side. */
class Ring {
  readonly bytes: number;
  private next = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  take(bytes: number): number {
    const start = this.next + bytes <= this.bytes ? this.next : 0;
    this.next = start + bytes;
    return start;
  }
}

/** `run(parameters, thread, threads) → 1 where the team was aborted`. What it calls is exported too, for the profile. */
function addRun(
  module: ModuleBuilder,
  stages: readonly PlannedStage[],
  emitted: readonly Stage[],
  threads: number,
): void {
  const barrier = module.add(buildBarrier(), "barrier");
  const wait = module.add(buildAwait(), "await");
  const claims = new Map<number, number>();
  const f = new FunctionBuilder("run", ["i32", "i32", "i32"], ["i32"]);
  const [parameters, thread] = [f.param(0), f.param(1)];
  const abort = [i32.const(1), 0x0f];
  stages.forEach((stage, i) => {
    const { grain } = emitted[i] as Stage;
    if (stage.units === 0) return;
    const words = i32.add(parameters, stage.parameters);
    if (threads === 1) {
      f.emit(call(stage.index, words, 0, 0, stage.units));
      return;
    }
    for (const before of stage.waitsFor) {
      const { counters, units } = stages[before] as PlannedStage;
      f.if(call(wait, i32.add(parameters, counters), units), () => f.emit(abort));
    }
    // Kernels of one structure share their stages' functions.
    const claim = claims.get(stage.index) ?? module.add(buildClaim(stage.index, stage.units, grain), stage.claim);
    claims.set(stage.index, claim);
    f.emit(call(claim, words, i32.add(parameters, stage.counters), thread, threads));
  });
  // The caller reads results when it comes back, and clears the counters: everybody must be through.
  f.emit(push(call(barrier, threads)));
  module.add(f, "run");
}
