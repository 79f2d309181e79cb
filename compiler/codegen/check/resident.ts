/**
 * @file The native TypeScript compiler kept running: what it has read of the library stays read, so that a text that changed is judged in a tenth of
 * the time that a new process takes. It is asked as editors ask it, over the language server protocol.
 *
 * For modules that import nothing but the library: of other files nobody tells it when they change.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { MessageConnection } from "vscode-languageserver/node";
import { CheckFolder, packagesOf } from "./folder.ts";
import type { CheckRequest, TypeFault } from "./request.ts";

/** What the protocol answers to `textDocument/diagnostic`, as far as it is read here. */
interface Report {
  readonly items?: readonly {
    readonly range: { readonly start: { readonly line: number; readonly character: number } };
    readonly severity?: number;
    readonly code?: number | string;
    readonly message: string;
  }[];
}

/** Modules of one folder that the compiler holds, by path. */
interface OpenFolder {
  readonly folder: CheckFolder;
  /** The names of all modules, unit by unit: other texts under the same names need no new folder. */
  readonly shape: string;
  readonly documents: Map<string, { readonly uri: string; version: number; text: string }>;
}

const errorSeverity = 1;

export class ResidentCompiler {
  readonly #compiler: string;
  #child: ChildProcess | undefined;
  #connection: Promise<MessageConnection> | undefined;
  #open: OpenFolder | undefined;
  /** One request after the other: a later one changes the texts that an earlier one asks about. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(compiler: string) {
    this.#compiler = compiler;
  }

  static canCheck({ units }: CheckRequest): boolean {
    return units.every(
      (unit) =>
        packagesOf(unit).length === 0 &&
        unit.modules.every(({ text }) => !/(?:from|import) "(?:node:|\.\.|\/|[A-Za-z]:)/.test(text)),
    );
  }

  /** Absent where the compiler does not answer as it should: then another one has to. */
  check(request: CheckRequest): Promise<readonly TypeFault[] | undefined> {
    const answer = this.#last.then(() => this.#check(request)).catch(() => this.close());
    this.#last = answer;
    return answer.then((faults) => faults ?? undefined);
  }

  async #check(request: CheckRequest): Promise<readonly TypeFault[]> {
    this.#connection ??= this.#start();
    const connection = await this.#connection;
    this.#hold(true);
    try {
      return await this.#ask(connection, request);
    } finally {
      this.#hold(false);
    }
  }

  /** A compiler that is not being asked keeps no process from ending. */
  #hold(isAsked: boolean): void {
    const { stdin, stdout } = this.#child ?? {};
    for (const each of [this.#child, stdin, stdout] as readonly (Partial<Pick<ChildProcess, "ref" | "unref">> | null)[])
      (isAsked ? each?.ref : each?.unref)?.call(each);
  }

  async #ask(connection: MessageConnection, request: CheckRequest): Promise<readonly TypeFault[]> {
    const { folder, documents } = await this.#show(connection, request);
    const faults = [...documents].map(async ([path, { uri }]) => {
      const report = await connection.sendRequest<Report>("textDocument/diagnostic", { textDocument: { uri } });
      return (report.items ?? []).flatMap(({ range: { start }, severity, code, message }) => {
        if (severity !== errorSeverity) return [];
        const lines = message.split("\n").map((line) => line.trim());
        return folder.fault(path, start.line + 1, start.character + 1, Number(code), lines) ?? [];
      });
    });
    return (await Promise.all(faults)).flat();
  }

  async #start(): Promise<MessageConnection> {
    const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = await import(
      "vscode-languageserver/node"
    );
    const child = spawn(this.#compiler, ["--lsp", "--stdio"], { stdio: ["pipe", "pipe", "ignore"] });
    this.#child = child;
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const gone = new Promise<never>((_, reject) => {
      const fail = (): void => reject(new Error("the compiler has ended"));
      child.once("error", fail);
      child.once("exit", fail);
      child.stdin.once("error", fail);
    });
    // Requests that are never answered are given up with the connection; this only keeps the rejection from being unhandled.
    gone.catch(() => connection.dispose());
    connection.onRequest(() => null);
    connection.listen();
    const capabilities = { textDocument: { diagnostic: {} } };
    const greeting = connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: null,
      capabilities,
    });
    await Promise.race([greeting, gone]);
    await connection.sendNotification("initialized", {});
    return connection;
  }

  /** Brings the compiler's texts to those of the request. */
  async #show(connection: MessageConnection, request: CheckRequest): Promise<OpenFolder> {
    const shape = JSON.stringify(request.units.map(({ modules }) => modules.map(({ name }) => name)));
    if (this.#open?.shape !== shape) {
      for (const { uri } of this.#open?.documents.values() ?? [])
        await connection.sendNotification("textDocument/didClose", { textDocument: { uri } });
      this.#open?.folder.remove();
      this.#open = { folder: new CheckFolder(request), shape, documents: new Map() };
    }
    const { folder, documents } = this.#open;
    for (const [index, { modules }] of request.units.entries()) {
      for (const { name, text } of modules) {
        const path = join(folder.path, String(index), name);
        const known = documents.get(path);
        if (known === undefined) {
          const uri = pathToFileURL(path).href;
          documents.set(path, { uri, version: 1, text });
          const textDocument = { uri, languageId: "typescript", version: 1, text };
          await connection.sendNotification("textDocument/didOpen", { textDocument });
        } else if (known.text !== text) {
          known.version += 1;
          known.text = text;
          const textDocument = { uri: known.uri, version: known.version };
          await connection.sendNotification("textDocument/didChange", { textDocument, contentChanges: [{ text }] });
        }
      }
    }
    return this.#open;
  }

  close(): undefined {
    this.#child?.kill();
    this.#open?.folder.remove();
    this.#child = undefined;
    this.#connection = undefined;
    this.#open = undefined;
    return undefined;
  }
}
