/** @file Questions to a person at a terminal. They go to stderr: stdout carries the result alone. */
import { Writable } from "node:stream";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { CliHost } from "./host.ts";

export interface Prompts {
  title(text: string): void;
  text(message: string, settings: TextSettings): Promise<string>;
  choose<T extends string>(message: string, choices: readonly Choice<T>[], first: T): Promise<T>;
}

export interface TextSettings {
  /** What an empty answer means. */
  readonly suggestion?: string | undefined;
  /** Throws a `DiagnosticError` where an answer will not do. */
  readonly check?: ((answer: string) => void) | undefined;
}

export interface Choice<T extends string> {
  readonly value: T;
  readonly hint: string;
}

/** Ctrl-C at a question. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
}

export async function openPrompts(host: CliHost): Promise<Prompts> {
  const clack = await import("@clack/prompts");
  const input = host.stdin.stream as NodeJS.ReadStream;
  const output = terminalOutput(host);
  const answered = (value: unknown): string => {
    if (clack.isCancel(value)) throw new Cancelled();
    return typeof value === "string" ? value : "";
  };
  return {
    title: (text) => clack.intro(text, { output }),
    async text(message, { suggestion, check }) {
      const validate = (given: string | undefined) => {
        if (check === undefined || (given ?? "") === "") return undefined;
        try {
          check(given ?? "");
        } catch (error) {
          if (error instanceof DiagnosticError) return error.diagnostics[0]?.message;
          throw error;
        }
        return undefined;
      };
      const shown = suggestion === undefined ? {} : { placeholder: suggestion, defaultValue: suggestion };
      return answered(await clack.text({ message, input, output, validate, ...shown }));
    },
    async choose(message, choices, first) {
      const options = choices.map(({ value, hint }) => ({ value, label: value, hint }));
      const chosen = answered(await clack.select<string>({ message, options, initialValue: first, input, output }));
      return choices.find(({ value }) => value === chosen)?.value ?? first;
    },
  };
}

/** stderr as the library wants it: it draws with columns and moves the cursor. */
function terminalOutput({ stderr }: CliHost): Writable {
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      stderr.write(chunk.toString());
      done();
    },
  });
  return Object.assign(output, {
    isTTY: stderr.isTerminal,
    columns: process.stderr.columns ?? 80,
    rows: process.stderr.rows ?? 24,
  });
}
