/** @file A Program as text, for people: buffers, then kernels with their scalar code. */
import type { Access, Kernel, Store } from "./kernel.ts";
import type { BufferDecl, Program } from "./program.ts";
import type { Instr } from "./scalar.ts";

/** A Program as text for people. */
export function printProgram(program: Program): string {
  const lines = [
    `program ${program.name}: ${program.kernels.length} kernels, ${(program.stages?.at(-1) ?? program.kernels.length - 1) + 1} stages, arena ${program.arenaBytes} bytes`,
  ];
  for (const buffer of program.buffers) lines.push(`  ${printBuffer(buffer)}`);
  program.kernels.forEach((kernel, i) => {
    const stage = program.stages?.[i];
    lines.push(
      "",
      `${i}${stage === undefined ? "" : ` (stage ${stage})`} ${kernel.kind} "${kernel.label}"`,
      ...printKernel(kernel, program.buffers).map((line) => `    ${line}`),
    );
  });
  return `${lines.join("\n")}\n`;
}

function printBuffer({ id, kind, dtype, shape, name, label, arenaOffset }: BufferDecl): string {
  const place = arenaOffset === undefined ? "" : ` at ${arenaOffset}`;
  return `b${id}: ${kind} ${dtype}[${shape.join(", ")}] ${name}${label ? ` (${label})` : ""}${place}`;
}

function printAccess({ buffer, offset, strides, dynamic }: Access): string {
  const extra = (dynamic ?? []).map(
    ({ index, scale, extent }) => ` + ${scale}·b${index.buffer}[${affine(index.offset, index.strides)}]<${extent}`,
  );
  return `b${buffer}[${affine(offset, strides)}${extra.join("")}]`;
}

function affine(offset: number, strides: readonly number[]): string {
  const terms = strides.flatMap((stride, i) => (stride === 0 ? [] : [stride === 1 ? `p${i}` : `${stride}·p${i}`]));
  if (offset !== 0 || terms.length === 0) terms.push(String(offset));
  return terms.join(" + ");
}

function printInstr(instr: Instr, inputs: readonly Access[]): string {
  switch (instr.op) {
    case "load":
      return `load ${instr.dtype} ${printAccess(inputs[instr.access] as Access)}`;
    case "const":
      return `${instr.dtype} ${instr.value}`;
    case "index":
      return `p${instr.axis}`;
    case "unary":
      return `${instr.fn} %${instr.a}`;
    case "binary":
      return `${instr.fn} %${instr.a} %${instr.b}`;
    case "where":
      return `where %${instr.cond} %${instr.a} %${instr.b}`;
    case "cast":
      return `cast ${instr.to} %${instr.a}`;
    case "random":
      return `random %${instr.seed} %${instr.counter} %${instr.index}`;
  }
}

function printStores(stores: readonly Store[]): string[] {
  return stores.map(({ access, value }) => `${printAccess(access)} = %${value}`);
}

function printBody(body: readonly Instr[], inputs: readonly Access[], base: number): string[] {
  return body.map((instr, i) => `%${base + i} = ${printInstr(instr, inputs)}`);
}

function printKernel(kernel: Kernel, buffers: readonly BufferDecl[]): string[] {
  switch (kernel.kind) {
    case "loop":
      return [
        `for [${kernel.domain.join(", ")}]`,
        ...printBody(kernel.body, kernel.inputs, 0),
        ...printStores(kernel.outputs),
      ];
    case "reduce": {
      const outer = kernel.domain.length - kernel.innerRank;
      const lines = [
        `for [${kernel.domain.slice(0, outer).join(", ")}] reduce [${kernel.domain.slice(outer).join(", ")}]`,
      ];
      let rows = 0;
      kernel.phases.forEach((phase, i) => {
        lines.push(
          `phase ${i}`,
          ...indent([...printBody(phase.body, kernel.inputs, rows), ...printStores(phase.outputs)]),
        );
        phase.reduce.forEach(({ op, value }) => {
          lines.push(`row %${rows++} = ${op} %${value}`);
        });
        lines.push(
          ...printBody(phase.rowBody, kernel.inputs, rows).map((line) => `row ${line}`),
          ...printStores(phase.rowOutputs).map((line) => `row ${line}`),
        );
        rows += phase.rowBody.length;
      });
      return lines;
    }
    case "matmul": {
      const matrix = ({ buffer, offset, rowStride, colStride, batchStrides }: typeof kernel.a): string =>
        `b${buffer}[${[offset, ...batchStrides].join(" ")}; ${rowStride}, ${colStride}]`;
      const batch = kernel.batch.length === 0 ? "" : `[${kernel.batch.join(", ")}] `;
      return [
        `${batch}${kernel.m}×${kernel.k}×${kernel.n}: %0 = ${matrix(kernel.a)} · ${matrix(kernel.b)}`,
        ...printBody(kernel.epilogue, kernel.inputs, 1),
        ...printStores(kernel.outputs),
      ];
    }
    default: {
      const { kind: _, label: __, ...rest } = kernel;
      void buffers;
      return Object.entries(rest).map(
        ([key, value]) => `${key} = ${isAccess(value) ? printAccess(value) : JSON.stringify(value)}`,
      );
    }
  }
}

function isAccess(value: unknown): value is Access {
  return typeof value === "object" && value !== null && "strides" in value && "buffer" in value;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
