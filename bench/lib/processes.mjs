/** @file Whole processes timed from outside, in turns, so that a busy machine is busy for all of them alike. */
import { spawn, spawnSync } from "node:child_process";

/**
 * @param cases name → { command, before?, read? }: `before` runs untimed, `read` turns what was printed into milliseconds instead of the time of the process
 * @returns name → milliseconds of each round; cases that fail are left out, and told to `skip`
 */
export function timeInTurns(cases, rounds, skip) {
  const samples = new Map(Object.keys(cases).map((name) => [name, []]));
  // The first round fills caches and does not count.
  for (let round = -1; round < rounds; round += 1)
    for (const [name, { command, before, read, env }] of Object.entries(cases)) {
      if (!samples.has(name)) continue;
      before?.();
      const [program, ...args] = command;
      const started = performance.now();
      const { status, error, stdout, stderr } = spawnSync(program, args, {
        encoding: "utf8",
        maxBuffer: 1 << 28,
        env: { ...process.env, ...env },
      });
      const ms = performance.now() - started;
      if (error !== undefined || status !== 0) {
        skip(name, error?.message ?? stderr.trim().split("\n").at(-1));
        samples.delete(name);
      } else if (round >= 0) samples.get(name).push(read === undefined ? ms : read(stdout));
    }
  return samples;
}

/** A process that stays, and what it prints on stderr line by line. */
export function startWatching(command, env) {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
  const waiting = [];
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
    for (const wait of [...waiting]) wait();
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  return {
    /** Resolves once something printed since the last match matches; what is printed after that is for the next call. */
    async until(pattern) {
      await new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(text)) return;
          waiting.splice(waiting.indexOf(look), 1);
          resolve();
        };
        waiting.push(look);
        void ended.then(() => reject(new Error(`ended early: ${text}`)));
        look();
      });
      const match = pattern.exec(text);
      text = text.slice(match.index + match[0].length);
      return match[0];
    },
    async stop() {
      child.kill("SIGINT");
      return ended;
    },
  };
}
