/** @file Which process of how many this is. One process unless the launcher's environment says otherwise. */

export interface DistributedEnvironmentOptions {
  rank?: number;
  localRank?: number;
  worldSize?: number;
  localWorldSize?: number;
  masterAddr?: string;
  masterPort?: number;
  /** Device by rank. */
  deviceMap?: Readonly<Record<number, string>> | null;
}

/** RANK, LOCAL_RANK, WORLD_SIZE, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT override what the config says. */
export class DistributedEnvironment {
  readonly rank: number;
  readonly localRank: number;
  readonly worldSize: number;
  readonly localWorldSize: number;
  readonly masterAddr: string;
  readonly masterPort: number;
  readonly device: string | undefined;

  constructor(
    options: DistributedEnvironmentOptions = {},
    env: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    const number = (name: string, fallback: number) => (env[name] === undefined ? fallback : Number(env[name]));
    this.rank = number("RANK", options.rank ?? 0);
    this.localRank = number("LOCAL_RANK", options.localRank ?? 0);
    this.worldSize = number("WORLD_SIZE", options.worldSize ?? 1);
    this.localWorldSize = number("LOCAL_WORLD_SIZE", options.localWorldSize ?? 1);
    this.masterAddr = env["MASTER_ADDR"] ?? options.masterAddr ?? "localhost";
    this.masterPort = number("MASTER_PORT", options.masterPort ?? 29_501);
    this.device = options.deviceMap?.[this.rank];
  }
}
