/** @file The compiler that stays: it finds what a new process finds, whatever it was asked before, and one that has died is replaced. */
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkNatively, nativeCompiler } from "../../compiler/codegen/check/native.ts";
import type { CheckRequest } from "../../compiler/codegen/check/request.ts";
import { ResidentCompiler } from "../../compiler/codegen/check/resident.ts";

const packageRoot = join(import.meta.dirname, "../..");
const compiler = nativeCompiler(packageRoot);
const isReady = compiler !== undefined && existsSync(join(packageRoot, "dist/types"));
if (!isReady) console.warn("the resident compiler is not tested: dist/ or the native compiler is missing");

function requestOf(...units: readonly Readonly<Record<string, string>>[]): CheckRequest {
  const modulesOf = (files: Readonly<Record<string, string>>) =>
    Object.entries(files).map(([name, text]) => ({ name, text }));
  return { units: units.map((files) => ({ modules: modulesOf(files), projectDir: packageRoot })), packageRoot };
}

const sound = {
  "model.ts": 'import { Linear } from "fgc/nn";\nexport const model = () => new Linear(2, 3, { bias: false });\n',
  "trainer.ts": 'import { model } from "./model.ts";\nexport const width: number = model().weight.shape[0] ?? 0;\n',
};
const wrong = { ...sound, "model.ts": sound["model.ts"].replace("false", '"no"') };
const wrongWithin = { ...sound, "trainer.ts": sound["trainer.ts"].replace("number", "string") };

describe.skipIf(!isReady)("a compiler that stays", () => {
  const resident = new ResidentCompiler(compiler ?? "");
  afterAll(() => void resident.close());

  it("finds what a new process finds, text after text, folder after folder", async () => {
    for (const request of [
      requestOf(sound),
      requestOf(wrong),
      requestOf(wrongWithin),
      requestOf(sound, wrong),
      requestOf(wrong, wrongWithin),
      requestOf(sound),
    ]) {
      const [kept, fresh] = await Promise.all([resident.check(request), checkNatively(compiler as string, request)]);
      expect(kept).toEqual(fresh);
    }
  });

  it("answers requests that come at once each with its own faults", async () => {
    const answers = await Promise.all([sound, wrong, wrongWithin].map((files) => resident.check(requestOf(files))));
    expect(answers.map((faults) => faults?.map(({ file, line }) => `${file}:${line}`))).toEqual([
      [],
      ["model.ts:2"],
      ["trainer.ts:2"],
    ]);
  });

  it("one that cannot run leaves the answer to others", async () => {
    expect(await new ResidentCompiler("/nowhere/tsc").check(requestOf(sound))).toBeUndefined();
    expect(await new ResidentCompiler(process.execPath).check(requestOf(sound))).toBeUndefined();
  });

  it("is not asked about modules whose imports may change behind its back", () => {
    const importing = (from: string) =>
      requestOf({ "model.ts": `import { a } from "${from}";\nexport const b = a;\n` });
    expect(ResidentCompiler.canCheck(requestOf(sound))).toBe(true);
    for (const from of ["ring", "/home/me/project/src/ring.ts", "node:fs", "../ring.ts"])
      expect(ResidentCompiler.canCheck(importing(from))).toBe(false);
  });

  it("takes its folder along when it is closed", async () => {
    const folders = () => new Set(readdirSync(tmpdir()).filter((name) => name.startsWith("fgc-check-")));
    const before = folders();
    const another = new ResidentCompiler(compiler ?? "");
    await another.check(requestOf(sound));
    const own = [...folders()].filter((name) => !before.has(name));
    another.close();
    for (const name of own) expect(existsSync(join(tmpdir(), name))).toBe(false);
    expect(own.length).toBeGreaterThan(0);
  });
});
