/** @file TypeScript's messages as they are read: those of the native compiler and of the other are the same texts. */
import { describe, expect, it } from "vitest";
import { literalsOf, plainType, readFault, resultOf } from "../../compiler/codegen/check/messages.ts";

const read = (code: number, ...lines: readonly string[]) =>
  readFault({ unit: 0, file: "trainer.ts", line: 1, column: 1, code, lines });

describe("readFault", () => {
  it("finds both types of a mismatch", () => {
    expect(read(2322, "Type 'string' is not assignable to type 'number'.")).toEqual({
      kind: "mismatch",
      found: "string",
      expected: "number",
      missing: [],
    });
    expect(
      read(
        2345,
        "Argument of type 'Tokenizer' is not assignable to parameter of type 'Dataset'.",
        "Type 'Tokenizer' is missing the following properties from type 'Dataset': length, at, and 2 more.",
      ),
    ).toEqual({ kind: "mismatch", found: "Tokenizer", expected: "Dataset", missing: ["length", "at"] });
    expect(read(2741, "Property 'b' is missing in type '{ a: number; }' but required in type 'Size'.")).toEqual({
      kind: "mismatch",
      found: "{ a: number; }",
      expected: "Size",
      missing: ["b"],
    });
  });
  it("finds names that are not there, and what TypeScript takes them for", () => {
    expect(
      read(
        2561,
        "Object literal may only specify known properties, but 'lrr' does not exist in type 'O'. Did you mean to write 'lr'?",
      ),
    ).toEqual({ kind: "unknown-property", name: "lrr", nearest: "lr" });
    expect(read(2305, "Module '\"/p/my.ts\"' has no exported member 'Stor'.")).toMatchObject({
      kind: "no-export",
      name: "Stor",
    });
    expect(read(2724, "'\"/p/my.ts\"' has no exported member named 'Stor'. Did you mean 'Store'?")).toEqual({
      kind: "no-export",
      name: "Stor",
      nearest: "Store",
    });
  });
  it("counts arguments", () => {
    expect(read(2554, "Expected 2 arguments, but got 1.")).toEqual({ kind: "too-few", expected: 2, found: 1 });
    expect(read(2554, "Expected 0-1 arguments, but got 3.")).toEqual({ kind: "too-many", expected: 1, found: 3 });
  });
  it("says nothing about packages without types", () => {
    expect(read(7016, "Could not find a declaration file for module 'no-types'.")).toEqual({ kind: "harmless" });
  });
  it("keeps the words of what it does not know", () => {
    expect(read(2339, "Property 'board' does not exist on type 'Shelf'. Did you mean 'boards'?")).toEqual({
      kind: "other",
      problem: "Property 'board' does not exist on type 'Shelf'",
      nearest: "boards",
    });
  });
});

describe("types as text", () => {
  it("leaves out what people do not write", () => {
    expect(plainType('import("/p/my").Store | undefined')).toBe("Store");
  });
  it("finds what functions give", () => {
    expect(resultOf("(size: number) => Store")).toBe("Store");
    expect(resultOf("((a: () => void) => Store) | undefined")).toBe("Store");
    expect(resultOf("Map<string, () => void>")).toBeUndefined();
    expect(resultOf("number")).toBeUndefined();
  });
  it("finds the words of a union", () => {
    expect(literalsOf('"left" | "right" | undefined')).toEqual(['"left"', '"right"']);
    expect(literalsOf("number | string")).toBeUndefined();
  });
});
