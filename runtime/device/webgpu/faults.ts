/**
 * @file What has gone wrong with a GPU device. WebGPU tells it beside the calls that caused it and later; here it is kept until the next
 * order, which fails with it, as does every one after that.
 */
import { DeviceError, DeviceLostError, OutOfMemoryError } from "../errors.ts";

export class Faults {
  private readonly device: GPUDevice;
  private readonly adapter: string;
  private fault: DeviceError | undefined;

  constructor(device: GPUDevice, adapter: string) {
    this.device = device;
    this.adapter = adapter;
    void device.lost.then((info) => {
      this.fault ??= this.lossOf(info);
    });
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      // What is made for programs and states asks for its memory first (`memory.ts`); this is something small on the way.
      const isShortage = event.error.constructor.name === "GPUOutOfMemoryError";
      const Fault = isShortage ? OutOfMemoryError : DeviceError;
      this.fault ??= new Fault(`webgpu (${this.adapter}): ${event.error.message}`);
    });
  }

  /** @throws what went wrong before */
  check(): void {
    if (this.fault !== undefined) throw this.fault;
  }

  /** From now on every order is refused; what is under way is told so. */
  close(): void {
    this.fault ??= new DeviceError("the device is closed");
  }

  /** Why something that was waited for was rejected, in our terms. */
  async explain(error: unknown): Promise<Error> {
    // A loss rejects what is pending before it is told itself; a browser's takes a way through other processes.
    const loss = await Promise.race([this.device.lost, afterMilliseconds(patience)]);
    if (loss !== undefined) this.fault ??= this.lossOf(loss);
    if (this.fault !== undefined) return this.fault;
    return error instanceof DeviceError ? error : new DeviceError(`webgpu (${this.adapter}): ${String(error)}`);
  }

  /** Waits for something that only a fault of the device can reject: then nothing is sure any more, and later orders fail too. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      const explained = await this.explain(error);
      if (explained instanceof DeviceError) this.fault ??= explained;
      throw explained;
    }
  }

  private lossOf({ reason, message }: GPUDeviceLostInfo): DeviceLostError {
    const said = [reason === "destroyed" ? "it was destroyed" : "", message.trim()].filter((part) => part !== "");
    return new DeviceLostError(
      `the GPU '${this.adapter}' was lost in the middle of the work (${said.join(": ") || "no reason given"}); the last checkpoint is intact: start again from it`,
    );
  }
}

const patience = 250;

function afterMilliseconds(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms);
  });
}
