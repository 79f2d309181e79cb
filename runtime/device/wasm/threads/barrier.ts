/**
 * @file The barrier, in WebAssembly so that kernels follow each other without leaving it: a counter, and a generation that waiters
 * watch. They spin for some tens of microseconds, which is longer than a balanced kernel makes anyone wait, and then sleep, which
 * keeps a machine with fewer free cores than threads from burning its time slices.
 */
import { type Code, i32, i64 } from "../asm/code.ts";
import { FunctionBuilder } from "../asm/function.ts";
import { control } from "./control.ts";

/** Nanoseconds of one sleep; whoever wakes by time looks whether the team was aborted. */
const sleepNs = 100_000_000;

/** `barrier(threads) → 1 where the team has been aborted`. */
export function buildBarrier(): FunctionBuilder {
  const f = new FunctionBuilder("barrier", ["i32"], ["i32"]);
  const threads = f.param(0);
  const [generation, spins] = [f.local("i32"), f.local("i32")];
  const load = (address: number): Code => i32.atomic.load(address);
  f.if(i32.gt_u(threads, 1), () => {
    f.set(generation, load(control.generation));
    f.if(
      i32.eq(i32.atomic.add(control.arrived, 1), i32.sub(threads, 1)),
      () => {
        f.emit(i32.atomic.store(control.arrived, 0));
        f.emit([i32.atomic.add(control.generation, 1), 0x1a]);
        f.if(load(control.sleeping), () => f.emit([i32.atomic.notify(control.generation, -1), 0x1a]));
      },
      () => {
        const same = (): Code => i32.eq(load(control.generation), generation);
        f.set(spins, load(control.spins));
        f.while(
          () => i32.and(same(), i32.gt_s(spins, 0)),
          () => f.bump(spins, -1),
        );
        f.if(same(), () => {
          f.emit([i32.atomic.add(control.sleeping, 1), 0x1a]);
          f.while(
            () => i32.and(same(), i32.eqz(load(control.aborted))),
            () => f.emit([i32.atomic.wait(control.generation, generation, i64.const(sleepNs)), 0x1a]),
          );
          f.emit([i32.atomic.add(control.sleeping, -1), 0x1a]);
        });
      },
    );
  });
  f.emit(i32.ne(load(control.aborted), 0));
  return f;
}
