/** @file A device as a GPU is one: it takes orders and is read later. The reference device computes; what it found out is held back until somebody reads. */
import { Session } from "fgc/runtime";
import type { Device, StartedRun, TypedArray } from "../../runtime/device/device.ts";
import { openDevice } from "../../runtime/device/reference/index.ts";
import { Executor } from "../../runtime/execute/executor.ts";

export interface DetachedOptions {
  /** Told of each start, and of each trip to the device with the number of runs that were read in it. */
  readonly onStart?: (program: string) => void;
  readonly onTrip?: (runs: number) => void;
  /** Changes what a run gives; `run` counts from 0. A fault that it throws is the device's, from then on. */
  readonly alter?: (program: string, run: number, outputs: Map<string, TypedArray>) => void;
}

/** A session on such a device. */
export async function openDetachedSession(options: DetachedOptions = {}): Promise<Session> {
  const inner = await openDevice();
  const { synchronous: _, ...info } = inner.info;
  const { onStart = () => {}, onTrip = () => {}, alter = () => {} } = options;
  let fault: unknown;
  let waiting: (() => void)[] = [];
  /** Settles with all the others that are asked for before the event loop turns: one trip. */
  const trip = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length > 1) return;
      setImmediate(() => {
        const runs = waiting;
        waiting = [];
        onTrip(runs.length);
        for (const settle of runs) settle();
      });
    });
  const device: Device = {
    name: "detached",
    info: { ...info, name: "detached" },
    load: async (program) => {
      const loaded = await inner.load(program);
      let count = 0;
      const start = async (inputs: ReadonlyMap<string, TypedArray>): Promise<StartedRun> => {
        if (fault !== undefined) throw fault;
        onStart(program.name);
        const outputs = new Map(await (await loaded.start(inputs)).read());
        let own: unknown;
        try {
          alter(program.name, count++, outputs);
        } catch (error) {
          own = error;
        }
        const read = async () => {
          await trip();
          fault ??= own;
          if (fault !== undefined) throw fault;
          return outputs;
        };
        return { read, drop: () => {} };
      };
      return { start, dispose: () => loaded.dispose() };
    },
    createState: (id, dtype, shape, data) => inner.createState(id, dtype, shape, data),
    writeState: (id, data) => inner.writeState(id, data),
    readState: (id) => inner.readState(id),
    dropState: (id) => inner.dropState(id),
    close: () => inner.close(),
  };
  return new Session(new Executor(device), () => {});
}
