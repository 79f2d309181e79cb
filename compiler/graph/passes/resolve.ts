/**
 * @file Graph pass: constructor specs → what to import.
 *
 *     torch.optim:AdamW          fgc/optim AdamW                     through the import map
 *     .my_layer:MyLayer          /…/model_src/my_layer.ts MyLayer    through submodule_searchpath, then the project's folders
 *     lodash-es:clamp            lodash-es clamp                     a package of the project
 *
 * Needs:   prune (only what is used must exist).
 * Leaves:  a `symbol` on every call that is neither a built-in nor the compiler's own.
 * Faults:  resolve/*.
 */

import type { Place } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import { placeOf } from "../describe.ts";
import { type Counterpart, findCounterpart } from "../import-map.ts";
import type { CallNode, GraphValue, ResolvedSymbol } from "../node.ts";
import type { ExportSignature } from "../signatures/signature.ts";
import { normalize, sourceCandidates } from "../symbols.ts";
import { builtinNames, isBuiltin } from "./builtins.ts";
import { resolveDiagnostics as faults } from "./diagnostics.ts";
import type { GraphPass, PassContext, ProjectEnvironment } from "./pass.ts";
import { adaptArguments, PythonParts } from "./python-specs.ts";
import { assetSpec, constantOf, fromProjectSpec, modelModuleSpec } from "./queries.ts";
import { rewrite } from "./rewrite.ts";

export const resolve: GraphPass = {
  name: "resolve",
  summary: "constructor specs to what is imported",
  run: (root, context) => {
    const resolved = resolveIn(root, context.project, context);
    // Parts of other projects were resolved while linking: what they miss is told together with what this one does.
    context.pythonParts?.report(context.report);
    return resolved;
  },
};

/** Specs that passes and emitters handle themselves. */
const ownSpecs: ReadonlySet<string> = new Set([modelModuleSpec, assetSpec, fromProjectSpec]);

export function resolveIn(root: GraphValue, environment: ProjectEnvironment, context: PassContext): GraphValue {
  return rewrite(root, (node) => {
    if (node.kind !== "call" || node.symbol !== undefined || node.unresolved === true) return node;
    if (ownSpecs.has(node.constructorSpec)) return node;
    const { submoduleSearchpath: _, ...rest } = node;
    const parts = context.pythonParts ?? new PythonParts();
    const resolver = new Resolver(node, environment, context, parts);
    const found = resolver.resolve();
    const { counterpart } = resolver;
    const adapted = counterpart === undefined || found === undefined ? rest : adaptArguments(rest, counterpart, parts);
    if (context.pythonParts === undefined) parts.report(context.report);
    if (found === "type") return objectOf(adapted);
    if (found !== undefined) return { ...adapted, symbol: found };
    return isBuiltin(node.constructorSpec) ? rest : { ...rest, unresolved: true };
  });
}

/** A spec that names an interface makes a plain object of it: whether it fits is the TypeScript checker's to say. */
function objectOf(node: CallNode): CallNode {
  const kwargs = node.kwargs.map((entry) => ({ ...entry, name: camelCase(entry.name) }));
  return { ...node, constructorSpec: "named_dict", kwargs };
}

interface FoundModule {
  readonly module: string;
  readonly isFile: boolean;
}

class Resolver {
  readonly #node: CallNode;
  readonly #environment: ProjectEnvironment;
  readonly #context: PassContext;
  readonly #parts: PythonParts;
  /** How the arguments are called here, where the import map renamed the callee. */
  counterpart: Counterpart | undefined;

  constructor(node: CallNode, environment: ProjectEnvironment, context: PassContext, parts: PythonParts) {
    this.#node = node;
    this.#environment = environment;
    this.#context = context;
    this.#parts = parts;
  }

  get #place() {
    return placeOf(this.#node.constructorOrigin);
  }

  /** The part of the tag that is wrong, where the user's line has it letter by letter; the last one, since a module may have a name's beginning. */
  #placeOfPart(part: string): Place {
    const { span } = this.#node.constructorOrigin;
    const at = span.file.text.slice(span.start, span.end).lastIndexOf(part);
    if (at < 0) return this.#place;
    return { ...this.#place, span: { file: span.file, start: span.start + at, end: span.start + at + part.length } };
  }

  /** Where the library has a name that was looked for in another module. */
  #elsewhere(name: string): string | undefined {
    const { symbols } = this.#context;
    const module = symbols.libraryModules.find((each) => Object.hasOwn(symbols.library(each)?.exports ?? {}, name));
    return module === undefined ? undefined : `${module}:${name}`;
  }

  resolve(): ResolvedSymbol | "type" | undefined {
    const { report } = this.#context;
    const written = this.#node.constructorSpec;
    if (isBuiltin(written)) return undefined;
    // A file of the project wins over a well-known name: `.pre_ln_layer` may be the user's own.
    const local = written.startsWith(".") ? this.#split(written) : undefined;
    if (local !== undefined && this.#file(local.module) !== undefined) return this.#symbol(local.module, local.path);
    const counterpart = findCounterpart(this.#environment.importMap, written);
    if (counterpart !== undefined && "missing" in counterpart) {
      this.#parts.missing(this.#node, counterpart.missing);
      return undefined;
    }
    this.counterpart = counterpart;
    const spec = counterpart?.to ?? written;
    const parts = this.#split(spec);
    if (parts !== undefined) return this.#symbol(parts.module, parts.path);
    if (/^(torch|transformers|forgather|datasets|tokenizers|accelerate)\b/.test(spec)) this.#reportPython(written);
    else if (spec.includes(":") || spec.includes("/")) report(faults.malformedSpec(this.#place, { spec }));
    else {
      const near = nearest(spec, builtinNames) ?? this.#elsewhere(spec);
      report(faults.unknownBuiltin(this.#placeOfPart(spec), { name: spec, nearest: near }));
    }
    return undefined;
  }

  #split(spec: string): { readonly module: string; readonly path: readonly string[] } | undefined {
    // `node:path:join`: the colon before the symbol is the last one.
    const colon = spec.lastIndexOf(":");
    if (colon <= 0 || colon === spec.length - 1) return undefined;
    const module = spec.slice(0, colon);
    if (module === "node" || (module.includes(":") && !module.startsWith("node:"))) return undefined;
    return { module, path: spec.slice(colon + 1).split(".") };
  }

  #symbol(name: string, path: readonly string[]): ResolvedSymbol | "type" | undefined {
    const found = this.#module(name);
    const [exportName, ...members] = path as [string, ...string[]];
    if (found === undefined) return undefined;
    const { symbols } = this.#context;
    const exports = found.isFile ? symbols.file(found.module)?.exports : symbols.library(found.module)?.exports;
    const signature = symbols.signature(found.module, found.isFile, exportName, this.#environment.projectDir);
    if (signature === undefined && exports !== undefined) {
      const camel = camelCase(exportName);
      if (Object.hasOwn(exports, camel)) return this.#members({ ...found, exportName: camel }, members, exports[camel]);
      this.#context.report(
        faults.unknownExport(this.#placeOfPart(exportName), {
          name: exportName,
          module: this.#shown(name),
          nearest: this.#elsewhere(exportName) ?? nearest(exportName, Object.keys(exports)),
          known: Object.keys(exports),
        }),
      );
      return undefined;
    }
    return this.#members({ ...found, exportName }, members, signature);
  }

  #members(
    base: FoundModule & { exportName: string },
    members: readonly string[],
    signature: ExportSignature | undefined,
  ): ResolvedSymbol | "type" | undefined {
    const { report } = this.#context;
    const symbol = { ...base, members };
    if (signature === undefined) return symbol;
    if (signature.kind === "type" && members.length === 0 && this.#node.args.length === 0) return "type";
    if (signature.kind === "type") {
      report(faults.notCallable(this.#place, { name: base.exportName, kind: "type" }));
      return undefined;
    }
    const [member] = members;
    if (member === undefined || signature.kind !== "class") return symbol;
    const statics = Object.keys(signature.statics ?? {});
    const known = statics.includes(member) ? member : camelCase(member);
    if (statics.includes(known)) return { ...base, members: [known, ...members.slice(1)] };
    const near = nearest(known, statics);
    report(
      faults.unknownMember(this.#placeOfPart(member), { member, name: base.exportName, nearest: near, known: statics }),
    );
    return undefined;
  }

  #module(name: string): FoundModule | undefined {
    const { symbols, report } = this.#context;
    if (name.startsWith("node:")) return { module: name, isFile: false };
    if (name.startsWith("fgc/")) {
      if (symbols.library(name) !== undefined) return { module: name, isFile: false };
      report(
        faults.unknownModule(this.#placeOfPart(name), { module: name, nearest: nearest(name, symbols.libraryModules) }),
      );
      return undefined;
    }
    if (isFileSpec(name)) {
      const file = this.#file(name);
      if (file !== undefined) return { module: file, isFile: true };
      const python = this.#candidates(name)
        .flatMap(pythonFiles)
        .find((path) => symbols.host.readFile(path) !== undefined);
      if (python !== undefined) this.#parts.missing(this.#node, `${this.#shown(python)} is Python`);
      else {
        const tried = this.#candidates(name).filter((path) => path.endsWith(".ts") && !/(\.d|\/index)\.ts$/.test(path));
        const near = this.#nearestFile(name, tried);
        report(
          faults.unknownFile(this.#placeOfPart(name), {
            module: name,
            tried: tried.map((path) => this.#shown(path)),
            nearest: near,
          }),
        );
      }
      return undefined;
    }
    if (symbols.host.resolvePackage(name, this.#environment.projectDir) !== undefined)
      return { module: name, isFile: false };
    if (
      /^[a-z_]\w*(\.\w+)*$/.test(name) &&
      (name.includes(".") || /^(torch|transformers|forgather|datasets|tokenizers)$/.test(name))
    )
      this.#reportPython(this.#node.constructorSpec);
    else {
      const near = nearest(name, symbols.libraryModules) ?? nearest(`fgc/${name}`, symbols.libraryModules);
      report(faults.unknownModule(this.#placeOfPart(name), { module: name, nearest: near }));
    }
    return undefined;
  }

  #reportPython(spec: string): void {
    const known = [...this.#environment.importMap].flatMap(([name, entry]) => ("to" in entry ? [name] : []));
    this.#parts.unknown(this.#node, nearest(spec, known));
  }

  #file(name: string): string | undefined {
    return this.#candidates(name).find((path) => this.#context.symbols.host.readFile(path) !== undefined);
  }

  /** A source file beside those that were looked for, in the form in which the config would name it. */
  #nearestFile(name: string, tried: readonly string[]): string | undefined {
    const stem = (path: string): string => path.slice(path.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
    const folders = [...new Set(tried.map((path) => path.slice(0, path.lastIndexOf("/"))))];
    const files = folders.flatMap((folder) => this.#context.symbols.host.listFiles?.(folder) ?? []);
    const sources = files.filter((file) => /\.[cm]?[jt]s$/.test(file) && !/\.(?:d|test)\.ts$/.test(file));
    const wanted = /[./]([^./]*?)(?:\.(?:py|[cm]?[jt]s))?$/.exec(name)?.[1] ?? name;
    const known = sources.map((file) => stem(file).replaceAll("-", "_"));
    const near = nearest(wanted.replaceAll("-", "_"), known);
    return near === undefined ? undefined : name.replace(wanted, near);
  }

  /** The files that a file spec may mean, likeliest first. */
  #candidates(name: string): readonly string[] {
    const { projectDir } = this.#environment;
    if (name.startsWith("/")) return sourceCandidates(normalize(name));
    if (name.startsWith("./") || name.startsWith("../") || /\.(py|[cm]?[jt]s)$/.test(name))
      return sourceCandidates(normalize(`${projectDir}/${name}`));
    // `.my_layer`, `..common.layer`: a module relative to a folder of the search path, with Python's dots.
    const dots = /^\.+/.exec(name)?.[0].length ?? 0;
    const relative = `${"../".repeat(Math.max(0, dots - 1))}${name.slice(dots).replaceAll(".", "/")}`;
    return this.#searchpath().flatMap((folder) => sourceCandidates(normalize(`${folder}/${relative}`)));
  }

  #searchpath(): readonly string[] {
    const { projectDir } = this.#environment;
    const given = this.#node.submoduleSearchpath === undefined ? undefined : constantOf(this.#node.submoduleSearchpath);
    const folders = (Array.isArray(given) ? given : [given]).filter((folder) => typeof folder === "string");
    const absolute = folders.map((folder) => (folder.startsWith("/") ? folder : `${projectDir}/${folder}`));
    return [...absolute, `${projectDir}/model_src`, `${projectDir}/src`, projectDir];
  }

  #shown(path: string): string {
    const { projectDir } = this.#environment;
    return path.startsWith(`${projectDir}/`) ? path.slice(projectDir.length + 1) : path;
  }
}

/** Where a Python module of that name would lie. */
function pythonFiles(candidate: string): readonly string[] {
  return candidate.endsWith(".py") ? [candidate] : /\.\w+$/.test(candidate) ? [] : [`${candidate}.py`];
}

function isFileSpec(name: string): boolean {
  return name.startsWith(".") || name.startsWith("/") || /\.(py|[cm]?[jt]s)$/.test(name);
}

/** `num_hidden_layers` → `numHiddenLayers`. Names that are camelCase already stay as they are. */
export function camelCase(name: string): string {
  return name
    .replace(/(?<=[A-Za-z0-9])_+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/_+$/, "");
}

/** `numHiddenLayers` → `num_hidden_layers`: what a config writes. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
