/**
 * @file A graph as the body of a function: constants for its named parts, in the order in which they need each other, and an expression.
 *
 *     const layerNormFactory = () => new RMSNorm(config.hiddenSize, { eps: config.rmsNormEps });   // a named partial
 *     const positions = new RotaryPE({ … });                                                       // a named singleton
 *
 * A factory used at several places, or inside of what runs again, is a local function; used once, it is its result.
 */
import { InternalError } from "../diagnostics/diagnostic.ts";
import { type CallNode, type GraphValue, operands } from "../graph/node.ts";
import { isBuiltin } from "../graph/passes/builtins.ts";
import { assetSpec, keyword, modelModuleSpec } from "../graph/passes/queries.ts";
import { camelCase } from "../graph/passes/resolve.ts";
import { startOf } from "../source/span.ts";
import { lowerBuiltin } from "./builtins.ts";
import type { Imports } from "./imports.ts";
import { numberText, objectText, stringText, type TextHelpers } from "./literals.ts";
import { openParameterTypes } from "./open-types.ts";
import type { EmitPlan } from "./plan.ts";

export interface BlockOptions {
  /** How a variable is read: `config.hiddenSize`. */
  variable(name: string): string;
  /** How a model module is referred to. */
  modelModule(node: CallNode): string;
  /** Expressions that stand for nodes from outside of this block: an asset being asked about, a path being made. */
  readonly given?: ReadonlyMap<GraphValue, string>;
  /** One expression, without constants for named parts. */
  readonly inline?: boolean;
  /** Type annotations on the parameters of local functions; a module that is only run needs none. */
  readonly typed: boolean;
}

interface Definition {
  readonly reference: string;
}

export class Block {
  readonly #plan: EmitPlan;
  readonly #imports: Imports;
  readonly #options: BlockOptions;
  readonly #definitions = new Map<CallNode, Definition>();
  readonly #uses = new Map<GraphValue, number>();
  readonly #statements: string[] = [];
  /** Inside of a local function: what is made here is made again and again. */
  #depth = 0;
  #isAsync = false;

  constructor(plan: EmitPlan, imports: Imports, options: BlockOptions) {
    this.#plan = plan;
    this.#imports = imports;
    this.#options = options;
  }

  get isAsync(): boolean {
    return this.#isAsync;
  }

  /** The statements made so far, each with the place that it came from above it. */
  get statements(): readonly string[] {
    return this.#statements;
  }

  /** The expression of `root`; what it needs first is added to the statements. */
  emit(root: GraphValue): string {
    this.#countUses(root);
    const isPlainPartial = root.kind === "call" && root.mode === "partial" && root.name === undefined;
    return isPlainPartial && this.#options.given?.has(root) !== true ? this.#call(root, true) : this.#value(root);
  }

  #countUses(node: GraphValue): void {
    const before = this.#uses.get(node) ?? 0;
    this.#uses.set(node, before + 1);
    if (before === 0) for (const operand of operands(node)) this.#countUses(operand);
  }

  #value(node: GraphValue): string {
    const given = this.#options.given?.get(node);
    if (given !== undefined) return given;
    switch (node.kind) {
      case "scalar":
        return this.#scalar(node.value);
      case "opaque":
        throw new InternalError(`a ${node.type} has no form in code`);
      case "list":
      case "tuple":
        return `[${node.items.map((item) => this.#value(item)).join(", ")}]`;
      case "dict":
        return objectText(
          node.entries.map(
            ({ key, value }) => [key.kind === "scalar" ? String(key.value) : "", this.#value(value)] as const,
          ),
        );
      case "var":
        return this.#options.variable(node.varName);
      case "call":
        return node.name === undefined || this.#options.inline === true || this.#isAmong(node, modelModuleSpec)
          ? this.#call(node)
          : this.#named(node, node.name);
    }
  }

  #scalar(value: null | boolean | bigint | number | string): string {
    if (typeof value === "bigint" || typeof value === "number") return numberText(value);
    return typeof value === "string" ? stringText(value, this.#plan.folders, this.#helpers) : String(value);
  }

  readonly #helpers: TextHelpers = {
    bundlePath: (relative) => `${this.#imports.value("fgc/build", "bundlePath")}(import.meta.url, ${relative})`,
    startTime: (form) => `${this.#imports.value("fgc/build", "startTime")}("${form}")`,
  };

  #isAmong(node: CallNode, ...specs: readonly string[]): boolean {
    return specs.includes(node.constructorSpec);
  }

  #named(node: CallNode, name: string): string {
    let definition = this.#definitions.get(node);
    if (definition === undefined) {
      definition = this.#define(node, name);
      this.#definitions.set(node, definition);
    }
    return definition.reference;
  }

  #define(node: CallNode, name: string): Definition {
    const repeats = node.mode === "factory" && ((this.#uses.get(node) ?? 0) > 1 || this.#depth > 0);
    // What a local function runs is made inside of it; all else at the top, whatever asked for it first.
    const depth = this.#depth;
    this.#depth = repeats ? 1 : 0;
    const expression = this.#call(node, true);
    this.#depth = depth;
    // A function that a partial only passes on needs no second name.
    if (/^[\w$.]+$/.test(expression) && node.mode === "partial") return { reference: expression };
    const { file } = node.origin.span;
    const place = `// ${this.#plan.shorten(file.path)}:${startOf(node.origin.span).line}`;
    const isObject = expression.startsWith("{");
    this.#statements.push(
      `${place}\nconst ${name} = ${repeats ? `() => ${isObject ? `(${expression})` : expression}` : expression};`,
    );
    return { reference: repeats ? `${name}()` : name };
  }

  /** @param stands the call is a definition of its own, so nothing tells the types of its parameters */
  #call(node: CallNode, stands = false): string {
    if (this.#isAmong(node, modelModuleSpec)) return this.#options.modelModule(node);
    if (this.#isAmong(node, assetSpec)) return this.#asset(node);
    const spec = node.constructorSpec;
    if (node.symbol === undefined) {
      if (!isBuiltin(spec)) throw new InternalError(`'${spec}' was not resolved`);
      return this.#builtin(node, spec);
    }
    return node.mode === "partial" ? this.#partial(node, stands) : this.#made(node, []);
  }

  #builtin(node: CallNode, spec: Parameters<typeof lowerBuiltin>[0]): string {
    const lower = (): string =>
      lowerBuiltin(spec, {
        args: node.args.map((arg) => this.#value(arg)),
        kwargs: node.kwargs.map(({ name, value }) => [name, this.#value(value)] as const),
        helper: (name) => this.#imports.value("fgc/build", name),
      });
    return node.mode === "partial" ? `() => ${this.#inside(lower)}` : lower();
  }

  /** An asset is its loader, given the place where the build put the result. */
  #asset(node: CallNode): string {
    const loader = keyword(node, "loader");
    if (loader === undefined) throw new InternalError("an asset without a loader");
    const path = this.#options.given?.get(node) ?? this.#helpers.bundlePath(JSON.stringify(this.#plan.assetPath(node)));
    return this.applied(loader, path);
  }

  /** A partial called with `path`, where it leaves something open; any other value as it is. */
  applied(node: GraphValue, path: string): string {
    if (node.kind !== "call" || node.mode !== "partial" || node.symbol === undefined) return this.#value(node);
    const { openPositional = [], openOptions = [] } = node.layout ?? {};
    const [open] = [...openPositional, ...openOptions];
    return this.#made(node, open === undefined ? [] : [[open.name, path]]);
  }

  #partial(node: CallNode, stands: boolean): string {
    const { openPositional = [], openOptions = [], construct = true } = node.layout ?? {};
    if (node.args.length === 0 && node.kwargs.length === 0 && !construct && openOptions.length === 0)
      return this.#callee(node);
    const types = stands && this.#options.typed ? openParameterTypes(node, this.#imports, this.#plan) : undefined;
    const parameters = openPositional.map(({ name }) =>
      types === undefined ? name : `${name}: ${types.positional.get(name)}`,
    );
    if (openOptions.length > 0) {
      const pattern = `{ ${openOptions.map(({ name }) => name).join(", ")} }`;
      parameters.push(
        types === undefined
          ? pattern
          : `${pattern}: { ${openOptions.map(({ name }) => `${name}: ${types.options.get(name)}`).join("; ")} }`,
      );
    }
    const body = this.#inside(() =>
      this.#made(
        node,
        [...openPositional, ...openOptions].map(({ name }) => [name, name] as const),
      ),
    );
    return `(${parameters.join(", ")}) => ${body}`;
  }

  #inside(emit: () => string): string {
    this.#depth += 1;
    const text = emit();
    this.#depth -= 1;
    return text.startsWith("{") ? `(${text})` : text;
  }

  /** @param open what stands for the parameters that a partial leaves open */
  #made(node: CallNode, open: readonly (readonly [name: string, text: string])[]): string {
    const layout = node.layout;
    if (layout === undefined) throw new InternalError(`'${node.constructorSpec}' has no layout`);
    const texts = new Map(open);
    const places = new Map<number, string>();
    node.args.forEach((arg, index) => void places.set(layout.positions[index] ?? index, this.#value(arg)));
    for (const { name, position } of layout.openPositional)
      if (texts.has(name)) places.set(position, texts.get(name) as string);
    const options = new Map<number, (readonly [string, string])[]>();
    const option = (position: number, name: string, text: string): void =>
      void options.set(position, [...(options.get(position) ?? []), [name, text]]);
    for (const [index, { name, value }] of node.kwargs.entries())
      option(layout.optionPositions[index] ?? 0, name, this.#value(value));
    for (const { name, position } of layout.openOptions)
      if (texts.has(name)) option(position, name, texts.get(name) as string);
    for (const [position, entries] of options) places.set(position, objectText(entries));
    const count = Math.max(-1, ...places.keys()) + 1;
    const list = Array.from({ length: count }, (_, position) => places.get(position) ?? "undefined").join(", ");
    const made = `${layout.construct ? "new " : ""}${this.#callee(node)}(${list})`;
    if (!layout.async || this.#depth > 0) return made;
    this.#isAsync = true;
    return `await ${made}`;
  }

  #callee(node: CallNode): string {
    const symbol = node.symbol;
    if (symbol === undefined) throw new InternalError(`'${node.constructorSpec}' was not resolved`);
    const module = symbol.isFile ? this.#plan.importFile(symbol.module) : symbol.module;
    return [this.#imports.value(module, symbol.exportName), ...symbol.members].join(".");
  }
}

/** The name of a config's key in TypeScript. */
export const configKey = camelCase;
