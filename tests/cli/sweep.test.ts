/** @file `fgc sweep`: what a file asks for, the lines that run, what is kept, the table. */
import { describe, expect, it } from "vitest";
import { readSweep, yamlText } from "../../compiler/cli/sweep/spec.ts";
import { fgc, type MemoryWorld, type Outcome } from "./memory-host.ts";

const spec = `fixed: { max_steps: 20 }
grid:
  lr: [1e-3, 4e-3]
  main.n: [1, 2]
points:
  - { lr: 1.0e-2, name: "a b" }
train: [--device, wasm]
`;
const world = (text: string, more: Readonly<Record<string, string>> = {}): MemoryWorld => ({
  files: {
    "/ws/forgather_workspace/x.yaml": "",
    "/ws/project/meta.yaml": "name: Tiny\ndefault_config: tiny.yaml\n",
    "/ws/project/templates/configs/tiny.yaml": "main: { n: 1 }\n",
    "/ws/project/lr.yaml": text,
    ...more,
  },
});
const read = (text: string) => readSweep(text, "lr.yaml", "fgc", undefined);

describe("the file", () => {
  it("is every combination of the grid, then the points", () => {
    const { points, train } = read(spec);
    expect(
      points.map(({ settings }) =>
        Object.entries(settings)
          .map(([name, value]) => `${name}=${yamlText(value)}`)
          .join(" "),
      ),
    ).toEqual([
      "max_steps=20 lr=0.001 main.n=1",
      "max_steps=20 lr=0.001 main.n=2",
      "max_steps=20 lr=0.004 main.n=1",
      "max_steps=20 lr=0.004 main.n=2",
      'max_steps=20 lr=0.01 name="a b"',
    ]);
    expect(train).toEqual(["--device", "wasm"]);
  });
  it("names a point by its settings, whatever stands around it", () => {
    const [first] = read("grid: { b: [1], a: [2.5] }").points;
    expect(read("points: [{ c: 1 }, { a: 2.5, b: 1 }]").points[1]?.id).toBe(first?.id);
    expect(read("points: [{ a: 2.5, b: 2 }]").points[0]?.id).not.toBe(first?.id);
    expect(read("points: [{ a: 1 }, { a: 1 }]").points).toHaveLength(1);
    expect(read("points: [{ a: 1 }]").points[0]?.id).not.toBe(read("points: [{ a: 1.0 }]").points[0]?.id);
  });
  it.each([
    ["[1]", "the file is not a mapping"],
    ["{}", "it has neither a grid nor points"],
    ["grid: { lr: 3 }", "'lr' in grid is not a list of values"],
    ["points: { lr: 3 }", "points is not a list"],
    ["gird: { lr: [3] }", "nothing reads 'gird': did you mean 'grid'?"],
    [
      `grid: { ${["a", "b", "c", "d", "e"].map((name) => `${name}: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]`).join(", ")} }`,
      "100,000 points",
    ],
  ])("%s is refused", async (text, message) => {
    const { code, stderr } = await fgc(world(text), "sweep", "lr.yaml");
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe("the runs", () => {
  it("are shown with --dry-run, and nothing is written", async () => {
    const { code, stdout, files } = await fgc(world(spec), "sweep", "lr.yaml", "--dry-run");
    expect(code).toBe(0);
    expect(stdout.split("\n")[1]).toMatch(
      /^\w{8} {2}waiting {4}fgc -p \/ws\/project -t tiny\.yaml train --out \/ws\/project\/sweeps\/lr\/\w{8} --set max_steps=20 --set lr=0\.001 main\.n=2 -- --device wasm$/,
    );
    expect(files).toEqual(world(spec).files);
  });
  const scheduled = 'grid: { lr: [1, 2] }\nscheduler: "sbatch --wrap {command}"\n';
  it("go to a scheduler as one word, once", async () => {
    const first = await fgc(world(scheduled), "sweep", "lr.yaml");
    expect(first.started).toHaveLength(2);
    expect(first.started[0]?.slice(0, 2)).toEqual(["sh", "-c"]);
    expect(first.started[0]?.[2]).toMatch(/^sbatch --wrap 'node \/package\/bin\/fgc\.mjs -p .* --out .* --set lr=1'$/);
    expect(first.stdout).toMatch(/^loss {2}steps {2}state {6}point {5}lr\n- {5}- {6}submitted {2}\w{8} {2}1\n/);
    const again = await fgc({ files: first.files }, "sweep", "lr.yaml");
    expect(again.started).toEqual([]);
    expect(again.stderr).toContain("submitted before");
  });
  it("are done when their logs say so; the best comes first", async () => {
    const { files } = await fgc(world(scheduled), "sweep", "lr.yaml");
    const manifest = JSON.parse(files["/ws/project/sweeps/lr/manifest.json"] ?? "") as { points: { id: string }[] };
    const log = (loss: number, end: string) =>
      `{"global_step":5,"loss":9}\n{"global_step":7,"eval_loss":${loss}}\n${end}`;
    const [one, two] = manifest.points.map(({ id }) => `/ws/project/sweeps/lr/${id}/runs/r/trainer_logs.ndjson`);
    const trained = { ...files, [one ?? ""]: log(3, '{"train_runtime":1}\n'), [two ?? ""]: log(2.5, '{"global_st') };
    const { stdout, code } = await fgc({ files: trained }, "sweep", "lr.yaml");
    expect(stdout.split("\n").slice(1, 3)).toEqual([
      expect.stringMatching(/^2\.50000 {2}7 {6}submitted {2}\w{8} {2}2$/),
      expect.stringMatching(/^3\.00000 {2}7 {6}done {7}\w{8} {2}1$/),
    ]);
    expect(code).toBe(0);
  });
  /** `train` in memory: its build finds no library there, and fails. */
  const failing = (...words: string[]): Promise<Outcome> =>
    fgc(world("grid: { lr: [1, 2] }\n"), "sweep", "lr.yaml", ...words);
  it("that fail are told, and stop the sweep only when asked to", async () => {
    const going = await failing();
    expect(going.code).toBe(3);
    expect(going.stdout.match(/failed/g)).toHaveLength(2);
    const fast = await failing("--fail-fast");
    expect(fast.stdout.match(/failed/g)).toHaveLength(1);
    expect(fast.stdout).toContain("waiting");
    expect((await failing("--fail-fast", "--keep-going")).code).toBe(2);
  });
});
