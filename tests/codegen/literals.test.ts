/** @file Numbers, paths and times in emitted code. */
import { describe, expect, it } from "vitest";
import { numberText, objectText, stringText, type TextHelpers } from "../../compiler/codegen/literals.ts";

const helpers: TextHelpers = { bundlePath: (relative) => `path(${relative})`, startTime: (form) => `time("${form}")` };
const folders = [
  { path: "/home/ann/project/out", fromBundle: "" },
  { path: "/home/ann/project", fromBundle: ".." },
];
const text = (value: string): string => stringText(value, folders, helpers);

describe("numberText", () => {
  it("groups the digits of long numbers", () => {
    expect(numberText(10_000n)).toBe("10_000");
    expect(numberText(2000n)).toBe("2000");
    expect(numberText(10_000)).toBe("10_000");
    expect(numberText(-1234567.5)).toBe("-1_234_567.5");
  });
  it("writes small and special numbers as people do", () => {
    expect(numberText(1e-5)).toBe("1e-5");
    expect(numberText(0.002)).toBe("0.002");
    expect(numberText(Number.POSITIVE_INFINITY)).toBe("Number.POSITIVE_INFINITY");
    expect(numberText(-0)).toBe("-0");
    expect(numberText(2n ** 60n)).toBe(`${2n ** 60n}n`);
  });
});

describe("stringText", () => {
  it("makes paths of this machine relative to the bundle", () => {
    expect(text("/home/ann/project/out/runs/a")).toBe('path("runs/a")');
    expect(text("/home/ann/project/out")).toBe('path(".")');
    expect(text("/home/ann/project/data")).toBe('path("../data")');
    expect(text("/home/ann/projects")).toBe('"/home/ann/projects"');
  });
  it("puts the time of the run where templates read the clock", () => {
    expect(text("9999-12-31T23:59:59")).toBe('time("iso")');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: emitted code
    expect(text("/home/ann/project/out/runs/log_9999-12-31T23-59-59")).toBe('path(`runs/log_${time("file")}`)');
  });
  it("escapes what surrounds a time", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: emitted code
    expect(text("`${x}` 9999-12-31 23:59:59")).toBe('`\\`\\${x}\\` ${time("iso")}`');
  });
});

describe("objectText", () => {
  it("uses shorthand, and quotes only what needs it", () => {
    expect(
      objectText([
        ["a", "a"],
        ["b-c", "1"],
        ["d", "2"],
      ]),
    ).toBe('{ a, "b-c": 1, d: 2 }');
  });
});
