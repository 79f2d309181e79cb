/** @file Scalar code, one operation on whole tensors per instruction. Registers have the domain's rank, with extent 1 where they do not vary. */
import type { Shape } from "../../program/dtype.ts";
import type { Access } from "../../program/kernel.ts";
import type { Instr } from "../../program/scalar.ts";
import { type Context, readAccess } from "./access.ts";
import { binaryFunctions, castToInteger, unaryFunctions } from "./functions.ts";
import { type Affine, addAffine, recordRandom, scaleAffine } from "./random.ts";
import type { Value } from "./values.ts";

export interface Register {
  readonly value: Value;
  /** Where an integer is a known function of the position: random numbers are drawn on the host, which then needs no indices from the device. */
  readonly affine?: Affine;
}

/** Runs `body` after the registers that are there; returns all of them. */
export function recordBody(
  context: Context,
  body: readonly Instr[],
  inputs: readonly Access[],
  domain: Shape,
  before: readonly Register[] = [],
): readonly Register[] {
  const registers = [...before];
  for (const instr of body) registers.push(record(context, instr, inputs, domain, registers));
  return registers;
}

function record(
  context: Context,
  instr: Instr,
  inputs: readonly Access[],
  domain: Shape,
  registers: readonly Register[],
): Register {
  const { ops } = context;
  const at = (register: number): Register => registers[register] as Register;
  const operand = (register: number): Value => at(register).value;
  switch (instr.op) {
    case "load":
      return { value: readAccess(context, inputs[instr.access] as Access, domain) };
    case "const": {
      if (instr.dtype === "f32") return { value: ops.f32(instr.value) };
      if (instr.dtype === "bool") return { value: ops.scalar(instr.value === 0 ? 0 : 1, "bool") };
      return { value: ops.i32(instr.value), affine: { offset: instr.value | 0, strides: domain.map(() => 0) } };
    }
    case "index": {
      const strides = domain.map((_, axis) => (axis === instr.axis ? 1 : 0));
      const extent = domain[instr.axis] as number;
      return { value: ops.iota(domain.length, instr.axis, extent), affine: { offset: 0, strides } };
    }
    case "unary":
      return { value: unaryFunctions[instr.fn](context, operand(instr.a)) };
    case "binary": {
      const [a, b] = [at(instr.a), at(instr.b)];
      const value = binaryFunctions[instr.fn](context, a.value, b.value);
      const affine =
        instr.fn === "add"
          ? addAffine(a.affine, b.affine)
          : instr.fn === "mul"
            ? scaleAffine(a.affine, b.affine)
            : undefined;
      return affine === undefined ? { value } : { value, affine };
    }
    case "where":
      return { value: ops.where(operand(instr.cond), operand(instr.a), operand(instr.b)) };
    case "cast": {
      const source = operand(instr.a);
      if (instr.to === "i32") return { value: castToInteger(ops, source) };
      return { value: ops.cast(source, instr.to === "f32" ? "float32" : "bool") };
    }
    case "random":
      return { value: recordRandom(context, at(instr.seed).value, at(instr.counter).value, at(instr.index), domain) };
  }
}
