/**
 * @file The top room of the runtime: chooses a device, traces functions into Programs and runs them. Tensors and devices do
 * not know each other; they meet here.
 */
import type { DeviceInfo, TypedArray } from "../device/device.ts";
import { Executor, type HostTensor, type PreparedProgram } from "../execute/executor.ts";
import { lower } from "../lower/lower.ts";
import type { DType, Shape } from "../program/dtype.ts";
import { printProgram } from "../program/print.ts";
import type { Program } from "../program/program.ts";
import { createNode, type Node } from "../tensor/graph.ts";
import { StateTensor } from "../tensor/state.ts";
import { Tensor } from "../tensor/tensor.ts";
import { createTrace, runTrace } from "../tensor/trace.ts";
import { type OpenOptions, openDevice } from "./devices.ts";

export type { HostTensor };

/** A number is an f32 scalar. */
export type HostInput = HostTensor | number;

export interface CompileOptions {
  /** Names the Program in dumps. */
  readonly name?: string;
}

/** Runs and reads. `start` runs without reading, so that a device that works on its own need not be waited for. */
export interface CompiledFunction<I extends string, O extends string> {
  (inputs: Record<I, HostInput>): Promise<Record<O, HostTensor>>;
  /** Resolves when the device takes the next run; the outputs are read, or dropped, later: several runs together cost one trip. */
  start(inputs: Record<I, HostInput>): Promise<PendingResult<O>>;
}

/** The outputs of a run that may still be under way. Exactly one of the two is called, once. */
export interface PendingResult<O extends string> {
  read(): Promise<Record<O, HostTensor>>;
  drop(): void;
}

export interface SessionOptions extends OpenOptions {
  /** Receives each notice about the device (a fallback, fewer threads) once. console.warn unless told. */
  readonly onNotice?: (notice: string) => void;
  /** Receives each Program when it is made; `FGC_DUMP=program` prints them to stderr. */
  readonly onProgram?: (program: Program) => void;
}

/** Opens a device and gives the session that compiles and runs on it. */
export async function openSession(options: SessionOptions = {}): Promise<Session> {
  const {
    onNotice = (notice: string) => console.warn(`fgc: ${notice}`),
    onProgram = dumpFromEnvironment(),
    ...open
  } = options;
  const { device, notices } = await openDevice(open);
  for (const notice of notices) onNotice(notice);
  return new Session(new Executor(device), onProgram);
}

function dumpFromEnvironment(): (program: Program) => void {
  const wanted = typeof process === "undefined" ? undefined : process.env["FGC_DUMP"];
  return wanted === "program" ? (program) => console.error(printProgram(program)) : () => {};
}

/** A device with what runs on it: traces functions to Programs, replays them, reads and writes tensors. */
export class Session {
  private readonly executor: Executor;
  private readonly onProgram: (program: Program) => void;
  private readonly made: Program[] = [];

  constructor(executor: Executor, onProgram: (program: Program) => void) {
    this.executor = executor;
    this.onProgram = onProgram;
  }

  get device(): DeviceInfo {
    return this.executor.device.info;
  }

  /**
   * Traces `fn` once per input signature (shapes and types) and replays the Program. Inputs are passed by name; `state.assign`
   * inside `fn` takes effect when a run ends.
   */
  compile<I extends string, O extends string>(
    fn: (inputs: Record<I, Tensor>) => Record<O, Tensor>,
    options: CompileOptions = {},
  ): CompiledFunction<I, O> {
    const cache = new Map<string, Promise<PreparedProgram>>();
    const start = async (inputs: Record<I, HostInput>): Promise<PendingResult<O>> => {
      const hosts = new Map(Object.entries<HostInput>(inputs).map(([name, input]) => [name, toHostTensor(input)]));
      const signature = [...hosts].map(([name, { dtype, shape }]) => `${name}:${dtype}[${shape.join()}]`).join(";");
      let prepared = cache.get(signature);
      if (prepared === undefined) {
        prepared = this.trace(
          fn as (inputs: Record<string, Tensor>) => Record<string, Tensor>,
          hosts,
          options.name ?? (fn.name || "program"),
        );
        cache.set(signature, prepared);
      }
      const program = await prepared;
      const run = await program.start(new Map([...hosts].map(([name, { data }]) => [name, data])));
      return {
        read: async () => Object.fromEntries(await run.read()) as Record<O, HostTensor>,
        drop: () => run.drop(),
      };
    };
    return Object.assign(async (inputs: Record<I, HostInput>) => (await start(inputs)).read(), { start });
  }

  /** The value of a tensor: of a state its current content, of anything else what it computes to. */
  async read(tensor: Tensor): Promise<HostTensor> {
    if (tensor instanceof StateTensor) {
      this.place(tensor.node);
      return { data: await this.executor.readState(tensor.id), shape: tensor.shape, dtype: tensor.dtype };
    }
    const prepared = await this.prepare("read", new Map([["value", tensor.node]]), new Map());
    const results = await (await prepared.start(new Map())).read();
    prepared.dispose();
    return results.get("value") as HostTensor;
  }

  /** Replaces the content of a state, after the runs that were asked for before. */
  write(state: StateTensor, data: TypedArray): void {
    if (data.length !== state.size)
      throw new RangeError(
        `write: ${data.length} elements for ${state.label || state.id} of [${state.shape.join(", ")}]`,
      );
    this.place(state.node);
    this.executor.writeState(state.id, data);
  }

  /** Every Program made so far, in order. */
  programs(): readonly Program[] {
    return this.made;
  }

  close(): Promise<void> {
    return this.executor.close();
  }

  private trace(
    fn: (inputs: Record<string, Tensor>) => Record<string, Tensor>,
    hosts: ReadonlyMap<string, HostTensor>,
    name: string,
  ): Promise<PreparedProgram> {
    const inputs: Record<string, Tensor> = {};
    for (const [input, { shape, dtype }] of hosts)
      inputs[input] = new Tensor(createNode({ kind: "input", name: input }, [], [...shape], dtype));
    const trace = createTrace();
    const outputs = runTrace(trace, () => fn(inputs));
    return this.prepare(
      name,
      new Map(Object.entries(outputs).map(([output, tensor]) => [output, tensor.node])),
      trace.effects,
    );
  }

  private async prepare(
    name: string,
    outputs: ReadonlyMap<string, Node>,
    effects: ReadonlyMap<Node, Node>,
  ): Promise<PreparedProgram> {
    const { program, states } = lower({ name, outputs, effects });
    this.made.push(program);
    this.onProgram(program);
    for (const state of states) this.place(state);
    return this.executor.prepare(program, () => undefined);
  }

  private place(node: Node): void {
    if (node.op.kind !== "state") return;
    const { state } = node.op;
    this.executor.ensureState(state.id, node.dtype, node.shape, () =>
      typeof state.initial === "function" ? state.initial() : state.initial,
    );
  }
}

const dtypeOfArray: ReadonlyMap<string, DType> = new Map([
  ["Float32Array", "f32"],
  ["Int32Array", "i32"],
  ["Uint8Array", "bool"],
]);

function toHostTensor(input: HostInput): HostTensor {
  if (typeof input === "number") return { data: Float32Array.of(input), shape: [], dtype: "f32" };
  return input;
}

/** A host tensor around an array; the type follows the array's unless told. */
export function hostTensor(
  data: TypedArray,
  shape: Shape = [data.length],
  dtype: DType | undefined = dtypeOfArray.get(data.constructor.name),
): HostTensor {
  if (dtype === undefined) throw new TypeError(`say whether a ${data.constructor.name} is f16 or bf16`);
  return { data, shape, dtype };
}
