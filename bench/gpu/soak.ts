/**
 * @file Does the device live, and stay small? A small training step, submitted again and again; every sixteenth loss is read. Memory is
 * told at the start, in the middle and at the end, one JSON line each.
 *
 *     node bench/gpu/soak.mjs --adapter=software [--submits=200000]
 *     FGC_DAWN_FLAGS=backend=null node bench/gpu/soak.mjs        Dawn without a GPU: only the host's part
 *
 * Where garbage collection is exposed it is forced every 2000 submits: what is held too weakly dies at once.
 */
import {
  grad,
  HostRandom,
  hostTensor,
  openSession,
  Parameter,
  type PendingResult,
  type Tensor,
} from "../../runtime/index.ts";
import { argument, line } from "../lib/measure.ts";

const submits = Number(argument("submits", "200000"));
const adapter = argument("adapter", "");
const readEvery = 16;
const forcedGcEvery = 2000;
const [rows, columns] = [16, 8];

const session = await openSession({
  device: "webgpu",
  ...(adapter === "" ? {} : { adapter }),
  onNotice: (notice) => console.error(notice),
});
// The slope of every column is learnt back: loss and weights are known at the end.
const weight = new Parameter([columns, 1], new Float32Array(columns), { label: "weight" });
const step = session.compile(
  ({ x, y }: Record<"x" | "y", Tensor>) => {
    const error = x.matmul(weight).sub(y);
    const loss = error.mul(error).mean();
    const [gradient] = grad(loss, [weight]);
    weight.assign(weight.sub((gradient as Tensor).mul(0.05)));
    return { loss };
  },
  { name: "soak" },
);

const slopes = Float32Array.from({ length: columns }, (_, i) => i / 4 - 1);
const random = new HostRandom(1);
const batches = [0, 1, 2, 3].map(() => {
  const x = Float32Array.from({ length: rows * columns }, () => 2 * random.uniform() - 1);
  const y = Float32Array.from({ length: rows }, (_, row) =>
    slopes.reduce((sum, slope, column) => sum + slope * (x[row * columns + column] as number), 0),
  );
  return { x: hostTensor(x, [rows, columns]), y: hostTensor(y, [rows, 1]) };
});

const gc = (globalThis as { gc?: () => void }).gc;
let reading: Promise<number> = Promise.resolve(Number.NaN);
const start = performance.now();
const cpu = process.cpuUsage();
const tell = (at: number, loss: number): void => {
  const { user, system } = process.cpuUsage(cpu);
  line({
    bench: "soak",
    device: session.device.adapter ?? session.device.name,
    at,
    rssMiB: process.memoryUsage.rss() / 2 ** 20,
    usPerSubmit: at === 0 ? 0 : ((performance.now() - start) * 1000) / at,
    cpuUsPerSubmit: at === 0 ? 0 : (user + system) / at,
    loss: Number.isFinite(loss) ? loss : null,
  });
};

for (let i = 0; i < submits; i++) {
  const run: PendingResult<"loss"> = await step.start(batches[i % batches.length] as (typeof batches)[number]);
  if (i % readEvery === 0) {
    await reading; // of the last time: by now it is there
    reading = run.read().then(({ loss }) => loss.data[0] as number);
  } else run.drop();
  if (i === 0 || i === submits >> 1) tell(i, await reading);
  if (gc !== undefined && i % forcedGcEvery === 0) gc();
}
tell(submits, await reading);
const { data } = await session.read(weight);
await session.close();
if (session.device.adapter === "Null backend") console.error("nothing was computed");
else {
  const worst = Math.max(...slopes.map((slope, i) => Math.abs(slope - (data[i] as number))));
  if (submits >= 2000 && !(worst < 1e-3)) throw new Error(`weights are off by ${worst}`);
  console.error(`weights are off by ${worst}`);
}
