/**
 * @file Packing: a matrix with any strides becomes panels of neighbours, k-major, as the micro kernel reads them. Transposes cost
 * nothing beyond this copy. Rows or columns past the edge repeat the last one; their products are never stored.
 */
import type { DType } from "../../../program/dtype.ts";
import { type Code, call, i8x16, i32, i32x4, type Local, type Operand, select, v128 } from "../asm/code.ts";
import { FunctionBuilder } from "../asm/function.ts";
import type { ModuleBuilder } from "../asm/module.ts";
import { type Element, elements } from "./element.ts";

export type FloatType = Extract<DType, "f32" | "f16" | "bf16">;

export interface PanelLayout {
  /** The source's element type; panels are f32. */
  readonly dtype: FloatType;
  /** Neighbours per step of k: rows of an A panel, columns of a B panel. */
  readonly width: number;
  /** Bytes between two of them in the source. */
  readonly stride: number;
  /** Bytes between two steps of k in the source. */
  readonly step: number;
}

/**
 * A function `pack(source, count, k, target)`: one panel, `target[k][width]`. `source` is its first element; `count` ≤ width are there.
 * May write up to 12 bytes past the panel, and read as far past a row.
 */
export function packFunction(module: ModuleBuilder, { dtype, width, stride, step }: PanelLayout): number {
  return module.once(`pack-${dtype}-${width}-${stride}-${step}`, () => {
    const element = elements[dtype];
    const f = new FunctionBuilder("pack", ["i32", "i32", "i32", "i32"]);
    const [source, count, k, target] = [f.param(0), f.param(1), f.param(2), f.param(3)];
    const lanes = Array.from({ length: width }, (_, i) => i);
    const scalar = (): void => {
      const rows = lanes.map((i) =>
        f.let("i32", i === 0 ? source : i32.add(source, i32.mul(lastOf(f, i, count), stride))),
      );
      f.if(k, () => transposeRows(f, element, rows, k, target, step));
    };
    if (stride === element.bytes) {
      // Neighbours in the source too: whole vectors per step.
      f.if(
        i32.eq(count, width),
        () => {
          f.doWhile(
            () => {
              for (let i = 0; i < width; i += 4)
                f.emit(v128.store(target, loadFour(f, element, source, i * element.bytes), i * 4));
              f.bump(source, step);
              f.bump(target, width * 4);
              f.bump(k, -1);
            },
            () => k,
          );
        },
        scalar,
      );
    } else scalar();
    return f;
  });
}

/** min(i, count − 1) */
function lastOf(f: FunctionBuilder, i: number, count: Local): Code {
  const last = f.let("i32", i32.sub(count, 1));
  return select(i, last, i32.lt_s(i, last));
}

/** Copies `k` steps of rows that lie apart: in blocks of 4 × 4 where the steps are neighbours, else one element at a time. */
function transposeRows(
  f: FunctionBuilder,
  element: Element,
  rows: readonly Local[],
  k: Local,
  target: Local,
  step: number,
): void {
  const width = rows.length;
  if (step === element.bytes) {
    f.while(
      () => i32.ge_s(k, 4),
      () => {
        if (width === 3) interleaveThree(f, element, rows, target);
        else
          for (let i = 0; i < width; i += 4) {
            const group = rows.slice(i, i + 4);
            const columns = group.map((row) => f.let("v128", loadFour(f, element, row)));
            if (group.length === 4) {
              transpose4(f, columns).forEach((vector, u) => {
                f.emit(v128.store(target, vector, (u * width + i) * 4));
              });
            } else {
              for (let u = 0; u < 4; u++)
                columns.forEach((column, g) => {
                  f.emit(v128.store32_lane(target, column, u, (u * width + i + g) * 4));
                });
            }
          }
        for (const row of rows) f.bump(row, 4 * element.bytes);
        f.bump(target, 4 * width * 4);
        f.bump(k, -4);
      },
    );
  }
  f.while(
    () => k,
    () => {
      rows.forEach((row, i) => {
        if (element.decode === undefined) f.emit(i32.store(target, i32.load(row), i * 4));
        else f.emit(v128.store32_lane(target, decoded(f, element, i32x4.splat(element.loadOne(row, 0))), 0, i * 4));
        f.bump(row, step);
      });
      f.bump(target, width * 4);
      f.bump(k, -1);
    },
  );
}

/** Four neighbours as f32. */
const loadFour = (f: FunctionBuilder, element: Element, address: Operand, offset = 0): Code =>
  element.decode === undefined ? v128.load(address, offset) : decoded(f, element, element.loadFour(address, offset));

const decoded = (f: FunctionBuilder, { decode }: Element, raw: Code): Code =>
  decode === undefined ? raw : decode(f, f.let("v128", raw));

const shuffle = (words: readonly number[], a: Operand, b: Operand): Code =>
  i8x16.shuffle(
    words.flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte)),
    a,
    b,
  );

/** Rows to columns: four vectors, in eight shuffles. */
export function transpose4(f: FunctionBuilder, [a, b, c, d]: readonly Local[]): readonly Local[] {
  const [r0, r1, r2, r3] = [a, b, c, d] as [Local, Local, Local, Local];
  const t0 = f.let("v128", shuffle([0, 4, 1, 5], r0, r1));
  const t1 = f.let("v128", shuffle([2, 6, 3, 7], r0, r1));
  const t2 = f.let("v128", shuffle([0, 4, 1, 5], r2, r3));
  const t3 = f.let("v128", shuffle([2, 6, 3, 7], r2, r3));
  return [
    shuffle([0, 1, 4, 5], t0, t2),
    shuffle([2, 3, 6, 7], t0, t2),
    shuffle([0, 1, 4, 5], t1, t3),
    shuffle([2, 3, 6, 7], t1, t3),
  ].map((code) => f.let("v128", code));
}

/** Four steps of three rows: abc abc abc abc. */
function interleaveThree(f: FunctionBuilder, element: Element, rows: readonly Local[], target: Local): void {
  const [a, b, c] = rows.map((row) => f.let("v128", loadFour(f, element, row))) as [Local, Local, Local];
  const ab = f.let("v128", shuffle([0, 4, 1, 5], a, b)); // a0 b0 a1 b1
  const abHigh = f.let("v128", shuffle([2, 6, 3, 7], a, b)); // a2 b2 a3 b3
  f.emit(v128.store(target, shuffle([0, 1, 4, 2], ab, c), 0)); // a0 b0 c0 a1
  const bc = f.let("v128", shuffle([3, 5, 3, 5], ab, c)); // b1 c1
  f.emit(v128.store(target, shuffle([0, 1, 4, 5], bc, abHigh), 16)); // b1 c1 a2 b2
  const tail = f.let("v128", shuffle([2, 3, 6, 7], abHigh, c)); // a3 b3 c2 c3
  f.emit(v128.store(target, shuffle([2, 0, 1, 3], tail, tail), 32)); // c2 a3 b3 c3
}

/** Packs one panel now. */
export function packPanel(
  f: FunctionBuilder,
  module: ModuleBuilder,
  layout: PanelLayout,
  source: Operand,
  count: Operand,
  k: Operand,
  target: Operand,
): void {
  f.emit(call(packFunction(module, layout), source, count, k, target));
}
