/** @file The interpreter judges rightly: what is right runs, what is wrong throws. */
import { describe, expect, it } from "vitest";
import {
  add,
  binary,
  builtin,
  cast,
  constant,
  f,
  f32,
  KernelBuilder,
  lt,
  mul,
  u,
  vec,
} from "../../runtime/device/gpu/build.ts";
import type { Module } from "../../runtime/device/gpu/ir.ts";
import { interpret } from "./gpu-interpreter.ts";

const local = builtin("localIndex");

function moduleOf(build: (k: KernelBuilder, data: ReturnType<KernelBuilder["bind"]>) => void, size = 8): Module {
  const k = new KernelBuilder(size);
  build(k, k.bind({ kind: "scratch", index: 0 }, f32, { isWritten: true }));
  return k.finish().module;
}

describe("the interpreter of the GPU kernel IR", () => {
  it("sums through a shared array", () => {
    const data = Float32Array.from({ length: 8 }, (_, i) => i + 1);
    const module = moduleOf((k, array) => {
      const tile = k.shared(f32, 8);
      k.set(tile, local, k.load(array, local));
      for (let half = 4; half >= 1; half /= 2) {
        k.barrier();
        k.if(lt(local, u(half)), () => k.set(tile, local, add(k.get(tile, local), k.get(tile, add(local, u(half))))));
      }
      k.if(lt(local, u(1)), () => k.store(array, u(0), k.get(tile, 0)));
    });
    interpret(module, [data], [1, 1, 1]);
    expect(data[0]).toBe(36);
  });

  it("finds the barrier that is missing", () => {
    const module = moduleOf((k, array) => {
      const tile = k.shared(f32, 8);
      k.set(tile, local, f(1));
      k.store(array, local, k.get(tile, binary("xor", local, u(1))));
    });
    expect(() => interpret(module, [new Float32Array(8)], [1, 1, 1])).toThrow(/race at shared array 0/);
  });

  it("finds workgroups that meet in one element, and barriers that order shared memory only", () => {
    const meeting = moduleOf((k, array) =>
      k.if(lt(local, u(1)), () => k.store(array, u(0), cast(builtin("workgroupX"), "f32"))),
    );
    expect(() => interpret(meeting, [new Float32Array(8)], [2, 1, 1])).toThrow(
      /workgroup 2 writes what another touches/,
    );
    const exchange = (storage: boolean) =>
      moduleOf((k, array) => {
        k.store(array, local, f(1));
        k.barrier({ storage });
        k.store(array, local, k.load(array, local));
        const other = k.let(k.load(array, binary("xor", local, u(1))));
        void other;
      });
    expect(() => interpret(exchange(false), [new Float32Array(8)], [1, 1, 1])).toThrow(/race at binding 0/);
    const ordered = moduleOf((k, array) => {
      k.store(array, local, f(1));
      k.barrier({ storage: true });
      const other = k.let(k.load(array, binary("xor", local, u(1))));
      k.barrier({ storage: true });
      k.store(array, local, add(other, f(1)));
    });
    const data = new Float32Array(8);
    interpret(ordered, [data], [1, 1, 1]);
    expect([...data]).toEqual(Array(8).fill(2));
  });

  it("finds indices out of range and barriers under divergence", () => {
    expect(() =>
      interpret(
        moduleOf((k, a) => k.store(a, add(local, u(1)), f(0))),
        [new Float32Array(8)],
        [1, 1, 1],
      ),
    ).toThrow(RangeError);
    expect(() =>
      interpret(
        moduleOf((k) => k.if(lt(local, u(3)), () => k.barrier())),
        [new Float32Array(8)],
        [1, 1, 1],
      ),
    ).toThrow(/not every invocation/);
  });

  it("loops with a counter of each invocation's own, and rounds to 16 bits", () => {
    const data = new Float32Array(8);
    const module = moduleOf((k, array) => {
      const total = k.var(constant(0, "f16"));
      k.for(u(0), local, u(1), () => k.assign(total, add(total.value, constant(0.1, "f16"))));
      k.store(array, local, cast(total.value, "f32"));
    });
    interpret(module, [data], [1, 1, 1]);
    expect(data[0]).toBe(0);
    expect(data[2]).toBe(0.199951171875);
  });

  it("adds over subgroups, and multiplies matrices that a subgroup holds", () => {
    const data = Float32Array.from({ length: 8 }, (_, i) => i);
    interpret(
      moduleOf((k, array) => k.store(array, local, k.subgroup("add", k.load(array, local)))),
      [data],
      [1, 1, 1],
      { subgroupSize: 4 },
    );
    expect([...data]).toEqual([6, 6, 6, 6, 22, 22, 22, 22]);

    const k = new KernelBuilder(4);
    const [a, b, c] = [0, 1, 2].map((index) => k.bind({ kind: "scratch", index }, vec("f32", 1), { isWritten: true }));
    const place = (binding: number, columnMajor = false) => ({
      array: { binding },
      offset: mul(u(0), u(2)),
      stride: 2,
      columnMajor,
    });
    const [left, right, sums] = (["left", "right", "result"] as const).map((role) =>
      k.matrix({ role, component: "f32", rows: 2, cols: 2 }),
    );
    k.matrixLoad(left as number, place(a?.binding as number));
    k.matrixLoad(right as number, place(b?.binding as number, true));
    k.matrixMultiplyAdd(sums as number, left as number, right as number);
    k.matrixStore(sums as number, place(c?.binding as number));
    const out = new Float32Array(4);
    interpret(k.finish().module, [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8), out], [1, 1, 1], {
      subgroupSize: 4,
    });
    expect([...out]).toEqual([1 * 5 + 2 * 6, 1 * 7 + 2 * 8, 3 * 5 + 4 * 6, 3 * 7 + 4 * 8]);
  });
});
