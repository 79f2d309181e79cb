/** @file The commands that look at a project, run in memory: what they print, on which stream, with which exit code. */
import { describe, expect, it } from "vitest";
import { fgc, type MemoryWorld } from "./memory-host.ts";

const world: MemoryWorld = {
  files: {
    "/ws/forgather_workspace/shared.yaml": "-- block shared\nshared: 1\n-- endblock shared\n",
    "/ws/project/meta.yaml": "name: Tiny\ndescription: Small things\ndefault_config: tiny.yaml\n",
    "/ws/project/templates/base.yaml": `-- block config_metadata
-- set name = "Base"
-- endblock config_metadata
meta: !dict:@meta
    config_name: "{{ title | default('Untitled') }}"
    config_description: "A small config"
    config_class: type.training_script
-- block optimizer
.define: &optimizer !partial:fgc/optim:AdamW@optimizer
    lr: {{ lr | default(0.001) }}
    betas: [0.9, 0.95]
-- endblock optimizer
main: !call:fgc/train:Trainer
    optimizer: *optimizer
    max_steps: {{ max_steps | default(100) }}
-- block dynamic_args
dynamic_args: !dlist
    max_steps: { names: [--max-steps, -M], type: int, help: "Stop after this many steps" }
    lr: { names: --lr, type: float, help: "Learning rate" }
    fast: { names: --fast, action: store_true, help: "Be fast" }
    mode: { names: --mode, choices: [a, b], help: "Which way" }
-- endblock dynamic_args
`,
    "/ws/project/templates/configs/tiny.yaml": `-- extends 'base.yaml'

[optimizer]
    == super()

#-------------------- tiny.part --------------------
x: 1
`,
    "/ws/project/templates/configs/sub/other.yaml":
      "meta: { config_name: Other, config_description: Plain, config_class: type }\nmain: [1, 2]\n",
  },
};
const withBroken: MemoryWorld = {
  ...world,
  files: { ...world.files, "/ws/project/templates/configs/broken.yaml": "a: 1\nb: *nope\n" },
};

describe("fgc ls", () => {
  it("lists configs with the default in brackets", async () => {
    const { code, stdout } = await fgc(world, "ls");
    expect(stdout).toBe(
      "Tiny : Small things\n    sub/other.yaml  Other    : Plain\n    [tiny.yaml]     Untitled : A small config\n",
    );
    expect(code).toBe(0);
  });
  it("marks a broken config with the reason and its place, and exits with 1", async () => {
    const { code, stdout } = await fgc(withBroken, "ls");
    expect(stdout).toContain(
      "broken.yaml     PARSE ERROR : config/undefined-alias at templates/configs/broken.yaml:2: no anchor '&nope' is defined",
    );
    expect(code).toBe(1);
  });
  it("walks down with -r", async () => {
    const { stdout } = await fgc({ ...world, cwd: "/ws" }, "ls", "-r");
    expect(stdout).toContain("Project Path: project\nTiny : Small things\n");
  });
});

describe("fgc pp", () => {
  it("prints the text and nothing else on stdout", async () => {
    const { code, stdout, stderr } = await fgc(world, "pp");
    expect(stdout).toContain("    lr: 0.001\n");
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });
  it("makes flags of dynamic_args, and binds only what is given", async () => {
    expect((await fgc(world, "pp", "--max-steps", "7")).stdout).toContain("max_steps: 7\n");
    expect((await fgc(world, "-t", "tiny.yaml", "pp", "--lr", "0.5")).stdout).toContain("lr: 0.5\n");
    expect((await fgc(world, "pp", "-M", "8", "tiny.yaml")).stdout).toContain("max_steps: 8\n");
  });
  it("refuses a flag's value of the wrong type with 2", async () => {
    const { code, stderr } = await fgc(world, "pp", "--max-steps", "many");
    expect(stderr).toBe("error[cli/bad-flag]: --max-steps is 'many': it takes an int\n");
    expect(code).toBe(2);
    expect((await fgc(world, "pp", "--mode", "c")).stderr).toContain("it must be one of a, b");
  });
  it("binds --set before and after the command", async () => {
    expect((await fgc(world, "--set", "title=Before", "pp")).stdout).toContain('config_name: "Before"');
    expect((await fgc(world, "pp", "--set", "max_steps=[1, 2]")).stdout).toContain("max_steps: [1, 2]");
  });
  it("takes a config given as a path", async () => {
    const { stdout } = await fgc({ ...world, cwd: "/ws" }, "pp", "project/templates/configs/sub/other.yaml");
    expect(stdout).toContain("config_name: Other");
  });
  it("says where each line was written", async () => {
    const { stdout } = await fgc(world, "pp", "--json");
    const { text, map } = JSON.parse(stdout) as {
      text: string;
      map: { line: number; file: string; sourceLine: number; block?: string }[];
    };
    const line = text.split("\n").findIndex((l) => l.includes("betas")) + 1;
    expect(map.find((m) => m.line === line)).toMatchObject({
      file: "/ws/project/templates/base.yaml",
      sourceLine: 11,
      block: "optimizer",
    });
  });
  it("writes where -o says", async () => {
    const { files, stdout, stderr } = await fgc(world, "pp", "-o", "/out/x.yaml");
    expect(files["/out/x.yaml"]).toContain("lr: 0.001");
    expect(stdout).toBe("");
    expect(stderr).toContain("wrote /out/x.yaml");
  });
  it("compares two configs", async () => {
    const { stdout } = await fgc(world, "-t", "tiny.yaml", "pp", "--diff", "sub/other.yaml");
    expect(stdout).toContain("--- tiny.yaml\n+++ sub/other.yaml\n@@");
    expect((await fgc(world, "pp", "--diff", "tiny.yaml")).stdout).toBe("");
  });
});

describe("fgc graph", () => {
  it("prints YAML that names what is shared", async () => {
    const { stdout } = await fgc(world, "graph", "--target", "main");
    expect(stdout).toBe(
      "!singleton:fgc/train:Trainer\n  optimizer: &optimizer !partial:fgc/optim:AdamW@optimizer\n    lr: 0.001\n    betas:\n      - 0.9\n      - 0.95\n  max_steps: 100\n",
    );
  });
  it("takes overrides by path, after the command", async () => {
    const { stdout } = await fgc(
      world,
      "graph",
      "optimizer.lr=3e-4",
      "optimizer.betas+=0.99",
      "main.max_steps=5",
      "~dynamic_args",
      "--format",
      "outline",
    );
    expect(stdout).toContain("lr: 0.0003\n");
    expect(stdout).toContain("      - 0.99\n");
    expect(stdout).toContain("max_steps: 5\n");
    expect(stdout).not.toContain("dynamic_args");
  });
  it("suggests the nearest name for a path that leads nowhere", async () => {
    const { code, stderr } = await fgc(world, "graph", "optimizr.lr=1");
    expect(stderr).toContain("there is no 'optimizr'");
    expect(stderr).toContain("did you mean 'optimizer'?");
    expect(code).toBe(2);
  });
  it("suggests the nearest target", async () => {
    const { stderr, code } = await fgc(world, "graph", "--target", "man");
    expect(stderr).toContain("did you mean 'main'?");
    expect(code).toBe(2);
  });
  it("points at the user's line, with a machine form under --json", async () => {
    const { code, stderr, stdout } = await fgc(withBroken, "-t", "broken.yaml", "graph", "--json");
    expect(stderr).toContain("--> templates/configs/broken.yaml:2:4\n   |\n 2 | b: *nope\n   |    ^^^^^\n");
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      diagnostics: [{ code: "config/undefined-alias", range: { start: { line: 2, column: 4 } } }],
    });
    expect(code).toBe(1);
  });
});

describe("fgc train", () => {
  it("prints the line that would run, and writes nothing, with --dry-run", async () => {
    const { stdout, files, code } = await fgc(
      world,
      "train",
      "--dry-run",
      "--resume",
      "--max-steps",
      "3",
      "--",
      "--log-level",
      "debug",
    );
    expect(stdout).toBe("node output_models/tiny/trainer.mjs --resume --log-level debug\n");
    expect(Object.keys(files)).toEqual(Object.keys(world.files));
    expect(code).toBe(0);
  });
});

describe("the other views", () => {
  it("targets", async () => {
    expect((await fgc(world, "targets")).stdout).toBe("meta\nmain\ndynamic_args\n");
    expect((await fgc(world, "targets", "--long")).stdout).toContain("main          singleton  fgc/train:Trainer\n");
  });
  it("trefs", async () => {
    expect((await fgc(world, "trefs")).stdout).toBe("configs/tiny.yaml\n└─ extends base.yaml\n");
    expect((await fgc(world, "trefs", "--format", "files")).stdout).toBe(
      "templates/configs/tiny.yaml\ntemplates/base.yaml\n",
    );
    expect((await fgc(world, "trefs", "--format", "svg")).stdout).toMatch(/^<svg [\s\S]*base\.yaml[\s\S]*<\/svg>\n$/);
    expect((await fgc(world, "trefs", "--format", "mermaid")).stdout).toContain("t1 -->|extends| t2");
  });
  it("tlist", async () => {
    const { stdout } = await fgc(world, "tlist", "--format", "tree", "--blocks");
    expect(stdout).toContain(
      "base.yaml\n    [config_metadata]\n    [optimizer]  overridden by configs/tiny.yaml:3\n    [dynamic_args]\n    configs/tiny.yaml [config]\n        [optimizer]\n",
    );
    expect(stdout).toContain("tiny.part (in configs/tiny.yaml)\n");
  });
  it("meta and index", async () => {
    const { stdout } = await fgc(world, "meta", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      projectDir: "/ws/project",
      workspaceRoot: "/ws",
      name: "Tiny",
      configPrefix: "configs",
      defaultConfig: "tiny.yaml",
    });
    expect((await fgc(world, "index")).stdout).toContain(
      "| [`tiny.yaml`](templates/configs/tiny.yaml) (default) | Untitled | A small config | `type.training_script` |",
    );
  });
});

describe("the command line", () => {
  it("shows commands by group, and a config's flags in a group of their own", async () => {
    const { stdout, code } = await fgc(world, "--help");
    expect(stdout).toContain("Seeing what is there:");
    expect(code).toBe(0);
    expect((await fgc(world, "pp", "--help")).stdout).toMatch(
      /Flags of tiny\.yaml \(Tiny\):\n {2}-M, --max-steps <int> +Stop after this many steps/,
    );
  });
  it("suggests commands and configs", async () => {
    const unknown = await fgc(world, "grph");
    expect(unknown.stderr).toContain("Did you mean graph?");
    expect(unknown.code).toBe(2);
    const config = await fgc(world, "-t", "tiney.yaml", "pp");
    expect(config.stderr).toContain("did you mean 'tiny.yaml'?");
    expect(config.code).toBe(2);
  });
  it("says in JSON what is wrong with the command line", async () => {
    const { stdout, code } = await fgc(world, "--json", "pp", "--nonsense");
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      diagnostics: [{ code: "cli/usage", message: "unknown option '--nonsense'" }],
    });
    expect(code).toBe(2);
  });
  it("takes a project that is in no workspace, with the package's defaults", async () => {
    const alone: MemoryWorld = {
      cwd: "/alone",
      files: {
        "/package/templatelib/workspace/meta_defaults.yaml": "-- block configs\n-- endblock configs\n",
        "/package/templatelib/base/shipped.yaml": "a: {{ project_dir }} {{ workspace_root }}\n",
        "/alone/meta.yaml": "-- extends 'meta_defaults.yaml'\n-- block configs\nname: Alone\n-- endblock configs\n",
        "/alone/templates/configs/x.yaml": "-- extends 'shipped.yaml'\n",
      },
    };
    const { stdout, stderr } = await fgc(alone, "pp");
    expect(stdout).toBe("a: /alone /alone");
    expect(stderr).toContain("info[project/no-workspace]");
  });
  it("takes search folders relative to the project, wherever it is run", async () => {
    const meta = "name: R\nsearchdir: [templates, ../lib]\nsearchdri: x\n";
    const relative: MemoryWorld = {
      cwd: "/",
      files: { ...world.files, "/ws/project/meta.yaml": meta, "/ws/lib/configs/far.yaml": "x: 1\n" },
    };
    const { stdout, stderr } = await fgc(relative, "-p", "/ws/project", "-t", "far.yaml", "pp");
    expect(stdout).toBe("x: 1");
    expect(stderr).toContain("warning[project/unknown-meta-key]: nothing reads 'searchdri'");
    expect(stderr).toContain("did you mean 'searchdir'?");
  });
  it("says that there is no project", async () => {
    const { code, stderr } = await fgc({ files: { "/elsewhere/x": "" }, cwd: "/elsewhere" }, "pp");
    expect(stderr).toContain("error[project/no-project]");
    expect(code).toBe(2);
  });
  it("turns warnings into errors with --werror, and hides them with -q", async () => {
    const repeated: MemoryWorld = {
      ...world,
      files: { ...world.files, "/ws/project/templates/configs/twice.yaml": "a: 1\na: 2\n" },
    };
    const plain = await fgc(repeated, "-t", "twice.yaml", "graph");
    expect(plain.stderr).toContain("warning[graph/duplicate-key]: the key 'a' is repeated");
    expect(plain.code).toBe(0);
    expect((await fgc(repeated, "-t", "twice.yaml", "graph", "--werror")).code).toBe(1);
    expect((await fgc(repeated, "-t", "twice.yaml", "graph", "-q")).stderr).toBe("");
  });
  it("keeps the clock still where the environment says so", async () => {
    const clock: MemoryWorld = {
      ...world,
      files: {
        ...world.files,
        "/ws/project/templates/configs/clock.yaml": "a: {{ isotime() }} {{ utcisotime() }} {{ hostname }}\n",
      },
    };
    const run = (environment: Record<string, string>) => fgc({ ...clock, environment }, "-t", "clock.yaml", "pp");
    expect((await run({})).stdout).toBe("a: 2026-01-31T13:30:15 2026-01-31T12:30:15 box");
    expect((await run({ FGC_FIXED_TIME: "2025-02-03T04:05:06", FGC_FIXED_HOSTNAME: "h" })).stdout).toBe(
      "a: 2025-02-03T04:05:06 2025-02-03T04:05:06 h",
    );
    expect((await run({ SOURCE_DATE_EPOCH: "0" })).stdout).toBe("a: 1970-01-01T00:00:00 1970-01-01T00:00:00 box");
    expect((await run({ FGC_FIXED_TIME: "noon" })).code).toBe(2);
  });
});
