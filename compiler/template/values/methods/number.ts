/** @file The attributes and methods of int, bool and float. */
import { valueError } from "../errors.ts";
import { bitLength, integerRatio } from "../numbers.ts";
import { PyTuple, type Value } from "../value.ts";
import { methodTable } from "./method.ts";

const integerMethods = methodTable<bigint>({
  as_integer_ratio: ["", (self) => new PyTuple([self, 1n])],
  bit_count: ["", (self) => BigInt((self < 0n ? -self : self).toString(2).replaceAll("0", "").length)],
  bit_length: ["", (self) => BigInt(bitLength(self))],
  conjugate: ["", (self) => self],
});

const floatMethods = methodTable<number>({
  as_integer_ratio: ["", (self) => new PyTuple(integerRatio(self))],
  conjugate: ["", (self) => self],
  fromhex: ["string, /", (_self, text: Value) => parseHexFloat(String(text))],
  hex: ["", hexFloat],
  is_integer: ["", (self) => Number.isInteger(self)],
});

export function numberAttribute(self: bigint | number | boolean, name: string): Value | undefined {
  if (typeof self === "number") {
    if (name === "real") return self;
    if (name === "imag") return 0;
    return floatMethods.get(name)?.(self);
  }
  const value = BigInt(self);
  switch (name) {
    case "real":
    case "numerator":
      return value;
    case "imag":
      return 0n;
    case "denominator":
      return 1n;
    default:
      return integerMethods.get(name)?.(value);
  }
}

export function numberAttributeNames(self: Value): readonly string[] {
  return typeof self === "number"
    ? ["real", "imag", ...floatMethods.keys()]
    : ["real", "imag", "numerator", "denominator", ...integerMethods.keys()];
}

/** `0x1.8000000000000p+1` */
function hexFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (value === 0) return `${sign}0x0.0p+0`;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(value));
  const word = bits.getBigUint64(0);
  const biased = Number(word >> 52n);
  const fraction = (word & 0xfffffffffffffn).toString(16).padStart(13, "0");
  const exponent = biased === 0 ? -1022 : biased - 1023;
  return `${sign}0x${biased === 0 ? 0 : 1}.${fraction}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

function parseHexFloat(text: string): number {
  const match = /^\s*([+-]?)(?:0x)?([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?\s*$/i.exec(text);
  if (match === null) throw valueError("invalid hexadecimal floating-point string");
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const mantissa = BigInt(`0x0${whole}${fraction}`);
  return (sign === "-" ? -1 : 1) * Number(mantissa) * 2 ** (Number(exponent) - 4 * fraction.length);
}
