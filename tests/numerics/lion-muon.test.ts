/** @file Lion and Muon against their formulas in double precision, written out on plain arrays: no reference implementation's numbers are at hand. */
import { type HostInput, Parameter, type Session, type Tensor } from "fgc/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as optim from "../../stdlib/optim/index.ts";
import { testDevices } from "./devices.ts";

type Matrix = number[][];

/** Smooth, of mixed sign, without a value that f32 cannot hold well. */
function matrixOf(rows: number, columns: number, phase: number): Matrix {
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => Math.fround(Math.sin(1.7 * i + 0.9 * j + phase))),
  );
}
const mapped = (a: Matrix, f: (value: number, i: number, j: number) => number): Matrix =>
  a.map((row, i) => row.map((value, j) => f(value, i, j)));
const plus = (a: Matrix, x: number, b: Matrix, y: number): Matrix =>
  mapped(a, (value, i, j) => x * value + y * b[i]![j]!);
const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));

function orthogonalized(matrix: Matrix): Matrix {
  const isTall = matrix.length > matrix[0]!.length;
  const norm = Math.hypot(...matrix.flat());
  let x = mapped(isTall ? transposed(matrix) : matrix, (value) => value / norm);
  for (let step = 0; step < 5; step++) {
    const gram = times(x, transposed(x));
    x = plus(x, 3.4445, times(plus(gram, -4.775, times(gram, gram), 2.0315), x), 1);
  }
  return isTall ? transposed(x) : x;
}

const steps = 4;

async function train(
  session: Session,
  start: Matrix,
  make: (named: optim.NamedParameter[]) => optim.AnyOptimizer,
): Promise<number[]> {
  const shape = [start.length, start[0]!.length];
  const weight = new Parameter(shape, Float32Array.from(start.flat()), { label: "weight" });
  const optimizer = make([["weight", weight]]);
  const step = session.compile((inputs: Record<string, Tensor>) => {
    optimizer.trace(new Map([[weight, inputs["gradient"]!]]), inputs);
    return { done: inputs["gradient"]!.sum() };
  });
  for (let t = 1; t <= steps; t++) {
    const gradient: HostInput = {
      data: Float32Array.from(matrixOf(shape[0]!, shape[1]!, t).flat()),
      shape,
      dtype: "f32",
    };
    await step({ gradient, ...optimizer.scalars() });
    optimizer.advance();
  }
  return [...(await session.read(weight)).data];
}

function expectClose(got: readonly number[], want: Matrix, tolerance: number): void {
  const errors = want.flat().map((value, i) => Math.abs(value - got[i]!));
  expect(Math.max(...errors)).toBeLessThan(tolerance);
}

describe.each(testDevices)("optimizers without vectors on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  it("Lion moves every weight by lr, along the sign of the average", async () => {
    let p = matrixOf(3, 5, 0.3);
    let m = mapped(p, () => 0);
    const got = await train(session, p, (named) => new optim.Lion(named, { lr: 0.01, weightDecay: 0.1 }));
    for (let t = 1; t <= steps; t++) {
      const g = matrixOf(3, 5, t);
      const c = plus(m, 0.9, g, 0.1);
      p = mapped(p, (value, i, j) => value * (1 - 0.01 * 0.1) - 0.01 * Math.sign(c[i]![j]!));
      m = plus(m, 0.99, g, 0.01);
    }
    expectClose(got, p, 1e-6);
  });

  it.each([
    { rows: 4, columns: 7, adjustLrFn: "original", nesterov: true, ratio: 1 },
    { rows: 8, columns: 2, adjustLrFn: "original", nesterov: true, ratio: 2 },
    { rows: 4, columns: 4, adjustLrFn: "match_rms_adamw", nesterov: false, ratio: 0.4 },
  ] as const)("Muon on $rows×$columns, $adjustLrFn, nesterov $nesterov", async (options) => {
    const { rows, columns, ratio, ...own } = options;
    let p = matrixOf(rows, columns, 0.3);
    let b = mapped(p, () => 0);
    const got = await train(session, p, (named) => new optim.Muon(named, { lr: 0.02, ...own }));
    for (let t = 1; t <= steps; t++) {
      const g = matrixOf(rows, columns, t);
      b = plus(b, 0.95, g, 0.05);
      const direction = options.nesterov ? plus(g, 0.05, b, 0.95) : b;
      p = plus(p, 1 - 0.02 * 0.1, orthogonalized(direction), -0.02 * ratio);
    }
    // The iteration stretches small singular values threefold at each of its steps, and their rounding with them.
    expectClose(got, p, 2e-5);
  });

  it("Muon refuses what is no matrix", () => {
    const bias = new Parameter([3], new Float32Array(3), { label: "bias" });
    expect(() => new optim.Muon([["bias", bias]])).toThrow(/matrices, and a parameter has the shape \[3\]/);
  });
});
