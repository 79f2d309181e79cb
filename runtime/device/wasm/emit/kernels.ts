/**
 * @file One emitter per kind of kernel, and the sharing of code between kernels of one structure: a kernel is emitted with its buffers
 * and offsets replaced by slots, so that the equal layers of a model are the same functions with other addresses.
 */
import { bytesPerElement, type DType, sizeOf } from "../../../program/dtype.ts";
import type { BufferId, Kernel } from "../../../program/kernel.ts";
import type { BufferDecl } from "../../../program/program.ts";
import { ModuleBuilder } from "../asm/module.ts";
import { mathImports, VectorMath } from "../math/vector-math.ts";
import { emitAttention } from "./attention.ts";
import { emitAttentionBackward } from "./attention-backward.ts";
import { emitLoop } from "./loop.ts";
import { emitMatmul } from "./matmul.ts";
import { emitReduce } from "./reduce.ts";
import { emitArgReduce, emitCumsum } from "./scan.ts";
import { emitScatterAdd } from "./scatter.ts";
import { emitSort } from "./sort.ts";
import { type EmitContext, type EmittedKernel, KernelFunction, type MicroKernels, type Touch } from "./stage.ts";

type Emitters = {
  readonly [K in Kernel["kind"]]: (kernel: Extract<Kernel, { kind: K }>, context: EmitContext) => EmittedKernel;
};

const emitters: Emitters = {
  loop: emitLoop,
  reduce: emitReduce,
  matmul: emitMatmul,
  attention: emitAttention,
  attentionBackward: emitAttentionBackward,
  scatterAdd: emitScatterAdd,
  cumsum: emitCumsum,
  argreduce: emitArgReduce,
  sort: emitSort,
};

/** A place in a buffer, as a kernel names it. */
interface Slot {
  readonly buffer: BufferId;
  /** In elements. */
  readonly offset: number;
}

export class KernelEmitter {
  readonly module = new ModuleBuilder(mathImports);
  private readonly math: VectorMath;
  private readonly micro: MicroKernels;
  private readonly fma: boolean;
  private readonly buffers: readonly BufferDecl[];
  private readonly emitted = new Map<string, EmittedKernel>();
  private stages = 0;

  constructor(buffers: readonly BufferDecl[], micro: MicroKernels, fma: boolean) {
    this.buffers = buffers;
    this.micro = micro;
    this.fma = fma;
    this.math = new VectorMath(this.module, fma);
  }

  emit(kernel: Kernel): EmittedKernel {
    const slots: Slot[] = [];
    const shape = replaceBuffers(kernel, slots) as Kernel;
    const dtypes = slots.map(({ buffer }) => this.declaration(buffer).dtype);
    const key = JSON.stringify([shape, dtypes]);
    let emitted = this.emitted.get(key);
    if (emitted === undefined) {
      emitted = emitOne(shape, this.context(dtypes));
      this.emitted.set(key, emitted);
    }
    return this.place(emitted, slots, dtypes);
  }

  private declaration(buffer: BufferId): BufferDecl {
    const decl = this.buffers[buffer];
    if (decl === undefined) throw new Error(`the program has no buffer ${buffer}`);
    return decl;
  }

  private context(dtypes: readonly DType[]): EmitContext {
    return {
      module: this.module,
      math: this.math,
      dtypes,
      micro: this.micro,
      fma: this.fma,
      define: (build) => {
        const name = `stage${this.stages++}`;
        const target = new KernelFunction(name);
        build(target);
        const index = this.module.add(target.f, name);
        return { function: name, index, bindings: target.bindings, ...target.work };
      },
    };
  }

  /** Puts buffers back in the place of slots. */
  private place(emitted: EmittedKernel, slots: readonly Slot[], dtypes: readonly DType[]): EmittedKernel {
    const slotOf = (index: number): Slot => slots[index] as Slot;
    const touch = (entry: Touch): Touch => {
      if (entry.where === "scratch") return entry;
      const { buffer, offset } = slotOf(entry.where);
      const decl = this.declaration(buffer);
      const bytes = bytesPerElement[decl.dtype];
      const [low, high] = entry.range;
      const end = sizeOf(decl.shape) * bytes;
      return {
        where: buffer,
        writes: entry.writes,
        range: low < high ? [Math.max(0, low + offset * bytes), Math.min(end, high + offset * bytes)] : [0, 0],
      };
    };
    return {
      ...emitted,
      stages: emitted.stages.map((stage) => ({
        ...stage,
        bindings: stage.bindings.map((binding) => {
          const { buffer, offset } = slotOf(binding.buffer);
          return { buffer, offset: offset * bytesPerElement[dtypes[binding.buffer] as DType] + binding.offset };
        }),
        touches: stage.touches.map(touch),
      })),
    };
  }
}

function emitOne<K extends Kernel["kind"]>(kernel: Extract<Kernel, { kind: K }>, context: EmitContext): EmittedKernel {
  return (emitters[kernel.kind] as (kernel: Kernel, context: EmitContext) => EmittedKernel)(kernel, context);
}

/** The kernel with every access made to slots, in the order in which they stand, and without its label. */
function replaceBuffers(value: unknown, slots: Slot[]): unknown {
  if (Array.isArray(value)) return value.map((entry) => replaceBuffers(entry, slots));
  if (typeof value !== "object" || value === null) return value;
  const source = value as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  const slot = (buffer: number, offset: number): number => slots.push({ buffer, offset }) - 1;
  for (const [key, entry] of Object.entries(source)) {
    if (key === "label") result[key] = "";
    else if (key === "buffer" && typeof source["offset"] === "number")
      result[key] = slot(entry as number, source["offset"]);
    else if (key === "offset" && typeof source["buffer"] === "number") result[key] = 0;
    else if (key === "kvLength" && typeof entry === "number") result[key] = slot(entry, 0);
    else result[key] = replaceBuffers(entry, slots);
  }
  return result;
}
