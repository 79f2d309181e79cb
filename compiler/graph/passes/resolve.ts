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
import { nearest } from "../../source/nearest.ts";
import { placeOf } from "../describe.ts";
import { lookup } from "../import-map.ts";
import type { CallNode, GraphValue, ResolvedSymbol } from "../node.ts";
import type { ExportSignature } from "../signatures/signature.ts";
import { normalize, sourceCandidates } from "../symbols.ts";
import { builtinNames, isBuiltin } from "./builtins.ts";
import { resolveDiagnostics as faults } from "./diagnostics.ts";
import type { GraphPass, PassContext, ProjectEnvironment } from "./pass.ts";
import { assetSpec, constantOf, fromProjectSpec, modelModuleSpec } from "./queries.ts";
import { rewrite } from "./rewrite.ts";

export const resolve: GraphPass = {
  name: "resolve",
  summary: "constructor specs to what is imported",
  run: (root, context) => resolveIn(root, context.project, context),
};

/** Specs that passes and emitters handle themselves. */
const ownSpecs: ReadonlySet<string> = new Set([modelModuleSpec, assetSpec, fromProjectSpec]);

export function resolveIn(root: GraphValue, environment: ProjectEnvironment, context: PassContext): GraphValue {
  return rewrite(root, (node) => {
    if (node.kind !== "call" || node.symbol !== undefined || ownSpecs.has(node.constructorSpec)) return node;
    const { submoduleSearchpath: _, ...rest } = node;
    const found = new Resolver(node, environment, context).resolve();
    if (found === "type") return objectOf(rest);
    return found === undefined ? rest : { ...rest, symbol: found };
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

  constructor(node: CallNode, environment: ProjectEnvironment, context: PassContext) {
    this.#node = node;
    this.#environment = environment;
    this.#context = context;
  }

  get #place() {
    return placeOf(this.#node.constructorOrigin);
  }

  resolve(): ResolvedSymbol | "type" | undefined {
    const { report } = this.#context;
    const written = this.#node.constructorSpec;
    if (isBuiltin(written)) return undefined;
    // A file of the project wins over a well-known name: `.pre_ln_layer` may be the user's own.
    const local = written.startsWith(".") ? this.#split(written) : undefined;
    if (local !== undefined && this.#file(local.module) !== undefined) return this.#symbol(local.module, local.path);
    const spec = lookup(this.#environment.importMap, written) ?? written;
    const parts = this.#split(spec);
    if (parts !== undefined) return this.#symbol(parts.module, parts.path);
    if (/^(torch|transformers|forgather|datasets|tokenizers|accelerate)\b/.test(spec)) this.#reportPython(spec);
    else if (spec.includes(":") || spec.includes("/")) report(faults.malformedSpec(this.#place, { spec }));
    else report(faults.unknownBuiltin(this.#place, { name: spec, nearest: nearest(spec, builtinNames) }));
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
      if (exports[camel] !== undefined) return this.#members({ ...found, exportName: camel }, members, exports[camel]);
      this.#context.report(
        faults.unknownExport(this.#place, {
          name: exportName,
          module: this.#shown(name),
          nearest: nearest(exportName, Object.keys(exports)),
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
    report(faults.unknownMember(this.#place, { member, name: base.exportName, nearest: nearest(member, statics) }));
    return undefined;
  }

  #module(name: string): FoundModule | undefined {
    const { symbols, report } = this.#context;
    if (name.startsWith("node:")) return { module: name, isFile: false };
    if (name.startsWith("fgc/")) {
      if (symbols.library(name) !== undefined) return { module: name, isFile: false };
      report(faults.unknownModule(this.#place, { module: name, nearest: nearest(name, symbols.libraryModules) }));
      return undefined;
    }
    if (isFileSpec(name)) {
      const file = this.#file(name);
      if (file !== undefined) return { module: file, isFile: true };
      if (lookup(this.#environment.importMap, this.#node.constructorSpec) === undefined) {
        const tried = this.#candidates(name).filter((path) => path.endsWith(".ts") && !/(\.d|\/index)\.ts$/.test(path));
        report(faults.unknownFile(this.#place, { module: name, tried: tried.map((path) => this.#shown(path)) }));
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
    else report(faults.unknownModule(this.#place, { module: name, nearest: nearest(name, symbols.libraryModules) }));
    return undefined;
  }

  #reportPython(spec: string): void {
    const found = nearest(spec, this.#environment.importMap.keys());
    this.#context.report(faults.unknownPythonModule(this.#place, { spec, nearest: found }));
  }

  #file(name: string): string | undefined {
    return this.#candidates(name).find((path) => this.#context.symbols.host.readFile(path) !== undefined);
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

function isFileSpec(name: string): boolean {
  return name.startsWith(".") || name.startsWith("/") || /\.(py|[cm]?[jt]s)$/.test(name);
}

/** `num_hidden_layers` → `numHiddenLayers`. Names that are camelCase already stay as they are. */
export function camelCase(name: string): string {
  return name
    .replace(/(?<=[A-Za-z0-9])_+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/_+$/, "");
}
