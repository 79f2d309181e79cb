/** @file trefs, tlist, tlist --blocks and docs in every format, of one small project. UPDATE=1 rewrites what is expected; read the diff, and look at the pictures. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fgc, type MemoryWorld } from "../cli/memory-host.ts";

const here = import.meta.dirname;
const world: MemoryWorld = {
  files: Object.fromEntries(
    readdirSync(join(here, "project"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [join("/ws/project", path.slice(join(here, "project").length)), readFileSync(path, "utf8")];
      }),
  ),
};

const cases: readonly (readonly [file: string, command: string])[] = [
  ["trefs.files.txt", "trefs --format files"],
  ["trefs.tree.txt", "trefs --format tree"],
  ["trefs.md", "trefs --format md"],
  ["trefs.json", "trefs --json"],
  ["trefs.dot", "trefs --format dot"],
  ["trefs.mmd", "trefs --format mermaid"],
  ["trefs.svg", "trefs --format svg"],
  ["tlist.files.txt", "tlist"],
  ["tlist.tree.txt", "tlist --format tree"],
  ["tlist.md", "tlist --format md"],
  ["tlist.json", "tlist --json"],
  ["tlist.dot", "tlist --format dot"],
  ["tlist.mmd", "tlist --format mermaid"],
  ["tlist.svg", "tlist --format svg"],
  ["blocks.txt", "-t small.yaml tlist --blocks"],
  ["blocks.md", "tlist --blocks --format md small.yaml"],
  ["blocks.json", "-t small.yaml tlist --blocks --json"],
  ["blocks-of-all.txt", "tlist --blocks --format tree"],
  ["docs.txt", "docs base.yaml"],
  ["docs.md", "docs base.yaml --format md"],
  ["docs.json", "docs base.yaml --format json"],
  ["docs.yaml", "docs project.yaml --format yaml"],
  ["docs-of-macros.txt", "docs inc/rules.jinja"],
  ["docs-of-a-part.txt", "docs project.trainer"],
];

describe("inheritance in every format", () => {
  for (const [file, command] of cases)
    it(command, async () => {
      const { code, stdout } = await fgc(world, ...command.split(" "));
      const path = join(here, "expected", file);
      if (process.env["UPDATE"] === "1") writeFileSync(path, stdout);
      expect(stdout).toBe(existsSync(path) ? readFileSync(path, "utf8") : "");
      expect(code).toBe(0);
    });
  it("a drawing has no blocks", async () => {
    expect((await fgc(world, "tlist", "--blocks", "--format", "svg")).code).toBe(2);
  });
  it("a template that is not there gets the nearest", async () => {
    const { code, stderr } = await fgc(world, "docs", "trainers/plane.yaml");
    expect(stderr).toContain("did you mean 'trainers/plain.yaml'?");
    expect(code).toBe(2);
  });
  it("the skeleton is a config that renders, as it is and with its stubs taken in", async () => {
    const { stdout } = await fgc(world, "docs", "project.yaml", "--format", "yaml");
    const taken = stdout.replace(/^## ((?:-- | {4}|\w).*)$/gm, (line, rest: string) =>
      /^(?:-- (?:end)?block| {4}(?:== super|\S)|\w+: [&!])/.test(rest) ? rest : line,
    );
    for (const text of [stdout, taken]) {
      const { code, stderr } = await fgc(
        { files: { ...world.files, "/ws/project/templates/configs/new.yaml": text } },
        ...["-t", "new.yaml", "pp", "-q"],
      );
      expect(stderr).toBe("");
      expect(code).toBe(0);
    }
  });
});
