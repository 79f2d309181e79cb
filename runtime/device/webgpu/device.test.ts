import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { gpuSkipReason } from "../../../tests/support/gpu.ts";
import { accumulator, scheduleAddition } from "../../../tests/support/gpu-program.ts";
import type { TypedArray } from "../device.ts";
import { chooseAdapter } from "./adapter.ts";
import type { WebGpuDevice } from "./device.ts";
import { openHost } from "./host.ts";
import { openAdapter } from "./open.ts";

const reason = await gpuSkipReason();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

const inputs = (...x: number[]): ReadonlyMap<string, TypedArray> => new Map([["x", Float32Array.from(x)]]);
const ones = (size: number): ReadonlyMap<string, TypedArray> => new Map([["x", new Float32Array(size).fill(1)]]);

describe.skipIf(reason !== undefined)("the webgpu device", () => {
  let device: WebGpuDevice;

  beforeEach(async () => {
    device = await openAdapter(await chooseAdapter(await openHost(), "software"), { schedule: scheduleAddition });
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await device.close();
  });

  describe("runs", () => {
    it("in order, and gives each its own outputs", async () => {
      device.createState("sum", "f32", [3], Float32Array.of(10, 20, 30));
      const program = await device.load(accumulator(3));
      const first = await program.start(inputs(1, 2, 3));
      const second = await program.start(inputs(1, 1, 1));
      expect((await second.read()).get("out")).toEqual(Float32Array.of(12, 23, 34));
      expect((await first.read()).get("out")).toEqual(Float32Array.of(11, 22, 33));
    });

    it("copy their inputs before start returns", async () => {
      device.createState("sum", "f32", [1]);
      const program = await device.load(accumulator(1));
      const x = Float32Array.of(1);
      const runs = [1, 2, 3, 4, 5].map((value) => {
        x[0] = value;
        return program.start(new Map([["x", x]]));
      });
      const outputs = await Promise.all(runs.map(async (run) => (await run).read()));
      expect(outputs.map((output) => output.get("out")?.[0])).toEqual([1, 3, 6, 10, 15]);
    });

    it("are brought back by one trip where several are read together", async () => {
      device.createState("sum", "f32", [1]);
      const program = await device.load(accumulator(1));
      const map = vi.spyOn(Object.getPrototypeOf(someBuffer(device)) as GPUBuffer, "mapAsync");
      const runs = [];
      for (let i = 0; i < 16; i++) runs.push(await program.start(inputs(1)));
      const outputs = await Promise.all(runs.map((run) => run.read()));
      expect(outputs.map((output) => output.get("out")?.[0])).toEqual(runs.map((_, i) => i + 1));
      expect(map).toHaveBeenCalledTimes(1);
    });

    it("may be more than a chunk has slots, read late and in any order", async () => {
      device.createState("sum", "f32", [1]);
      const program = await device.load(accumulator(1));
      const runs = [];
      for (let i = 0; i < 100; i++) runs.push(await program.start(inputs(1)));
      const outputs = await Promise.all(runs.toReversed().map((run) => run.read()));
      expect(outputs.map((output) => output.get("out")?.[0])).toEqual(runs.map((_, i) => 100 - i));
    });

    it("cost no trip and no memory where nobody reads them", async () => {
      device.createState("sum", "f32", [1]);
      const program = await device.load(accumulator(1));
      const prototype = Object.getPrototypeOf(someBuffer(device)) as GPUBuffer;
      const map = vi.spyOn(prototype, "mapAsync");
      const create = vi.spyOn(device.device, "createBuffer");
      for (let i = 0; i < 200; i++) (await program.start(inputs(1))).drop();
      expect(map).not.toHaveBeenCalled();
      expect(create.mock.calls.length).toBeLessThan(4);
      expect(await device.readState("sum")).toEqual(Float32Array.of(200));
    });

    it("use the same few buffers again and again", async () => {
      device.createState("sum", "f32", [1]);
      const program = await device.load(accumulator(1));
      const create = vi.spyOn(device.device, "createBuffer");
      for (let i = 0; i < 100; i++) await (await program.start(inputs(1))).read();
      expect(create.mock.calls.length).toBeLessThan(4);
    });

    it("of two programs share the arena and the states", async () => {
      device.createState("sum", "f32", [2000]);
      device.createState("other", "f32", [5000]);
      const small = await device.load(accumulator(2000));
      await (await small.start(ones(2000))).read();
      const large = await device.load(accumulator(5000, { state: "other" })); // the arena grows: `small` is bound anew
      await (await large.start(ones(5000))).read();
      const again = await (await small.start(ones(2000))).read();
      expect(again.get("out")).toEqual(new Float32Array(2000).fill(2));
      const twin = await device.load(accumulator(2000, { name: "twin" }));
      expect((await (await twin.start(ones(2000))).read()).get("out")).toEqual(new Float32Array(2000).fill(3));
    });

    it("of outputs larger than a chunk work one by one", async () => {
      const size = 1 << 20;
      device.createState("sum", "f32", [size]);
      const program = await device.load(accumulator(size));
      const runs = [await program.start(ones(size)), await program.start(ones(size))];
      const outputs = await Promise.all(runs.map((run) => run.read()));
      expect(outputs.map((output) => output.get("out")?.[size - 1])).toEqual([1, 2]);
    });
  });

  it("tells with FGC_PROFILE=1 where the time went", async () => {
    vi.stubEnv("FGC_PROFILE", "1");
    const print = vi.spyOn(console, "error").mockImplementation(() => {});
    const profiled = await openAdapter(await chooseAdapter(await openHost(), "software"), {
      schedule: scheduleAddition,
    });
    vi.unstubAllEnvs();
    profiled.createState("sum", "f32", [1000]);
    const program = await profiled.load(accumulator(1000));
    for (let i = 0; i < 3; i++) (await program.start(ones(1000))).drop();
    await profiled.close();
    const [table] = print.mock.calls[0] as [string];
    expect(table).toMatch(
      /ms in kernels on the GPU\n( +[\d.]+ ms +[\d.]+ % +3 × +[\d.]+ µs {2}loop (sum|keep|out)\n?){3}$/,
    );
  });

  describe("states", () => {
    it("are read before they have a place, and written in turn", async () => {
      device.createState("sum", "f32", [2], Float32Array.of(1, 2));
      expect(await device.readState("sum")).toEqual(Float32Array.of(1, 2));
      device.writeState("sum", Float32Array.of(3, 4));
      const program = await device.load(accumulator(2));
      void (await program.start(inputs(1, 1))).drop();
      const before = device.readState("sum");
      device.writeState("sum", Float32Array.of(7, 8));
      const after = device.readState("sum");
      expect(await before).toEqual(Float32Array.of(4, 5));
      expect(await after).toEqual(Float32Array.of(7, 8));
    });

    it("come back whole when they are longer than a piece", async () => {
      const size = (36 << 20) / 4 + 3;
      const data = Float32Array.from({ length: size }, (_, i) => i);
      device.createState("sum", "f32", [size], data);
      await device.load(accumulator(size));
      const back = await device.readState("sum");
      expect(back.length).toBe(size);
      expect(back.every((x, i) => x === i)).toBe(true); // toEqual takes a minute
    });

    it("are zeros where another state lay before", async () => {
      device.createState("sum", "f32", [300], new Float32Array(300).fill(5));
      device.createState("kept", "f32", [300]);
      await device.load(accumulator(300));
      await device.load(accumulator(300, { state: "kept" }));
      const bytes = device.memory.inUse;
      device.dropState("sum");
      device.createState("sum", "f32", [300]);
      await device.load(accumulator(300));
      expect(await device.readState("sum")).toEqual(new Float32Array(300));
      expect(device.memory.inUse).toBeLessThan(bytes + 4 * 1536);
    });

    it("of every type keep their elements", async () => {
      device.createState("flags", "bool", [3], Uint8Array.of(1, 0, 1));
      device.createState("half", "f16", [3], Uint16Array.of(0x3c00, 0x7bff, 0x8001));
      await device.turns.take(() => device.states.place(["flags", "half"], new Map()));
      expect(await device.readState("flags")).toEqual(Uint8Array.of(1, 0, 1));
      expect(await device.readState("half")).toEqual(Uint16Array.of(0x3c00, 0x7bff, 0x8001));
    });

    it("have one owner, a size and a name", () => {
      device.createState("sum", "f32", [2]);
      expect(() => device.createState("sum", "f32", [2])).toThrow("state sum exists already");
      expect(() => device.writeState("sum", new Float32Array(3))).toThrow("has 2 elements, not 3");
      expect(() => device.dropState("nobody")).toThrow("there is no state nobody");
    });
  });

  describe("faults", () => {
    it("a device destroyed in the middle of a run: reads and later orders fail, the message tells what to do", async () => {
      device.createState("sum", "f32", [1]);
      const program = await device.load(accumulator(1));
      const run = await program.start(inputs(1));
      const read = run.read();
      device.device.destroy();
      await expect(read).rejects.toMatchObject({
        name: "DeviceLostError",
        message: expect.stringMatching(/SwiftShader.*was lost.*the last checkpoint is intact/),
      });
      await expect(program.start(inputs(1))).rejects.toMatchObject({ name: "DeviceLostError" });
      await expect(device.readState("sum")).rejects.toMatchObject({ name: "DeviceLostError" });
      await expect(device.load(accumulator(1, { name: "next" }))).rejects.toMatchObject({ name: "DeviceLostError" });
    });

    it("what WebGPU refuses beside the call fails the next order", async () => {
      device.createState("sum", "f32", [1]);
      const program = await device.load(accumulator(1));
      device.device.createBuffer({ size: 16, usage: 0 });
      const run = program.start(inputs(1)).then((started) => started.read());
      await expect(run).rejects.toMatchObject({ name: "DeviceError", message: expect.stringContaining("usage") });
    });

    it("a state over the adapter's limit is named with its shape and both sizes", () => {
      expect(() => device.createState("embedding.weight", "f32", [1 << 16, 1 << 13])).toThrow(
        "state embedding.weight [65536, 8192] f32 takes 2 GiB; this adapter binds at most 1 GiB to a kernel",
      );
    });

    it("so is a buffer of a program, with the kernel that wants it", async () => {
      const size = 1 << 28; // 1 GiB and a little
      const program = accumulator(size + 1);
      const buffers = program.buffers.map((decl) => (decl.kind === "temp" ? decl : { ...decl, shape: [1] }));
      device.createState("sum", "f32", [1]);
      await expect(device.load({ ...program, buffers })).rejects.toMatchObject({
        name: "OutOfMemoryError",
        message: expect.stringMatching(/temporary b2 \[268435457\] f32 \(of kernel "sum"\) takes 1.00 GiB/),
      });
    });

    it("no memory for a state: it is named, and the device goes on with the others", async () => {
      const restore = withoutMemoryOver(device, 1000);
      device.createState("small", "f32", [100]);
      device.createState("large", "f32", [500]);
      await expect(device.load(accumulator(500, { state: "large" }))).rejects.toMatchObject({
        name: "OutOfMemoryError",
        message: "no GPU memory for state model.large [500] f32: 2 KiB, with 0 bytes in use by this program",
      });
      restore();
      const program = await device.load(accumulator(100, { state: "small" }));
      expect((await (await program.start(ones(100))).read()).get("out")).toEqual(new Float32Array(100).fill(1));
    });

    it("a state that found room before another did not keeps its content", async () => {
      const restore = withoutMemoryOver(device, 1000);
      device.createState("small", "f32", [3], Float32Array.of(1, 2, 3));
      device.createState("large", "f32", [500]);
      const place = device.turns.take(() => device.states.place(["small", "large"], new Map()));
      await expect(place).rejects.toMatchObject({ name: "OutOfMemoryError" });
      restore();
      expect(await device.readState("small")).toEqual(Float32Array.of(1, 2, 3));
      device.writeState("large", new Float32Array(500).fill(7));
      await device.turns.take(() => device.states.place(["small", "large"], new Map()));
      expect(await device.readState("large")).toEqual(new Float32Array(500).fill(7));
      expect(await device.readState("small")).toEqual(Float32Array.of(1, 2, 3));
    });

    it("a program whose state was dropped says so, and others go on", async () => {
      device.createState("sum", "f32", [1]);
      device.createState("other", "f32", [1]);
      const program = await device.load(accumulator(1));
      const other = await device.load(accumulator(1, { state: "other" }));
      device.dropState("sum");
      await expect(program.start(inputs(1))).rejects.toThrow(
        "program accumulate uses state model.sum, which was dropped",
      );
      expect((await (await other.start(inputs(2))).read()).get("out")).toEqual(Float32Array.of(2));
    });

    it("no memory for the arena: the program is named", async () => {
      device.createState("sum", "f32", [1]);
      const first = await device.load(accumulator(1));
      device.createState("large", "f32", [500], new Float32Array(500));
      await device.turns.take(() => device.states.place(["large"], new Map()));
      const restore = withoutMemoryOver(device, 3000, "arena");
      await expect(device.load(accumulator(500, { state: "large", name: "train" }))).rejects.toMatchObject({
        name: "OutOfMemoryError",
        message: expect.stringMatching(
          /no GPU memory for the arena \(temporaries\) of program train: 2 KiB, with .* in use/,
        ),
      });
      restore();
      expect((await (await first.start(inputs(4))).read()).get("out")).toEqual(Float32Array.of(4));
    });

    it("a kernel that does not compile is shown, with its label", async () => {
      await expect(device.pipelines.get("fn main() {\n  let a = b;\n}\n", "", "loop gelu")).rejects.toThrow(
        /kernel "loop gelu" does not compile: .*\n {4}1 \| fn main\(\) \{\n> {3}2 \| {3}let a = b;/,
      );
      device.faults.check();
    });

    it("a closed device refuses", async () => {
      device.createState("sum", "f32", [1]);
      const program = await device.load(accumulator(1));
      const run = await program.start(inputs(1));
      const read = run.read();
      const refused = expect(read).rejects.toThrow("the device is closed");
      await device.close();
      await refused;
      await expect(program.start(inputs(1))).rejects.toThrow("the device is closed");
    });
  });
});

function someBuffer({ device }: WebGpuDevice): GPUBuffer {
  return device.createBuffer({ size: 16, usage: 1 | 8 });
}

/** Allocations of more bytes (and of this label) fail as they do on a GPU that is full. */
function withoutMemoryOver({ device }: WebGpuDevice, limit: number, label = ""): () => void {
  const [create, pop] = [device.createBuffer.bind(device), device.popErrorScope.bind(device)];
  let isFull = false;
  const spies = [
    vi.spyOn(device, "createBuffer").mockImplementation((descriptor) => {
      isFull = descriptor.size > limit - (label === "" ? 0 : 1500) && (descriptor.label ?? "").includes(label);
      return create(isFull ? { ...descriptor, size: 16 } : descriptor);
    }),
    vi.spyOn(device, "popErrorScope").mockImplementation(async () => {
      const full = isFull;
      isFull = false;
      const error = await pop();
      return full ? ({ message: "out of memory" } as GPUError) : error;
    }),
  ];
  return () => {
    for (const spy of spies) spy.mockRestore();
  };
}
