/** @file The text of modules: every statement and expression, in one module that Dawn's validation reads, and constants that WGSL cannot spell. */
import { describe, expect, it } from "vitest";
import {
  add,
  binary,
  bool,
  builtin,
  call,
  cast,
  compose,
  constant,
  f,
  f32,
  KernelBuilder,
  lane,
  lt,
  mul,
  select,
  splat,
  u,
  u32,
  vec,
} from "../gpu/build.ts";
import { printWgsl } from "./wgsl.ts";

const linesOf = (build: (k: KernelBuilder) => void): string => {
  const k = new KernelBuilder(64);
  build(k);
  return printWgsl(k.finish().module);
};

describe("WGSL of a module", () => {
  it("declares bindings, shared arrays and the entry point", () => {
    const text = linesOf((k) => {
      const out = k.bind({ kind: "scratch", index: 0 }, vec("f32", 4), { isWritten: true, length: 8 });
      const tile = k.shared(f32, 16);
      k.set(tile, builtin("localIndex"), f(1));
      k.barrier();
      k.store(out, u(3), splat(k.get(tile, 2), 4));
    });
    expect(text).toBe(`@group(0) @binding(0) var<storage, read_write> b0: array<vec4<f32>, 8>;
var<workgroup> x0: array<f32, 16>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  x0[local] = 1f;
  workgroupBarrier();
  b0[3u] = vec4<f32>(x0[2u]);
}
`);
  });

  it("writes loops and branches, and folds index arithmetic", () => {
    const text = linesOf((k) => {
      const data = k.bind({ kind: "scratch", index: 0 }, f32, { isWritten: true });
      const total = k.var(f(0));
      k.for(u(0), u(8), u(2), (i) => k.assign(total, add(total.value, k.load(data, add(mul(i, u(1)), u(0))))));
      k.if(
        lt(total.value, f(3)),
        () => k.store(data, u(0), total.value),
        () => k.store(data, u(1), select(constant(1, "bool"), f(2), f(5))),
      );
    });
    expect(text).toContain("for (var x1: u32 = 0u; x1 < 8u; x1 += 2u) {\n    x0 = (x0 + b0[x1]);\n  }");
    expect(text).toContain("if ((x0 < 3f)) {\n    b0[0u] = x0;\n  } else {\n    b0[1u] = 2f;\n  }");
  });

  it("hides what constant evaluation would refuse", () => {
    const text = linesOf((k) => {
      const out = k.bind({ kind: "scratch", index: 0 }, f32, { isWritten: true });
      k.store(out, u(0), f(Number.NEGATIVE_INFINITY));
      k.store(out, u(1), f(Number.NaN));
      k.store(out, u(2), call("exp", f(1000)));
      k.store(out, u(3), cast(constant(-(2 ** 31), "i32"), "f32"));
      k.store(out, u(4), f(-0));
    });
    expect(text).toContain("b0[0u] = (-bitcast<f32>(infinity));");
    expect(text).toContain("b0[1u] = bitcast<f32>(nan);");
    expect(text).toContain("b0[2u] = exp(at_run_time(1000f));");
    expect(text).toContain("var<private> infinity: u32 = 0x7f800000u;");
    expect(text).toContain("(-0f)");
  });

  it("enables only what is used", () => {
    const text = linesOf((k) => {
      const out = k.bind({ kind: "scratch", index: 0 }, f32, { isWritten: true });
      const half = k.let(cast(f(1.5), "f16"));
      k.store(out, builtin("localIndex"), k.subgroup("add", cast(half, "f32")));
    });
    expect(text.startsWith("enable f16;\nenable subgroups;\n")).toBe(true);
    expect(text).not.toContain("subgroup_matrix");
    expect(text).toContain("@builtin(subgroup_size) width: u32");
  });

  it("loads, multiplies and stores matrices", () => {
    const text = linesOf((k) => {
      const a = k.bind({ kind: "scratch", index: 0 }, vec("f16", 1), { isWritten: true });
      const left = k.matrix({ role: "left", component: "f16", rows: 16, cols: 8 });
      const right = k.matrix({ role: "right", component: "f16", rows: 8, cols: 4 });
      const sums = k.matrix({ role: "result", component: "f32", rows: 16, cols: 4 });
      const memory = { array: { binding: a.binding }, offset: u(0), stride: 8, columnMajor: false };
      k.matrixLoad(left, memory);
      k.matrixLoad(right, { ...memory, columnMajor: true });
      k.matrixMultiplyAdd(sums, left, right);
    });
    expect(text).toContain("x0 = subgroupMatrixLoad<subgroup_matrix_left<f16, 8, 16>, row_major>(&b0, 0u, 8u);");
    expect(text).toContain("x1 = subgroupMatrixLoad<subgroup_matrix_right<f16, 4, 8>, col_major>(&b0, 0u, 8u);");
    expect(text).toContain("x2 = subgroupMatrixMultiplyAccumulate(x0, x1, x2);");
  });

  it("is the same for equal modules", () => {
    const build = (k: KernelBuilder): void => {
      const out = k.bind({ kind: "scratch", index: 0 }, u32, { isWritten: true });
      const pair = k.let(compose([u(1), u(2)]));
      k.store(out, u(0), lane(pair, 1));
      k.store(out, u(1), select(binary("xor", constant(1, "bool"), constant(0, "bool")), u(1), u(0)));
    };
    expect(linesOf(build)).toBe(linesOf(build));
    expect(linesOf(build)).toContain("(true != false)");
    expect(bool.scalar).toBe("bool");
  });
});
