/** @file What can go wrong on a device, for every device: said in the user's terms, told apart by class. */

/** A fault of the device itself; the device is unusable afterwards unless a subclass says otherwise. */
export class DeviceError extends Error {
  override readonly name: string = "DeviceError";
}

/** The device cannot be had on this machine. */
export class DeviceUnavailableError extends DeviceError {
  override readonly name = "DeviceUnavailableError";
  /** What to install or to choose instead. */
  readonly hint: string;
  /** False where it needs a package that is simply not installed: nothing that anyone who did not ask for the device need be told. */
  readonly isInstalled: boolean;

  constructor(message: string, hint: string, { isInstalled = true }: { readonly isInstalled?: boolean } = {}) {
    super(message);
    this.hint = hint;
    this.isInstalled = isInstalled;
  }
}

/** The device went away in the middle of a run: a driver's reset, a GPU unplugged, a process that was killed. */
export class DeviceLostError extends DeviceError {
  override readonly name = "DeviceLostError";
}

/** No room: says for what, and how much there is. The device goes on with what it has. */
export class OutOfMemoryError extends DeviceError {
  override readonly name = "OutOfMemoryError";
}
