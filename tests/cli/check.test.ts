/** @file `fgc check`: one config, several, all; what is said once, what the formats print, what a watcher does again. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fgc, type MemoryWorld } from "./memory-host.ts";

const signatures = readFileSync(fileURLToPath(new URL("../../dist/signatures.json", import.meta.url)), "utf8");
const library = { "/package/dist/signatures.json": signatures };
const workspace = { "/ws/forgather_workspace/base_directories.yaml": "" };

const config = (body: string, name = "x") => `meta:\n    config_name: ${name}\nmain: ${body}\n`;
const project = (
  dir: string,
  configs: Readonly<Record<string, string>>,
  templates: Readonly<Record<string, string>> = {},
) => ({
  [`${dir}/meta.yaml`]: "name: P\ndescription: d\n",
  ...Object.fromEntries(Object.entries(configs).map(([name, text]) => [`${dir}/templates/configs/${name}`, text])),
  ...Object.fromEntries(Object.entries(templates).map(([name, text]) => [`${dir}/templates/${name}`, text])),
});
const shared = "-- extends 'base.yaml'\n";
const world: MemoryWorld = {
  files: {
    ...library,
    ...workspace,
    ...project(
      "/ws/project",
      { "a.yaml": shared, "b.yaml": shared, "c.yaml": shared, "good.yaml": config("1") },
      { "base.yaml": config("!nothing 1") },
    ),
    ...project("/ws/other", { "fine.yaml": config("2") }),
  },
};

describe("fgc check", () => {
  it("one config: its faults, a summary, exit 1", async () => {
    const { code, stdout, stderr } = await fgc(world, "check", "a.yaml");
    expect(stdout).toBe("1 config, 1 error, 0 warnings\n");
    expect(stderr).toContain("error[graph/unknown-tag]");
    expect(stderr).not.toContain("configs:");
    expect(code).toBe(1);
    expect((await fgc(world, "check", "good.yaml")).code).toBe(0);
  });

  it("several configs; one fault is said once, with the configs that it hits", async () => {
    const { stdout, stderr } = await fgc(world, "check", "a.yaml", "b.yaml", "good.yaml");
    expect(stdout).toBe("3 configs, 1 error, 0 warnings\n");
    expect(stderr.match(/error\[graph.unknown-tag/g)).toHaveLength(1);
    expect(stderr).toContain("in 2 configs: a.yaml, b.yaml");
  });

  it("--all: the project's configs; below a folder without a project, those of all projects", async () => {
    expect((await fgc(world, "check", "--all")).stdout).toBe("4 configs, 1 error, 0 warnings\n");
    expect((await fgc({ ...world, cwd: "/ws" }, "check", "--all")).stdout).toBe("5 configs, 1 error, 0 warnings\n");
    expect((await fgc(world, "-p", "/ws/other", "check", "-r")).stdout).toBe("1 config, 0 errors, 0 warnings\n");
  });

  it("a project that cannot be read is one fault, and the others are checked", async () => {
    const files = { ...world.files, "/ws/other/meta.yaml": "name: [\n" };
    const { stdout, stderr, code } = await fgc({ files, cwd: "/ws" }, "check", "--all");
    expect(stdout).toMatch(/^5 configs, 2 errors/);
    expect(stderr).toContain("other/meta.yaml");
    expect(code).toBe(1);
  });

  it("--json: stable keys, everything of every config", async () => {
    const { stdout } = await fgc(world, "check", "--all", "--json");
    const parsed = JSON.parse(stdout) as { configs: { config: string }[] };
    expect(Object.keys(parsed)).toEqual(["ok", "summary", "configs"]);
    expect(parsed).toMatchObject({ ok: false, summary: { configs: 4, errors: 1, warnings: 0 } });
    expect(parsed.configs.map((each) => each.config)).toEqual(["a.yaml", "b.yaml", "c.yaml", "good.yaml"]);
    expect(parsed.configs[0]).toMatchObject({
      project: "/ws/project",
      ok: false,
      diagnostics: [{ code: "graph/unknown-tag", file: "/ws/project/templates/base.yaml" }],
    });
    expect((await fgc(world, "check", "--all", "--format", "json")).stdout).toBe(stdout);
  });

  it("--format github: annotations that the workflow runner reads back", async () => {
    const files = {
      ...world.files,
      "/ws/project/templates/configs/odd, 100%.yaml": config("!nothing 1"),
    };
    const { stdout, stderr, code } = await fgc({ files }, "check", "--all", "--format", "github");
    expect(stderr).toBe("");
    expect(code).toBe(1);
    expect(stdout).toContain(
      "::error file=templates/base.yaml,line=3,endLine=3,col=7,endColumn=15,title=graph/unknown-tag::",
    );
    expect(stdout).toContain("%0Ain 3 configs: a.yaml, b.yaml, c.yaml");
    expect(stdout).toContain("file=templates/configs/odd%2C 100%25.yaml,");
    expect(stdout.trim().split("\n").at(-1)).toBe("5 configs, 2 errors, 0 warnings");
  });

  it("what changes one config is refused for many", async () => {
    for (const words of [
      ["--all", "a.yaml"],
      ["--all", "main=1"],
      ["--all", "--set", "x=1"],
      ["a.yaml", "b.yaml", "main=1"],
      ["-r", "-t", "a.yaml"],
    ])
      expect((await fgc(world, "check", ...words)).code).toBe(2);
    expect((await fgc(world, "check", "good.yaml", "--set", "nothing=1")).code).toBe(0);
    expect((await fgc(world, "check", "good.yaml", "main=2")).code).toBe(0);
  });
});

describe("fgc check --watch", () => {
  const base = "/ws/project/templates/base.yaml";

  it("checks again only the configs that reach the change", async () => {
    const { stdout, stderr } = await fgc(
      { ...world, cwd: "/ws", changes: [{ [base]: config("3") }, { [base]: config("3") }] },
      "check",
      "--all",
      "--watch",
    );
    expect(stdout).toBe("5 configs, 1 error, 0 warnings\n5 configs, 0 errors, 0 warnings\n");
    expect(stderr).toMatch(/base\.yaml changed: checked 3 of 5 configs in \d+ ms\n$/);
  });

  it("finds new configs, new projects, and those that are gone", async () => {
    const { stdout, stderr } = await fgc(
      {
        ...world,
        cwd: "/ws",
        changes: [
          { "/ws/project/templates/configs/new.yaml": config("1") },
          { "/ws/project/templates/configs/good.yaml": undefined },
          project("/ws/third", { "one.yaml": config("1") }),
        ],
      },
      "check",
      "--all",
      "--watch",
    );
    expect(stdout.match(/^\d+ configs/gm)).toEqual(["5 configs", "6 configs", "5 configs", "6 configs"]);
    expect(stderr).toContain("checked 1 of 6 configs");
  });

  it("a template that is missing is waited for", async () => {
    const files = { ...world.files };
    delete (files as Record<string, string>)[base];
    const { stdout, watched } = await fgc({ files, changes: [{ [base]: config("1") }] }, "check", "--all", "--watch");
    expect(stdout).toBe("4 configs, 3 errors, 0 warnings\n4 configs, 0 errors, 0 warnings\n");
    expect(watched[0]).toContain("/ws/project/templates");
  });

  it("a changed meta file is a change of all its configs", async () => {
    const { stderr } = await fgc(
      { ...world, cwd: "/ws", changes: [{ "/ws/project/meta.yaml": "name: Q\ndescription: d\n" }] },
      "check",
      "--all",
      "--watch",
    );
    expect(stderr).toContain("meta.yaml changed: checked 4 of 5 configs");
  });
});

describe("--watch of one config", () => {
  const main = "/ws/project/templates/configs/good.yaml";

  it("pp prints again what a changed template makes, and nothing for what it does not reach", async () => {
    const { stdout } = await fgc(
      {
        ...world,
        changes: [{ "/ws/project/templates/base.yaml": "x" }, { "/ws/elsewhere": "y" }, { [main]: "main: 7\n" }],
      },
      "pp",
      "good.yaml",
      "--watch",
    );
    expect(stdout).toBe(`${config("1").trimEnd()}main: 7`);
  });

  it("a fault is printed, and waits for its mend; a template that did not exist is a mend too", async () => {
    const { stdout, stderr, code } = await fgc(
      {
        ...world,
        changes: [
          { [main]: "-- include 'part.yaml'\n" },
          { "/ws/project/templates/part.yaml": "main: {{ 1 +\n" },
          { "/ws/project/templates/part.yaml": "main: 8\n" },
        ],
      },
      "pp",
      "good.yaml",
      "--watch",
    );
    expect(stdout).toBe(`${config("1").trimEnd()}main: 8`);
    expect(stderr).toMatch(/good\.yaml changed: failed in/);
    expect(stderr).toMatch(/part\.yaml changed: done in/);
    expect(code).toBe(0);
  });

  it("the code of the last round counts", async () => {
    const { code } = await fgc({ ...world, changes: [{ [main]: "{{ 1 + }}" }] }, "graph", "good.yaml", "--watch");
    expect(code).toBe(1);
  });
});
