/** @file Optimizers against the golden trajectories, on every device; resuming, bit for bit. */
import { type HostInput, type HostTensor, Parameter, type Session, type Tensor } from "fgc/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as optim from "../../stdlib/optim/index.ts";
import { makeOptimizer } from "./build-optimizers.ts";
import { testDevices } from "./devices.ts";
import { expectGolden, type Golden, goldenCases, haveGoldens, rowOf, tensorOf, tensorsBelow } from "./golden.ts";

/** Vectors whose optimizers are not built. */
const notBuilt: Readonly<Record<string, string>> = {
  "optim/forgather_apollo": "Apollo is not built yet",
  "optim/pca_": "Apollo's projectors are not built yet",
  "optim/forgather_adafactor_bfloat16": "parameters are float32",
};
const reasonToSkip = (name: string): string | undefined =>
  Object.entries(notBuilt).find(([prefix]) => name.startsWith(prefix))?.[1];

interface Run {
  readonly named: optim.NamedParameter[];
  readonly optimizer: optim.AnyOptimizer;
  readonly step: (index: number) => Promise<void>;
}

/** An optimizer on parameters that start from `values`, stepping over the golden's gradients. */
function start(session: Session, golden: Golden, values: ReadonlyMap<string, HostTensor>): Run {
  const named = [...values].map(
    ([name, { data, shape }]): optim.NamedParameter => [name, new Parameter(shape, data, { label: name })],
  );
  const optimizer = makeOptimizer(golden.target, golden.args, named);
  const traced = new Map(named);
  const compiled = session.compile((inputs: Record<string, Tensor>) => {
    const own = new Set(optimizer.parameters());
    const gradients = [...traced]
      .filter(([, parameter]) => own.has(parameter))
      .map(([name, p]) => [p, inputs[`grad.${name}`]!] as const);
    optimizer.trace(new Map(gradients), inputs);
    return { done: inputs[`grad.${named[0]![0]}`]!.sum() };
  });
  const rates = golden.json["lr_values"] as number[] | undefined;
  return {
    named,
    optimizer,
    step: async (index) => {
      const rate = rates?.[index];
      if (rate !== undefined) for (const group of optimizer.groups) group.lr = rate;
      const gradients = named.map(([name]): [string, HostInput] => [
        `grad.${name}`,
        rowOf(tensorOf(golden, `in.grad.${name}`), index),
      ]);
      await compiled({ ...Object.fromEntries(gradients), ...optimizer.scalars() });
      optimizer.advance();
    },
  };
}

async function readAll(session: Session, { named, optimizer }: Run): Promise<Map<string, HostTensor>> {
  const all = new Map<string, HostTensor>();
  for (const [name, parameter] of named) all.set(name, await session.read(parameter));
  for (const [name, state] of optimizer.stateTensors()) all.set(`state ${name}`, await session.read(state));
  return all;
}

describe.skipIf(!haveGoldens).each(testDevices)("optimizers on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  const cases = goldenCases("optim/");
  for (const { name } of cases.filter(({ name }) => reasonToSkip(name) !== undefined))
    it.skip(`${name}: ${reasonToSkip(name)}`, () => {});
  const built = cases.filter(({ name }) => reasonToSkip(name) === undefined);

  it.each(built)("$name", async (golden) => {
    const steps = golden.json["steps"] as number;
    const compare = async (run: Run, index: number): Promise<void> => {
      for (const [name, parameter] of run.named) {
        expectGolden(
          await session.read(parameter),
          golden,
          `out.${name}`,
          rowOf(tensorOf(golden, `out.${name}`), index),
        );
      }
      for (const [name, state] of run.optimizer.stateTensors()) {
        const key = `state.${index + 1}.${name}`;
        if (golden.tensors.has(key)) expectGolden(await session.read(state), golden, key);
      }
    };
    const run = start(session, golden, tensorsBelow(golden, "param."));
    for (let index = 0; index < steps; index++) {
      await run.step(index);
      await compare(run, index);
    }

    // From the golden's own state in the middle.
    const middle = Math.max(
      ...[...golden.tensors.keys()]
        .map((key) => Number(/^state\.(\d+)\./.exec(key)?.[1] ?? 0))
        .filter((n) => n < steps),
    );
    if (middle === 0) return;
    const values = [...tensorsBelow(golden, "param.").keys()].map(
      (name) => [name, rowOf(tensorOf(golden, `out.${name}`), middle - 1)] as const,
    );
    const resumed = start(session, golden, new Map(values));
    resumed.optimizer.loadStateDict({ ...resumed.optimizer.stateDict(), step: middle });
    for (const [name, state] of resumed.optimizer.stateTensors())
      session.write(state, tensorOf(golden, `state.${middle}.${name}`).data);
    for (let index = middle; index < steps; index++) await resumed.step(index);
    await compare(resumed, steps - 1);
  });

  it.each(
    built.filter(({ name }) =>
      /default|amsgrad|nesterov$|relative_step$|multiopt|grouped_no_decay|schedule/.test(name),
    ),
  )("$name resumes bit for bit", async (golden) => {
    const run = start(session, golden, tensorsBelow(golden, "param."));
    for (let index = 0; index < 6; index++) await run.step(index);
    const saved = await readAll(session, run);
    const json = JSON.stringify(run.optimizer.stateDict());
    for (let index = 6; index < 12; index++) await run.step(index);

    const values = run.named.map(([name]) => [name, saved.get(name)!] as const);
    const resumed = start(session, golden, new Map(values));
    resumed.optimizer.loadStateDict(JSON.parse(json) as optim.OptimizerState);
    for (const [name, state] of resumed.optimizer.stateTensors())
      session.write(state, saved.get(`state ${name}`)!.data);
    for (let index = 6; index < 12; index++) await resumed.step(index);
    const [want, got] = [await readAll(session, run), await readAll(session, resumed)];
    expect([...got.keys()]).toEqual([...want.keys()]);
    for (const [name, tensor] of want) expect(got.get(name)!.data, name).toEqual(tensor.data);
  });

  it("clips by the global norm", async () => {
    const parameters = [2, 3].map((n, i) => new Parameter([n], new Float32Array(n), { label: `p${i}` }));
    const step = session.compile(({ a, b }: Record<string, Tensor>) => {
      const gradients = new Map([
        [parameters[0]!, a!],
        [parameters[1]!, b!],
      ]);
      const { gradients: clipped, norm } = optim.clipGradNorm(gradients, 1);
      return { norm, a: clipped.get(parameters[0]!)!, b: clipped.get(parameters[1]!)! };
    });
    const f32 = (...data: number[]): HostTensor => ({
      data: Float32Array.from(data),
      shape: [data.length],
      dtype: "f32",
    });
    const large = await step({ a: f32(3, 0), b: f32(0, 4, 0) });
    expect(large.norm.data[0]).toBe(5);
    expect(large.a.data[0]).toBeCloseTo(0.6, 6);
    expect(large.b.data[1]).toBeCloseTo(0.8, 6);
    const small = await step({ a: f32(0.25, 0), b: f32(0, 0.5, 0) });
    expect([...small.a.data, ...small.b.data]).toEqual([0.25, 0, 0, 0.5, 0]);
  });
});

describe("parameter groups", () => {
  const named = ["a.weight", "a.bias", "norm.weight"].map(
    (name): optim.NamedParameter => [name, new Parameter([1], new Float32Array(1))],
  );
  const membersOf = (groups: readonly optim.ParameterGroupInput[]): unknown =>
    Object.fromEntries(
      groups.map((group) => [group.name, [...group.params].map((entry) => (entry as optim.NamedParameter)[0])]),
    );

  it.each(goldenCases("optim/", (name) => /grouped|multiopt/.test(name)))("$name", (golden) => {
    const parameters = [...tensorsBelow(golden, "param.")].map(
      ([name, { shape, data }]): optim.NamedParameter => [name, new Parameter(shape, data)],
    );
    const map = (golden.args["group_map"] ?? golden.args["optimizer_map"]) as [string, string][];
    const unmatched: string[] = [];
    const groups = optim.makeRegexOptimizerGroups(
      parameters,
      map,
      {},
      { onUnmatched: (names) => void unmatched.push(...names) },
    );
    expect(groups.map((group) => group.name)).toEqual(golden.json["group_order"]);
    expect(membersOf(groups)).toEqual(golden.json["groups"]);
    expect(unmatched).toEqual(golden.json["unmatched"]);
  });

  it("keeps empty groups, says what it drops, and knows its groups", () => {
    const dropped: string[] = [];
    const options = { onUnmatched: (names: readonly string[]) => void dropped.push(...names) };
    const groups = optim.makeRegexOptimizerGroups(
      named,
      [
        ["embedding", "slow"],
        ["bias", "none"],
        ["^a", "rest"],
      ],
      { rest: { weight_decay: 0.1 } },
      options,
    );
    expect(membersOf(groups)).toEqual({ slow: [], none: ["a.bias"], rest: ["a.weight"] });
    expect(dropped).toEqual(["norm.weight"]);
    expect(() => optim.makeRegexOptimizerGroups(named, [[".", "rest"]], { reset: {} })).toThrow(/no group 'reset'/);
  });

  it("refuses leftovers, empty optimizers and parameters that come twice", () => {
    const factory = (p: optim.NamedParameter[]): optim.AnyOptimizer => new optim.SGD(p);
    expect(() => optim.makeReMultiopt(named, [["a", "x"]], { x: factory })).toThrow(
      /no expression of optimizer_map finds norm.weight/,
    );
    expect(() =>
      optim.makeReMultiopt(
        named,
        [
          [".", "x"],
          ["z", "y"],
        ],
        { x: factory, y: factory },
      ),
    ).toThrow(/'y' has no parameters/);
    expect(() => new optim.SGD([...named, named[0]!])).toThrow(/in the optimizer twice/);
  });
});
