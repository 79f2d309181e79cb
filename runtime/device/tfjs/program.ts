/**
 * @file A loaded Program: its constants, and runs. A run takes the states as they are, computes, and only then replaces them, so that one that
 * fails leaves them as they were.
 */
import { sizeOf } from "../../program/dtype.ts";
import type { Program } from "../../program/program.ts";
import type { LoadedProgram, StartedRun, TypedArray } from "../device.ts";
import { DeviceError, OutOfMemoryError } from "../errors.ts";
import type { Tensor, TensorData, Tf } from "./api.ts";
import type { LoweredProgram, Slot } from "./lower.ts";
import { fromTensorData, tensorTypeOf, toTensorData } from "./storage.ts";
import { runSteps, type Slots, StepError } from "./values.ts";

/** What a program needs of its device. */
export interface ProgramHost {
  readonly tf: Tf;
  /** Does `task` after all that was asked for before; at once where nothing is under way. */
  inTurn<T>(task: () => T | Promise<T>): T | Promise<T>;
  /** The content of a state, which stays the state's. */
  stateTensor(id: string): Tensor;
  /** Gives a state a new content, which becomes the state's. */
  replaceState(id: string, tensor: Tensor): void;
  forget(program: TfjsProgram): void;
  /** Resolves when the device takes the next run; absent: at once. `results` are done when this run is. */
  runStarted(results: readonly Tensor[]): Promise<void> | undefined;
}

export class TfjsProgram implements LoadedProgram {
  private readonly program: Program;
  private readonly lowered: LoweredProgram;
  private readonly host: ProgramHost;
  private readonly constants: Map<number, Tensor>;
  private readonly borrowed: ReadonlySet<number>;

  private constructor(program: Program, lowered: LoweredProgram, host: ProgramHost, constants: Map<number, Tensor>) {
    this.program = program;
    this.lowered = lowered;
    this.host = host;
    this.constants = constants;
    this.borrowed = new Set([...constants.keys(), ...lowered.states.map(({ id }) => id)]);
  }

  /** Runs what is the same in every run. */
  static async load(program: Program, lowered: LoweredProgram, host: ProgramHost): Promise<TfjsProgram> {
    for (const { decl } of lowered.states) host.stateTensor(decl.name); // every state that is named must exist
    const { plan } = lowered;
    const slots: Slots = new Array(plan.size);
    try {
      await runSteps(plan.folded, slots, new Set());
    } catch (error) {
      releaseAll(slots, new Set());
      throw describeFault(error, program);
    }
    const constants = new Map(plan.constantIds.map((id) => [id, slots[id] as Tensor]));
    return new TfjsProgram(program, lowered, host, constants);
  }

  async start(inputs: ReadonlyMap<string, TypedArray>): Promise<StartedRun> {
    const copies = this.lowered.inputs.map(({ decl }) => {
      const data = inputs.get(decl.name);
      if (data === undefined || data.length !== sizeOf(decl.shape))
        throw new DeviceError(`${this.program.name}: input '${decl.name}' is missing or has the wrong size`);
      return toTensorData(decl.dtype, data);
    });
    return this.host.inTurn(() => this.run(copies));
  }

  private run(inputs: readonly TensorData[]): StartedRun | Promise<StartedRun> {
    const { tf } = this.host;
    const { plan } = this.lowered;
    const slots: Slots = new Array(plan.size);
    try {
      for (const [id, tensor] of this.constants) slots[id] = tensor;
      for (const { decl, id } of this.lowered.states) slots[id] = this.host.stateTensor(decl.name);
      for (const [i, { decl, id }] of this.lowered.inputs.entries()) {
        const data = inputs[i] as TensorData;
        slots[id] = tf.tensor(data, [data.length], tensorTypeOf(decl.dtype));
      }
      const pending = runSteps(plan.steps, slots, this.borrowed);
      return pending === undefined
        ? this.finish(slots)
        : pending.then(
            () => this.finish(slots),
            (error) => this.fail(slots, error),
          );
    } catch (error) {
      return this.fail(slots, error);
    }
  }

  private finish(slots: Slots): StartedRun | Promise<StartedRun> {
    const taken = new Set<number>();
    const take = ({ id }: Slot): Tensor => {
      const tensor = slots[id] as Tensor;
      if (this.borrowed.has(id) || taken.has(id)) return tensor.clone();
      taken.add(id);
      return tensor;
    };
    const outputs = this.lowered.outputs.map((slot) => ({ decl: slot.decl, tensor: take(slot) }));
    const effects = this.lowered.effects.map((slot) => ({ decl: slot.decl, tensor: take(slot) }));
    for (const { decl, tensor } of effects) this.host.replaceState(decl.name, tensor);
    // What is left: inputs that nothing reads.
    releaseAll(slots, new Set([...this.borrowed, ...taken]));
    const run: StartedRun = {
      read: async () => {
        try {
          const contents = await Promise.all(outputs.map(({ tensor }) => tensor.data()));
          return new Map(
            outputs.map(({ decl }, i) => [decl.name, fromTensorData(decl.dtype, contents[i] as TensorData)]),
          );
        } catch (error) {
          throw describeFault(error, this.program);
        } finally {
          for (const { tensor } of outputs) tensor.dispose();
        }
      },
      drop: () => {
        for (const { tensor } of outputs) tensor.dispose();
      },
    };
    const ready = this.host.runStarted([...outputs, ...effects].map(({ tensor }) => tensor));
    return ready === undefined ? run : ready.then(() => run);
  }

  private fail(slots: Slots, error: unknown): never {
    releaseAll(slots, this.borrowed);
    throw describeFault(error, this.program);
  }

  dispose(): void {
    void this.host.inTurn(() => {
      this.host.forget(this);
      this.release();
    });
  }

  /** Releases the constants: no run can follow. */
  release(): void {
    for (const tensor of this.constants.values()) tensor.dispose();
    this.constants.clear();
  }
}

function releaseAll(slots: Slots, kept: ReadonlySet<number>): void {
  slots.forEach((tensor, id) => {
    if (!kept.has(id)) tensor?.dispose();
  });
}

function describeFault(error: unknown, { name }: Program): Error {
  const reason = error instanceof Error ? error.message : String(error);
  const label = error instanceof StepError && error.label !== "" ? ` ${error.label}:` : "";
  const message = `program ${name}:${label} ${reason}`;
  const Fault = /\bOOM\b|out of memory|resource exhausted/i.test(reason) ? OutOfMemoryError : DeviceError;
  return new Fault(message, { cause: error });
}
