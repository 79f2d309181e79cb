/** @file Modules against the golden vectors, forward and backward, on every device. */
import { arange, fromData, type HostTensor, type Session, Tensor, vjp } from "fgc/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { camelCaseKeys } from "../../stdlib/camel-case.ts";
import * as nn from "../../stdlib/nn/index.ts";
import { buildPart, type Part } from "./build-parts.ts";
import { testDevices } from "./devices.ts";
import {
  expectClose,
  expectGolden,
  type Golden,
  goldenCases,
  haveGoldens,
  tensorOf,
  tensorsBelow,
  toleranceOf,
} from "./golden.ts";

/** Suites of their own: tables and rules that need no device, and initialization. */
const elsewhere =
  /modules\/(init_|deepnet_scaling|alibi_slope_table|rope_table|sinusoidal_table|rope_(?!table)|mha_cache)/;

type Inputs = Record<string, Tensor>;

/** What a module's `forward` is given besides its first tensor, from the golden's inputs. */
function contextOf({ mask, position_ids: positionIds }: Inputs, golden: Golden): nn.LayerContext {
  // Both eager goldens hold unmasked numbers: the note of mha_eager_causal promises a mask, but its file has none and its values are
  // those of full attention (checked by hand in double precision).
  const isUnmaskedEager = golden.name.startsWith("modules/mha_eager");
  if (mask !== undefined) return { positionIds, masking: { causal: false, mask: mask.ne(0).unsqueeze(1) } };
  return { positionIds, masking: isUnmaskedEager ? undefined : { causal: true } };
}

function forward(module: Part, inputs: Inputs, golden: Golden): Tensor {
  if (module instanceof nn.InputEncoder) return module.forward(inputs["input_ids"]!, inputs["position_ids"]);
  if (module instanceof nn.SinusoidalPE) return module.forward(inputs["x"]!, inputs["position_ids"]);
  return module.forward(inputs["x"], contextOf(inputs, golden)) as Tensor;
}

/** Outputs and gradients of one golden, in one Program. */
async function runModule(
  session: Session,
  golden: Golden,
  run: (module: Part, inputs: Inputs) => Tensor,
): Promise<Record<string, HostTensor>> {
  const module = buildPart(golden.target, golden.args);
  const values = new Map([...tensorsBelow(golden, "param."), ...tensorsBelow(golden, "buffer.")]);
  module.loadStateDict(values);
  const inputs = tensorsBelow(golden, "in.");
  const step = session.compile((all: Inputs) => {
    const y = run(module, all);
    const wanted = [...tensorsBelow(golden, "grad.").keys()];
    const parameters = new Map<string, Tensor>(module.namedParameters());
    const gradients = vjp(
      [y],
      [all["cot.y"]!],
      wanted.map((name) => parameters.get(name) ?? all[name]!),
    );
    return { "out.y": y, ...Object.fromEntries(wanted.map((name, i) => [`grad.${name}`, gradients[i]!])) };
  });
  return step({ ...Object.fromEntries(inputs), "cot.y": tensorOf(golden, "cot.y") });
}

describe.skipIf(!haveGoldens).each(testDevices)("modules on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  it.each(goldenCases("modules/", (name) => !elsewhere.test(name)))("$name", async (golden) => {
    const got = await runModule(session, golden, (module, inputs) => forward(module, inputs, golden));
    for (const [name, tensor] of Object.entries(got)) expectGolden(tensor, golden, name);
  });

  // The masks of the vectors as our own rules make them: window, lengths, documents.
  const ruled = goldenCases("modules/", (name) => /mha_(sliding|window|padding|packed)|pre_ln_layer_masked/.test(name));
  it.each(ruled)("$name by its rule", async (golden) => {
    const rule = golden.json["mask_rule"] as { window?: number; lengths?: number[]; doc_starts?: number[][] };
    const got = await runModule(session, golden, (module, { x, position_ids: positionIds }) => {
      const [batch, length] = x!.shape as [number, number];
      const attentionMask = rule.lengths && paddingMask(rule.lengths, batch, length);
      const masking = nn.causalMask({ positionIds, attentionMask, window: rule.window });
      return module.forward(x, { positionIds, masking }) as Tensor;
    });
    for (const [name, tensor] of Object.entries(got)) expectGolden(tensor, golden, name);
  });

  it.each(goldenCases("modules/rope_", (name) => !name.includes("table")))("$name", async (golden) => {
    const rotary = new nn.RotaryPE(camelCaseKeys(golden.args) as never);
    const step = session.compile(({ q, k, position_ids: positionIds, "cot.q": cotQ, "cot.k": cotK }: Inputs) => {
      const [outQ, outK] = rotary.encode(q!, k!, positionIds);
      const [gradQ, gradK] = vjp([outQ, outK], [cotQ!, cotK!], [q!, k!]);
      return { "out.q": outQ, "out.k": outK, "grad.q": gradQ!, "grad.k": gradK! };
    });
    const cotangents = { "cot.q": tensorOf(golden, "cot.q"), "cot.k": tensorOf(golden, "cot.k") };
    const got = await step({ ...Object.fromEntries(tensorsBelow(golden, "in.")), ...cotangents });
    for (const [name, tensor] of Object.entries(got)) expectGolden(tensor, golden, name);
  });

  it.each(goldenCases("modules/mha_cache"))("$name", async (golden) => {
    const module = buildPart("CausalMultiheadAttn", golden.args) as unknown as nn.CausalMultiheadAttn;
    module.loadStateDict(tensorsBelow(golden, "param."));
    const x = tensorOf(golden, "in.x");
    const [batch, length, width] = x.shape as [number, number, number];
    const cache = new nn.KVCache({ slots: [module.cacheSlot], batchSize: batch, capacity: 12 });
    const step = session.compile(({ x, start }: Inputs) => {
      const count = x!.shape[1]!;
      const positionIds = arange(count).add(start!).unsqueeze(0);
      return { y: module.forward(x!, { positionIds, cache: cache.at(start!), masking: { causal: true } }) };
    });
    const prefill = golden.json["prefill"] as number;
    const y = new Float32Array(batch * length * width);
    for (let start = 0; start < length; start += start === 0 ? prefill : 1) {
      const count = start === 0 ? prefill : 1;
      const part = { data: columns(x, start, count), shape: [batch, count, width], dtype: "f32" as const };
      const got = await step({ x: part, start: { data: Int32Array.of(start), shape: [], dtype: "i32" } });
      for (let b = 0; b < batch; b++) {
        const row = got.y.data.subarray(b * count * width, (b + 1) * count * width);
        y.set(row as Float32Array, (b * length + start) * width);
      }
    }
    expectGolden({ data: y, shape: x.shape, dtype: "f32" }, golden, "out.y");
    for (const side of ["key", "value"] as const) {
      const want = tensorOf(golden, `out.cache_${side}`);
      const held = await session.read(cache.layer(0)[side]);
      const [b, heads, filled, headDim] = want.shape as [number, number, number, number];
      const used = new Float32Array(want.data.length);
      for (let row = 0; row < b * heads; row++) {
        used.set(
          held.data.slice(row * 12 * headDim, (row * 12 + filled) * headDim) as Float32Array,
          row * filled * headDim,
        );
      }
      expectGolden({ data: used, shape: want.shape, dtype: "f32" }, golden, `out.cache_${side}`);
    }
  });

  it("recomputing activations changes no number", async () => {
    const golden = goldenCases("modules/checkpoint_layer_stack")[0]!;
    const run = async (enable: boolean): Promise<Record<string, HostTensor>> =>
      runModule(session, golden, (module, { x }) => {
        (module as unknown as nn.LayerStack).enableCheckpoint = enable;
        return module.forward(x) as Tensor;
      });
    const [kept, recomputed] = [await run(false), await run(true)];
    for (const [name, tensor] of Object.entries(kept)) expect(recomputed[name]!.data).toEqual(tensor.data);
  });

  it("dropout: masks by seed and counter, kept values scaled, off in evaluation", async () => {
    const drop = new nn.Dropout(0.25);
    const ones = { data: new Float32Array(4096).fill(1), shape: [64, 64], dtype: "f32" as const };
    const step = session.compile(({ x, counter }: Inputs) =>
      nn.withDropoutStream({ seed: 5, counter: counter! }, () => ({ a: drop.forward(x!), b: drop.forward(x!) })),
    );
    const run = (counter: number): Promise<Record<"a" | "b", HostTensor>> =>
      step({ x: ones, counter: { data: Int32Array.of(counter), shape: [], dtype: "i32" } });
    const [first, again, next] = [await run(1), await run(1), await run(2)];
    expect(again.a.data).toEqual(first.a.data);
    expect(next.a.data).not.toEqual(first.a.data);
    expect(first.b.data).not.toEqual(first.a.data);
    const kept = [...first.a.data].filter((value) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.75)]));
    expect(Math.abs(kept.length / 4096 - 0.75)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / 4096));
    expect(() => drop.forward(new Tensor(nn.initializedParameter([2], nn.ones, { label: "x" }).node))).toThrow(
      /no random stream/,
    );
  });
});

describe.skipIf(!haveGoldens)("tables", () => {
  it.each(goldenCases("modules/rope_table"))("$name", (golden) => {
    const rotary = new nn.RotaryPE(camelCaseKeys(golden.args) as never);
    const half = rotary.inverseFrequencies.length;
    expectClose(
      rotary.inverseFrequencies,
      tensorOf(golden, "out.inv_freq").data,
      toleranceOf(golden, "out.inv_freq"),
      golden.name,
    );
    const { cos, sin } = rotary.table(tensorOf(golden, "in.positions").data);
    // The golden's tables have the angles twice, side by side.
    for (const [name, got] of [
      ["out.cos", cos],
      ["out.sin", sin],
    ] as const) {
      const want = tensorOf(golden, name).data.filter((_, i) => i % (2 * half) < half);
      expectClose(got, want, toleranceOf(golden, name), `${golden.name} ${name}`);
    }
  });

  it.each(goldenCases("modules/sinusoidal_table"))("$name", (golden) => {
    const { weight } = new nn.SinusoidalPE(camelCaseKeys(golden.args) as never);
    const width = weight.shape[1]!;
    const table = typeof weight.initial === "function" ? weight.initial() : weight.initial;
    const rows = [...tensorOf(golden, "in.rows").data].flatMap((row) => [
      ...table.slice(row * width, (row + 1) * width),
    ]);
    expectClose(rows, tensorOf(golden, "out.weight").data, toleranceOf(golden, "out.weight"), golden.name);
  });

  it.each(goldenCases("modules/alibi_slope_table"))("$name", (golden) => {
    for (const heads of golden.args["heads"] as number[]) {
      for (const [suffix, alternative] of [
        ["", false],
        ["_alt", true],
      ] as const) {
        const name = `out.heads_${heads}${suffix}`;
        expectClose(
          nn.alibiSlopes(heads, { alternative }),
          tensorOf(golden, name).data,
          toleranceOf(golden, name),
          name,
        );
      }
    }
  });

  it.each(goldenCases("modules/deepnet_scaling"))("$name", ({ json }) => {
    type Row = {
      n_decoder_layers: number;
      n_encoder_layers: number;
      which: nn.DeepnetSide | null;
      alpha: number;
      beta: number;
    };
    for (const { n_decoder_layers: decoder, n_encoder_layers: encoder, which, alpha, beta } of json["table"] as Row[]) {
      expect(nn.deepnetAlpha(decoder, encoder, which)).toBeCloseTo(alpha, 12);
      expect(nn.deepnetBeta(decoder, encoder, which)).toBeCloseTo(beta, 12);
    }
    expect(() => nn.deepnetAlpha(2, 2)).toThrow(/say which|two DeepNet constants/);
  });
});

function paddingMask(lengths: readonly number[], batch: number, length: number): Tensor {
  const rows = Array.from({ length: batch }, (_, b) => Array.from({ length }, (_x, t) => (t < lengths[b]! ? 1 : 0)));
  return fromData(Int32Array.from(rows.flat()), [batch, length]);
}

function columns({ data, shape }: HostTensor, start: number, count: number): Float32Array {
  const [batch, length, width] = shape as [number, number, number];
  return Float32Array.from(
    Array.from({ length: batch }, (_, b) => [
      ...data.slice((b * length + start) * width, (b * length + start + count) * width),
    ]).flat(),
  );
}
