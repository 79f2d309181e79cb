/**
 * @file Elementary functions on four floats at once. Errors are stated in units in the last place (ulp) of f32, as
 * `vector-math.test.ts` measures them. Coefficients are Moshier's (Cephes, single precision) unless noted.
 *
 * Cheap ones are expanded where they are used; costly ones become functions of the module, made when first needed.
 */
import { type Code, call, f32, f32x4, f64, i32x4, type Local, splatI32, v128 } from "../asm/code.ts";
import { FunctionBuilder } from "../asm/function.ts";
import type { ModuleBuilder } from "../asm/module.ts";

/** JavaScript's own functions, for the rare lanes that need more than f32 arithmetic: exact at every argument. */
export const mathImports = [
  { module: "math", name: "sin", params: ["f64"], results: ["f64"] },
  { module: "math", name: "cos", params: ["f64"], results: ["f64"] },
  { module: "math", name: "pow", params: ["f64", "f64"], results: ["f64"] },
] as const;

const magic = 12582912; // 1.5·2^23: adding it rounds a float to an integer, which then stands in the low bits
const magicBits = 0x4b400000;
const ln2High = 0.693359375; // few enough bits that n·ln2High is exact
const ln2Low = -2.1219444e-4;

export class VectorMath {
  private readonly module: ModuleBuilder;
  private readonly fma: boolean;

  constructor(module: ModuleBuilder, fma: boolean) {
    this.module = module;
    this.fma = fma;
  }

  /** a·b + c: fused where the host does it and the user allows it. */
  madd(a: Code | Local, b: Code | Local, c: Code | Local): Code {
    return this.fma ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /** Horner's rule; `coefficients` from the highest power down. */
  private polynomial(f: FunctionBuilder, x: Local, coefficients: readonly number[]): Code {
    const [first = 0, ...rest] = coefficients;
    let sum: Code | Local = f.f32x4(first);
    for (const coefficient of rest) sum = this.madd(sum, x, f.f32x4(coefficient));
    return sum as Code;
  }

  /** n = round(x / ln 2) as float and as integer, and r = x − n·ln 2. */
  private reduceByLn2(f: FunctionBuilder, x: Local): { n: Local; r: Local } {
    const shifted = f.let("v128", this.madd(x, f.f32x4(Math.LOG2E), f.f32x4(magic)));
    const nf = f.let("v128", f32x4.sub(shifted, f.f32x4(magic)));
    const n = f.let("v128", i32x4.sub(shifted, f.i32x4(magicBits)));
    const high = this.fma
      ? f32x4.relaxed_madd(nf, f.f32x4(-ln2High), x)
      : f32x4.sub(x, f32x4.mul(nf, f.f32x4(ln2High)));
    const r = f.let("v128", this.madd(nf, f.f32x4(-ln2Low), high));
    return { n, r };
  }

  private powerOfTwo(f: FunctionBuilder, n: Code | Local): Code {
    return i32x4.shl(i32x4.add(n, f.i32x4(127)), 23);
  }

  /** e^x, 1 ulp; 0 below −104, ∞ above 88.73, denormals right. */
  exp(f: FunctionBuilder, x: Local): Code {
    // pmin and pmax in this order let a NaN through; the bounds are past the last finite and the smallest positive result.
    const clamped = f.let("v128", f32x4.pmax(f32x4.pmin(x, f.f32x4(89)), f.f32x4(-104)));
    const { n, r } = this.reduceByLn2(f, clamped);
    const p = f.let(
      "v128",
      this.polynomial(
        f,
        r,
        [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
      ),
    );
    const value = f32x4.add(this.madd(p, f32x4.mul(r, r), r), f.f32x4(1));
    // 2^n in two factors: n runs from −150 to 128, further than an exponent does.
    const half = f.let("v128", i32x4.shr_s(n, 1));
    return f32x4.mul(f32x4.mul(value, this.powerOfTwo(f, half)), this.powerOfTwo(f, i32x4.sub(n, half)));
  }

  /** e^x for x ≤ 0 that is never NaN, as softmax needs it: 1 ulp, one scaling step, 0 below −87. */
  expNonPositive(f: FunctionBuilder, x: Local): Code {
    const clamped = f.let("v128", f32x4.pmax(x, f.f32x4(-87.5)));
    const { n, r } = this.reduceByLn2(f, clamped);
    const p = f.let(
      "v128",
      this.polynomial(
        f,
        r,
        [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
      ),
    );
    const value = f32x4.add(this.madd(p, f32x4.mul(r, r), r), f.f32x4(1));
    // n ≥ −126: the exponent is added in place.
    return v128.and(i32x4.add(value, i32x4.shl(n, 23)), f32x4.gt(x, f.f32x4(-87)));
  }

  /** e^x − 1, 1.5 ulp. */
  expm1(_f: FunctionBuilder, x: Local): Code {
    return this.outOfLine("expm1", x, (g, y) => {
      const clamped = g.let("v128", f32x4.pmax(f32x4.pmin(y, g.f32x4(89)), g.f32x4(-30)));
      const { n, r } = this.reduceByLn2(g, clamped);
      const p = g.let(
        "v128",
        this.polynomial(
          g,
          r,
          [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
        ),
      );
      const e = g.let("v128", this.madd(p, f32x4.mul(r, r), r)); // e^r − 1
      // 2^n·(e^r − 1) + (2^n − 1), at half scale so that 2^128 does not overflow early.
      const half = g.let("v128", this.powerOfTwo(g, i32x4.sub(n, g.i32x4(1))));
      const scaled = f32x4.add(f32x4.mul(e, half), f32x4.sub(half, g.f32x4(0.5)));
      const value = f32x4.add(scaled, g.let("v128", scaled));
      return v128.bitselect(y, value, f32x4.lt(f32x4.abs(y), g.f32x4(1e-10))); // keeps −0 and tiny values exactly
    });
  }

  /** ln x, 0.8 ulp; −∞ at 0, NaN below. */
  log(_f: FunctionBuilder, x: Local): Code {
    return this.outOfLine("log", x, (g, y) => this.logBody(g, y));
  }

  private logBody(g: FunctionBuilder, y: Local): Code {
    const tiny = g.let("v128", f32x4.lt(y, g.f32x4(2 ** -126)));
    const normal = g.let("v128", v128.bitselect(f32x4.mul(y, g.f32x4(2 ** 23)), y, tiny));
    const bits = g.let("v128", i32x4.sub(normal, g.i32x4(0x3f3504f3))); // from sqrt(1/2) on, so that m lies in [0.707, 1.414)
    const exponent = i32x4.sub(i32x4.shr_s(bits, 23), v128.and(tiny, g.i32x4(23)));
    const e = g.let("v128", f32x4.convert_i32x4_s(exponent));
    const mantissa = i32x4.add(v128.and(bits, g.i32x4(0x7fffff)), g.i32x4(0x3f3504f3));
    const m = g.let("v128", f32x4.sub(mantissa, g.f32x4(1)));
    const z = g.let("v128", f32x4.mul(m, m));
    const p = this.polynomial(
      g,
      m,
      [
        7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
        2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
      ],
    );
    const low = this.madd(e, g.f32x4(ln2Low), f32x4.mul(f32x4.mul(p, m), z));
    const sum = f32x4.add(m, this.madd(z, g.f32x4(-0.5), low));
    const value = this.madd(e, g.f32x4(ln2High), sum);
    const finite = v128.bitselect(y, value, f32x4.eq(y, g.f32x4(Number.POSITIVE_INFINITY)));
    const positive = v128.bitselect(g.f32x4(Number.NEGATIVE_INFINITY), finite, f32x4.eq(y, g.f32x4(0)));
    return v128.bitselect(positive, g.f32x4(Number.NaN), f32x4.ge(y, g.f32x4(0)));
  }

  /** ln(1 + x), 1.5 ulp: ln u with what rounding 1 + x to u has lost put back. */
  log1p(_f: FunctionBuilder, x: Local): Code {
    return this.outOfLine("log1p", x, (g, y) => {
      const u = g.let("v128", f32x4.add(y, g.f32x4(1)));
      const lost = g.let("v128", f32x4.div(f32x4.sub(y, f32x4.sub(u, g.f32x4(1))), u));
      const main = g.let("v128", this.logBody(g, u));
      const sum = g.let("v128", f32x4.add(main, lost));
      // u = 0 and u = ∞ make the correction NaN; a tiny x is its own logarithm.
      const safe = v128.bitselect(sum, main, f32x4.eq(lost, lost));
      return v128.bitselect(y, safe, f32x4.lt(f32x4.abs(y), g.f32x4(1e-10)));
    });
  }

  /** tanh x, 1.25 ulp. */
  tanh(_f: FunctionBuilder, x: Local): Code {
    return this.outOfLine("tanh", x, (g, y) => {
      const magnitude = g.let("v128", f32x4.abs(y));
      const z = g.let("v128", f32x4.mul(y, y));
      const p = this.polynomial(
        g,
        z,
        [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1],
      );
      const near = g.let("v128", this.madd(f32x4.mul(p, z), y, y));
      const small = v128.bitselect(y, near, f32x4.eq(y, g.f32x4(0))); // keeps −0
      const doubled = g.let("v128", f32x4.add(magnitude, magnitude));
      const e = g.let("v128", this.exp(g, doubled));
      const large = f32x4.sub(g.f32x4(1), f32x4.div(g.f32x4(2), f32x4.add(e, g.f32x4(1))));
      const signed = v128.or(large, v128.and(y, g.i32x4(-0x80000000)));
      // Not less than 0.625 is also where a NaN goes: e is NaN then.
      return v128.bitselect(small, signed, f32x4.lt(magnitude, g.f32x4(0.625)));
    });
  }

  /** 1 / (1 + e^−x), 2.5 ulp; 0 below −88.7, where the exact value is denormal. */
  sigmoid(f: FunctionBuilder, x: Local): Code {
    const negated = f.let("v128", f32x4.neg(x));
    return f32x4.div(f.f32x4(1), f32x4.add(this.exp(f, negated), f.f32x4(1)));
  }

  /**
   * erf x, 1.1 ulp.
   * @source Norbert Juffa 2015, "Implementation of erff", whose two minimax polynomials these are
   */
  erf(_f: FunctionBuilder, x: Local): Code {
    return this.outOfLine("erf", x, (g, y) => {
      const t = g.let("v128", f32x4.abs(y));
      const s = g.let("v128", f32x4.mul(y, y));
      const r0 = this.madd(g.f32x4(-1.7285347e-5), t, g.f32x4(3.83197126e-4));
      const u = this.madd(g.f32x4(-3.88396438e-3), t, g.f32x4(2.42546219e-2));
      let r: Code = this.madd(r0, s, u);
      for (const c of [-1.06777877e-1, -6.34846687e-1, -1.28717512e-1]) r = this.madd(r, t, g.f32x4(c));
      const exponent = g.let("v128", f32x4.pmax(f32x4.sub(f32x4.mul(r, t), t), g.f32x4(-87)));
      const tail = g.let("v128", f32x4.sub(g.f32x4(1), this.exp(g, exponent)));
      const saturated = v128.bitselect(tail, g.f32x4(1), f32x4.lt(t, g.f32x4(4)));
      const large = v128.or(saturated, v128.and(y, g.i32x4(-0x80000000)));
      const p = this.polynomial(
        g,
        s,
        [-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1],
      );
      const small = this.madd(p, y, y);
      const value = v128.bitselect(small, large, f32x4.le(t, g.f32x4(0.927734375)));
      return v128.bitselect(value, y, f32x4.eq(y, y));
    });
  }

  sin(_f: FunctionBuilder, x: Local): Code {
    return this.outOfLine("sin", x, (g, y) => this.sinCos(g, y, "sin"));
  }

  cos(_f: FunctionBuilder, x: Local): Code {
    return this.outOfLine("cos", x, (g, y) => this.sinCos(g, y, "cos"));
  }

  /** 1.1 ulp, or 2^-24·|x| where that is larger. Past 2048 the three-part π/2 runs out of bits: JavaScript's functions reduce exactly. */
  private sinCos(g: FunctionBuilder, y: Local, name: "sin" | "cos"): Code {
    const result = g.local("v128");
    const within = f32x4.le(f32x4.abs(y), g.f32x4(2048));
    g.if(
      i32x4.all_true(within),
      () => {
        const shifted = g.let("v128", this.madd(y, g.f32x4(2 / Math.PI), g.f32x4(magic)));
        const n = g.let("v128", f32x4.sub(shifted, g.f32x4(magic)));
        const q = g.let("v128", i32x4.sub(shifted, g.i32x4(name === "sin" ? magicBits : magicBits - 1)));
        // n·part is exact for the first two parts, so that no bits cancel.
        let r: Code = f32x4.sub(y, f32x4.mul(n, g.f32x4(1.5703125)));
        for (const part of [4.837512969970703e-4, 7.549789954891882e-8]) r = f32x4.sub(r, f32x4.mul(n, g.f32x4(part)));
        const reduced = g.let("v128", r);
        const z = g.let("v128", f32x4.mul(reduced, reduced));
        const sine = g.let(
          "v128",
          this.madd(
            f32x4.mul(this.polynomial(g, z, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]), z),
            reduced,
            reduced,
          ),
        );
        const cosine = g.let(
          "v128",
          f32x4.add(
            this.madd(
              f32x4.mul(this.polynomial(g, z, [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]), z),
              z,
              f32x4.mul(z, g.f32x4(-0.5)),
            ),
            g.f32x4(1),
          ),
        );
        const odd = i32x4.ne(v128.and(q, g.i32x4(1)), g.i32x4(0));
        const chosen = v128.bitselect(cosine, sine, odd);
        const sign = i32x4.shl(v128.and(q, g.i32x4(2)), 30);
        const turned = v128.xor(chosen, sign);
        // sin(−0) = −0
        g.set(result, name === "sin" ? v128.bitselect(y, turned, f32x4.eq(y, g.f32x4(0))) : turned);
      },
      () => {
        g.set(result, y);
        for (let lane = 0; lane < 4; lane++) {
          const value = call(this.module.importIndex(name), f64.promote_f32(f32x4.extract_lane(y, lane)));
          g.set(result, f32x4.replace_lane(result, lane, f32.demote_f64(value)));
        }
      },
    );
    return [v128.or(result, result)];
  }

  /** a^b lane by lane in f64, correctly rounded nearly always. 1^b and (−1)^±∞ are 1, as in C. */
  pow(_f: FunctionBuilder, a: Local, b: Local): Code {
    const index = this.module.once("pow", () => {
      const g = new FunctionBuilder("pow", ["v128", "v128"], ["v128"]);
      const [x, y] = [g.param(0), g.param(1)];
      const result = g.let("v128", x);
      for (let lane = 0; lane < 4; lane++) {
        const value = call(
          this.module.importIndex("pow"),
          f64.promote_f32(f32x4.extract_lane(x, lane)),
          f64.promote_f32(f32x4.extract_lane(y, lane)),
        );
        g.set(result, f32x4.replace_lane(result, lane, f32.demote_f64(value)));
      }
      const infinite = f32x4.eq(f32x4.abs(y), g.f32x4(Number.POSITIVE_INFINITY));
      const one = v128.or(f32x4.eq(x, g.f32x4(1)), v128.and(f32x4.eq(x, g.f32x4(-1)), infinite));
      g.emit(v128.bitselect(g.f32x4(1), result, one));
      return g;
    });
    return call(index, a, b);
  }

  /** The definition is `program/random.ts`: the same mixing of 32 bits, four at a time. */
  random(f: FunctionBuilder, seed: Local, counter: Local, index: Local): Code {
    const mix = this.module.once("mix32", () => {
      const g = new FunctionBuilder("mix32", ["v128"], ["v128"]);
      const x = g.param(0);
      g.set(x, v128.xor(x, i32x4.shr_u(x, 16)));
      g.set(x, i32x4.mul(x, g.i32x4(0x7feb352d)));
      g.set(x, v128.xor(x, i32x4.shr_u(x, 15)));
      g.set(x, i32x4.mul(x, g.i32x4(0x846ca68b | 0)));
      g.emit(v128.xor(x, i32x4.shr_u(x, 16)));
      return g;
    });
    const key = f.let(
      "v128",
      call(mix, v128.xor(seed, call(mix, i32x4.add(counter, f.constant(splatI32(0x9e3779b9 | 0)))))),
    );
    const key2 = call(mix, i32x4.add(key, f.constant(splatI32(0x85ebca6b | 0))));
    const bits = call(mix, v128.xor(call(mix, i32x4.add(index, key)), key2));
    return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 8)), f.f32x4(2 ** -24));
  }

  /** A call of a function `name : v128 → v128` of the module. */
  private outOfLine(name: string, x: Local, build: (g: FunctionBuilder, y: Local) => Code): Code {
    const index = this.module.once(name, () => {
      const g = new FunctionBuilder(name, ["v128"], ["v128"]);
      g.emit(build(g, g.param(0)));
      return g;
    });
    return call(index, x);
  }
}
