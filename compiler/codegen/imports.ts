/** @file The imports of one emitted module: each name once, a local name of its own where two modules export the same. */
import type { CallNode } from "../graph/node.ts";
import { type Code, type CodeLike, code, joinCode, toCode } from "./code.ts";

interface Imported {
  readonly local: string;
  typeOnly: boolean;
  /** The first call that named it. */
  readonly call: CallNode | undefined;
}

export class Imports {
  readonly #modules = new Map<string, Map<string, Imported>>();
  readonly #taken: Set<string>;

  /** @param taken names that the module defines itself */
  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken);
  }

  /** The local name of `exportName`, imported from here on. @param call whose constructor it is */
  value(module: string, exportName: string, call?: CallNode): string {
    const entry = this.#entry(module, exportName, call);
    entry.typeOnly = false;
    return entry.local;
  }

  type(module: string, exportName: string): string {
    return this.#entry(module, exportName).local;
  }

  #entry(module: string, exportName: string, call?: CallNode): Imported {
    let names = this.#modules.get(module);
    if (names === undefined) {
      names = new Map();
      this.#modules.set(module, names);
    }
    let entry = names.get(exportName);
    if (entry === undefined) {
      entry = { local: this.#localName(module, exportName), typeOnly: true, call };
      names.set(exportName, entry);
    }
    return entry;
  }

  #localName(module: string, exportName: string): string {
    const base = exportName === "default" ? defaultName(module) : exportName;
    let name = base;
    for (let count = 2; this.#taken.has(name); count += 1) name = `${base}${count}`;
    this.#taken.add(name);
    return name;
  }

  /** Packages first, then files, each sorted. */
  lines(): readonly Code[] {
    const rank = (module: string): number => (module.startsWith("node:") ? 0 : module.startsWith(".") ? 2 : 1);
    const modules = [...this.#modules].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
    return modules.map(([module, names]) => {
      const entries = [...names].sort(([a], [b]) => (a < b ? -1 : 1));
      const allTypes = entries.every(([, { typeOnly }]) => typeOnly);
      const specifiers = entries.map(([name, { local, typeOnly, call }]): CodeLike => {
        const text = `${typeOnly && !allTypes ? "type " : ""}${name === local ? name : `${name} as ${local}`}`;
        return call === undefined ? text : toCode(text).from({ kind: "import", call });
      });
      const calls = entries.flatMap(([, { call }]) => (call === undefined ? [] : [call]));
      const from = toCode(JSON.stringify(module));
      const [call] = calls;
      const source = call === undefined ? from : from.from({ kind: "import", call });
      return code`import ${allTypes ? "type " : ""}{ ${joinCode(specifiers, ", ")} } from ${source};`;
    });
  }
}

function defaultName(module: string): string {
  const base = module.slice(module.lastIndexOf("/") + 1).replace(/\.[a-z]+$/, "");
  return base.replace(/[^A-Za-z0-9]+(\w)?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? "");
}
