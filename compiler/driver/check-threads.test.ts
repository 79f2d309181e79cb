/** @file Jobs handed out to threads: every config is answered once, whatever dies. The threads here are objects that answer when they are told. */
import { expect, it } from "vitest";
import type { CheckItem, CheckJob } from "./check-many.ts";
import { CheckThreads, type Thread, type ThreadAnswer, type ThreadRequest } from "./check-threads.ts";

/** What a thread does with the configs that it gets: answers, or ends with a reason. */
type Behaviour = (configs: readonly string[]) => string | undefined;

function threads(behaviour: Behaviour, size = 2) {
  const requests: ThreadRequest[] = [];
  let started = 0;
  let stopped = 0;
  const start = (): Thread => {
    started += 1;
    let answer: (given: ThreadAnswer) => void = () => {};
    let end: (reason: string) => void = () => {};
    return {
      send(request) {
        requests.push(request);
        if (request.kind !== "check") return;
        const configs = request.jobs.flatMap((job) => job.configs);
        const reason = behaviour(configs);
        const items = configs.map((config): CheckItem => ({ project: "/p", config, diagnostics: [] }));
        queueMicrotask(() => (reason === undefined ? answer({ items }) : end(reason)));
      },
      onAnswer: (listener) => {
        answer = listener;
      },
      onEnd: (listener) => {
        end = listener;
      },
      stop: () => {
        stopped += 1;
      },
    };
  };
  return { pool: new CheckThreads(start, size), requests, started: () => started, stopped: () => stopped };
}

const jobsOf = (...configs: readonly string[]): readonly CheckJob[] => [
  { projectDir: "/p", configs, clock: undefined },
];
const names = Array.from({ length: 70 }, (_, i) => `c${i}.yaml`);
const configsOf = (items: readonly CheckItem[]) => items.map(({ config }) => config).sort();

it("every config is answered once, by no more threads than there may be", async () => {
  const { pool, started } = threads(() => undefined);
  const told: number[] = [];
  const items = await pool.check(jobsOf(...names), false, (done) => told.push(done));
  expect(configsOf(items)).toEqual([...names].sort());
  expect(started()).toBe(2);
  expect(told.at(-1)).toBe(names.length);
  expect(told).toEqual([...told].sort((a, b) => a - b));
});

it("a config on which threads die is the only one that is lost, and it is told why", async () => {
  const { pool } = threads((configs) => (configs.includes("c3.yaml") ? "out of memory" : undefined));
  const items = await pool.check(jobsOf(...names), false, () => {});
  expect(configsOf(items)).toEqual([...names].sort());
  const faulty = items.filter(({ diagnostics }) => diagnostics.length > 0);
  expect(faulty.map(({ config }) => config)).toEqual(["c3.yaml"]);
  expect(faulty[0]?.diagnostics[0]).toMatchObject({ code: "driver/check-failed", severity: "error" });
  expect(faulty[0]?.diagnostics[0]?.message).toContain("out of memory");
});

it("where threads die again and again no more are started, and nothing waits for ever", async () => {
  const { pool, started } = threads(() => "killed");
  const items = await pool.check(jobsOf(...names), false, () => {});
  expect(configsOf(items)).toEqual([...names].sort());
  expect(items.every(({ diagnostics }) => diagnostics[0]?.code === "driver/check-failed")).toBe(true);
  expect(started()).toBeLessThanOrEqual(10);
});

it("threads stay for the next round, hear of what changed, and are stopped at the end", async () => {
  const { pool, requests, started, stopped } = threads(() => undefined);
  await pool.check(jobsOf(...names), true, () => {});
  pool.forget(["/p/a.yaml"]);
  await pool.check(jobsOf(...names), true, () => {});
  expect(started()).toBe(2);
  expect(requests.filter(({ kind }) => kind === "forget")).toEqual([
    { kind: "forget", paths: ["/p/a.yaml"] },
    { kind: "forget", paths: ["/p/a.yaml"] },
  ]);
  pool.close();
  expect(stopped()).toBe(2);
});
