import { expect, it } from "vitest";
import { defaultSettings } from "./arguments.ts";
import { settingsWithoutEffect } from "./without-effect.ts";

it("says nothing about defaults", () => {
  expect(settingsWithoutEffect(defaultSettings)).toEqual([]);
});

it("says nothing about what happens anyway", () => {
  expect(settingsWithoutEffect({ ...defaultSettings, defaultDtype: "float32", torchCompile: true })).toEqual([]);
});

it("names a setting that changes nothing as the config writes it, with the reason", () => {
  expect(settingsWithoutEffect({ ...defaultSettings, detectAnomaly: true, stagesPerRank: 2 })).toEqual([
    "warning: detect_anomaly has no effect: values inside a step are not checked; stop_on_nan checks the loss",
    "warning: stages_per_rank has no effect: there is no pipeline: one process trains the whole model",
  ]);
});
