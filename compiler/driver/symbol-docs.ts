/**
 * @file What a constructor spec names, as documentation: arguments under the names that configs write, types, defaults, texts.
 *
 * Read from the same signatures that the types pass checks by, so that what is shown is what is accepted.
 */
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import { extendImportMap } from "../graph/import-map.ts";
import type { CallNode } from "../graph/node.ts";
import type { ProjectEnvironment } from "../graph/passes/index.ts";
import { resolveIn, snakeCase } from "../graph/passes/resolve.ts";
import type {
  CallableSignature,
  ExportSignature,
  ModuleSignature,
  OptionSignature,
} from "../graph/signatures/signature.ts";
import { SymbolTable } from "../graph/symbols.ts";
import type { Origin } from "../source/span.ts";
import type { Project } from "./compile.ts";
import type { Host } from "./host.ts";
import { symbolHost } from "./symbol-host.ts";

export interface ArgumentDocs {
  /** As configs write it. */
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  /** TypeScript source. */
  readonly default: string | undefined;
  readonly doc: string;
  /** Takes every positional argument from here on. */
  readonly rest: boolean;
}

export interface CallableDocs {
  readonly arguments: readonly ArgumentDocs[];
  /** Takes names beyond the listed ones. */
  readonly isOpen: boolean;
  readonly returns: string;
}

export interface SymbolDocs {
  /** As the config would write it: `fgc/optim:AdamW`. */
  readonly spec: string;
  readonly kind: ExportSignature["kind"] | "unknown";
  readonly doc: string;
  /** Of classes and functions. */
  readonly call: CallableDocs | undefined;
  /** Of constants and types: the type as text. */
  readonly type: string | undefined;
  readonly statics: readonly (CallableDocs & { readonly name: string; readonly doc: string })[];
  /** Python names that lead here. */
  readonly aliases: readonly string[];
}

export interface ModuleDocs {
  readonly module: string;
  readonly exports: readonly {
    readonly name: string;
    readonly kind: ExportSignature["kind"];
    readonly summary: string;
  }[];
}

export class Documentation {
  readonly #symbols: SymbolTable;
  readonly #environment: ProjectEnvironment;

  /** @param project whose own modules and packages can be named too; absent: only the library's */
  constructor(host: Host, project: Project | undefined) {
    this.#symbols = new SymbolTable(symbolHost(host));
    this.#environment = {
      projectDir: project?.dir ?? host.cwd(),
      importMap: extendImportMap(project?.importMap ?? {}),
      variables: new Map(),
    };
  }

  get modules(): readonly { readonly name: string; readonly exports: number }[] {
    return this.#symbols.libraryModules.map((name) => ({
      name,
      exports: Object.keys(this.#symbols.library(name)?.exports ?? {}).length,
    }));
  }

  /** `fgc/optim`, or a file of the project; absent where there is no such module. */
  module(name: string): ModuleDocs | undefined {
    const found = this.#module(name);
    if (found === undefined) return undefined;
    const exports = Object.entries(found.exports).map(([exported, { kind, doc }]) => ({
      name: exported,
      kind,
      summary: summaryOf(doc),
    }));
    return { module: name, exports };
  }

  #module(name: string): ModuleSignature | undefined {
    const { projectDir } = this.#environment;
    if (!/^\.|^\/|\.[cm]?[jt]s$/.test(name)) {
      const types = this.#symbols.library(name) ?? undefined;
      const declarations = this.#symbols.host.resolvePackage(name, projectDir)?.types;
      return types ?? (declarations === undefined ? undefined : this.#symbols.file(declarations));
    }
    const path = name.startsWith("/") ? name : `${projectDir}/${name.replace(/^\.\//, "")}`;
    return this.#symbols.host.readFile(path) === undefined ? undefined : this.#symbols.file(path);
  }

  /** Throws a `DiagnosticError` where the spec leads nowhere. */
  symbol(spec: string): SymbolDocs {
    const node = this.#resolve(spec);
    const { module, isFile, exportName, members } = node.symbol as NonNullable<CallNode["symbol"]>;
    const found = this.#symbols.signature(module, isFile, exportName, this.#environment.projectDir);
    const shown = isFile ? `.${module.slice(this.#environment.projectDir.length)}` : module;
    const name = `${shown}:${[exportName, ...members].join(".")}`;
    const aliases = [...this.#environment.importMap]
      .filter(([, entry]) => "to" in entry && entry.to === name)
      .map(([alias]) => alias);
    const [member] = members;
    const base = { spec: name, aliases, statics: [], type: undefined, call: undefined };
    if (found === undefined) return { ...base, kind: "unknown", doc: "" };
    if (!("parameters" in found)) return { ...base, kind: found.kind, doc: found.doc, type: found.type };
    const callable = member === undefined ? found : (found.statics?.[member] ?? found);
    const statics = Object.entries(callable.statics ?? {}).map(([staticName, signature]) => ({
      name: staticName,
      doc: signature.doc,
      ...callableDocs(signature),
    }));
    return { ...base, kind: callable.kind, doc: callable.doc, call: callableDocs(callable), statics };
  }

  /** A type is named too here, which no config may construct. */
  #resolve(spec: string): CallNode {
    const faults: Diagnostic[] = [];
    const node: CallNode = {
      kind: "call",
      mode: "singleton",
      constructorSpec: spec,
      constructorOrigin: nowhere,
      args: [],
      kwargs: [],
      origin: nowhere,
    };
    const root = resolveIn(node, this.#environment, {
      report: ({ span: _, chain: __, ...fault }) => void faults.push(fault),
      project: this.#environment,
      symbols: this.#symbols,
      overrides: [],
      namePolicy: "named",
      allowFreeVariables: true,
      variableUses: new Map(),
    });
    const made = root as CallNode;
    if (made.symbol !== undefined) return made;
    if (faults.length > 0) throw new DiagnosticError(...faults);
    const colon = spec.lastIndexOf(":");
    const symbol = { module: spec.slice(0, colon), isFile: false, exportName: spec.slice(colon + 1), members: [] };
    return { ...node, symbol };
  }
}

/** The spec comes from a command line. */
const nowhere: Origin = { span: { file: { path: "", text: "" }, start: 0, end: 0 }, stack: [] };

function callableDocs({ parameters, returns, async }: CallableSignature): CallableDocs {
  const docs = ({ name, type, required, default: fallback, doc }: OptionSignature, rest = false): ArgumentDocs => ({
    name: snakeCase(name),
    type,
    required,
    default: fallback,
    // The default has a place of its own.
    doc: fallback === undefined ? doc : doc.replace(/\s*\bDefault [^ ]+?\.$/, ""),
    rest,
  });
  const given = parameters.flatMap((parameter) =>
    parameter.options === undefined || parameter.options.length === 0
      ? [docs(parameter, parameter.rest)]
      : parameter.options.map((option) => docs(option)),
  );
  return {
    arguments: [...given.filter(({ required }) => required), ...given.filter(({ required }) => !required)],
    isOpen: parameters.some(({ open }) => open === true),
    returns: async ? returns.replace(/^Promise<(.*)>$/, "$1") : returns,
  };
}

/** The first sentence, on one line. */
export function summaryOf(doc: string): string {
  const [paragraph = ""] = doc.split(/\n\s*\n/);
  const line = paragraph.replace(/\s+/g, " ").trim();
  return /^(.*?[.!?])(\s|$)/.exec(line)?.[1] ?? line;
}
