/**
 * @file What a worker thread runs, as text: it must survive bundling into one minified file, so it imports nothing of ours and is
 * not made from a function of ours. It sleeps until the epoch moves, then takes in a message or runs its share of a program.
 *
 * The host's prelude defines `begin`, which calls `start` with what the thread was given, and then `obey` again and again: it returns true
 * where a message is to be taken in, which each host receives in its own way, and false at the end.
 */
import { abortions, control, failureBytes, orders } from "./control.ts";
import { threadPrelude } from "./host.ts";

export const workerSource = `${threadPrelude}
let memory, thread, threads, seen, words;
const programs = new Map();
const start = (data) => {
  ({ memory, thread, threads, epoch: seen } = data);
  words = new Int32Array(memory.buffer, 0, ${control.end / 4});
};
const fail = (error) => {
  const text = new TextEncoder().encode(String((error && error.stack) || error)).slice(0, ${failureBytes});
  new Uint8Array(memory.buffer, ${control.failure + 4}, ${failureBytes}).set(text);
  Atomics.store(words, ${control.failure / 4}, text.length);
  Atomics.store(words, ${control.aborted / 4}, ${abortions.failed});
  Atomics.notify(words, ${control.generation / 4});
  Atomics.notify(words, ${control.acknowledged / 4});
};
const take = ({ id, module, parameters }) => {
  try {
    if (module === undefined) programs.delete(id);
    else {
      const instance = new WebAssembly.Instance(module, { env: { memory }, math: Math });
      programs.set(id, { run: instance.exports.run, parameters });
    }
    Atomics.add(words, ${control.acknowledged / 4}, 1);
    Atomics.notify(words, ${control.acknowledged / 4});
  } catch (error) {
    fail(error);
  }
};
const obey = () => {
  for (;;) {
    for (let i = 0; i < 50000 && Atomics.load(words, ${control.epoch / 4}) === seen; i++);
    while (Atomics.load(words, ${control.epoch / 4}) === seen) Atomics.wait(words, ${control.epoch / 4}, seen);
    seen = (seen + 1) | 0;
    const order = Atomics.load(words, ${control.order / 4});
    if (order === ${orders.exit}) return false;
    if (order === ${orders.receive}) return true;
    try {
      const { run, parameters } = programs.get(order);
      run(parameters, thread, threads);
    } catch (error) {
      fail(error);
    }
  }
};
begin();
`;
