/** @file Marks of emitted text: what they say of a range is what stands there, and no text of a user's can look like one. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code, code, joinCode, type Mark, objectCode } from "../../compiler/codegen/code.ts";
import { emitFunctionModule } from "../../compiler/codegen/function-module.ts";
import { numberText } from "../../compiler/codegen/literals.ts";
import { emitModelModule } from "../../compiler/codegen/model-module.ts";
import type { MarkedModule } from "../../compiler/codegen/plan.ts";
import type { GraphValue } from "../../compiler/graph/node.ts";
import { isCallOf, modelModuleSpec, targetOf } from "../../compiler/graph/passes/queries.ts";
import { readOptions, runSample } from "../passes/support.ts";
import { samplePlan } from "./support.ts";

const samples = new URL("./samples/", import.meta.url).pathname;
const origin = { span: { file: { path: "a.yaml", text: "" }, start: 0, end: 0 }, stack: [] };
const node = (value: string): GraphValue => ({ kind: "scalar", value, origin });

/** A tree of pieces, each leaf marked with its own text. */
const pieces: fc.Arbitrary<Code> = fc.letrec<{ piece: Code }>((tie) => ({
  piece: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string({ unit: "binary" }).map((text) => new Code([text]).from({ kind: "value", node: node(text) })),
    fc.array(tie("piece"), { maxLength: 4 }).map((parts) => joinCode(parts, ", ")),
    fc.tuple(tie("piece"), tie("piece")).map(([a, b]) => code`f(${a}, { x: ${b} })`),
    fc
      .array(fc.tuple(fc.string(), tie("piece")), { maxLength: 3 })
      .map((entries) => objectCode(entries.map(([key, value]) => ({ key, value })))),
  ),
})).piece;

describe("pieces of code", () => {
  it("mark exactly what they wrap, whatever the texts are", () => {
    fc.assert(
      fc.property(pieces, (piece) => {
        for (const { start, end, source } of piece.marks()) {
          if (source.kind !== "value" || source.node.kind !== "scalar") throw new Error("only leaves are marked");
          expect(piece.text.slice(start, end)).toBe(source.node.value);
        }
      }),
    );
  });

  it("nest: of two marks one holds the other, or they are apart; outer ones come first", () => {
    fc.assert(
      fc.property(pieces, (piece) => {
        const marks = piece.from({ kind: "value", node: node(piece.text) }).marks();
        marks.forEach((mark, index) => {
          for (const later of marks.slice(index + 1))
            expect(later.start >= mark.end || (later.start >= mark.start && later.end <= mark.end)).toBe(true);
        });
      }),
    );
  });
});

function modulesOf(name: string): readonly MarkedModule[] {
  const folder = join(samples, name);
  const result = runSample(folder, readOptions(folder));
  if (result.root === undefined) throw new Error("no graph");
  const plan = samplePlan(folder, result);
  const model = targetOf(result.root, "model");
  const main = targetOf(result.root, "main");
  return [
    ...(model !== undefined && isCallOf(model, modelModuleSpec) ? [emitModelModule(model, plan)] : []),
    ...(main === undefined ? [] : [emitFunctionModule(main, plan)]),
  ];
}

/** What a marked range must look like, as far as its source alone tells. */
function holds({ source }: Mark, text: string): boolean {
  switch (source.kind) {
    case "value":
      if (source.node.kind !== "scalar") return text !== "";
      return typeof source.node.value === "bigint" || typeof source.node.value === "number"
        ? text === numberText(source.node.value)
        : typeof source.node.value === "string" || text === String(source.node.value);
    case "reference":
      return (
        source.node.kind === "call" &&
        (text.replace(/\(\)$/, "") === source.node.name || source.node.mode === "partial")
      );
    case "name":
      return text.replace(/^"|"$/g, "") === source.argument.name || text.startsWith(`${source.argument.name}`);
    case "options":
      return text.startsWith("{") && text.endsWith("}");
    case "callee":
      return text.split(".").length === 1 + (source.call.symbol?.members.length ?? 0);
    default:
      return text !== "";
  }
}

describe("marks of emitted modules", () => {
  for (const name of readdirSync(samples).sort())
    it(name.replaceAll("-", " "), () => {
      for (const { text, marks } of modulesOf(name)) {
        expect(marks.length).toBeGreaterThan(0);
        const wrong = marks.filter((mark) => !holds(mark, text.slice(mark.start, mark.end)));
        expect(wrong.map(({ start, end, source }) => [source.kind, text.slice(start, end)])).toEqual([]);
      }
    });
});
