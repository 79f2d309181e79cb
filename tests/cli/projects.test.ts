/** @file New workspaces, projects and configs, in memory: what is written, that it is clean, and that nothing is ever overwritten. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fgc, type MemoryWorld, type Outcome } from "./memory-host.ts";

const packageRoot = join(import.meta.dirname, "../..");

/** The shipped templates, as the package holds them. */
function shipped(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(packageRoot, folder, name)).isFile())
      .map((name) => [`/package/${folder}/${name}`, readFileSync(join(packageRoot, folder, name), "utf8")]),
  );
}

const empty: MemoryWorld = { files: { ...shipped("templatelib"), "/ws/notes.txt": "mine\n" }, cwd: "/ws" };

/** The next command sees what the last one wrote. */
const next = ({ files }: Outcome, cwd = "/ws"): MemoryWorld => ({ files, cwd });

const newFiles = ({ files }: Outcome): string[] =>
  Object.keys(files)
    .filter((path) => !(path in empty.files))
    .sort();

describe("fgc ws", () => {
  it("makes a folder a workspace, and finds it from below", async () => {
    const made = await fgc(empty, "ws", "create", "--name", "Lab", "--description", "Ours", "lab");
    expect(made.stderr).toBe("");
    expect(newFiles(made)).toEqual([
      "/ws/lab/forgather_workspace/README.md",
      "/ws/lab/forgather_workspace/base_directories.yaml",
      "/ws/lab/forgather_workspace/meta_defaults.yaml",
    ]);
    expect((await fgc(next(made, "/ws/lab"), "ws")).stdout).toBe("/ws/lab\n");
  });
  it("says where there is none", async () => {
    const { code, stdout, stderr } = await fgc(empty, "ws");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("is in no workspace");
  });
  it("names folders relative to the workspace where they lie near", async () => {
    const world = {
      ...empty,
      files: { ...empty.files, "/ws/lib/a.yaml": "", "/far/away/templatelib/base/x.yaml": "" },
    };
    const { files } = await fgc(
      world,
      ...["ws", "init", "--name", "Lab", "--forgather-dir", "/far/away", "-l", "base", "--search-path", "lib"],
    );
    expect(files["/ws/forgather_workspace/base_directories.yaml"]).toContain(
      "set ns.forgather_dir = normpath(joinpath(workspace_root, '../far/away'))",
    );
    const defaults = files["/ws/forgather_workspace/meta_defaults.yaml"];
    expect(defaults).toContain(`- "{{ normpath(joinpath(workspace_root, 'lib')) }}"`);
    expect(defaults).toContain(`- "{{ joinpath(ns.forgather_dir, 'templatelib', 'base') }}"`);
  });
  it("refuses a library and a folder that are not there, with the nearest", async () => {
    const library = await fgc(empty, "ws", "create", "--name", "Lab", "-l", "bsae");
    expect(library.code).toBe(2);
    expect(library.stderr).toContain("did you mean 'base'?");
    expect((await fgc(empty, "ws", "create", "--name", "Lab", "--search-path", "nowhere")).code).toBe(2);
    expect(newFiles(library)).toEqual([]);
  });
  it("overwrites nothing", async () => {
    const made = await fgc(empty, "ws", "create", "--name", "Lab");
    const again = await fgc(next(made), "ws", "create", "--name", "Other");
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("error[cli/exists]: 'forgather_workspace' is there already");
    expect(again.files).toEqual(made.files);
  });
});

describe("fgc project create", () => {
  it("makes a project that preprocesses, lists and shows itself", async () => {
    const made = await fgc(empty, "project", "create", "--name", 'Ann\'s "first"', "--description", "A try");
    expect(made.code).toBe(0);
    expect(newFiles(made)).toEqual([
      "/ws/ann_s_first/.gitignore",
      "/ws/ann_s_first/README.md",
      "/ws/ann_s_first/meta.yaml",
      "/ws/ann_s_first/templates/configs/default.yaml",
      "/ws/ann_s_first/templates/project.yaml",
    ]);
    const project = next(made, "/ws/ann_s_first");
    expect((await fgc(project, "ls")).stdout).toContain('Ann\'s "first" : A try\n    [default.yaml]  Default');
    expect((await fgc(project, "project")).stdout).toBe("/ws/ann_s_first\n");
    expect((await fgc(project, "pp", "--greeting", "Hi")).stdout).toContain('- "Hi"');
    const shown = await fgc(project, "project", "show");
    expect(shown.stdout).toMatch(
      /^Name +Ann's "first"\nDescription +A try\nDefault config +default.yaml\nFolder +\/ws\/ann_s_first\n/,
    );
  });
  it.each(["plain", "causal-lm", "model", "tokenizer", "dataset"])(
    "--from %s: every config makes a graph",
    async (kind) => {
      const made = await fgc(empty, "project", "create", "--name", "Demo", "--from", kind, "--config-prefix", "exp");
      const project = next(made, "/ws/demo");
      const { stdout, code, stderr } = await fgc(project, "ls", "--json");
      expect([code, stderr]).toEqual([0, ""]);
      const [listed] = JSON.parse(stdout) as [{ configs: { file: string; default: boolean }[] }];
      expect(listed.configs.filter((config) => config.default)).toHaveLength(1);
      for (const { file } of listed.configs) {
        const graph = await fgc(project, "-q", "-t", file, "graph", "--format", "none");
        expect([file, graph.code, graph.stderr]).toEqual([file, 0, ""]);
      }
      // What a starter leaves to fill in is filled in.
      for (const path of newFiles(made))
        expect(made.files[path]).not.toMatch(/@(?:name|slug|config|prefix|description)@/);
    },
  );
  it("takes its default config's name and text from the user", async () => {
    const world = { ...empty, files: { ...empty.files, "/ws/old.yaml": "main: 1\n" } };
    const { files } = await fgc(
      world,
      ...["project", "create", "--name", "Demo", "--default-config", "big", "--project-dir-name", "x/demo", "old.yaml"],
    );
    expect(files["/ws/x/demo/templates/configs/big.yaml"]).toBe("main: 1\n");
    expect(files["/ws/x/demo/meta.yaml"]).toContain('default_config: "big.yaml"');
  });
  it("refuses what templates would misread, and folders outside", async () => {
    for (const words of [
      ["--name", "a {{ b }}"],
      ["--name", ""],
      ["--name", "x", "--description", "two\nlines"],
      ["--name", "x", "--config-prefix", "../up"],
    ]) {
      const { code, files } = await fgc(empty, "project", "create", ...words);
      expect([code, files]).toEqual([2, empty.files]);
    }
  });
  it("leaves nothing where a file cannot be written, and nothing changed where one exists", async () => {
    const full = { ...empty, readOnly: (path: string) => path.endsWith("/project.yaml") };
    const failed = await fgc(full, "project", "create", "--name", "Demo");
    expect([failed.code, failed.files]).toEqual([4, empty.files]);
    const stuck = { ...empty, readOnly: (path: string) => path === "/ws/demo" };
    expect((await fgc(stuck, "project", "create", "--name", "Demo")).files).toEqual(empty.files);
    const taken = { ...empty, files: { ...empty.files, "/ws/demo/README.md": "mine\n" } };
    const refused = await fgc(taken, "project", "create", "--name", "Demo");
    expect([refused.code, refused.files]).toEqual([2, taken.files]);
    expect(refused.stderr).toContain("'demo/README.md' is there already");
  });
  it("moves into a folder that exists beside what is in it, or not at all", async () => {
    const beside = { ...empty, files: { ...empty.files, "/ws/demo/data.csv": "1\n" } };
    const made = await fgc(beside, "project", "create", "--name", "Demo");
    expect(made.files["/ws/demo/data.csv"]).toBe("1\n");
    expect(made.files["/ws/demo/meta.yaml"]).toContain("Demo");
    expect(Object.keys(made.files).filter((path) => path.includes(".tmp"))).toEqual([]);
    const failing = { ...beside, readOnly: (path: string) => path === "/ws/demo/templates/project.yaml" };
    expect((await fgc(failing, "project", "create", "--name", "Demo")).files).toEqual(beside.files);
  });
});

describe("fgc project new_config", () => {
  it("starts configs and templates in their folders, each clean", async () => {
    const made = await fgc(empty, "project", "create", "--name", "Demo");
    const config = await fgc(next(made, "/ws/demo"), "project", "new-config", "deep/wider_net");
    expect(config.stdout).toBe("made templates/configs/deep/wider_net.yaml; use it: fgc -t deep/wider_net.yaml pp\n");
    const listed = await fgc(next(config, "/ws/demo"), "ls");
    expect(listed.stdout).toContain("deep/wider_net.yaml  Wider Net");
    expect((await fgc(next(config, "/ws/demo"), "-t", "deep/wider_net.yaml", "graph", "--format", "none")).code).toBe(
      0,
    );
    const template = await fgc(next(made, "/ws/demo"), "project", "new_config", "part", "--type", "project");
    expect(template.files["/ws/demo/templates/part.yaml"]).toContain("## Part");
    expect((await fgc(next(made, "/ws/demo"), "project", "new_config", "part", "--type", "ws")).code).toBe(2);
  });
  it("copies, and refuses to overwrite", async () => {
    const made = await fgc(empty, "project", "create", "--name", "Demo");
    const copied = await fgc(next(made, "/ws/demo"), "project", "new_config", "b", "default");
    expect(copied.files["/ws/demo/templates/configs/b.yaml"]).toBe(
      made.files["/ws/demo/templates/configs/default.yaml"],
    );
    const again = await fgc(next(copied, "/ws/demo"), "project", "new_config", "b.yaml");
    expect([again.code, again.files]).toEqual([2, copied.files]);
    expect((await fgc(next(made, "/ws/demo"), "project", "new_config", "c", "defualt")).stderr).toContain(
      "did you mean 'default.yaml'?",
    );
  });
});

describe("subcommands", () => {
  it("have the global flags before, between and after", async () => {
    const made = await fgc(empty, "project", "create", "--name", "Demo");
    for (const words of [
      ["--json", "-p", "demo", "project", "show"],
      ["project", "--json", "-p", "demo", "show"],
      ["project", "show", "--json", "-p", "demo"],
    ])
      expect(JSON.parse((await fgc(next(made), ...words)).stdout)).toMatchObject({ name: "Demo" });
  });
  it("have help of their own", async () => {
    expect((await fgc(empty, "project", "--help")).stdout).toMatch(/new_config\|new-config/);
    expect((await fgc(empty, "project", "create", "--help")).stdout).toContain("--project-dir-name <folder>");
    expect((await fgc(empty, "project", "help", "create")).stdout).toContain("--project-dir-name <folder>");
    expect((await fgc(empty, "--help")).stdout).toMatch(/Projects and templates:\n(?:.*\n)* +project /);
  });
  it("are guessed when misspelt", async () => {
    const typo = await fgc(empty, "project", "craete", "--json");
    expect(typo.code).toBe(2);
    expect(typo.stderr).toContain("unknown command 'craete'\n(Did you mean create?)");
    expect(JSON.parse(typo.stdout)).toMatchObject({
      ok: false,
      diagnostics: [{ code: "cli/usage", help: "did you mean 'create'?" }],
    });
    expect((await fgc(empty, "project", "craete", "--name", "x")).stderr).toContain("(Did you mean create?)");
    expect((await fgc(empty, "project", "--jsno")).stderr).toContain("unknown option '--jsno'\n(Did you mean --json?)");
    expect((await fgc(empty, "project", "zzz")).stderr).toContain("unknown command 'zzz'");
    expect((await fgc(empty, "project", "create")).stderr).toContain("required option '--name <name>' not specified");
  });
});

describe("fgc new", () => {
  it("asks nothing with --yes, and makes a project that stands on its own", async () => {
    const { code, stdout, files } = await fgc(empty, "new", "Demo", "--from", "causal-lm", "--yes");
    expect(code).toBe(0);
    expect(stdout).toContain("next:\n  cd demo\n  fgc check\n  fgc train\n");
    expect(files["/ws/demo/forgather_workspace/base_directories.yaml"]).toContain("ns.forgather_dir = workspace_root");
    const checked = await fgc({ files, cwd: "/ws/demo" }, "graph", "--format", "none");
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
  });
  it("stays in the workspace that is there", async () => {
    const made = await fgc(empty, "ws", "create", "--name", "Lab");
    const { files } = await fgc(next(made), "new", "Demo", "--yes");
    expect(Object.keys(files).filter((path) => path.startsWith("/ws/demo/forgather_workspace"))).toEqual([]);
  });
  it("says what is missing where nobody can answer", async () => {
    const { code, stderr, files } = await fgc(empty, "new", "--from", "model");
    expect([code, files]).toEqual([2, empty.files]);
    expect(stderr).toContain("without a terminal to ask at, NAME, --description must be given");
    expect((await fgc({ ...empty, isTerminal: true }, "new", "--yes")).code).toBe(2);
    expect((await fgc(empty, "new", "x", "--from", "causal")).code).toBe(2);
  });
  it("asks at a terminal for what it was not told", async () => {
    const world = { ...empty, isTerminal: true, stdin: "\r" };
    const { code, stderr, files } = await fgc(world, "new", "Demo", "--from", "plain", "--description", "x");
    expect([code, stderr]).toEqual([0, ""]);
    expect(files["/ws/demo/meta.yaml"]).toContain('description: "x"');
  });
});
