/** @file The shell, fed by a pipe: what it remembers from line to line, its own commands, completion. And its small parts. */
import { describe, expect, it } from "vitest";
import { commands } from "../../compiler/cli/commands/index.ts";
import { editorFor } from "../../compiler/cli/editor.ts";
import type { CliHost } from "../../compiler/cli/host.ts";
import { completeLine } from "../../compiler/cli/shell/complete-line.ts";
import { withPager } from "../../compiler/cli/shell/pager.ts";
import { readSelection } from "../../compiler/cli/shell/selection.ts";
import { quoteWord, splitLine } from "../../compiler/cli/shell/words.ts";
import { fgc, type MemoryWorld, memoryHost } from "./memory-host.ts";

const world: MemoryWorld = {
  files: {
    "/ws/forgather_workspace/shared.yaml": "",
    "/ws/project/meta.yaml": "name: Tiny\ndefault_config: one.yaml\n",
    "/ws/project/README.md": "# Tiny\n",
    "/ws/project/templates/project.yaml": "x: 1\n",
    "/ws/project/templates/configs/one.yaml":
      "n: {{ n | default(1) }}\n\ndynamic_args: [{ names: --n, type: int, help: N }]\n",
    "/ws/project/templates/configs/sub/two.yaml": "-- extends 'project.yaml'\n",
    "/ws/project/templates/configs/broken.yaml": "a: *nope\n",
    "/ws/other/meta.yaml": "name: Other\n",
    "/ws/other/templates/configs/only.yaml": "only: 1\n",
  },
};
const shell = (lines: readonly string[], more: Partial<MemoryWorld> = {}, ...words: string[]) =>
  fgc({ ...world, ...more, stdin: `${lines.join("\n")}\n` }, ...words, "shell");

describe("fgc shell, piped", () => {
  it("runs commands on the chosen config", async () => {
    const { stdout, stderr, code } = await shell([
      "pp",
      "config sub/two.yaml",
      "pp",
      "-t one.yaml pp --n 7",
      "pp one.yaml",
      "config -",
      "config",
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").filter((line) => !line.startsWith("dynamic") && line !== "")).toEqual([
      "n: 1",
      "x: 1",
      "n: 7",
      "n: 1",
      "one.yaml",
    ]);
  });
  it("begins with the config and the folder that it was told, and can be asked for with -i", async () => {
    expect(
      (await fgc({ ...world, cwd: "/", stdin: "pwd\npp\n" }, "-p", "/ws/project", "-t", "sub/two.yaml", "-i")).stdout,
    ).toBe("/ws/project\nx: 1\n");
  });
  it("chooses configs by number, by the beginning, and says what is near", async () => {
    const { stdout, stderr } = await shell([
      "configs",
      "config 3",
      "config",
      "config one",
      "config",
      "config oen",
      "config 9",
    ]);
    expect(stdout).toBe("   1  broken.yaml\n*  2  [one.yaml]\n   3  sub/two.yaml\nsub/two.yaml\none.yaml\n");
    expect(stderr).toContain("did you mean 'one.yaml'?");
    expect(stderr).toContain("there is no config '9'");
  });
  it("goes on behind a command that fails, and says so at the end of a script", async () => {
    const failed = await shell(["-t broken.yaml graph", "nonsense", 'pp "', "pwd", "-t broken.yaml graph"]);
    expect(failed.stdout).toBe("/ws/project\n");
    expect(failed.stderr).toContain("no anchor '&nope' is defined");
    expect(failed.stderr).toContain("unknown command 'nonsense'");
    expect(failed.stderr).toContain('the quote " is not closed');
    expect(failed.code).toBe(1);
    expect((await shell(["nonsense", "pwd"])).code).toBe(0);
  });
  it("ends with exit, quit and the end of its input", async () => {
    for (const word of ["exit", "quit"]) expect((await shell(["pwd", word, "pwd"])).stdout).toBe("/ws/project\n");
    expect((await fgc({ ...world, stdin: "pwd" }, "shell")).stdout).toBe("/ws/project\n");
  });
  it("goes to other projects, where the config is another", async () => {
    const { stdout, stderr } = await shell([
      "config sub/two",
      "cd ../other",
      "config",
      "pp",
      "cd /ws/project/templates",
      "cd",
      "pwd",
      "cd nowhere",
    ]);
    expect(stdout).toBe("only.yaml\nonly: 1\n/ws/project\n");
    expect(stderr).toBe(
      "project /ws/other\nproject /ws/project\nerror[cli/unknown-file]: there is no folder 'nowhere'\n",
    );
  });
  it("keeps a history at the root of the workspace", async () => {
    const first = await shell(["pwd", "pwd", " secret", "", "configs"]);
    expect(first.files["/ws/.fgc_history"]).toBe("pwd\nconfigs\n");
    const files = { ...world.files, "/ws/.fgc_history": "old\n".repeat(2500) };
    expect((await shell(["pwd"], { files })).files["/ws/.fgc_history"]?.endsWith("old\npwd\n")).toBe(true);
    expect(Object.keys((await fgc({ files: {}, cwd: "/", stdin: "pwd\n" }, "shell")).files)).toEqual([]);
  });
  it("opens templates, by menu and by path", async () => {
    const environment = { EDITOR: "vim" };
    const { stdout, started, stderr } = await shell(
      ["edit", "edit 1", "edit 1,3-4", "edit 99", "edit project.yaml", "edit nope"],
      { environment },
    );
    expect(stdout).toContain("Project:\n   1  meta.yaml\n   2  README.md\nConfigs:\n   3  broken.yaml\n");
    expect(stdout).toContain("Templates:\n   6  project.yaml\nWorkspace:\n   7  shared.yaml\n");
    expect(started).toEqual([
      ["vim", "/ws/project/meta.yaml"],
      [
        "vim",
        "-p",
        "/ws/project/meta.yaml",
        "/ws/project/templates/configs/broken.yaml",
        "/ws/project/templates/configs/one.yaml",
      ],
      ["vim", "/ws/project/templates/project.yaml"],
    ]);
    expect(stderr).toContain("'99' is not in 1-7");
    expect(stderr).toContain("there is no file 'nope'");
  });
  it("explains itself, and refuses what could not be ended", async () => {
    const { stdout, stderr } = await shell(["help", "help cd", "help pp", "commands", "debug", "shell", "pp --watch"]);
    expect(stdout).toContain("edit [PATH|5|1,3|2-4,9]");
    expect(stdout).toContain("Usage: fgc pp");
    expect(stdout).toContain("list the targets of a config");
    expect(stdout).not.toContain("__complete");
    expect(stderr).toContain("completion is traced");
    expect(stderr.match(/cli\/not-here/g)).toHaveLength(2);
  });
});

describe("completion at the prompt", () => {
  const { host } = memoryHost({
    ...world,
    files: { ...world.files, "/ws/project/my notes/a.txt": "", "/home/user/data/x": "" },
  });
  const at = (line: string, config?: string) =>
    completeLine(
      {
        host,
        program: { commands, run: async () => 0 },
        lines: { isTerminal: false, next: async () => undefined, close: () => {} },
        config,
        isTracing: false,
        isOver: false,
      },
      line,
    )[0];
  it("knows the shell's own words beside the commands", () => {
    expect(at("co")).toEqual(expect.arrayContaining(["configs ", "config ", "commands ", "code ", "construct "]));
    expect(at("config s")).toEqual(["sub/two.yaml "]);
    expect(at("help gra")).toEqual(["graph "]);
  });
  it("knows flags, targets and paths of the chosen config", () => {
    expect(at("pp --n")).toEqual(expect.arrayContaining(["--n "]));
    expect(at("pp --n", "sub/two.yaml")).not.toContain("--n ");
    expect(at("graph --target ", "sub/two.yaml")).toEqual(["x "]);
    expect(at("build sub/two.yaml x")).toEqual(["x="]);
  });
  it("knows paths, with blanks and ~", () => {
    expect(at("cd te")).toEqual(["templates/"]);
    expect(at("cd ~/da")).toEqual(["~/data/"]);
    expect(at("edit ../o")).toEqual(["../other/"]);
    expect(at("train --script RE")).toEqual(["README.md "]);
  });
});

describe("parts", () => {
  it("splits lines as a shell does", () => {
    expect(splitLine(`a 'b c'  "d \\"e\\"" f\\ g # not`)).toEqual({
      words: ["a", "b c", 'd "e"', "f g"],
      open: undefined,
      isBetween: true,
    });
    expect(splitLine("a 'b").open).toBe("'");
    expect(splitLine("a ''").words).toEqual(["a", ""]);
    expect(splitLine("a ").isBetween).toBe(true);
    for (const word of ["plain", "it's", "a b", "$x", ""]) expect(splitLine(quoteWord(word)).words).toEqual([word]);
  });
  it("reads selections", () => {
    expect(readSelection("5", 9)).toEqual([4]);
    expect(readSelection("2-4,9 1,3", 9)).toEqual([1, 2, 3, 8, 0]);
    expect(readSelection("all", 3)).toEqual([0, 1, 2]);
    expect(readSelection("", 3)).toEqual([]);
    expect(readSelection("0", 3)).toEqual({ problem: "'0' is not in 1-3" });
    expect(readSelection("3-1", 3)).toEqual({ problem: "'3-1' runs backwards" });
    expect(readSelection("x", 3)).toHaveProperty("problem");
  });
  it("chooses an editor in order", () => {
    const of = (environment: Record<string, string>, ...paths: string[]) => {
      const { program, args } = editorFor(memoryHost({ files: {}, environment }).host, paths);
      return [program, ...args].join(" ");
    };
    expect(of({ VSCODE_IPC_HOOK_CLI: "/x", EDITOR: "nano" }, "a")).toBe("code --reuse-window a");
    expect(of({ VIM_SERVERNAME: "S", EDITOR: "nano" }, "a")).toBe("vim --servername S --remote-tab a");
    expect(of({ VISUAL: "code -w", EDITOR: "nano" }, "a", "b")).toBe("code -w a b");
    expect(of({ EDITOR: "nvim" }, "a", "b")).toBe("nvim -p a b");
    expect(of({}, "a")).toBe("vi a");
  });
  it("pages what is long, at a terminal alone", async () => {
    const { host, started } = memoryHost({ files: {}, environment: { PAGER: "less -R" } });
    const written: string[] = [];
    const terminal: CliHost = { ...host, stdout: { isTerminal: true, write: (text) => void written.push(text) } };
    const print =
      (lines: number) =>
      async ({ stdout }: CliHost) => {
        stdout.write("x\n".repeat(lines));
        return 0;
      };
    await withPager(terminal, print(3));
    expect([started, written]).toEqual([[], ["x\nx\nx\n"]]);
    await withPager(terminal, print(3000));
    expect(started).toEqual([["less", "-R"]]);
    await withPager({ ...terminal, stdout: { ...terminal.stdout, isTerminal: false } }, print(3000));
    expect(started).toHaveLength(1);
  });
});
