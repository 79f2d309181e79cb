/**
 * @file `node bench/gpu/compare.mjs [FLAGS OF run.mjs] [--python=python3] [--torch-device=cuda|cpu] [--modes=eager,compile]`: this project and
 * PyTorch on one machine, one after the other, on the same weights, tokens, shapes and types. All lines of both, then a line with the ratio for
 * each thing that both measured. Losses of the first steps and the decoded tokens must agree, or it fails: a fast wrong step is no result.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** f32: what other orders of sums make of it in three steps. f16: products are rounded to 11 bits. */
const lossTolerance = { f32: 2e-4, f16: 2e-2 };

const own = { python: "python3", modes: "eager,compile", "torch-device": undefined };
const flags = process.argv.slice(2).filter((flag) => {
  const [, name, value] = /^--([a-z-]+)=(.*)$/.exec(flag) ?? [];
  if (!Object.hasOwn(own, name ?? "")) return true;
  own[name] = value;
  return false;
});

/** Runs a command, passes its lines on and keeps those that are JSON. */
async function lines(command, args) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const results = [];
  const done = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  for await (const text of createInterface({ input: child.stdout })) {
    console.log(text);
    if (text.startsWith("{")) results.push(JSON.parse(text));
  }
  const status = await done;
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${status}`);
  return results;
}

/** Flags that both sides understand, in PyTorch's spelling; `--quick` is spelled out by the lines that came of it. */
function peerFlags(ours) {
  const seen = (bench, field) => [...new Set(ours.filter((line) => line.bench === bench).map((line) => line[field]))];
  const squares = seen("matmul", "shape").filter((shape) => new Set(shape.split("x")).size === 1);
  const decoded = seen("decode", "shape")[0];
  const list = (flag, values) => (values.length === 0 ? [] : [flag, values.join(",")]);
  const given = (name) => flags.find((flag) => flag.startsWith(`--${name}=`))?.slice(name.length + 3);
  const isQuick = flags.includes("--quick");
  return [
    ...["--only", ["matmul", "training", "decode"].filter((bench) => seen(bench, "bench").length > 0).join(",")],
    ...["--sizes", squares.map((shape) => shape.split("x")[0]).join(",")],
    ...list("--dtypes", [...new Set([...seen("matmul", "dtype"), ...seen("training", "dtype")])]),
    ...list("--models", [...new Set([...seen("training", "model"), ...seen("decode", "model")])]),
    ...["--shapes", given("shapes") ?? (isQuick ? "2x32" : "32x512")],
    ...(decoded === undefined ? [] : ["--tokens", decoded.slice(2)]),
    ...["--seconds", given("seconds") ?? (isQuick ? "0.2" : "3")],
    ...["--repetitions", given("repetitions") ?? (isQuick ? "2" : "7")],
    ...["--modes", own.modes],
    ...(own["torch-device"] === undefined ? [] : ["--device", own["torch-device"]]),
  ];
}

const keyOf = ({ bench, model, dtype, shape, layout }) =>
  [bench, model, dtype, shape, layout].filter(Boolean).join(" ");

/** What is wrong with a pair, in words; undefined if both computed the same. */
function disagreement(mine, theirs) {
  const worst = Math.max(0, ...(mine.losses ?? []).map((loss, i) => Math.abs(loss - theirs.losses[i])));
  if (!(worst <= lossTolerance[mine.dtype])) return `losses differ by ${worst}: ${mine.losses} and ${theirs.losses}`;
  if (String(mine.first) !== String(theirs.first)) return `tokens differ: ${mine.first} and ${theirs.first}`;
  return undefined;
}

const data = mkdtempSync(join(tmpdir(), "fgc-bench-"));
try {
  const ours = await lines(process.execPath, [here("run.mjs"), ...flags, `--data=${data}`]);
  const torch = await lines(own.python, [here("torch_peer.py"), "--data", data, ...peerFlags(ours)]);
  const mineByKey = new Map(ours.map((line) => [keyOf(line), line]));
  for (const theirs of torch) {
    const mine = mineByKey.get(keyOf(theirs));
    if (mine === undefined) continue;
    const fault = disagreement(mine, theirs);
    if (fault !== undefined) {
      console.error(`compare: ${keyOf(theirs)} ${theirs.mode}: ${fault}`);
      process.exitCode = 1;
    }
    console.log(
      JSON.stringify({
        compare: keyOf(theirs),
        to: `torch ${theirs.mode}`,
        unit: theirs.unit,
        ours: mine.median,
        theirs: theirs.median,
        ratio: Number((mine.median / theirs.median).toPrecision(4)),
        agrees: fault === undefined,
        adapters: mine.adapter === theirs.adapter ? mine.adapter : `${mine.adapter} | ${theirs.adapter}`,
      }),
    );
  }
} finally {
  rmSync(data, { recursive: true, force: true });
}
