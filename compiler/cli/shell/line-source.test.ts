/** @file Lines at a terminal: what is pasted at once is read line by line, and nothing of it is lost. */
import { PassThrough } from "node:stream";
import { afterEach, expect, it, vi } from "vitest";
import { memoryHost } from "../../../tests/cli/memory-host.ts";
import { openLines } from "./line-source.ts";

afterEach(() => vi.restoreAllMocks());

function terminal() {
  // The reader draws on the process's own terminal.
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const typed = new PassThrough();
  const { host } = memoryHost({ files: {} });
  const lines = openLines(
    { ...host, stdin: { isTerminal: true, stream: typed } },
    () => [],
    () => [[], ""],
  );
  return { typed, lines };
}

it("several lines that come at once are given one after the other, and the beginning of one waits for its end", async () => {
  const { typed, lines } = terminal();
  const first = lines.next("> ");
  typed.write("pwd\nconfigs\nexplain opti");
  expect(await first).toBe("pwd");
  expect(await lines.next("> ")).toBe("configs");
  const third = lines.next("> ");
  typed.write("mizer.lr\n");
  expect(await third).toBe("explain optimizer.lr");
});

it("a line that is given up is empty, and the end is the end", async () => {
  const { typed, lines } = terminal();
  const given = lines.next("> ");
  typed.write("abc\u0003");
  expect(await given).toBe("");
  const last = lines.next("> ");
  typed.write("\u0004");
  expect(await last).toBeUndefined();
});
