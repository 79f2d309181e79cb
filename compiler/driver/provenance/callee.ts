/** @file What a constructor would take by itself: the defaults and the words of its signature. */
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import type { GraphValue } from "../../graph/node.ts";
import type { Host } from "../host.ts";
import { type ArgumentDocs, Documentation } from "../symbol-docs.ts";
import type { Reading } from "./reading.ts";
import type { Source } from "./source.ts";

export class Callees {
  readonly #host: Host;
  readonly #documentation = new Map<string, Documentation | undefined>();
  readonly #arguments = new Map<string, readonly ArgumentDocs[]>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** The arguments of a node's constructor, in the names of configs; none where nothing is known about it. */
  argumentsOf(reading: Reading, value: GraphValue): readonly ArgumentDocs[] {
    const spec = reading.specOf(value);
    if (!spec.includes(":")) return [];
    const key = `${reading.project.dir} ${spec}`;
    const known = this.#arguments.get(key) ?? this.#read(reading, spec);
    this.#arguments.set(key, known);
    return known;
  }

  #read(reading: Reading, spec: string): readonly ArgumentDocs[] {
    try {
      return this.#of(reading)?.symbol(spec).call?.arguments ?? [];
    } catch (error) {
      // What the spec has wrong is for `fgc check` to say.
      if (error instanceof DiagnosticError) return [];
      throw error;
    }
  }

  #of({ project }: Reading): Documentation | undefined {
    if (!this.#documentation.has(project.dir)) this.#documentation.set(project.dir, this.#open(project));
    return this.#documentation.get(project.dir);
  }

  #open(project: Reading["project"]): Documentation | undefined {
    try {
      return new Documentation(this.#host, project);
    } catch (error) {
      if (error instanceof DiagnosticError) return undefined;
      throw error;
    }
  }
}

/** `fgc/optim:AdamW` → AdamW. */
export function calleeName(spec: string): string {
  return spec.slice(spec.lastIndexOf(":") + 1);
}

/** The constructor's own default; undefined where the argument has none. */
export function defaultSource(argument: ArgumentDocs | undefined, spec: string): Source | undefined {
  if (argument?.default === undefined) return undefined;
  const note = `default of ${calleeName(spec)}`;
  return { kind: "default", value: argument.default, origin: undefined, note, via: [], inputs: [] };
}
