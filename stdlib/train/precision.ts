/** @file What a run computes in: the names that configs use for it, and what follows from each. */
import type { ComputeType } from "fgc/runtime";
import { nearestName, UserError } from "../faults.ts";

const names = {
  float32: "float32",
  fp32: "float32",
  f32: "float32",
  float: "float32",
  float16: "float16",
  fp16: "float16",
  f16: "float16",
  half: "float16",
  bfloat16: "bfloat16",
  bf16: "bfloat16",
} as const;

/** A type as configs and command lines spell it. */
export type DTypeName = keyof typeof names;

export interface TrainingPrecision {
  readonly name: "float32" | "float16" | "bfloat16";
  /** What products and attention multiply in; weights, sums, norms, losses and updates are f32 in any case. */
  readonly compute: ComputeType;
  /** Whether gradients may leave the type's range, so that the loss has to be scaled. */
  readonly scalesLoss: boolean;
}

const precisions: Readonly<Record<TrainingPrecision["name"], TrainingPrecision>> = {
  float32: { name: "float32", compute: "f32", scalesLoss: false },
  float16: { name: "float16", compute: "f16", scalesLoss: true },
  // The exponents of float32: nothing overflows that would not there.
  bfloat16: { name: "bfloat16", compute: "bf16", scalesLoss: false },
};

/** The settings that name a precision. `fp16` and `bf16` are Hugging Face's, `default_dtype` is Forgather's. */
export interface PrecisionSettings {
  readonly dtype: DTypeName | null;
  readonly fp16: boolean;
  readonly bf16: boolean;
  readonly defaultDtype: DTypeName | null;
}

/** `dtype` wins over the switches, these over `default_dtype`. @throws UserError for an unknown name, or two switches at once */
export function resolvePrecision({ dtype, fp16, bf16, defaultDtype }: PrecisionSettings): TrainingPrecision {
  if (fp16 && bf16 && dtype === null) {
    throw new UserError("train/refused-arguments", "fp16 and bf16 are both set", { hint: "choose one, or set dtype" });
  }
  const wanted = dtype ?? (fp16 ? "float16" : bf16 ? "bfloat16" : (defaultDtype ?? "float32"));
  return precisions[canonicalName(wanted)];
}

function canonicalName(given: string): TrainingPrecision["name"] {
  // `torch.float16` is how PyTorch prints it.
  const name = given.toLowerCase().replace(/^torch[.:]/, "");
  if (Object.hasOwn(names, name)) return names[name as DTypeName];
  const nearest = nearestName(name, Object.keys(names));
  throw new UserError("train/unknown-dtype", `there is no type "${given}" to train in`, {
    hint: nearest === undefined ? "float32, float16 or bfloat16" : `did you mean "${nearest}"?`,
  });
}
