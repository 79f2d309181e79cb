/** @file What a device has to say about itself on this machine, without being used: for `fgc devices`. */

export interface DeviceDescription {
  readonly name: string;
  readonly available: boolean;
  /** Why it cannot be had, and what to do about it. */
  readonly reason?: string;
  readonly hint?: string;
  readonly threads?: number;
  /** What the engine offers and the device uses. */
  readonly features: readonly string[];
  /** The hardware that it can run on, the one that it takes unasked first; empty where there is no choice. */
  readonly adapters: readonly AdapterDescription[];
}

export interface AdapterDescription {
  /** As `--adapter` takes it, whole or in part. */
  readonly name: string;
  /** A driver that runs on the processor: taken only when asked for. */
  readonly isSoftware: boolean;
  readonly features: readonly string[];
  /** In bytes where the name says so. */
  readonly limits: Readonly<Record<string, number>>;
}
