/** @file Completion: what may stand next, how long it is remembered, and the scripts in real shells. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completionScripts } from "../../compiler/cli/completion/scripts.ts";
import { fgc, type MemoryWorld } from "./memory-host.ts";

const config = `meta: { config_name: Tiny, config_class: type }
optimizer: &optimizer !partial:fgc/optim:AdamW
    lr: {{ lr | default(0.001) }}
    betas: [0.9, 0.95]
main: !call:fgc/train:Trainer
    optimizer: *optimizer
    max_steps: 100
dynamic_args:
    - { names: [--max-steps, -M], type: int, help: "Stop there" }
    - { names: --mode, choices: [fast, slow] }
    - { names: --sure, type: bool }
    - { names: --data, type: path }
`;
const world: MemoryWorld = {
  files: {
    "/ws/forgather_workspace/x.yaml": "",
    "/ws/project/meta.yaml": "name: Tiny\ndefault_config: tiny.yaml\n",
    "/ws/project/templates/configs/tiny.yaml": config,
    "/ws/project/templates/configs/sub/other.yaml": "main: [1]\nsecond: 2\n",
  },
};
const lines = async (...words: string[]): Promise<string[]> => {
  const { code, stdout, stderr } = await fgc(world, "__complete", "--", ...words);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
};
const values = async (...words: string[]) => (await lines(...words)).map((line) => line.split("\t")[0]);

describe("fgc __complete", () => {
  it("knows commands, with what they do, and their subcommands", async () => {
    expect(await lines("targ")).toEqual(["targets\tlist the targets of a config"]);
    expect(await values("")).toContain("build");
    expect(await values("")).not.toContain("__complete");
    expect(await values("project", "")).toEqual(["create", "show", "new_config"]);
    expect(await values("-p", ".", "project", "cr")).toEqual(["create"]);
    expect(await values("completion", "z")).toEqual(["zsh"]);
  });
  it("knows flags: the command's, the global ones, the config's", async () => {
    expect(await values("graph", "--ta")).toEqual(["--target"]);
    expect(await values("graph", "--proj")).toEqual(["--project-dir"]);
    expect(await lines("pp", "--max")).toEqual(["--max-steps\t<int> Stop there"]);
    expect(await values("-t", "sub/other.yaml", "pp", "--max")).toEqual([]);
    expect(await values("pp", "-M")).toEqual(["-M"]);
    expect(await values("project", "create", "--na")).toEqual(["--name"]);
  });
  it("knows values of flags", async () => {
    expect(await values("graph", "--format", "js")).toEqual(["json"]);
    expect(await values("graph", "--format=o")).toEqual(["--format=outline"]);
    expect(await values("graph", "--target", "")).toEqual(["meta", "optimizer", "main", "dynamic_args"]);
    expect(await values("-t", "sub/other.yaml", "graph", "--target", "s")).toEqual(["second"]);
    expect(await values("-t", "s")).toEqual(["sub/other.yaml"]);
    expect(await values("--color", "a")).toEqual(["auto", "always"]);
    expect(await values("pp", "--mode", "")).toEqual(["fast", "slow"]);
    expect(await values("pp", "--sure=")).toEqual(["--sure=true", "--sure=false"]);
    expect(await values("pp", "--data", "")).toEqual([":files"]);
    expect(await values("-p", "")).toEqual([":folders"]);
    expect(await values("pp", "--max-steps", "")).toEqual([]);
  });
  it("knows configs and the paths of overrides, a step at a time", async () => {
    expect(await values("build", "")).toEqual(["sub/other.yaml", "tiny.yaml"]);
    expect(await values("build", "opt")).toEqual(["optimizer."]);
    expect(await values("build", "tiny.yaml", "main.max")).toEqual(["main.max_steps="]);
    expect(await values("build", "main.optimizer.")).toEqual(["main.optimizer.lr=", "main.optimizer.betas="]);
    expect(await values("build", "~optimizer.l")).toEqual(["~optimizer.lr"]);
    expect(await values("build", "sub/other.yaml", "sec")).toEqual(["second="]);
    expect(await values("train", "--", "x")).toEqual([":files"]);
  });
  it("says nothing where there is no project, or a broken one", async () => {
    const nowhere = await fgc({ files: {}, cwd: "/" }, "__complete", "--", "build", "");
    expect([nowhere.code, nowhere.stdout, nowhere.stderr]).toEqual([0, "", ""]);
    const broken = { ...world, files: { ...world.files, "/ws/project/templates/configs/tiny.yaml": "a: *b\n" } };
    expect((await fgc(broken, "__complete", "--", "pp", "--max")).stdout).toBe("");
  });
  it("keeps what it found as long as the templates are the same", async () => {
    const first = await fgc(world, "__complete", "--", "graph", "--target", "");
    const kept = Object.keys(first.files).filter((path) => path.includes("/completion/"));
    expect(kept).toHaveLength(2);
    // Proof that the second answer is the kept one: it says what we write there.
    const marked = Object.fromEntries(kept.map((path) => [path, first.files[path]?.replace('"meta"', '"kept"') ?? ""]));
    const again = { ...world, files: { ...first.files, ...marked } };
    expect((await fgc(again, "__complete", "--", "graph", "--target", "")).stdout).toContain("kept\n");
    const edited = { ...again, files: { ...again.files, "/ws/project/templates/configs/tiny.yaml": "one: 1\n" } };
    expect((await fgc(edited, "__complete", "--", "graph", "--target", "")).stdout).toBe("one\n");
  });
});

describe("fgc completion", () => {
  it("prints a script, and knows which shells there are", async () => {
    expect((await fgc(world, "completion", "bash")).stdout).toBe(completionScripts.bash);
    const { code, stderr } = await fgc(world, "completion", "csh");
    expect(code).toBe(2);
    expect(stderr).toContain("Allowed choices are bash, zsh, fish, powershell");
  });
});

const has = (shell: string): boolean => {
  const found = spawnSync(shell, ["--version"]).status === 0;
  if (!found) console.warn(`completion in ${shell} is not tested: there is no ${shell} here`);
  return found;
};

// A stand-in for fgc tells which words it got, and answers with what the test wants.
describe("the scripts in real shells", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fgc-completion-"));
    writeFileSync(join(folder, "fgc"), `#!/bin/sh\nprintf '%s|' "$@" > "${folder}/asked"\ncat "${folder}/answer"\n`);
    chmodSync(join(folder, "fgc"), 0o755);
    for (const [shell, script] of Object.entries(completionScripts))
      writeFileSync(join(folder, `script.${shell}`), script);
    writeFileSync(join(folder, "some file.txt"), "");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (shell: string, answer: string, ...args: string[]): { out: string; asked: string } => {
    writeFileSync(join(folder, "answer"), answer);
    const out = execFileSync(shell, args, {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, HOME: folder },
    });
    return { out, asked: execFileSync("cat", [join(folder, "asked")], { encoding: "utf8" }) };
  };
  const bash = (line: string, answer: string) => {
    const words = line.split(/\s+/).map((word) => `'${word}'`);
    return run(
      ...(["bash", answer, "--norc", "-c"] as const),
      `source ./script.bash; COMP_LINE='${line}'; COMP_POINT=${line.length}; COMP_WORDS=(${words.join(" ")}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _fgc fgc; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
  };

  it.runIf(has("bash"))("bash", () => {
    expect(bash("fgc -t a.yaml bu", "build\temit a program\n")).toEqual({
      out: "build\n",
      asked: "__complete|--|-t|a.yaml|bu|",
    });
    expect(bash("fgc build ", "a.yaml\nb.yaml\n")).toEqual({ out: "a.yaml\nb.yaml\n", asked: "__complete|--|build||" });
    // Bash itself has split at `=`: it wants what stands behind.
    expect(bash("fgc graph --format=o", "--format=outline\n").out).toBe("outline\n");
    expect(bash("fgc build --out so", ":files\n").out).toBe("some file.txt\n");
    expect(bash("fgc zzz", "").out).toBe("\n");
  });
  it.runIf(has("fish"))("fish", () => {
    const fish = (line: string, answer: string) =>
      run("fish", answer, "--no-config", "-c", `source ./script.fish; complete -C '${line}'`);
    expect(fish("fgc -t a.yaml bu", "build\temit a program\n")).toEqual({
      out: "build\temit a program\n",
      asked: "__complete|--|-t|a.yaml|bu|",
    });
    expect(fish("fgc build --out so", ":files\n").out).toContain("some file.txt");
  });
  it.runIf(has("zsh"))("zsh", () => {
    // Completion widgets need a line editor; what the function hands to it is what counts.
    const stub = `compdef() { :; }; _describe() { print -r -- "$2: \${(P)4}"; }; _files() { print files; }; source ./script.zsh`;
    const zsh = (words: string, answer: string) =>
      run("zsh", answer, "-f", "-c", `${stub}; words=(${words}); CURRENT=$#words; _fgc`);
    expect(zsh("fgc build --ta", "--target\twhich\nmain.\n:files\n")).toEqual({
      out: expect.stringContaining("files\n") as string,
      asked: "__complete|--|build|--ta|",
    });
  });
});
