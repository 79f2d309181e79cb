/**
 * @file How threads wait for each other, in WebAssembly so that kernels follow each other without leaving it. Whoever waits spins for some
 * tens of microseconds, which is longer than the last piece of a kernel takes, and then sleeps: a machine with fewer free cores than
 * threads gives the core to a thread that has work.
 */
import { type Code, i32, i64, type Local, type Operand } from "../asm/code.ts";
import { FunctionBuilder } from "../asm/function.ts";
import { abortions, control, sleepMs } from "./control.ts";

const load = (address: Operand): Code => i32.atomic.load(address);

/**
 * Spins, then sleeps, while `waiting()`; `value` is what the word at `address` held when `waiting` last looked. Whoever wakes by time
 * looks whether the team was aborted, and after very many times aborts it: a thread that was killed tells nobody.
 */
function emitWait(f: FunctionBuilder, address: Operand, value: Local, waiting: () => Code): void {
  const spins = f.let("i32", load(control.spins));
  const patience = f.let("i32", load(control.patience));
  // In a local: V8 11.3's baseline compiler (Node 20) waits for ever on a constant inside a loop.
  const timeout = f.let("i64", i64.const(sleepMs * 1_000_000));
  f.while(
    () => i32.and(waiting(), i32.gt_s(spins, 0)),
    () => f.bump(spins, -1),
  );
  f.if(waiting(), () => {
    f.emit([i32.atomic.add(control.sleeping, 1), 0x1a]);
    f.while(
      () => i32.and(waiting(), i32.eqz(load(control.aborted))),
      () => {
        const timedOut = i32.eq(i32.atomic.wait(address, value, timeout), 2);
        f.if(
          timedOut,
          () => {
            f.bump(patience, -1);
            f.if(i32.eqz(patience), () => f.emit(i32.atomic.store(control.aborted, abortions.lost)));
          },
          () => f.set(patience, load(control.patience)),
        );
      },
    );
    f.emit([i32.atomic.add(control.sleeping, -1), 0x1a]);
  });
}

/** `barrier(threads) → 1 where the team has been aborted`: nobody passes before all have come. */
export function buildBarrier(): FunctionBuilder {
  const f = new FunctionBuilder("barrier", ["i32"], ["i32"]);
  const threads = f.param(0);
  const generation = f.local("i32");
  f.if(i32.gt_u(threads, 1), () => {
    f.set(generation, load(control.generation));
    f.if(
      i32.eq(i32.atomic.add(control.arrived, 1), i32.sub(threads, 1)),
      () => {
        f.emit(i32.atomic.store(control.arrived, 0));
        f.emit([i32.atomic.add(control.generation, 1), 0x1a]);
        f.if(load(control.sleeping), () => f.emit([i32.atomic.notify(control.generation, -1), 0x1a]));
      },
      () => emitWait(f, control.generation, generation, () => i32.eq(load(control.generation), generation)),
    );
  });
  f.emit(i32.ne(load(control.aborted), 0));
  return f;
}

/** `await(done, units) → 1 where the team has been aborted`: until a stage's counter of finished units has come to all of them. */
export function buildAwait(): FunctionBuilder {
  const f = new FunctionBuilder("await", ["i32", "i32"], ["i32"]);
  const [done, units] = [f.param(0), f.param(1)];
  const seen = f.local("i32");
  const waiting = (): Code => {
    f.set(seen, load(done));
    return i32.ne(seen, units);
  };
  f.if(waiting(), () => emitWait(f, done, seen, waiting));
  f.emit(i32.ne(load(control.aborted), 0));
  return f;
}
