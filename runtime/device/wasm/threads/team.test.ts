/** @file A team that loses a thread says so: an error, and no endless wait. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { DeviceError } from "../../errors.ts";
import { call, i32, push } from "../asm/code.ts";
import { FunctionBuilder } from "../asm/function.ts";
import { ModuleBuilder } from "../asm/module.ts";
import { buildAwait, buildBarrier } from "./barrier.ts";
import { buildClaim, counterBytes } from "./claim.ts";
import { abortions, control, orders } from "./control.ts";
import { Team } from "./team.ts";

const threads = 3;
const pages = 4;
const parameters = 8192;
let team: Team | undefined;
afterEach(() => team?.close());

type Run = (parameters: number, thread: number, threads: number) => number;

/** A program whose `run` is what `build` emits, sent to a new team. */
async function load(build: (f: FunctionBuilder, module: ModuleBuilder) => void) {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const builder = new ModuleBuilder();
  const f = new FunctionBuilder("run", ["i32", "i32", "i32"], ["i32"]);
  build(f, builder);
  builder.add(f, "run");
  const module = new WebAssembly.Module(builder.encode({ initial: pages, maximum: pages }));
  const own = new WebAssembly.Instance(module, { env: { memory } }).exports["run"] as Run;
  const started = await Team.start(memory, threads);
  team = started;
  started.send({ id: 1, module, parameters });
  return { memory, team: started, run: () => started.run(1, () => own(parameters, 0, threads)) };
}

const trapIn = (f: FunctionBuilder, thread: number): void => f.if(i32.eq(f.param(1), thread), () => f.emit([0x00]));

describe("a team", () => {
  it("runs every unit once, on as many threads as there are", async () => {
    const units = 1000;
    const marks = parameters + counterBytes(threads);
    const { memory, run } = await load((f, module) => {
      const work = new FunctionBuilder("work", ["i32", "i32", "i32", "i32"]);
      const unit = work.local("i32");
      work.for(unit, work.param(2), work.param(3), 1, () =>
        work.emit([i32.atomic.add(i32.add(marks, i32.mul(unit, 4)), 1), 0x1a]),
      );
      const claim = module.add(buildClaim(module.add(work), units, 3));
      f.emit(call(claim, f.param(0), f.param(0), f.param(1), f.param(2)));
      f.if(call(module.add(buildAwait()), f.param(0), units), () => f.emit([i32.const(1), 0x0f]));
      f.emit(push(call(module.add(buildBarrier()), f.param(2))));
    });
    const counters = new Int32Array(memory.buffer, parameters, counterBytes(threads) / 4);
    for (let round = 1; round <= 50; round++) {
      counters.fill(0);
      run();
      expect([...new Set(new Int32Array(memory.buffer, marks, units))]).toEqual([round]);
      expect(counters[0]).toBe(units);
    }
  });

  it("reports a worker that traps while others wait at the barrier", async () => {
    const { run } = await load((f, module) => {
      trapIn(f, 2);
      f.emit(push(call(module.add(buildBarrier()), f.param(2))));
    });
    expect(run).toThrow(DeviceError);
    expect(run).toThrow(/unreachable/);
  });

  it("reports a worker that traps while others wait for its units", async () => {
    const { run } = await load((f, module) => {
      trapIn(f, 1);
      // Nobody else counts this word up.
      f.emit(push(call(module.add(buildAwait()), f.param(0), 1)));
    });
    expect(run).toThrow(/unreachable/);
  });

  it("reports its own trap, and lets the workers go", async () => {
    const { memory, run } = await load((f, module) => {
      trapIn(f, 0);
      f.emit(push(call(module.add(buildBarrier()), f.param(2))));
    });
    expect(run).toThrow(/unreachable/);
    expect(new Int32Array(memory.buffer)[control.aborted / 4]).toBe(1);
  });

  it("reports a worker whose end it has heard of", async () => {
    const { memory, team, run } = await load((f, module) => f.emit(push(call(module.add(buildBarrier()), f.param(2)))));
    run();
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, control.order / 4, orders.exit);
    Atomics.add(words, control.epoch / 4, 1);
    Atomics.notify(words, control.epoch / 4);
    await vi.waitFor(() => expect(Atomics.load(words, control.aborted / 4)).not.toBe(0));
    expect(run).toThrow(/a worker thread ended with code/);
    await team.close();
  });
});

describe("a wait", () => {
  it("gives up on a thread that never comes, and says that it was lost", () => {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const builder = new ModuleBuilder();
    builder.add(buildBarrier(), "barrier");
    const module = new WebAssembly.Module(builder.encode({ initial: pages, maximum: pages }));
    const barrier = new WebAssembly.Instance(module, { env: { memory } }).exports["barrier"] as (
      threads: number,
    ) => number;
    const words = new Int32Array(memory.buffer);
    words[control.spins / 4] = 10;
    words[control.patience / 4] = 2;
    expect(barrier(threads)).toBe(1);
    expect(words[control.aborted / 4]).toBe(abortions.lost);
  });
});
