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
import {
  type Argument,
  type Code,
  type CodeLike,
  code,
  joinCode,
  type ObjectEntry,
  objectCode,
  textOfCode,
  toCode,
} from "./code.ts";
import type { Imports } from "./imports.ts";
import { numberText, stringText, type TextHelpers } from "./literals.ts";
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
  readonly #statements: Code[] = [];
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
  get statements(): readonly Code[] {
    return this.#statements;
  }

  /** The expression of `root`; what it needs first is added to the statements. */
  emit(root: GraphValue): Code {
    this.#countUses(root);
    const isPlainPartial = root.kind === "call" && root.mode === "partial" && root.name === undefined;
    return isPlainPartial && this.#options.given?.has(root) !== true
      ? this.#call(root, true).from({ kind: "value", node: root })
      : this.#value(root);
  }

  #countUses(node: GraphValue): void {
    const before = this.#uses.get(node) ?? 0;
    this.#uses.set(node, before + 1);
    if (before === 0) for (const operand of operands(node)) this.#countUses(operand);
  }

  #value(node: GraphValue): Code {
    const given = this.#options.given?.get(node) ?? this.#plan.placeholders?.get(node);
    if (given !== undefined) return toCode(given).from({ kind: "value", node });
    if (node.kind === "call" && this.#isNamed(node, node.name)) return this.#named(node, node.name);
    return toCode(this.#inline(node)).from({ kind: "value", node });
  }

  #isNamed(node: CallNode, name: string | undefined): name is string {
    return name !== undefined && this.#options.inline !== true && !this.#isAmong(node, modelModuleSpec);
  }

  #inline(node: GraphValue): CodeLike {
    switch (node.kind) {
      case "scalar":
        return this.#scalar(node.value);
      case "opaque":
        throw new InternalError(`a ${node.type} has no form in code`);
      case "list":
      case "tuple":
        return code`[${joinCode(
          node.items.map((item) => this.#value(item)),
          ", ",
        )}]`;
      case "dict":
        return objectCode(
          node.entries.map(({ key, value }) => {
            const name = key.kind === "scalar" ? String(key.value) : "";
            return {
              key: name,
              value: this.#value(value),
              source: { kind: "key", name, origin: key.origin, value } as const,
            };
          }),
        );
      case "var":
        return this.#options.variable(node.varName);
      case "call":
        return this.#call(node);
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

  #named(node: CallNode, name: string): Code {
    let definition = this.#definitions.get(node);
    if (definition === undefined) {
      definition = this.#define(node, name);
      this.#definitions.set(node, definition);
    }
    return toCode(definition.reference).from({ kind: "reference", node });
  }

  #define(node: CallNode, name: string): Definition {
    const repeats = node.mode === "factory" && ((this.#uses.get(node) ?? 0) > 1 || this.#depth > 0);
    // What a local function runs is made inside of it; all else at the top, whatever asked for it first.
    const depth = this.#depth;
    this.#depth = repeats ? 1 : 0;
    const expression = this.#call(node, true).from({ kind: "value", node });
    this.#depth = depth;
    // A function that a partial only passes on needs no second name.
    if (/^[\w$.]+$/.test(expression.text) && node.mode === "partial") return { reference: expression.text };
    const { file } = node.origin.span;
    const place = `// ${this.#plan.shorten(file.path)}:${startOf(node.origin.span).line}`;
    const made = repeats ? code`() => ${bracketed(expression)}` : expression;
    this.#statements.push(code`${place}\nconst ${name} = ${made};`);
    return { reference: repeats ? `${name}()` : name };
  }

  /** @param stands the call is a definition of its own, so nothing tells the types of its parameters */
  #call(node: CallNode, stands = false): Code {
    if (this.#isAmong(node, modelModuleSpec)) return toCode(this.#options.modelModule(node));
    if (this.#isAmong(node, assetSpec)) return this.#asset(node);
    const spec = node.constructorSpec;
    if (node.symbol === undefined) {
      if (!isBuiltin(spec)) throw new InternalError(`'${spec}' was not resolved`);
      return this.#builtin(node, spec);
    }
    return node.mode === "partial" ? this.#partial(node, stands) : this.#made(node, []);
  }

  #builtin(node: CallNode, spec: Parameters<typeof lowerBuiltin>[0]): Code {
    const lower = (): Code =>
      lowerBuiltin(spec, {
        args: node.args.map((arg) => this.#value(arg)),
        kwargs: node.kwargs.map(({ name, nameOrigin, value }) => ({
          key: name,
          value: this.#value(value),
          source: { kind: "key", name, origin: nameOrigin, value } as const,
        })),
        helper: (name) => this.#imports.value("fgc/build", name),
      });
    return node.mode === "partial" ? code`() => ${this.#inside(lower)}` : lower();
  }

  /** An asset is its loader, given the place where the build put the result. */
  #asset(node: CallNode): Code {
    const loader = keyword(node, "loader");
    if (loader === undefined) throw new InternalError("an asset without a loader");
    const path = this.#options.given?.get(node) ?? this.#helpers.bundlePath(JSON.stringify(this.#plan.assetPath(node)));
    return this.applied(loader, path);
  }

  /** A partial called with `path`, where it leaves something open; any other value as it is. */
  applied(node: GraphValue, path: string): Code {
    if (node.kind !== "call" || node.mode !== "partial" || node.symbol === undefined) return this.#value(node);
    const { openPositional = [], openOptions = [] } = node.layout ?? {};
    const [open] = [...openPositional, ...openOptions];
    return this.#made(node, open === undefined ? [] : [[open.name, path]]);
  }

  #partial(node: CallNode, stands: boolean): Code {
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
    return code`(${parameters.join(", ")}) => ${body}`;
  }

  #inside(emit: () => Code): Code {
    this.#depth += 1;
    const text = emit();
    this.#depth -= 1;
    return bracketed(text);
  }

  /** @param open what stands for the parameters that a partial leaves open */
  #made(node: CallNode, open: readonly (readonly [name: string, text: string])[]): Code {
    const layout = node.layout;
    if (layout === undefined) throw new InternalError(`'${node.constructorSpec}' has no layout`);
    const texts = new Map(open);
    const places = new Map<number, CodeLike>();
    node.args.forEach((value, index) => {
      const position = layout.positions[index] ?? index;
      const nameOrigin = layout.nameOrigins?.[index];
      const argument: Argument = { call: node, name: undefined, position, nameOrigin, value };
      places.set(position, this.#value(value).from({ kind: "argument", argument }));
    });
    for (const { name, position } of layout.openPositional)
      if (texts.has(name)) places.set(position, texts.get(name) as string);
    const options = new Map<number, ObjectEntry[]>();
    const option = (position: number, entry: ObjectEntry): void =>
      void options.set(position, [...(options.get(position) ?? []), entry]);
    for (const [index, { name, nameOrigin, value }] of node.kwargs.entries()) {
      const position = layout.optionPositions[index] ?? 0;
      const argument: Argument = { call: node, name, position, nameOrigin, value };
      const given = this.#value(value).from({ kind: "argument", argument });
      option(position, { key: name, value: given, source: { kind: "name", argument } });
    }
    for (const { name, position } of layout.openOptions)
      if (texts.has(name)) option(position, { key: name, value: texts.get(name) as string });
    for (const [position, entries] of options)
      places.set(position, objectCode(entries).from({ kind: "options", call: node }));
    const count = Math.max(-1, ...places.keys()) + 1;
    const list = Array.from({ length: count }, (_, position) => places.get(position) ?? "undefined");
    const made = code`${layout.construct ? "new " : ""}${this.#callee(node)}(${joinCode(list, ", ")})`;
    if (!layout.async || this.#depth > 0) return made;
    this.#isAsync = true;
    return code`await ${made}`;
  }

  #callee(node: CallNode): Code {
    const symbol = node.symbol;
    if (symbol === undefined) throw new InternalError(`'${node.constructorSpec}' was not resolved`);
    const module = symbol.isFile ? this.#plan.importFile(symbol.module) : symbol.module;
    const name = this.#imports.value(module, symbol.exportName, node);
    return toCode([name, ...symbol.members].join(".")).from({ kind: "callee", call: node });
  }
}

/** An arrow's body that begins with a brace is no block. */
function bracketed(body: Code): Code {
  return textOfCode(body).startsWith("{") ? code`(${body})` : body;
}

/** The name of a config's key in TypeScript. */
export const configKey = camelCase;
