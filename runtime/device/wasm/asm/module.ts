/** @file Builds a WebAssembly module: functions over one imported memory, and a few imported functions. */
import { type Code, uleb, type ValType, valTypeByte } from "./code.ts";
import { encodeBody, type FunctionBuilder, type FunctionSource, flatten } from "./function.ts";

interface Signature {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

export interface MemoryLimits {
  /** In pages of 64 KiB. */
  readonly initial: number;
  readonly maximum: number;
  /** Default true. Memory that is not shared suits one thread, where the engine lets nobody share. */
  readonly shared?: boolean;
}

/** Imports come first in the index space of functions, so they are fixed when the builder is made. */
export interface FunctionImport extends Signature {
  readonly module: string;
  readonly name: string;
}

export class ModuleBuilder {
  private readonly imports: readonly FunctionImport[];
  private readonly functions: (FunctionSource | undefined)[] = [];
  private readonly exported = new Map<string, number>();
  private readonly shared = new Map<string, number>();

  constructor(imports: readonly FunctionImport[] = []) {
    this.imports = imports;
  }

  importIndex(name: string): number {
    const index = this.imports.findIndex((entry) => entry.name === name);
    if (index < 0) throw new Error(`no imported function ${name}`);
    return index;
  }

  /** Adds a finished function; its index. */
  add(builder: FunctionBuilder, exportName?: string): number {
    this.functions.push(builder.finish());
    const index = this.imports.length + this.functions.length - 1;
    if (exportName !== undefined) this.exported.set(exportName, index);
    return index;
  }

  /** The function that `build` adds, once per key: helpers that several kernels call. */
  once(key: string, build: () => FunctionBuilder): number {
    let index = this.shared.get(key);
    if (index === undefined) {
      index = this.add(build());
      this.shared.set(key, index);
    }
    return index;
  }

  encode(limits: MemoryLimits): Uint8Array<ArrayBuffer> {
    const functions = this.functions as readonly FunctionSource[];
    const types: string[] = [];
    const typeIndex = (signature: Signature): number => {
      const key = JSON.stringify([signature.params, signature.results]);
      const found = types.indexOf(key);
      return found >= 0 ? found : types.push(key) - 1;
    };
    const importTypes = this.imports.map(typeIndex);
    const functionTypes = functions.map(typeIndex);
    const typeEntries = types.map((key): Code => {
      const [params, results] = JSON.parse(key) as [ValType[], ValType[]];
      return [0x60, list(params.map((type) => [valTypeByte[type]])), list(results.map((type) => [valTypeByte[type]]))];
    });
    const importEntries: Code[] = [
      [
        text("env"),
        text("memory"),
        0x02,
        limits.shared === false ? 0x01 : 0x03,
        ...uleb(limits.initial),
        ...uleb(limits.maximum),
      ],
      ...this.imports.map(
        (entry, i): Code => [text(entry.module), text(entry.name), 0x00, ...uleb(importTypes[i] as number)],
      ),
    ];
    const exportEntries = [...this.exported].map(([name, index]): Code => [text(name), 0x00, ...uleb(index)]);
    const bodies = functions.map(encodeBody);
    const sections = [
      section(1, list(typeEntries)),
      section(2, list(importEntries)),
      section(3, list(functionTypes.map((index) => uleb(index)))),
      section(7, list(exportEntries)),
    ].map(flatten);
    const count = uleb(bodies.length);
    const codeSize = bodies.reduce((sum, body) => sum + uleb(body.length).length + body.length, count.length);
    return concat([
      Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
      ...sections,
      Uint8Array.of(10, ...uleb(codeSize), ...count),
      ...bodies.flatMap((body) => [Uint8Array.from(uleb(body.length)), body]),
    ]);
  }
}

const list = (entries: readonly Code[]): Code => [...uleb(entries.length), ...entries];

function text(value: string): Code {
  const bytes = new TextEncoder().encode(value);
  return [...uleb(bytes.length), ...bytes];
}

function section(id: number, body: Code): Code {
  const bytes = flatten(body);
  return [id, ...uleb(bytes.length), [...bytes]];
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
