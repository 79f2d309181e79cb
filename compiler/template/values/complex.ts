/** @file Complex numbers: what a negative number to a fractional power gives. They print and compare; a config has no other use for them. */
import { overflowError } from "./errors.ts";
import { power } from "./power.ts";
import { floatRepr } from "./print.ts";
import { BuiltinFunction, PyObject, type Value } from "./value.ts";

export class PyComplex extends PyObject {
  readonly typeName = "complex";
  readonly real: number;
  readonly imaginary: number;
  constructor(real: number, imaginary: number) {
    super();
    this.real = real;
    this.imaginary = imaginary;
  }
  override attribute(name: string): Value | undefined {
    switch (name) {
      case "real":
        return this.real;
      case "imag":
        return this.imaginary;
      case "conjugate":
        return new BuiltinFunction(name, () => new PyComplex(this.real, -this.imaginary));
      default:
        return undefined;
    }
  }
  override attributeNames(): readonly string[] {
    return ["conjugate", "imag", "real"];
  }
  override truthy(): boolean {
    return this.real !== 0 || this.imaginary !== 0;
  }
  override equals(other: Value): boolean {
    return other instanceof PyComplex && other.real === this.real && other.imaginary === this.imaginary;
  }
  /** `(1+2j)`: the parts without the `.0` that a float shows; a real part of zero is left out. */
  override repr(): string {
    const imaginary = `${part(this.imaginary)}j`;
    if (Object.is(this.real, 0)) return imaginary;
    return `(${part(this.real)}${/^[-]/.test(imaginary) ? "" : "+"}${imaginary})`;
  }
}

function part(value: number): string {
  return floatRepr(value).replace(/\.0$/, "");
}

/** `base ** exponent` for a negative base and a fractional exponent: by length and angle. */
export function complexPower(base: number, exponent: number): PyComplex {
  const length = power(-base, exponent);
  if (!Number.isFinite(length)) throw overflowError("complex exponentiation");
  const angle = Math.PI * exponent;
  return new PyComplex(length * Math.cos(angle), length * Math.sin(angle));
}
