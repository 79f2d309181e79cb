/** @file A builder that lives on: each of its builds gives the bytes that a fresh one gives, whatever it has kept from those before. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { type Builder, type BuildRequest, build, createBuilder } from "../../compiler/driver/build.ts";
import { loadProject } from "../../compiler/driver/compile.ts";
import type { Host } from "../../compiler/driver/host.ts";
import { makeWorkspace } from "./support.ts";

const isBuilt = existsSync(join(import.meta.dirname, "../../dist/lib"));
if (!isBuilt) console.warn("builders are not tested: dist/ is missing, run `npm run build`");

describe.skipIf(!isBuilt)("a builder", () => {
  const workspace = makeWorkspace();
  const { mini } = workspace;
  const real = nodeHost();
  const host: Host = { ...real, environment: (name) => workspace.env[name] ?? real.environment(name) };
  let builder: Builder;
  beforeAll(() => {
    builder = createBuilder(host);
  });
  afterAll(async () => {
    await builder.dispose();
    workspace.remove();
  });

  const request = (outDir: string, more: Partial<BuildRequest> = {}): BuildRequest => ({
    project: loadProject(host, mini),
    outDir: join(workspace.dir, outDir),
    force: true,
    ...more,
  });
  const contents = (outDir: string): Record<string, string> => {
    const folder = join(workspace.dir, outDir);
    const names = readdirSync(folder).filter((name) => /\.(ts|mjs|map|json|yaml)$/.test(name));
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
  };
  /** The same build by the living builder and by a fresh one; the first's folder is used again and again. */
  async function both(more: Partial<BuildRequest>): Promise<Record<string, string>> {
    await builder.build(request("out/one", more));
    const warm = contents("out/one");
    await build(host, request("out/two", more));
    expect(contents("out/two")).toEqual(warm);
    return warm;
  }

  it("gives what a fresh one gives, when only the trainer changes, when the model does, and when nothing does", async () => {
    const first = await both({});
    const trainer = await both({ overrides: ["trainer_args.max_steps=7"] });
    expect(trainer["trainer.mjs"]).not.toBe(first["trainer.mjs"]);
    expect(trainer["model.mjs"]).toBe(first["model.mjs"]);
    expect((await both({}))["trainer.mjs"]).toBe(first["trainer.mjs"]);
  }, 60_000);

  it("sees that a module of the project is another", async () => {
    const source = join(mini, "model_src/narrow.ts");
    const before = await both({ config: "shape_mismatch.yaml" });
    writeFileSync(source, `${readFileSync(source, "utf8")}\nexport const marker = "other";\nconsole.log(marker);\n`);
    const after = await both({ config: "shape_mismatch.yaml" });
    expect(after["model.mjs"]).not.toBe(before["model.mjs"]);
    expect(after["model.mjs"]).toContain('"other"');
  }, 60_000);

  it("says what is wrong, and builds again when it is mended", async () => {
    const wrong = builder.build(request("out/one", { overrides: ["trainer_args.max_steps=often"] }));
    await expect(wrong).rejects.toBeInstanceOf(DiagnosticError);
    await both({});
  }, 60_000);
});
