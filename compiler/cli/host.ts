/** @file What a command may touch of the world. Commands get it as an argument, so that tests run them in memory. */
import type { Thread } from "../driver/check-threads.ts";
import type { Host } from "../driver/host.ts";

export interface OutputStream {
  write(text: string): void;
  readonly isTerminal: boolean;
}

/** What a device says of itself on this machine; the runtime's type of the same name. */
export interface DeviceDescription {
  readonly name: string;
  readonly available: boolean;
  /** Why it cannot be had, and what to do about it. */
  readonly reason?: string;
  readonly hint?: string;
  readonly threads?: number;
  readonly features: readonly string[];
  /** The hardware that it can run on, the one that it takes unasked first; empty where there is no choice. */
  readonly adapters: readonly AdapterDescription[];
}

export interface AdapterDescription {
  readonly name: string;
  readonly isSoftware: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

export interface InputStream {
  readonly isTerminal: boolean;
  /** Asking for it begins to read. */
  readonly stream: NodeJS.ReadableStream;
}

/** Tells where something may have happened. */
export interface FolderWatcher {
  /** Watches these folders from now on, not what lies deeper, and no others. */
  watch(folders: ReadonlySet<string>): void;
  /** Files and folders in which something happened since the last call, a burst of events at once; undefined when there is nothing more to wait for. */
  next(): Promise<readonly string[] | undefined>;
  close(): void;
}

export interface CliHost extends Host {
  readonly files: Host["files"] & {
    /** Another text for a file, all of it or nothing: whoever reads it meanwhile sees the one or the other. */
    replaceText(path: string, text: string): void;
    /** To a place where nothing is, whose folders are made; fails where something is. */
    move(from: string, to: string): void;
    /** A file, or a folder with all that is in it; nothing is fine too. */
    remove(path: string): void;
    /** At the end of a file, which is made; what several processes append does not mix. */
    append(path: string, text: string): void;
  };
  /** Where this process stands from now on. */
  changeDirectory(path: string): void;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Runs a program on the user's terminal; its exit code, or 128 plus the number of the signal that ended it. */
  run(
    command: string,
    args: readonly string[],
    environment?: Readonly<Record<string, string>>,
    /** What it reads instead of the terminal. */
    input?: string,
  ): Promise<number>;
  /** The devices of this machine, asked through the package's own runtime: the same one that emitted programs contain. Rejects where asking ends badly. */
  listDevices(): Promise<readonly DeviceDescription[]>;
  openWatcher(): FolderWatcher;
  /** Threads that check configs with fgc's own code; absent where there are none. */
  readonly threads?: { readonly count: number; start(): Thread } | undefined;
}
