/** @file safetensors files to read and to refuse, and narrow floats, against the golden vectors. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  decodeToFloat32,
  float8E4M3,
  float8E5M2,
  fromBfloat16Bits,
  fromFloat16Bits,
  roundStochastically,
  toBfloat16Bits,
  toFloat16Bits,
} from "./float16.ts";
import { encodeSafetensors, parseSafetensors, SafetensorsError } from "./safetensors.ts";

const vectors = new URL("../../../shared/vectors/numerics/", import.meta.url);
const haveVectors = existsSync(vectors);
if (!haveVectors) console.warn(`golden vectors are absent (${vectors.pathname}): file and dtype suites are skipped`);

interface Sample {
  readonly expect: "accept" | "reject" | "reject_or_last";
  readonly metadata?: Record<string, string> | null;
  readonly tensors?: Record<string, { readonly dtype: string; readonly shape: number[]; readonly bytes_hex: string }>;
}

function samples(): [string, Sample][] {
  if (!haveVectors) return [];
  const { files } = JSON.parse(readFileSync(new URL("safetensors/samples.json", vectors), "utf8")) as {
    files: Record<string, Sample>;
  };
  return Object.entries(files);
}

describe.skipIf(!haveVectors)("safetensors", () => {
  test.each(samples())("%s", (name, sample) => {
    const bytes = readFileSync(new URL(`safetensors/samples/${name}`, vectors));
    if (sample.expect === "reject") {
      expect(() => parseSafetensors(bytes)).toThrow(SafetensorsError);
      return;
    }
    if (sample.expect === "reject_or_last") return; // JSON.parse keeps the last; both are allowed
    const file = parseSafetensors(bytes);
    expect(file.metadata ?? null).toEqual(sample.metadata ?? null);
    const read = Object.fromEntries(
      [...file].map(([key, tensor]) => [
        key,
        { dtype: tensor.fileDType, shape: tensor.shape, bytes_hex: Buffer.from(tensor.bytes).toString("hex") },
      ]),
    );
    expect(read).toEqual(sample.tensors);
  });

  test("what is written is read back, wide types first", () => {
    const tensors = [
      ["mask", { data: Uint8Array.of(1, 0, 1), shape: [3], dtype: "bool" }],
      ["x", { data: Float32Array.of(1.5, Number.NaN, -0), shape: [3, 1], dtype: "f32" }],
      ["h", { data: Uint16Array.of(0x3c00), shape: [], dtype: "f16" }],
      ["ids", { data: Int32Array.of(-7), shape: [1], dtype: "i32" }],
    ] as const;
    const file = parseSafetensors(Buffer.concat([...encodeSafetensors(tensors, { format: "pt" })]));
    expect(file.metadata).toEqual({ format: "pt" });
    expect([...file.keys()]).toEqual(["x", "ids", "h", "mask"]);
    for (const [name, { data, shape, dtype }] of tensors) expect(file.get(name)).toMatchObject({ data, shape, dtype });
    expect(() => [...encodeSafetensors([tensors[0], tensors[0]])]).toThrow(SafetensorsError);
  });
});

const words = new Uint32Array(1);
const float = new Float32Array(words.buffer);
const fromWord = (word: number): number => {
  words[0] = word;
  return float[0] as number;
};

describe.skipIf(!haveVectors)("narrow floats", () => {
  const codecs = {
    bfloat16: { encode: toBfloat16Bits, decode: fromBfloat16Bits },
    float16: { encode: toFloat16Bits, decode: fromFloat16Bits },
    float8_e4m3fn: float8E4M3,
    float8_e5m2: float8E5M2,
  };
  const read = (name: string) => parseSafetensors(readFileSync(new URL(`dtype/${name}.safetensors`, vectors)));
  const ints = (file: ReturnType<typeof read>, name: string): Int32Array => file.get(name)?.data as Int32Array;

  test.each(Object.entries(codecs))("%s", (name, { encode, decode }) => {
    const rounded = read(`round_${name}`);
    const wantBits = ints(rounded, "out.bits");
    const isNan = ints(rounded, "out.nan");
    ints(rounded, "in.float32_bits").forEach((word, i) => {
      const bits = encode(fromWord(word));
      if (isNan[i] === 1) expect(decode(bits), `word ${word}`).toBeNaN();
      else expect(bits, `word ${word}`).toBe(wantBits[i]);
    });
    const decoded = read(`decode_${name}`);
    const wantWords = ints(decoded, "out.float32_bits");
    const nan = ints(decoded, "out.nan");
    ints(decoded, "in.bits").forEach((bits, i) => {
      const value = decode(bits);
      expect(
        Object.is(value, fromWord(wantWords[i] as number)) || (nan[i] === 1 && Number.isNaN(value)),
        `bits ${bits}: ${value}`,
      ).toBe(true);
    });
  });

  test("stochastic rounding to bfloat16", () => {
    const file = read("stochastic_bfloat16");
    const random = ints(file, "in.random16");
    const got = Int32Array.from(file.get("in.x")?.data as Float32Array, (x, i) =>
      roundStochastically(x, random[i] as number),
    );
    expect(got).toEqual(ints(file, "out.bits"));
    expect(decodeToFloat32("bf16", Uint16Array.from(got))).toEqual(file.get("out.y")?.data);
  });
});
