/** @file Printed diagnostics: marks stand under what is meant, whatever the line holds. */
import { describe, expect, it } from "vitest";
import { renderDiagnostic } from "../../compiler/diagnostics/render.ts";
import type { Frame } from "../../compiler/source/span.ts";

function render(
  text: string,
  meant: string | readonly [start: number, end: number],
  chain: readonly Frame[] = [],
): string {
  const [start, end] =
    typeof meant === "string" ? [text.indexOf(meant), text.indexOf(meant) + meant.length] : [meant[0], meant[1]];
  const span = { file: { path: "a.yaml", text }, start, end };
  return renderDiagnostic({ code: "test/test", severity: "error", message: "wrong", span, chain });
}
const body = (printed: string) => printed.split("\n").slice(3).join("\n");

describe("a frame", () => {
  it("marks a part of a line", () => {
    expect(body(render("a: 1\nlr: oops\n", "oops"))).toBe(" 2 | lr: oops\n   |     ^^^^");
  });

  it("shows tabs as spaces, on both lines", () => {
    expect(body(render("a:\tb\tc\n", "c"))).toBe(" 1 | a:  b   c\n   |         ^");
    expect(body(render("\tb\n", "\t"))).toBe(" 1 |     b\n   | ^^^^");
  });

  it("gives wide characters two columns and combining ones none", () => {
    expect(body(render("名前: 値 x\n", "値"))).toBe(" 1 | 名前: 値 x\n   |       ^^");
    expect(body(render("🙂👩‍👩‍👧: e\u0301 x\n", "x"))).toBe(" 1 | 🙂👩‍👩‍👧: e\u0301 x\n   |         ^");
  });

  it("shows control characters as symbols: a file cannot paint on the terminal", () => {
    expect(body(render("a: \u001b[31m\u0000b\n", "b"))).toBe(" 1 | a: ␛[31m␀b\n   |          ^");
    expect(body(render("a: \u202eb\n", "b"))).toBe(" 1 | a: \ufffdb\n   |     ^");
  });

  it("cuts a long line around the marks", () => {
    const printed = body(render(`${"a".repeat(5_000_000)} here ${"b".repeat(5_000_000)}\n`, "here"));
    const [line, marks] = printed.split("\n") as [string, string];
    expect(line.length).toBeLessThan(130);
    expect(line.startsWith(" 1 | …aaa")).toBe(true);
    expect(line.endsWith("bbb…")).toBe(true);
    expect(line.slice(marks.indexOf("^"), marks.lastIndexOf("^") + 1)).toBe("here");
  });

  it("cuts a long mark, and keeps its beginning", () => {
    const printed = body(render(`x: ${"y".repeat(400)}\n`, "y".repeat(400)));
    expect(printed.split("\n")[0]).toMatch(/^ 1 \| x: y+…$/);
  });

  it("shows the first and the last of several lines", () => {
    const text = "a: [ 1,\n   2 ]\nb: [\n  1,\n  2,\n  3 ]\n";
    expect(body(render(text, [3, 14]))).toBe(" 1 | a: [ 1,\n   |    ^^^^\n 2 |    2 ]\n   |    ^^^");
    expect(body(render(text, [text.indexOf("b: [") + 3, text.length - 1]))).toBe(
      " 3 | b: [\n   |    ^\n.. |\n 6 |   3 ]\n   |   ^^^",
    );
  });

  it("stands at the end of the file where nothing is left to mark", () => {
    expect(body(render("a: 1", [4, 5]))).toBe(" 1 | a: 1\n   |     ^");
    expect(body(render("", [0, 0]))).toBe(" 1 | \n   | ^");
  });

  it("leaves out the middle of a long chain", () => {
    const file = { path: "a.yaml", text: "x" };
    const step: Frame = { kind: "include", name: "a.yaml", span: { file, start: 0, end: 1 } };
    const printed = render("a: 1", "1", Array(200).fill(step));
    expect(printed.split("\n").length).toBeLessThan(24);
    expect(printed).toContain("… 188 more steps …");
  });
});
