/** @file Programs as JSON text and back. What JSON cannot say (infinities, NaN, negative zero, large constants) is written in its own way. */
import { type BufferDecl, type Program, programVersion } from "./program.ts";

/** A Program as bytes; `decodeProgram` reads them. */
export function encodeProgram(program: Program): string {
  return JSON.stringify(program, (_key, value: unknown) => {
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
      return { $number: Object.is(value, -0) ? "-0" : String(value) };
    if (ArrayBuffer.isView(value))
      return {
        $elements: Array.from(value as unknown as ArrayLike<number>, (x) =>
          Number.isFinite(x) && !Object.is(x, -0) ? x : Object.is(x, -0) ? "-0" : String(x),
        ),
      };
    return value;
  });
}

/** @throws where the text is not a Program of this version */
export function decodeProgram(text: string): Program {
  const program = JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    if ("$number" in value) return Number(value.$number);
    if ("$elements" in value) return (value.$elements as (number | string)[]).map(Number);
    return value;
  }) as Partial<Program>;
  if (program.version !== programVersion || !Array.isArray(program.kernels) || !Array.isArray(program.buffers)) {
    throw new TypeError(`not a Program of version ${programVersion}`);
  }
  return { ...(program as Program), buffers: (program as Program).buffers.map(restoreData) };
}

function restoreData(decl: BufferDecl): BufferDecl {
  if (decl.data === undefined) return decl;
  switch (decl.dtype) {
    case "f32":
      return { ...decl, data: Float32Array.from(decl.data) };
    case "i32":
      return { ...decl, data: Int32Array.from(decl.data) };
    case "bool":
      return { ...decl, data: Uint8Array.from(decl.data) };
    case "f16":
    case "bf16":
      return { ...decl, data: Uint16Array.from(decl.data) };
  }
}
