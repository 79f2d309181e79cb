/**
 * @file Checks that a Program keeps its contract: every access stays inside its buffer, registers are defined before use with
 * the types that the instructions want, stages do not conflict. Tests run it on everything that the tensor compiler makes;
 * whoever loads a Program from a file should, too.
 */
import { accessesOf } from "./accesses.ts";
import { bytesPerElement, type DType, sizeOf } from "./dtype.ts";
import type { Access, Kernel, LoopKernel, MatmulKernel, ReduceKernel, Store } from "./kernel.ts";
import type { BufferDecl, Program } from "./program.ts";
import { type Instr, registerTypes } from "./scalar.ts";

/** Every violation, in words; empty for a valid Program. */
export function validateProgram(program: Program): readonly string[] {
  const faults: string[] = [];
  program.buffers.forEach((buffer, i) => {
    if (buffer.id !== i) faults.push(`buffer ${i} has id ${buffer.id}`);
    if (buffer.kind === "const" && buffer.data?.length !== sizeOf(buffer.shape))
      faults.push(`b${i}: ${buffer.data?.length} elements of data`);
    if (buffer.kind !== "temp") return;
    const end = (buffer.arenaOffset ?? -1) + sizeOf(buffer.shape) * bytesPerElement[buffer.dtype];
    if (buffer.arenaOffset === undefined || buffer.arenaOffset % 64 !== 0 || end > program.arenaBytes)
      faults.push(`b${i}: arena offset ${buffer.arenaOffset}`);
  });
  program.kernels.forEach((kernel, i) => {
    for (const fault of validateKernel(kernel, program.buffers)) faults.push(`kernel ${i} "${kernel.label}": ${fault}`);
  });
  return [...faults, ...validateStages(program)];
}

function validateKernel(kernel: Kernel, buffers: readonly BufferDecl[]): string[] {
  switch (kernel.kind) {
    case "loop":
      return validateLoop(kernel, buffers);
    case "reduce":
      return validateReduce(kernel, buffers);
    case "matmul":
      return validateMatmul(kernel, buffers);
    default:
      return accessesOf(kernel).flatMap(({ buffer }) =>
        buffers[buffer] === undefined ? [`there is no buffer ${buffer}`] : [],
      );
  }
}

function validateLoop(kernel: LoopKernel, buffers: readonly BufferDecl[]): string[] {
  return [
    ...validateAccesses([...kernel.inputs, ...kernel.outputs.map(({ access }) => access)], kernel.domain, buffers),
    ...validateBody(kernel.body, kernel.inputs, [], kernel.domain.length, buffers),
    ...validateStores(kernel.outputs, registerTypes(kernel.body), buffers),
  ];
}

function validateMatmul(kernel: MatmulKernel, buffers: readonly BufferDecl[]): string[] {
  const domain = [...kernel.batch, kernel.m, kernel.n];
  const operands = [
    { ...kernel.a, extents: [kernel.m, kernel.k] },
    { ...kernel.b, extents: [kernel.k, kernel.n] },
  ].map(({ buffer, offset, batchStrides, rowStride, colStride, extents }) => ({
    access: { buffer, offset, strides: [...batchStrides, rowStride, colStride] },
    domain: [...kernel.batch, ...extents],
  }));
  return [
    ...operands.flatMap(({ access, domain: walked }) => validateAccesses([access], walked, buffers)),
    ...validateAccesses([...kernel.inputs, ...kernel.outputs.map(({ access }) => access)], domain, buffers),
    ...validateBody(kernel.epilogue, kernel.inputs, ["f32"], domain.length, buffers),
    ...validateStores(kernel.outputs, registerTypes(kernel.epilogue, ["f32"]), buffers),
  ];
}

function validateReduce(kernel: ReduceKernel, buffers: readonly BufferDecl[]): string[] {
  const { domain, innerRank, inputs } = kernel;
  const outer = domain.length - innerRank;
  const rowDomain = domain.map((extent, i) => (i < outer ? extent : 1));
  const faults = innerRank < 1 ? ["nothing is reduced"] : [];
  faults.push(...validateAccesses(inputs, domain, buffers));
  let rows: readonly DType[] = [];
  for (const phase of kernel.phases) {
    faults.push(
      ...validateAccesses(
        phase.outputs.map(({ access }) => access),
        domain,
        buffers,
      ),
    );
    faults.push(
      ...validateAccesses(
        phase.rowOutputs.map(({ access }) => access),
        rowDomain,
        buffers,
      ),
    );
    faults.push(...validateBody(phase.body, inputs, rows, domain.length, buffers));
    const elements = registerTypes(phase.body, rows);
    faults.push(...validateStores(phase.outputs, elements, buffers));
    for (const { value } of phase.reduce)
      if (elements[value] === undefined) faults.push(`reduces register ${value}, which is not defined`);
    const results = [...rows, ...phase.reduce.map(({ value }) => elements[value] ?? "f32")];
    faults.push(...validateBody(phase.rowBody, inputs, results, outer, buffers));
    for (const instr of phase.rowBody) {
      const access = instr.op === "load" ? inputs[instr.access] : undefined;
      if (access?.strides.slice(outer).some((stride) => stride !== 0))
        faults.push("row code loads along a reduced axis");
    }
    rows = registerTypes(phase.rowBody, results);
    faults.push(...validateStores(phase.rowOutputs, rows, buffers));
  }
  return faults;
}

/** The lowest and highest element that an access can reach must lie in its buffer. */
function validateAccesses(
  accesses: readonly Access[],
  domain: readonly number[],
  buffers: readonly BufferDecl[],
): string[] {
  const isEmpty = domain.includes(0);
  return accesses.flatMap(({ buffer, offset, strides, dynamic = [] }) => {
    const decl = buffers[buffer];
    if (decl === undefined) return [`there is no buffer ${buffer}`];
    if (strides.length !== domain.length)
      return [`b${buffer}: ${strides.length} strides for a domain of rank ${domain.length}`];
    if (isEmpty) return [];
    const reach = [
      ...strides.map((stride, i) => stride * ((domain[i] as number) - 1)),
      ...dynamic.map(({ scale, extent }) => scale * (extent - 1)),
    ];
    const low = reach.reduce((sum, r) => sum + Math.min(r, 0), offset);
    const high = reach.reduce((sum, r) => sum + Math.max(r, 0), offset);
    const out =
      low < 0 || high >= sizeOf(decl.shape)
        ? [`b${buffer}: reaches ${low} … ${high} of ${sizeOf(decl.shape)} elements`]
        : [];
    const indices = dynamic.map(({ index }) => index);
    return [
      ...out,
      ...indices.flatMap((index) => (buffers[index.buffer]?.dtype === "i32" ? [] : [`b${index.buffer} is no index`])),
      ...validateAccesses(indices, domain, buffers),
    ];
  });
}

const scalarOf = (dtype: DType | undefined): DType | undefined => (dtype === "f16" || dtype === "bf16" ? "f32" : dtype);

function validateBody(
  body: readonly Instr[],
  inputs: readonly Access[],
  before: readonly DType[],
  rank: number,
  buffers: readonly BufferDecl[],
): string[] {
  const types = registerTypes(body, before);
  return body.flatMap((instr, i) => {
    const at = before.length + i;
    const type = (register: number): DType | undefined => (register < at ? types[register] : undefined);
    const fault = faultOf(instr, type, inputs, rank, buffers);
    return fault === undefined ? [] : [`%${at} ${instr.op}: ${fault}`];
  });
}

function faultOf(
  instr: Instr,
  type: (register: number) => DType | undefined,
  inputs: readonly Access[],
  rank: number,
  buffers: readonly BufferDecl[],
): string | undefined {
  switch (instr.op) {
    case "load": {
      const access = inputs[instr.access];
      return access !== undefined && scalarOf(buffers[access.buffer]?.dtype) === instr.dtype
        ? undefined
        : `does not load ${instr.dtype}`;
    }
    case "const":
      return undefined;
    case "index":
      return instr.axis < rank ? undefined : `there is no axis ${instr.axis}`;
    case "unary":
    case "cast":
      return type(instr.a) === undefined ? "operand is not defined" : undefined;
    case "binary":
      return type(instr.a) !== undefined && type(instr.a) === type(instr.b)
        ? undefined
        : `operands are ${type(instr.a)} and ${type(instr.b)}`;
    case "where":
      return type(instr.cond) === "bool" && type(instr.a) !== undefined && type(instr.a) === type(instr.b)
        ? undefined
        : "wants bool and two of one type";
    case "random":
      return [instr.seed, instr.counter, instr.index].every((register) => type(register) === "i32")
        ? undefined
        : "wants three i32";
  }
}

function validateStores(stores: readonly Store[], types: readonly DType[], buffers: readonly BufferDecl[]): string[] {
  return stores.flatMap(({ access, value }) => {
    const wanted = scalarOf(buffers[access.buffer]?.dtype);
    return types[value] === wanted ? [] : [`stores a ${types[value]} into b${access.buffer} of ${wanted}`];
  });
}

/** Two kernels of a stage must not touch the same memory if one of them writes it. */
function validateStages({ kernels, stages, buffers }: Program): string[] {
  if (stages === undefined) return [];
  if (stages.length !== kernels.length || stages.some((stage, i) => i > 0 && stage < (stages[i - 1] as number)))
    return ["stages do not rise with the kernels"];
  const faults: string[] = [];
  const range = (id: number): readonly [string, number, number] => {
    const decl = buffers[id] as BufferDecl;
    const start = decl.arenaOffset ?? 0;
    return [decl.kind === "temp" ? "arena" : `b${id}`, start, start + sizeOf(decl.shape) * bytesPerElement[decl.dtype]];
  };
  kernels.forEach((kernel, i) => {
    for (let j = i + 1; j < kernels.length && stages[j] === stages[i]; j++) {
      for (const a of accessesOf(kernel)) {
        for (const b of accessesOf(kernels[j] as Kernel)) {
          if (!a.isWrite && !b.isWrite) continue;
          // Pieces of one buffer (a concatenation's) are told apart by nothing here; different kernels write different ones.
          if (a.isWrite && b.isWrite && a.buffer === b.buffer) continue;
          const [space, start, end] = range(a.buffer);
          const [other, otherStart, otherEnd] = range(b.buffer);
          if (space === other && start < otherEnd && otherStart < end)
            faults.push(`kernels ${i} and ${j} of stage ${stages[i]} conflict in b${a.buffer} and b${b.buffer}`);
        }
      }
    }
  });
  return faults;
}
