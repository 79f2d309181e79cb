/**
 * @file What this engine and this machine do best, found out once per process: is relaxed SIMD there, does it fuse, and which register
 * tile multiplies fastest. The tile only decides which products are computed together, never how one is summed, so results do
 * not depend on the outcome.
 */
import { type Code, f32, f32x4, i32, type Local } from "./asm/code.ts";
import { FunctionBuilder } from "./asm/function.ts";
import { ModuleBuilder } from "./asm/module.ts";
import { buildMicro } from "./emit/micro.ts";
import type { MicroKernels, TileShape } from "./emit/stage.ts";
import type { DeviceMemory } from "./memory.ts";
import { canShareMemory, clockStepMs, compileOptimized, enableRelaxedSimd } from "./threads/host.ts";

export interface Capabilities {
  /** Multiply and add in one rounding. */
  readonly fma: boolean;
  /** Relaxed SIMD is accepted, but rounds twice on this machine. */
  readonly relaxedUnfused: boolean;
}

function probe(shared: boolean): Uint8Array<ArrayBuffer> {
  const f = new FunctionBuilder("probe", ["f32"], ["f32"]);
  const x = f.let("v128", f32x4.splat(f.param(0)));
  // (1 + 2^-12)² − (1 + 2^-11) is 2^-24, which a rounding of the product loses.
  const rest: Code = f32x4.relaxed_madd(x, x, f32x4.splat(f32.const(-(1 + 2 ** -11))));
  f.emit(f32x4.extract_lane(rest, 0));
  const module = new ModuleBuilder();
  module.add(f, "probe");
  return module.encode({ initial: 1, maximum: 65536, shared });
}

let known: Capabilities | undefined;

export function detectCapabilities({ memory, shared }: Pick<DeviceMemory, "memory" | "shared">): Capabilities {
  if (known !== undefined) return known;
  const bytes = probe(shared);
  if (!WebAssembly.validate(bytes)) enableRelaxedSimd();
  const accepted = WebAssembly.validate(bytes);
  const fused =
    accepted &&
    (() => {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
      return (instance.exports["probe"] as (x: number) => number)(1 + 2 ** -12) !== 0;
    })();
  known = { fma: fused, relaxedUnfused: accepted && !fused };
  return known;
}

/** Rows × vectors × unrolling. Those with few registers suit engines that spill; the others need fewer loads per product. */
const candidates: readonly TileShape[] = [
  { mr: 3, nv: 3, unroll: 1 },
  { mr: 2, nv: 4, unroll: 1 },
  { mr: 4, nv: 2, unroll: 1 },
  { mr: 6, nv: 2, unroll: 1 },
  { mr: 6, nv: 2, unroll: 2 },
  { mr: 6, nv: 2, unroll: 4 },
  { mr: 4, nv: 2, unroll: 2 },
];

const powerOfTwo = (n: number): boolean => (n & (n - 1)) === 0;
const chosen = new Map<boolean, Promise<MicroKernels>>();

/** The tiles to use, with or without fused arithmetic. */
export function chooseTiles(fma: boolean): Promise<MicroKernels> {
  let choice = chosen.get(fma);
  if (choice === undefined) {
    choice = timeTiles(fma);
    chosen.set(fma, choice);
  }
  return choice;
}

const steps = 256;

async function timeTiles(fma: boolean): Promise<MicroKernels> {
  const builder = new ModuleBuilder();
  candidates.forEach((shape, i) => {
    const micro = builder.add(buildMicro(`micro${i}`, shape, fma));
    builder.add(buildTimer(shape, micro), `time${i}`);
  });
  const shared = canShareMemory();
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 8, shared });
  const module = await compileOptimized(() => WebAssembly.compile(builder.encode({ initial: 8, maximum: 8, shared })));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  // Some tens of microseconds, or what the clock can tell.
  const longer = Math.max(1, clockStepMs() / 0.005);
  const rounds = candidates.map(({ mr, nv }) => Math.ceil((400 * longer) / (mr * nv)));
  const best = candidates.map(() => Number.POSITIVE_INFINITY);
  // In turns, so that a busy moment of the machine is no candidate's own misfortune.
  for (let attempt = 0; attempt < 8; attempt++) {
    candidates.forEach((_, i) => {
      const start = performance.now();
      (exports[`time${i}`] as (rounds: number) => void)(rounds[i] as number);
      best[i] = Math.min(best[i] as number, performance.now() - start);
    });
  }
  const speeds = candidates.map(({ mr, nv }, i) => (mr * nv * (rounds[i] as number)) / (best[i] as number));
  const fastest = (fits: (shape: TileShape) => boolean): TileShape => {
    let best = 0;
    candidates.forEach((shape, i) => {
      if (fits(shape) && (speeds[i] as number) > (fits(candidates[best] as TileShape) ? (speeds[best] as number) : 0))
        best = i;
    });
    return candidates[best] as TileShape;
  };
  return { gemm: fastest(() => true), attention: fastest(({ mr, nv }) => powerOfTwo(mr) && powerOfTwo(nv)) };
}

/** `time(rounds)`: the tile again and again, over 24 rows of A as a block of a product has them. */
function buildTimer({ mr, nv }: TileShape, micro: number): FunctionBuilder {
  const f = new FunctionBuilder("time", ["i32"]);
  const [round, a]: [Local, Local] = [f.local("i32"), f.local("i32")];
  f.for(round, 0, f.param(0), 1, () => {
    f.set(a, i32.add(65536, i32.mul(i32.and(round, 7), mr * steps * 4)));
    f.emit(
      [a, mr * 4, 4096, nv * 16, 32768, nv * 16, steps, 0].map((operand) =>
        operand instanceof Object ? [0x20, operand.index] : i32.const(operand),
      ),
    );
    f.emit([0x10, micro]);
  });
  return f;
}
