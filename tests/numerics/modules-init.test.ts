/** @file Initialization: which rule fills each parameter, what each rule draws, and that draws depend on seed and name alone. */
import { Parameter } from "fgc/runtime";
import { describe, expect, it } from "vitest";
import { camelCaseKeys } from "../../stdlib/camel-case.ts";
import * as nn from "../../stdlib/nn/index.ts";
import { buildPart } from "./build-parts.ts";
import { goldenCases, haveGoldens, type Json, readGolden } from "./golden.ts";

const rules: Readonly<Record<string, (tensor: nn.InitTarget, options: never) => void>> = {
  init_torch_linear_default: nn.initTorchLinearDefault,
  init_embeddings: nn.initEmbeddings,
  "llama.init_embeddings": nn.llamaInitEmbeddings,
  "llama.trunc_normal_magic": nn.truncNormalMagic,
  "llama.trunc_normal": nn.truncNormal,
  "llama.init_output_layer": nn.initOutputLayer,
  xavier_uniform: nn.xavierUniform,
  xavier_normal: nn.xavierNormal,
  zeros: nn.zeros,
};

interface Distribution {
  readonly init: string;
  readonly shape: number[];
  readonly args?: Json;
  readonly std: number;
  readonly bound?: number;
  readonly cut?: [number, number];
  readonly zero_row?: number;
  readonly distribution: string;
}

describe.skipIf(!haveGoldens)("initialization rules", () => {
  const table = haveGoldens ? (readGolden("modules/init_distributions").json["table"] as Distribution[]) : [];
  it.each(table.map((row) => [`${row.init} ${JSON.stringify(row.args ?? {})}`, row] as const))("%s", (_, row) => {
    const parameter = new Parameter(row.shape, new Float32Array(row.shape.reduce((a, b) => a * b, 1)), {
      label: "weight",
    });
    nn.setInitRule(parameter, (tensor) => rules[row.init]!(tensor, camelCaseKeys(row.args ?? {}) as never));
    const width = row.shape[1] ?? 1;
    const all = nn.drawInitial(parameter);
    const values = all.filter((_value, i) => Math.floor(i / width) !== row.zero_row);
    const n = values.length;
    const mean = values.reduce((a, b) => a + b, 0) / n;
    const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / n);
    // Five standard errors: of the mean σ/√n, of the deviation at most σ/√(2n).
    expect(Math.abs(mean)).toBeLessThanOrEqual((5 * row.std) / Math.sqrt(n));
    expect(Math.abs(std - row.std)).toBeLessThanOrEqual((5 * row.std) / Math.sqrt(2 * n));
    const bound = row.bound ?? row.cut?.[1];
    if (bound !== undefined) expect(values.every((value) => Math.abs(value) <= Math.fround(bound))).toBe(true);
    if (row.zero_row !== undefined)
      expect([...all.subarray(row.zero_row * width, (row.zero_row + 1) * width)].every((x) => x === 0)).toBe(true);
    if (row.distribution === "uniform") {
      // Uniform, and not merely of that deviation: the edges are reached, and a quarter lies in the outer quarter.
      const outer = values.filter((value) => Math.abs(value) > 0.75 * row.bound!).length / n;
      expect(outer).toBeGreaterThan(0.2);
      expect(outer).toBeLessThan(0.3);
    }
    if (row.distribution === "normal") {
      const inside = values.filter((value) => Math.abs(value) < row.std).length / n;
      expect(Math.abs(inside - 0.6827)).toBeLessThan((5 * 0.4654) / Math.sqrt(n));
    }
  });

  it.each(goldenCases("modules/init_regex"))("$name", ({ args, json }) => {
    const { type, ...own } = json["module"] as Json & { type: string };
    const module = buildPart(type, own);
    const regexList = args["regex_list"] as [string, string][];
    const filledBy = new Map<string, string>();
    const marks = Object.fromEntries(
      regexList.map(([, rule]) => [rule, (tensor: nn.InitTarget) => void filledBy.set(tensor.name, rule)]),
    );
    module.assignNames();
    nn.initWeightsByRegex(module, regexList, marks);
    for (const parameter of module.parameters()) nn.drawInitial(parameter);
    const got = module.namedParameters().map(([name]) => [name, filledBy.get(name) ?? null]);
    expect(Object.fromEntries(got)).toEqual(json["rule_of"]);
    expect(got.map(([name]) => name)).toEqual(Object.keys(json["rule_of"] as Json));
    const shapes = json["shapes"] as Readonly<Record<string, number[]>>;
    for (const [name, parameter] of module.namedParameters()) expect(parameter.shape).toEqual(shapes[name]);
  });
});

const layer = ({ layerIdx }: nn.LayerFactoryArguments): nn.PreLNLayer =>
  new nn.PreLNLayer({
    feedforwardFactory: () => new nn.GLUFeedforwardLayer({ dModel: 8, dFeedforward: 12 }),
    attentionFactory: (args) => new nn.CausalMultiheadAttn({ dModel: 8, numHeads: 2, ...args }),
    normFactory: () => new nn.RMSNorm(8),
    layerIdx,
  });

describe("initialization of a module", () => {
  const draw = (module: nn.Module): Record<string, Float32Array> =>
    Object.fromEntries(module.namedParameters().map(([name, parameter]) => [name, nn.drawInitial(parameter)]));

  it("depends on the seed and the name, not on what else there is", () => {
    const small = new nn.LayerStack({ layerFactory: layer, numHiddenLayers: 1 });
    const large = new nn.LayerStack({ layerFactory: layer, numHiddenLayers: 3 });
    nn.seedWeights(small, 7);
    nn.seedWeights(large, 7);
    const [a, b] = [draw(small), draw(large)];
    for (const [name, values] of Object.entries(a)) expect(b[name]).toEqual(values);
    expect(b["layers.1.attention.query_linear.weight"]).not.toEqual(b["layers.0.attention.query_linear.weight"]);
    nn.seedWeights(large, 8);
    expect(draw(large)["layers.0.attention.query_linear.weight"]).not.toEqual(
      a["layers.0.attention.query_linear.weight"],
    );
  });

  it("keeps the constructor's values where a rule passes", () => {
    const before = draw(layer({ layerIdx: 0 }));
    const module = layer({ layerIdx: 0 });
    nn.initWeightsByRegex(module, [[".", "pass"]], { pass: nn.initPass });
    expect(draw(module)).toEqual(before);
  });

  it("an unknown rule is an error before anything is touched", () => {
    const module = layer({ layerIdx: 0 });
    const before = draw(module);
    const bad = (): void =>
      nn.initWeightsByRegex(
        module,
        [
          ["norm", "zeros"],
          ["attention", "zeroes"],
        ],
        { zeros: nn.zeros },
      );
    expect(bad).toThrow(/'zeroes' .* is not in init_f_map/);
    expect(draw(module)).toEqual(before);
  });

  it("the schemes fill linear maps and embeddings and leave norms", () => {
    const module = new nn.InputEncoder({
      dModel: 64,
      vocabSize: 50,
      embedding: new nn.Embedding(50, 64, { paddingIdx: 3 }),
    });
    nn.simpleWeightInit(module);
    const table = nn.drawInitial(module.embedding.weight);
    expect(Math.sqrt(table.reduce((a, b) => a + b * b, 0) / (49 * 64))).toBeCloseTo(1 / 8, 2);
    expect([...table.subarray(3 * 64, 4 * 64)].every((x) => x === 0)).toBe(true);

    const block = layer({ layerIdx: 0 });
    nn.hfLlamaWeightInit(block);
    const values = draw(block);
    expect([...values["norm1.weight"]!]).toEqual(Array(8).fill(1));
    expect(Math.max(...values["feedforward.up_proj.weight"]!)).toBeLessThan(0.1);
  });
});

describe("module trees", () => {
  it("names parts in order of declaration, in snake_case", () => {
    expect(
      layer({ layerIdx: 0 })
        .namedParameters()
        .map(([name]) => name),
    ).toEqual([
      "feedforward.up_proj.weight",
      "feedforward.gate_proj.weight",
      "feedforward.down_proj.weight",
      "attention.query_linear.weight",
      "attention.key_linear.weight",
      "attention.value_linear.weight",
      "attention.output_linear.weight",
      "norm1.weight",
      "norm2.weight",
    ]);
  });

  it("prints as PyTorch does", () => {
    expect(String(layer({ layerIdx: 0 }))).toMatchInlineSnapshot(`
      "PreLNLayer(
        (feedforward): GLUFeedforwardLayer(
          (up_proj): Linear(in=8, out=12, bias=false)
          (gate_proj): Linear(in=8, out=12, bias=false)
          (down_proj): Linear(in=12, out=8, bias=false)
          (activation): SiLU()
          (dropout): Dropout(p=0.1)
        )
        (attention): CausalMultiheadAttn(heads=2, kvHeads=2, headDim=4
          (query_linear): Linear(in=8, out=8, bias=false)
          (key_linear): Linear(in=8, out=8, bias=false)
          (value_linear): Linear(in=8, out=8, bias=false)
          (output_linear): Linear(in=8, out=8, bias=false)
        )
        (norm1): RMSNorm(8, eps=1.1920928955078125e-7)
        (norm2): RMSNorm(8, eps=1.1920928955078125e-7)
        (dropout): Dropout(p=0.1)
        (residual_dropout): Dropout(p=0)
      )"
    `);
  });

  it("replaces weights strictly, all or nothing", () => {
    const module = new nn.Linear(2, 3);
    const weight = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2], dtype: "f32" as const };
    const bias = { data: Float32Array.of(7, 8, 9), shape: [3], dtype: "f32" as const };
    expect(() => module.loadStateDict(new Map([["weight", weight]]))).toThrow(/missing: bias/);
    expect(() =>
      module.loadStateDict(
        new Map([
          ["weight", weight],
          ["bias", bias],
          ["wait", bias],
        ]),
      ),
    ).toThrow(/unknown: wait/);
    expect(() =>
      module.loadStateDict(
        new Map([
          ["weight", bias],
          ["bias", bias],
        ]),
      ),
    ).toThrow(/weight is \[3,2\] here, \[3\] in the weights/);
    expect(module.loadStateDict(new Map([["weight", weight]]), { strict: false })).toEqual({
      missing: ["bias"],
      unexpected: [],
    });
    expect(module.weight.initial).toEqual(weight.data);
  });

  it("a tied weight has one entry, and loads under either name", () => {
    const first = new nn.Linear(2, 2, { bias: false });
    const second = new nn.Linear(2, 2, { bias: false });
    second.weight = first.weight;
    class Pair extends nn.Module {
      readonly inner = first;
      readonly outer = second;
    }
    const pair = new Pair();
    expect(pair.namedParameters().map(([name]) => name)).toEqual(["inner.weight"]);
    expect(pair.tiedNames()).toEqual(new Map([["outer.weight", "inner.weight"]]));
    const value = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2], dtype: "f32" as const };
    pair.loadStateDict(new Map([["outer.weight", value]]));
    expect(first.weight.initial).toBe(value.data);
  });

  it("says where a shape does not fit", () => {
    const stack = new nn.LayerStack({ layerFactory: layer, numHiddenLayers: 2 });
    stack.assignNames();
    const broken = new nn.Linear(9, 8, { bias: false });
    (stack.layers[1] as nn.PreLNLayer & { feedforward: { downProj: nn.Linear } }).feedforward.downProj.weight =
      broken.weight;
    const x = new Parameter([1, 2, 8], new Float32Array(16));
    expect(() => stack.eval().forward(x)).toThrow(/layers\.1\.feedforward\.down_proj/);
  });
});
