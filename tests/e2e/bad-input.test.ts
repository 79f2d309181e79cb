/** @file What users get wrong: each mistake gives one clear message with a code, the place in the user's own file and a hint, and a non-zero exit. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cli, makeWorkspace, once, run } from "./support.ts";

const workspace = makeWorkspace();
const { mini, env } = workspace;
afterAll(() => workspace.remove());

/** A mistake in a template: the code, the place, and what the message must say. */
const mistakes: readonly { config: string; code: string; place: RegExp; says: readonly RegExp[] }[] = [
  {
    config: "missing_parent.yaml",
    code: "template/not-found",
    place: /missing_parent\.yaml:1:/,
    says: [/projcet\.yaml/, /project\.yaml/],
  },
  { config: "wrong_close.yaml", code: "template/syntax", place: /wrong_close\.yaml:6:/, says: [/optimizer/] },
  {
    config: "undefined_variable.yaml",
    code: "template/undefined-variable",
    place: /undefined_variable\.yaml:5:/,
    says: [/learning_rte/],
  },
  {
    config: "indented_include.yaml",
    code: "config/",
    place: /optimizer_args\.yaml:2:/,
    says: [/indented_include\.yaml:5/],
  },
  {
    config: "unknown_tag.yaml",
    code: "graph/unknown-tag",
    place: /unknown_tag\.yaml:4:/,
    says: [/partail/, /partial/],
  },
  {
    config: "unknown_constructor.yaml",
    code: "resolve/",
    place: /unknown_constructor\.yaml:4:/,
    says: [/AdamV/, /AdamW/],
  },
  {
    config: "unknown_argument.yaml",
    code: "types/unknown-argument",
    place: /unknown_argument\.yaml:6:/,
    says: [/weight_decya/, /weight_decay/],
  },
];

describe("a mistake in a template is explained at the user's own line", () => {
  for (const { config, code, place, says } of mistakes) {
    it(config, async () => {
      const { code: exit, stdout, stderr } = await run(cli, ["-p", mini, "-t", config, "build"], { env });
      expect(exit, stderr).toBe(1);
      expect(stdout).toBe("");
      expect(stderr).toContain(code);
      expect(stderr).toMatch(place);
      for (const pattern of says) expect(stderr).toMatch(pattern);
      expect(stderr, "a JavaScript stack is not an explanation").not.toMatch(/\n\s+at .*\.(mjs|js|ts):\d+/);
      expect(stderr.match(/^error/gm), "one fault, one message").toHaveLength(1);
    });
  }
});

describe("a mistake in what a config names", () => {
  it("a shape mismatch in the user's own layer names the module and the shapes", async () => {
    expect((await run(cli, ["-p", mini, "-t", "shape_mismatch.yaml", "build"], { env })).code).toBe(0);
    const { code, stderr } = await run(join(mini, "output_models/shape_mismatch/trainer.mjs"), ["--max-steps", "1"], {
      env,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/feedforward/);
    expect(stderr).toMatch(/--> .*shape_mismatch\.yaml:14/);
    expect(stderr).toMatch(/16/);
    expect(stderr).toMatch(/32/);
    expect(stderr).not.toMatch(/node:internal/);
  });

  it("an empty file in a dataset is named", async () => {
    mkdirSync(join(mini, "text_empty"));
    writeFileSync(join(mini, "text_empty/good.txt"), "The captain saw the sea.\n");
    writeFileSync(join(mini, "text_empty/nothing.txt"), "");
    const { code, stderr } = await run(cli, ["-p", mini, "-t", "empty_file.yaml", "build"], { env });
    expect(code, stderr).not.toBe(0);
    expect(stderr).toMatch(/nothing\.txt/);
    expect(existsSync(join(mini, "output_models/empty_file/trainer.mjs"))).toBe(false);
  });

  it("invalid UTF-8 in a dataset is named with its place", async () => {
    mkdirSync(join(mini, "text_invalid"));
    writeFileSync(join(mini, "text_invalid/latin1.txt"), Buffer.from("A line.\nCaf\xe9 at sea.\n", "latin1"));
    const { code, stderr } = await run(cli, ["-p", mini, "-t", "invalid_utf8.yaml", "build"], { env });
    expect(code, stderr).not.toBe(0);
    expect(stderr).toMatch(/latin1\.txt/);
    expect(stderr).toMatch(/UTF-8/);
  });
});

describe("trouble while training", () => {
  const built = join(mini, "output_models/mini");
  const copy = (name: string) => {
    const folder = join(workspace.dir, name);
    cpSync(built, folder, { recursive: true });
    return folder;
  };

  /** A bundle that has trained ten steps, and its checkpoint. */
  const trained = once(async () => {
    expect((await run(cli, ["-p", mini, "build"], { env })).code).toBe(0);
    const folder = copy("trained");
    expect((await run(join(folder, "trainer.mjs"), ["--max-steps", "10"], { env })).code).toBe(0);
    return folder;
  });

  it("a truncated checkpoint is refused by name, and the run folder is left alone", async () => {
    const folder = join(workspace.dir, "truncated");
    cpSync(await trained(), folder, { recursive: true });
    const checkpoint = join(folder, "checkpoints/checkpoint-10");
    const weights = join(
      checkpoint,
      readdirSync(checkpoint).find((name) => /^model.*\.safetensors$/.test(name)) as string,
    );
    truncateSync(weights, Math.floor(readFileSync(weights).length / 2));
    for (const [program, args] of [
      ["trainer.mjs", ["--max-steps", "20", "--resume"]],
      ["model.mjs", ["--prompt", "The"]],
    ] as const) {
      const { code, stderr } = await run(join(folder, program), args, { env });
      expect(code, program).not.toBe(0);
      expect(stderr).toMatch(/truncated|incomplete|ends|shorter/i);
      expect(stderr).toContain("model");
      expect(stderr).not.toMatch(/\n\s+at .*\.(mjs|js|ts):\d+/);
    }
  });

  it("a full disk while a checkpoint is written ends the run with a message, and the checkpoint before it is intact", async ({
    skip,
  }) => {
    const checkpoint = join(await trained(), "checkpoints/checkpoint-10");
    const folder = join(workspace.dir, "full");
    mkdirSync(folder);
    try {
      // Room for the bundle and one checkpoint, not for two.
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], { stdio: "ignore" });
    } catch {
      console.warn("skipped: mounting a small file system needs root");
      skip();
    }
    try {
      cpSync(built, folder, { recursive: true });
      const free = Number(execFileSync("df", ["--output=avail", "-B1", folder]).toString().trim().split("\n").at(-1));
      const oneCheckpoint = Number(execFileSync("du", ["-sb", checkpoint]).toString().split("\t")[0]);
      writeFileSync(join(folder, "ballast"), Buffer.alloc(Math.max(0, free - Math.round(1.6 * oneCheckpoint) - 65536)));
      const { code, stderr } = await run(join(folder, "trainer.mjs"), ["--max-steps", "40"], { env });
      expect(code).toBe(4);
      expect(stderr).toMatch(/no space|disk is full/i);
      const left = readdirSync(join(folder, "checkpoints"));
      expect(left).toEqual(["checkpoint-10"]);
      expect(existsSync(join(folder, "checkpoints/checkpoint-10/COMPLETE"))).toBe(true);
    } finally {
      execFileSync("umount", [folder]);
    }
  });
});
