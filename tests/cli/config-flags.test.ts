/** @file Flags that a config declares: every type, what is wrong with a declaration, what the help tells, slips. */
import { describe, expect, it } from "vitest";
import { fgc, type MemoryWorld } from "./memory-host.ts";

const worldWith = (dynamicArgs: string, more = ""): MemoryWorld => ({
  files: {
    "/ws/forgather_workspace/x.yaml": "",
    "/ws/project/meta.yaml": "name: Tiny\ndefault_config: tiny.yaml\n",
    "/ws/project/templates/configs/tiny.yaml": [
      "n: {{ max_steps | default(100) }}",
      "r: [{{ lr | default(1e-3) }}, \"{{ mode | default('a') }}\", {{ sure | default(none) }}, \"{{ place | default('') }}\", \"{{ word | default('') }}\"]",
      "fast: {{ fast | default('unset') }}",
      more,
      dynamicArgs,
      "",
    ].join("\n"),
  },
});

const declared = `dynamic_args:
  - { names: [--max-steps, -M, --steps], type: int, help: "Stop after this many steps" }
  - { names: --lr, type: float, help: "Learning rate" }
  - { names: --fast, action: store_true, help: "Be fast" }
  - { names: --mode, choices: [a, b], help: "Which way" }
  - { names: --sure, type: bool }
  - { names: --place, type: path }
  - { names: --word, default: "shown only" }`;
const world = worldWith(declared);

const printed = async (...words: string[]) => (await fgc(world, "-q", "pp", ...words)).stdout;

describe("values by type", () => {
  it.each([
    ["int", ["--max-steps", "7"], "n: 7\n"],
    ["int, by its short name", ["-M", "1_000"], "n: 1000\n"],
    ["int, by another long name", ["--steps=-3"], "n: -3\n"],
    ["float", ["--lr", "5e-4"], "r: [0.0005,"],
    ["choice", ["--mode", "b"], '"b"'],
    ["bool", ["--sure", "yes"], "True"],
    ["bool", ["--sure", "OFF"], "False"],
    ["path", ["--place", "~/data"], '"/home/user/data"'],
    ["text by default", ["--word", "a b"], '"a b"'],
    ["switch", ["--fast"], "fast: True"],
    ["switch that is not given", [], "fast: False"],
  ])("%s", async (_, words, expected) => expect(await printed(...words)).toContain(expected));
  it("leaves a flag that is not given to the template", async () => {
    expect(await printed()).toContain("n: 100\n");
    expect(await printed()).toContain('""]');
  });
  it("lets the last of several count", async () =>
    expect(await printed("--lr", "1", "--max-steps", "1", "--max-steps", "2")).toContain("n: 2\n"));
  it.each([
    [["--max-steps", "1.5"], "--max-steps is '1.5': it takes an int"],
    [["--lr", "fast"], "--lr is 'fast': it takes a number"],
    [["--sure", "maybe"], "--sure is 'maybe': it takes true or false"],
    [["--mode", "c"], "--mode is 'c': it must be one of a, b"],
  ])("refuses %s", async (words, message) => {
    const { code, stderr } = await fgc(world, "pp", ...words);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe("slips", () => {
  it("gets the nearest of all flags, fgc's own and the config's", async () => {
    for (const [wrong, right] of [
      ["--max-stpes", "--max-steps"],
      ["--jsno", "--json"],
      ["--frozen-tiem", "--frozen-time"],
    ]) {
      const { code, stderr, stdout } = await fgc(world, "--json", "pp", `${wrong}=1`);
      expect(code).toBe(2);
      expect(stderr).toContain(`(Did you mean ${right}?)`);
      expect(JSON.parse(stdout)).toMatchObject({ diagnostics: [{ help: `did you mean '${right}'?` }] });
    }
  });
  it("tells a config from the value of a flag", async () => {
    const other = {
      ...world,
      files: {
        ...world.files,
        "/ws/project/templates/configs/other.yaml":
          "k: {{ a | default(0) }}\n\ndynamic_args: [ { names: --a }, { names: --s, action: store_true }]\n",
      },
    };
    const of = async (...words: string[]) => (await fgc(other, "-q", "pp", ...words)).stdout;
    expect(await of("--word", "other.yaml")).toContain('"other.yaml"]');
    expect(await of("--word", "a/b")).toContain('"a/b"]');
    expect(await of("--fast", "tiny.yaml")).toContain("fast: True");
    expect(await of("other.yaml", "--a", "tiny.yaml")).toContain("k: tiny.yaml\n");
    expect(await of("--a", "tiny.yaml", "other.yaml")).toContain("k: tiny.yaml\n");
    expect(await of("--a=x", "--s", "other.yaml")).toContain("k: x\n");
  });
  it("does not know them with --no-dyn", async () => {
    const { code, stderr } = await fgc(world, "--no-dyn", "pp", "--lr", "1");
    expect(code).toBe(2);
    expect(stderr).toContain("unknown option '--lr'");
  });
});

describe("the help", () => {
  it("shows type, choices, words, and where a value is set otherwise", async () => {
    const { stdout } = await fgc(world, "pp", "--help");
    const line = (flag: string) => stdout.split("\n").find((text) => text.includes(flag)) ?? "";
    expect(stdout).toContain("\nFlags of tiny.yaml (Tiny):\n");
    expect(line("--max-steps")).toContain("-M, --max-steps <int>");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "Stop after this many steps (100, set in templates/configs/tiny.yaml:1)",
    );
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("Learning rate (1e-3, set in templates/configs/tiny.yaml:2)");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("Which way (a | b)");
    expect(stdout.indexOf("Flags of tiny.yaml")).toBeLessThan(stdout.indexOf("Global flags:"));
    expect(stdout).not.toContain("--steps <int>");
  });
  it("is there for every command that reads a config", async () => {
    for (const command of ["build", "check", "pp", "graph", "code", "construct", "train"])
      expect([command, (await fgc(world, command, "--help")).stdout]).toEqual([
        command,
        expect.stringContaining("--lr <float>"),
      ]);
  });
  it("is there for a broken project, without the flags", async () => {
    const broken = worldWith("b: *nope");
    const { code, stdout } = await fgc(broken, "pp", "--help");
    expect([code, stdout]).toEqual([0, expect.stringContaining("Usage: fgc pp")]);
  });
});

describe("what is wrong with a declaration", () => {
  it.each([
    [
      "an unknown type",
      "- { names: --a, type: number }",
      "'--a' has the type 'number'; the types are int, float, str, bool, path",
      6,
    ],
    ["no long name", "- { names: -a }", "an entry has no name that begins with '--'", 6],
    ["no mapping", "- --a", "an entry is not a mapping", 6],
    ["an unknown action", "- { names: --a, action: append }", "has the action 'append'", 6],
    [
      "a name twice",
      "- { names: --a }\n  - { names: [--a] }",
      "'--a' is declared twice; the first declaration counts",
      7,
    ],
    [
      "a name of fgc's own",
      "- { names: [--json, --mine] }",
      "the config's flag '--json' has the name of one of fgc's own",
      6,
    ],
  ])("%s", async (_, entries, message, line) => {
    const { code, stderr } = await fgc(worldWith(`dynamic_args:\n  ${entries}`), "pp", "--mine", "x");
    expect(stderr).toContain(message);
    if (code === 0) expect(stderr).toContain(`--> templates/configs/tiny.yaml:${line}:`);
  });
  it("leaves the other flags alone", async () => {
    const { stdout, code } = await fgc(
      worldWith("dynamic_args:\n  - { names: --bad, type: number }\n  - { names: --max-steps, type: int }"),
      ...["pp", "--max-steps", "9"],
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining("n: 9\n")]);
  });
});
