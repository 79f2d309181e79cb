/**
 * @file Where the shell's lines come from: a person at a terminal, with editing, history and completion; or a pipe.
 *
 * At a terminal each line has a reader of its own, closed before the line is acted on: a command, an editor or a pager then has the terminal
 * as any program would.
 */
import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import type { CliHost } from "../host.ts";

export interface LineSource {
  /** The next line; undefined at the end. A line that was given up with Ctrl-C is empty. */
  next(prompt: string): Promise<string | undefined>;
  readonly isTerminal: boolean;
  close(): void;
}

/** Candidates for the end of the line, and the part of it that they replace. */
export type Completer = (line: string) => readonly [candidates: readonly string[], typed: string];

export function openLines(host: CliHost, history: () => readonly string[], completer: Completer): LineSource {
  return host.stdin.isTerminal ? terminalLines(host, history, completer) : pipedLines(host);
}

function terminalLines({ stdin, stdout }: CliHost, history: () => readonly string[], completer: Completer): LineSource {
  // Of several lines that are pasted at once, those that wait, and the beginning of one that is not at its end.
  const waiting: string[] = [];
  let begun = "";
  return {
    isTerminal: true,
    next: (prompt) => {
      const pasted = waiting.shift();
      if (pasted !== undefined) {
        stdout.write(`${prompt}${pasted}\n`);
        return Promise.resolve(pasted);
      }
      return new Promise((resolve) => {
        const reader = createInterface({
          input: stdin.stream,
          output: process.stdout,
          terminal: true,
          history: [...history()].reverse(),
          completer: (line: string) => completer(line) as [string[], string],
        });
        let answer: string | undefined;
        reader.on("SIGINT", () => {
          process.stdout.write("^C\n");
          answer = "";
          reader.close();
        });
        reader.on("line", (line) => {
          if (answer !== undefined) {
            waiting.push(line);
            return;
          }
          answer = line;
          // What came with it is read to its end: a reader that is closed drops it.
          setImmediate(() => {
            begun = reader.line;
            reader.close();
          });
        });
        reader.on("close", () => {
          if (answer === undefined) process.stdout.write("\n");
          resolve(answer);
        });
        reader.setPrompt(prompt);
        reader.prompt();
        if (begun !== "") reader.write(begun);
        begun = "";
      });
    },
    close: () => {},
  };
}

function pipedLines({ stdin }: CliHost): LineSource {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  let reader: Interface | undefined;
  let lines: AsyncIterator<string> | undefined;
  return {
    isTerminal: false,
    async next() {
      reader ??= createInterface({
        input: stdin.stream,
        output: nowhere,
        terminal: false,
        crlfDelay: Number.POSITIVE_INFINITY,
      });
      lines ??= reader[Symbol.asyncIterator]();
      const { done, value } = await lines.next();
      return done === true ? undefined : value;
    },
    close: () => reader?.close(),
  };
}
