/**
 * @file How threads share the units of a stage. Every thread begins with a share of its own, the same in every run, so that it finds
 * in its caches what it wrote before; it takes a quarter of what is left at a time, and less and less towards the end. Whoever is
 * through with its own share goes on with the others': a thread that has lost its core holds up no more than the piece it has.
 */
import { type Code, call, i32, type Local, select } from "../asm/code.ts";
import { FunctionBuilder } from "../asm/function.ts";
import { control } from "./control.ts";

/** Bytes of a counter: a cache line of its own. */
const line = 64;

/** The counters of one stage, all 0 when a run begins: units finished, then for each thread how many of its share are taken. */
export const counterBytes = (threads: number): number => (1 + threads) * line;

/** A part of the units taken at once: 1 / 2^shift of what is left. */
const takeShift = 2;

/** `claim(parameters, counters, thread, threads)`: runs units with `work(parameters, thread, begin, end)` until all are taken. */
export function buildClaim(work: number, units: number, grain: number): FunctionBuilder {
  const f = new FunctionBuilder("claim", ["i32", "i32", "i32", "i32"]);
  const [parameters, counters, thread, threads] = f.params as readonly [Local, Local, Local, Local];
  const [owner, visits, counter, first, size, taken, count, finished] = Array.from({ length: 8 }, () =>
    f.local("i32"),
  ) as [Local, Local, Local, Local, Local, Local, Local, Local];
  const shareOf = (index: Local | Code): Code => i32.div_u(i32.mul(units, index), threads);
  f.set(owner, thread);
  f.for(visits, 0, threads, 1, () => {
    f.set(counter, i32.add(i32.add(counters, line), i32.mul(owner, line)));
    f.set(first, shareOf(owner));
    f.set(size, i32.sub(shareOf(i32.add(owner, 1)), first));
    const left = (): Code => {
      f.set(taken, i32.atomic.load(counter));
      return i32.lt_s(taken, size);
    };
    f.while(left, () => {
      f.set(count, i32.shr_u(i32.sub(size, taken), takeShift));
      f.set(count, select(grain, count, i32.lt_s(count, grain)));
      f.set(count, select(i32.sub(size, taken), count, i32.lt_s(i32.sub(size, taken), count)));
      f.if(i32.eq(i32.atomic.cmpxchg(counter, taken, i32.add(taken, count)), taken), () => {
        f.set(taken, i32.add(first, taken));
        f.emit(call(work, parameters, thread, taken, i32.add(taken, count)));
        f.bump(finished, count);
      });
    });
    f.bump(owner, 1);
    f.if(i32.eq(owner, threads), () => f.set(owner, 0));
  });
  f.if(finished, () => {
    const all = i32.eq(i32.add(i32.atomic.add(counters, finished), finished), units);
    f.if(i32.and(all, i32.ne(i32.atomic.load(control.sleeping), 0)), () =>
      f.emit([i32.atomic.notify(counters, -1), 0x1a]),
    );
  });
  return f;
}
