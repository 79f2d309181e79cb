/** @file `fgc lint`: no false alarms on what the package brings, and comments that silence it. The findings themselves are in tests/diagnostics/samples/lint. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { loadProject } from "../../compiler/driver/compile.ts";
import { templateFiles } from "../../compiler/driver/template-index.ts";
import { lint } from "../../compiler/lint/lint.ts";
import { lintRules } from "../../compiler/lint/rules/index.ts";
import { fgc, type MemoryWorld } from "../cli/memory-host.ts";

const examples = resolve(import.meta.dirname, "../../examples");
const projects = readdirSync(examples, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.name === "meta.yaml" && !entry.parentPath.includes("output_models"))
  .map((entry) => entry.parentPath)
  .filter((folder) => existsSync(join(folder, "templates")));

describe("no false alarms", () => {
  const host = nodeHost();
  for (const folder of projects)
    it(`on ${folder.slice(dirname(examples).length + 1)} and the library`, () => {
      const project = loadProject(host, folder);
      const files = new Set(templateFiles(host, project.searchPath).map(({ path }) => path));
      expect(lint(host, { project, files }).map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
    });
});

const world = (config: string): MemoryWorld => ({
  files: { "/ws/project/meta.yaml": "name: Sample\n", "/ws/project/templates/configs/a.yaml": config },
});
const codes = async (config: string): Promise<string[]> => {
  const { stdout } = await fgc(world(config), "lint", "--json");
  return (JSON.parse(stdout) as { diagnostics: { code: string }[] }).diagnostics.map(({ code }) => code);
};

describe("comments", () => {
  it("silence a rule on their line", async () => {
    expect(await codes("-- set a = 1\nmain: 1\n")).toEqual(["lint/unused-variable"]);
    expect(await codes("-- set a = 1 ## fgc: ignore lint/unused-variable\nmain: 1\n")).toEqual([]);
    expect(await codes("-- set a = 1 ## fgc: ignore lint/dropped-text\nmain: 1\n")).toEqual(["lint/unused-variable"]);
  });
  it("alone on a line, on the next one", async () => {
    expect(await codes("## fgc: ignore lint/unused-variable\n-- set a = 1\n-- set b = 1\n")).toEqual([
      "lint/unused-variable",
    ]);
    expect(await codes("# fgc: ignore lint/unused-anchor, lint/dropped-text\n.define: &x 1\nmain: 1\n")).toEqual([]);
  });
  it("for a whole file, wherever they stand", async () => {
    expect(await codes("-- set a = 1\nmain: 1\n## fgc: ignore-file lint/unused-variable\n")).toEqual([]);
  });
  it("name rules that there are", async () => {
    expect(await codes("main: 1 # fgc: ignore lint/nothing\n")).toEqual(["lint/unknown-rule"]);
  });
});

describe("fgc lint", () => {
  it("warns, and fails only with --werror", async () => {
    const broken = world("-- set a = 1\nmain: 1\n");
    const { code, stdout, stderr } = await fgc(broken, "lint");
    expect(stderr).toContain("warning[lint/unused-variable]: 'a' is set, and no template reads it");
    expect(stdout).toBe("2 files, 1 finding\n");
    expect(code).toBe(0);
    expect((await fgc(broken, "lint", "--werror")).code).toBe(1);
  });
  it("says what is wrong with the files that are named, and reads all", async () => {
    const two: MemoryWorld = {
      files: {
        ...world("-- set a = 1\nmain: 1\n").files,
        "/ws/project/templates/configs/b.yaml": "main: {{ a | d }}\n",
      },
    };
    expect((await fgc(two, "lint")).stdout).toBe("3 files, 0 findings\n");
    expect((await fgc(two, "lint", "templates/configs/b.yaml")).stdout).toBe("1 file, 0 findings\n");
  });
  it("lists its rules", async () => {
    const { stdout } = await fgc(world("main: 1\n"), "lint", "--rules");
    for (const { name } of lintRules) expect(stdout).toContain(`lint/${name} `);
  });
  it("takes what is used in other ways for used", async () => {
    const config = `-- set ns = namespace()
-- set ns.a = 1
-- set ns.b = 2
-- set _ = ns
-- set pair, other = 1, 2
-- macro m(x)
{{ x }}
-- endmacro
.define: &by_text 1
main: {{ ns['a'] }}{{ pair }}{{ m(other) }} {{ "*by_text" }}
`;
    expect(await codes(config)).toEqual([]);
  });
});
