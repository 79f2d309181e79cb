/** @file The `random` instruction on u32: the definition is `program/random.ts`. */
import { add, binary, bitcast, cast, f, type KernelBuilder, mul, splat } from "../build.ts";
import type { Expr } from "../ir.ts";
import { fill, shiftRight } from "./bits.ts";

function mix(b: KernelBuilder, value: Expr): Expr {
  let x = b.let(value);
  const fold = (by: number): Expr => b.let(binary("xor", x, shiftRight(x, by)));
  x = fold(16);
  x = b.let(mul(x, fill(0x7feb352d, x)));
  x = fold(15);
  x = b.let(mul(x, fill(0x846ca68b, x)));
  return fold(16);
}

/** A uniform f32 in [0, 1) of three i32. */
export function randomUniform(b: KernelBuilder, seed: Expr, counter: Expr, index: Expr): Expr {
  const [s, c, i] = [seed, counter, index].map((x) => b.let(bitcast(x, "u32"))) as [Expr, Expr, Expr];
  const key = mix(b, binary("xor", s, mix(b, add(c, fill(0x9e3779b9, c)))));
  const second = mix(b, add(key, fill(0x85ebca6b, key)));
  const bits = mix(b, binary("xor", mix(b, add(i, key)), second));
  return b.let(mul(cast(shiftRight(bits, 8), "f32"), splat(f(2 ** -24), bits.type.width)));
}
