/** @file The arena: what lives at once never overlaps, whatever the widths, the alignment and the segments. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoopKernel } from "./kernel.ts";
import { planMemory, replanArena } from "./memory.ts";
import { type BufferDecl, type Program, programVersion } from "./program.ts";

/** Each buffer is written at `first` and read at `last`. */
function programOf(lives: readonly { first: number; last: number; size: number }[]): Program {
  const steps = Math.max(...lives.map(({ last }) => last)) + 1;
  const at = (buffer: number) => ({ buffer, offset: 0, strides: [1] });
  const kernels = Array.from({ length: steps }, (_, step): LoopKernel => {
    const ids = (wanted: "first" | "last") => lives.flatMap((life, id) => (life[wanted] === step ? [id] : []));
    const reads = ids("last");
    return {
      kind: "loop",
      label: `step ${step}`,
      domain: [1],
      inputs: reads.map(at),
      body: [
        { op: "const", value: 1, dtype: "f32" },
        ...reads.map((_, access) => ({ op: "load", access, dtype: "f32" }) as const),
      ],
      outputs: ids("first").map((id) => ({ access: at(id), value: 0 })),
    };
  });
  const buffers = lives.map(
    ({ size }, id): BufferDecl => ({
      id,
      kind: "temp",
      dtype: id % 3 === 0 ? "bool" : "f32",
      shape: [size],
      name: `t${id}`,
    }),
  );
  return { version: programVersion, name: "lives", buffers, kernels, arenaBytes: 0 };
}

const lives = fc.array(
  fc
    .record({ first: fc.nat(8), length: fc.integer({ min: 1, max: 5 }), size: fc.integer({ min: 1, max: 300 }) })
    .map(({ first, length, size }) => ({ first, last: first + length, size })),
  { minLength: 1, maxLength: 20 },
);

describe("the plan of the arena", () => {
  it("keeps apart what lives at once, aligned, and within one segment", () => {
    fc.assert(
      fc.property(lives, fc.constantFrom(64, 256), fc.constantFrom(2048, 4096), (all, alignment, segmentBytes) => {
        const bytesPer = { f32: 4, i32: 4, bool: 4, f16: 4, bf16: 4 };
        const { offsets, arenaBytes } = replanArena(programOf(all), { bytesPer, alignment, segmentBytes });
        for (const [id, { first, last, size }] of all.entries()) {
          const at = offsets.get(id) as number;
          expect(at % alignment).toBe(0);
          expect(at + size * 4).toBeLessThanOrEqual(arenaBytes);
          expect(Math.floor(at / segmentBytes)).toBe(Math.floor((at + size * 4 - 1) / segmentBytes));
          for (const [other, { first: from, last: to, size: otherSize }] of all.entries()) {
            const together = other !== id && from <= last && to >= first;
            const overlap =
              (offsets.get(other) as number) < at + size * 4 && at < (offsets.get(other) as number) + otherSize * 4;
            // A result may take the place of an operand that dies in the same step.
            const follows = from === last || to === first;
            if (together && !follows) expect(overlap).toBe(false);
          }
        }
      }),
    );
  });

  it("gives a result the place of the operand that dies with it", () => {
    const temps = [0, 1, 2].map((id) => ({ id, dtype: "f32" as const, bytes: 1000 }));
    const program = programOf([
      { first: 0, last: 1, size: 250 },
      { first: 1, last: 2, size: 250 },
      { first: 2, last: 3, size: 250 },
    ]);
    expect(planMemory(temps, program.kernels, [0, 1, 2, 3]).arenaBytes).toBe(1024);
  });
});
