/** @file The S-shaped functions. Those of shading languages overflow for large arguments on some drivers, or do not exist. Errors are in ulp of f32. */
import { add, call, div, fma, type KernelBuilder, le, lt, max, mul, neg, select, sub } from "../build.ts";
import type { Expr } from "../ir.ts";
import { fill, isZero, keepNan, withSign } from "./bits.ts";
import { exp, polynomial } from "./exponential.ts";

/** tanh x, 1.5 ulp. Coefficients: Moshier (Cephes). */
export function tanh(b: KernelBuilder, x: Expr): Expr {
  const magnitude = b.let(call("abs", x));
  const z = b.let(mul(x, x));
  const p = polynomial(
    z,
    [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1],
  );
  const near = b.let(fma(mul(p, z), x, x));
  const e = exp(b, b.let(add(magnitude, magnitude)));
  const far = sub(fill(1, x), div(fill(2, x), add(e, fill(1, x))));
  const value = b.let(select(lt(magnitude, fill(0.625, x)), near, withSign(far, x)));
  return b.let(select(isZero(x), x, keepNan(x, value)));
}

/** 1 / (1 + e^−x), 2.5 ulp. */
export const sigmoid = (b: KernelBuilder, x: Expr): Expr =>
  b.let(div(fill(1, x), add(exp(b, b.let(neg(x))), fill(1, x))));

/**
 * erf x, 1.5 ulp.
 * @source Norbert Juffa 2015, "Implementation of erff", whose two minimax polynomials these are
 */
export function erf(b: KernelBuilder, x: Expr): Expr {
  const t = b.let(call("abs", x));
  const s = b.let(mul(x, x));
  const r0 = fma(fill(-1.7285347e-5, x), t, fill(3.83197126e-4, x));
  const u = fma(fill(-3.88396438e-3, x), t, fill(2.42546219e-2, x));
  let r = fma(r0, s, u);
  for (const c of [-1.06777877e-1, -6.34846687e-1, -1.28717512e-1]) r = fma(r, t, fill(c, x));
  const exponent = b.let(max(fma(r, t, neg(t)), fill(-87, x)));
  const tail = sub(fill(1, x), exp(b, exponent));
  const far = withSign(select(lt(t, fill(4, x)), tail, fill(1, x)), x);
  const p = polynomial(
    s,
    [-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1],
  );
  const near = fma(p, x, x);
  return b.let(keepNan(x, select(le(t, fill(0.927734375, x)), near, far)));
}
