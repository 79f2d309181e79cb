/** @file `fgc docs` of symbols: the library's own, a project's modules, packages, Python's names. */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { CliHost } from "../../compiler/cli/host.ts";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { runCommandLine } from "../../compiler/cli/run.ts";

const files: Readonly<Record<string, string>> = {
  "forgather_workspace/base_directories.yaml": "",
  "meta.yaml": 'name: "Sample"\ndefault_config: "config.yaml"\n',
  "templates/configs/config.yaml": "main: 1\n",
  "my.ts": `/** Something to sit on. More words. */
export class Chair {
  /** @param legs how many */
  constructor(legs: number, { seatHeight = 45, style = "plain", cushions = [] }: ChairOptions = {}) {}
  /** From a drawing. */
  static fromDrawing(path: string): Chair { return new Chair(4); }
}
export interface ChairOptions {
  /** In cm. */
  readonly seatHeight?: number;
  readonly style?: "plain" | "carved";
  readonly cushions?: readonly string[];
  /** Default 3. */
  readonly slats?: number;
}
export async function paint(chair: Chair, ...colors: readonly string[]): Promise<Chair> { return chair; }
`,
  "node_modules/ring/package.json": '{ "name": "ring", "version": "1.0.0", "types": "ring.d.ts" }',
  "node_modules/ring/ring.d.ts": "/** Round. */\nexport declare function ring(size: number): string;\n",
};

const isBuilt = existsSync(join(import.meta.dirname, "../../dist/signatures.json"));
if (!isBuilt) console.warn("fgc docs is not tested: dist/signatures.json is missing, run `npm run build`");

let root = "";
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "fgc-docs-")));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function docs(...words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  const host: CliHost = {
    ...nodeHost(),
    cwd: () => root,
    stdout: {
      isTerminal: false,
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      isTerminal: false,
      write: (text) => {
        stderr += text;
      },
    },
  };
  const code = await runCommandLine(["docs", ...words], host);
  return { code, stdout, stderr };
}

describe.skipIf(!isBuilt)("fgc docs", () => {
  it("shows a class of the project: arguments as configs write them, types, defaults, texts, static members", async () => {
    const { stdout } = await docs("./my.ts:Chair");
    expect(stdout).toContain("Something to sit on.");
    expect(stdout).toContain("legs: number\n      how many");
    expect(stdout).toContain("seat_height: number = 45\n      In cm.");
    expect(stdout).toContain('style: "plain" | "carved" = "plain"');
    expect(stdout).toContain("slats: number = 3");
    expect(stdout).toContain("./my.ts:Chair.fromDrawing\n  From a drawing.");
  });

  it("writes YAML to paste: what is required open, the rest commented out with its default", async () => {
    const { stdout } = await docs("./my.ts:Chair", "--format", "yaml");
    expect(stdout).toMatchInlineSnapshot(`
      "# Something to sit on.
      !singleton:./my.ts:Chair
        legs:              # number: how many
        # seat_height: 45  # number: In cm.
        # style: "plain"   # "plain" | "carved"
        # cushions: []     # readonly string[]
        # slats: 3         # number
      "
    `);
    expect(Object.keys(parse(stdout.replace("!singleton:./my.ts:Chair", "")) as object)).toEqual(["legs"]);
  });

  it("shows functions, what they give, and what they take as many of as there are", async () => {
    const { stdout } = await docs("./my.ts:paint");
    expect(stdout).toContain("colors …: readonly string[]");
    expect(stdout).toContain("gives Chair");
  });

  it("knows packages with types, and Python's names", async () => {
    expect((await docs("ring:ring")).stdout).toContain("Round.");
    const { stdout } = await docs("torch.optim:AdamW");
    expect(stdout).toContain("fgc/optim:AdamW");
    expect(stdout).toContain("weight_decay: number");
    expect(stdout).toContain("torch.optim:AdamW");
  });

  it("lists modules, and what a module has", async () => {
    expect((await docs()).stdout).toContain("fgc/optim");
    expect((await docs("fgc/optim")).stdout).toMatch(/^AdamW +class +\S/m);
    expect((await docs("./my.ts")).stdout).toContain("Chair  class     Something to sit on.");
  });

  it("says what is nearest to a slip", async () => {
    const unknown = await docs("fgc/optim:AdmW");
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("did you mean 'AdamW'?");
    expect((await docs("fgc/optm:AdamW")).stderr).toContain("did you mean 'fgc/optim'?");
    expect((await docs("./my.ts:Chiar")).stderr).toContain("did you mean 'Chair'?");
  });

  it("gives data to programs", async () => {
    const { stdout } = await docs("./my.ts:Chair", "--format", "json");
    const data = JSON.parse(stdout) as { call: { arguments: readonly { name: string }[] } };
    expect(data.call.arguments.map(({ name }) => name)).toEqual(["legs", "seat_height", "style", "cushions", "slats"]);
  });

  it("documents each class and function of the library without a fault, as YAML that can be read", async () => {
    const modules = JSON.parse((await docs("--format", "json")).stdout) as { modules: readonly { name: string }[] };
    for (const { name } of modules.modules.filter((module) => module.name !== "fgc/runtime")) {
      const listed = JSON.parse((await docs(name, "--format", "json")).stdout) as {
        exports: readonly { name: string; kind: string }[];
      };
      for (const { name: exported, kind } of listed.exports) {
        if (kind !== "class" && kind !== "function") continue;
        const { code, stdout } = await docs(`${name}:${exported}`, "--format", "yaml");
        expect(code, `${name}:${exported}`).toBe(0);
        // With nothing commented out it is still YAML.
        const open = stdout.replace(/^ {2}# (\w+:.*)$/gm, "  $1").replace(/^(!\S+)( \{\}| \[\])?$/m, "");
        expect(() => parse(open), `${name}:${exported}\n${stdout}`).not.toThrow();
      }
    }
  }, 60_000);
});
