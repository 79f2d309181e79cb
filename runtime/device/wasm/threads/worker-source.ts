/**
 * @file What a worker thread runs, as text: it must survive bundling into one minified file, so it imports nothing of ours and is
 * not made from a function of ours. It sleeps until the epoch moves, then takes in messages or runs its share of a program.
 */
import { abortions, control, failureBytes, orders } from "./control.ts";

export const workerSource = `
const { parentPort, workerData, receiveMessageOnPort } = require("node:worker_threads");
const { memory, thread, threads, epoch } = workerData;
const words = new Int32Array(memory.buffer, 0, ${control.end / 4});
const programs = new Map();
const fail = (error) => {
  const text = new TextEncoder().encode(String((error && error.stack) || error)).slice(0, ${failureBytes});
  new Uint8Array(memory.buffer, ${control.failure + 4}, ${failureBytes}).set(text);
  Atomics.store(words, ${control.failure / 4}, text.length);
  Atomics.store(words, ${control.aborted / 4}, ${abortions.failed});
  Atomics.notify(words, ${control.generation / 4});
  Atomics.notify(words, ${control.acknowledged / 4});
};
const receive = () => {
  for (let entry = receiveMessageOnPort(parentPort); entry !== undefined; entry = receiveMessageOnPort(parentPort)) {
    const { id, module, parameters } = entry.message;
    if (module === undefined) programs.delete(id);
    else {
      const instance = new WebAssembly.Instance(module, { env: { memory }, math: Math });
      programs.set(id, { run: instance.exports.run, parameters });
    }
  }
  Atomics.add(words, ${control.acknowledged / 4}, 1);
  Atomics.notify(words, ${control.acknowledged / 4});
};
let seen = epoch;
parentPort.postMessage("ready");
for (;;) {
  for (let i = 0; i < 50000 && Atomics.load(words, ${control.epoch / 4}) === seen; i++);
  while (Atomics.load(words, ${control.epoch / 4}) === seen) Atomics.wait(words, ${control.epoch / 4}, seen);
  seen = (seen + 1) | 0;
  const order = Atomics.load(words, ${control.order / 4});
  if (order === ${orders.exit}) break;
  try {
    if (order === ${orders.receive}) receive();
    else {
      const { run, parameters } = programs.get(order);
      run(parameters, thread, threads);
    }
  } catch (error) {
    fail(error);
  }
}
`;
