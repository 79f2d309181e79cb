/**
 * @file Sine and cosine at any argument. Shading languages promise little beyond ±π; rotary embeddings of long contexts reach 10^5, and
 * the reference device has no bound.
 */
import {
  add,
  binary,
  bitcast,
  call,
  cast,
  eq,
  f,
  fma,
  gt,
  type KernelBuilder,
  lane,
  max,
  mul,
  ne,
  select,
  splat,
  sub,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import {
  and,
  bitsOf,
  fill,
  floatOf,
  infinityBits,
  isZero,
  magnitudeBits,
  shiftLeft,
  shiftRight,
  signBit,
} from "./bits.ts";
import { polynomial } from "./exponential.ts";

/** Up to here π/2 in three parts has bits enough. */
const nearBits = 0x45000000; // 2048

/** Within 1.5 ulp, or 2^-24·|x| where that is larger, up to 2048; 2 ulp beyond. */
export function sin(b: KernelBuilder, x: Expr): Expr {
  const value = sinCos(b, x, 0);
  return b.let(select(isZero(x), x, value)); // sin(−0) = −0
}

export const cos = (b: KernelBuilder, x: Expr): Expr => sinCos(b, x, 1);

/** sin(x + turns·π/2) */
function sinCos(b: KernelBuilder, x: Expr, turns: 0 | 1): Expr {
  const magnitude = b.let(magnitudeBits(x));
  const n = b.let(call("round", mul(x, fill(2 / Math.PI, x))));
  // n·part is exact for the first two parts, so that no bits cancel.
  let near = fma(n, fill(-1.5703125, x), x);
  for (const part of [4.837512969970703e-4, 7.549789954891882e-8]) near = fma(n, fill(-part, x), near);
  const reduced = b.var(near);
  const quadrant = b.var(cast(n, "i32"));
  b.if(gt(largest(magnitude), f32Bits(nearBits)), () => {
    const far = reduceFar(b, x);
    const isFar = b.let(gt(magnitude, fill(nearBits, magnitude)));
    b.assign(reduced, select(isFar, far.reduced, reduced.value));
    b.assign(quadrant, select(isFar, far.quadrant, quadrant.value));
  });
  const r = b.let(reduced.value);
  const q = b.let(turns === 0 ? quadrant.value : add(quadrant.value, fill(turns, quadrant.value)));
  const z = b.let(mul(r, r));
  const sine = fma(mul(polynomial(z, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]), z), r, r);
  const p = polynomial(z, [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]);
  const cosine = add(fma(mul(p, z), z, mul(z, fill(-0.5, x))), fill(1, x));
  const isOdd = ne(and(q, 1), fill(0, q));
  const chosen = b.let(select(isOdd, cosine, sine));
  const sign = bitcast(shiftLeft(and(q, 2), 30), "u32");
  const turned = floatOf(binary("xor", bitsOf(chosen), sign));
  const isUndefined = binary("ge", magnitude, fill(infinityBits, magnitude));
  return b.let(select(isUndefined, splat(f(Number.NaN), x.type.width), turned));
}

const f32Bits = (bits: number): Expr => ({ kind: "const", type: { scalar: "u32", width: 1 }, value: bits });

function largest(a: Expr): Expr {
  if (a.type.width === 1) return a;
  return [1, 2, 3].reduce((most, i) => max(most, lane(a, i)), lane(a, 0));
}

/** The bits of 2/π, two places to the right. */
const twoOverPi = [0x28be60db, 0x9391054a, 0x7f09d5f4, 0x7d4d3770, 0x36d8a566, 0x4f10e410, 0];

/**
 * x − q·π/2 for large x, from the 96 bits of 2/π that matter to it.
 * @source Payne and Hanek 1983; in the form of Norbert Juffa's trig_red_slowpath_f
 */
function reduceFar(b: KernelBuilder, x: Expr): { reduced: Expr; quadrant: Expr } {
  const bits = b.let(bitsOf(x));
  const zero = fill(0, bits);
  const mantissa = b.let(binary("or", shiftLeft(and(bits, 0x7fffff), 8), fill(signBit, bits)));
  const exponent = b.let(sub(and(shiftRight(bits, 23), 0xff), fill(126, bits)));
  const word = b.let(shiftRight(exponent, 5));
  const shift = b.let(and(exponent, 31));
  const isShifted = b.let(ne(shift, zero));
  const back = b.let(and(sub(fill(32, bits), shift), 31));
  const pick = (ahead: number): Expr =>
    b.let(
      [0, 1, 2, 3, 4].reduce<Expr>(
        (chosen, i) => select(eq(word, fill(i, bits)), fill(twoOverPi[i + ahead] ?? 0, bits), chosen),
        zero,
      ),
    );
  const words = [-1, 0, 1, 2].map(pick) as [Expr, Expr, Expr, Expr];
  const slid = (i: 0 | 1 | 2): Expr =>
    b.let(
      binary("or", binary("shl", words[i], shift), select(isShifted, binary("shr", words[i + 1] as Expr, back), zero)),
    );
  const [high, middle, low] = [slid(0), slid(1), slid(2)];
  // The 64 bits at the binary point of mantissa · (high, middle, low); two of them are before it.
  const carry = highProduct(b, mantissa, low);
  const lower = b.let(add(mul(mantissa, middle), carry));
  const overflow = select(binary("lt", lower, carry), fill(1, bits), zero);
  const upper = b.let(add(add(mul(mantissa, high), highProduct(b, mantissa, middle)), overflow));
  // Rounded to the nearest quarter turn: what is left lies in ±½ and is signed.
  const isUp = b.let(ne(and(upper, 0x20000000), zero));
  const quarter = b.let(add(shiftRight(upper, 30), select(isUp, fill(1, bits), zero)));
  const fraction = binary("or", and(upper, 0x3fffffff), select(isUp, fill(0xc0000000, bits), zero));
  const turns = fma(
    cast(lower, "f32"),
    fill(2 ** -62, x),
    mul(cast(bitcast(fraction, "i32"), "f32"), fill(2 ** -30, x)),
  );
  const reduced = b.let(mul(turns, fill(Math.PI / 2, x)));
  const isNegative = b.let(ne(and(bits, signBit), zero));
  const q = b.let(bitcast(quarter, "i32"));
  return {
    reduced: select(isNegative, { kind: "unary", op: "neg", a: reduced, type: reduced.type }, reduced),
    quadrant: select(isNegative, sub(fill(0, q), q), q),
  };
}

/** The upper 32 bits of a product of two u32. */
function highProduct(b: KernelBuilder, x: Expr, y: Expr): Expr {
  const [xl, xh, yl, yh] = [and(x, 0xffff), shiftRight(x, 16), and(y, 0xffff), shiftRight(y, 16)].map((part) =>
    b.let(part),
  ) as [Expr, Expr, Expr, Expr];
  const lowest = shiftRight(mul(xl, yl), 16);
  const first = b.let(add(mul(xh, yl), lowest));
  const second = b.let(add(mul(xl, yh), and(first, 0xffff)));
  return b.let(add(add(mul(xh, yh), shiftRight(first, 16)), shiftRight(second, 16)));
}
