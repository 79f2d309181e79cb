/**
 * @file Graph pass: place the arguments of every call by the callee's signature, and check them.
 *
 *     !partial:fgc/nn:RMSNorm { normalized_shape: 256, eps: 1e-5 }      RMSNorm(256, { eps: 1e-5 }), nothing left open
 *
 * Needs:   resolve.
 * Leaves:  a `layout` on every call with a symbol; `args` positional, `kwargs` under the signature's names. Null goes where null is taken and is
 *          left out where a parameter may be absent. What the uses of a model's variables say about their types is noted in the context.
 * Faults:  types/unknown-argument, types/too-many-arguments, types/duplicate-argument, types/missing-argument; those of `fit.ts`.
 */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import type { Origin } from "../../source/span.ts";
import { placeOf } from "../describe.ts";
import type { CallLayout, CallNode, GraphValue, Keyword, OpenParameter } from "../node.ts";
import {
  alternatives,
  type CallableSignature,
  type OptionSignature,
  type TypeShape,
  unknownShape,
} from "../signatures/signature.ts";
import { typeDiagnostics as faults } from "./diagnostics.ts";
import { Fitter } from "./fit.ts";
import type { GraphPass, PassContext } from "./pass.ts";
import { isCallOf, keyword, modelModuleSpec, orUndefinedSpec, scalar, walk } from "./queries.ts";
import { camelCase, snakeCase } from "./resolve.ts";
import { rewrite } from "./rewrite.ts";
import { article } from "./type-words.ts";

export const types: GraphPass = {
  name: "types",
  summary: "arguments placed and checked by signature",
  run: (root, context) => {
    const variables = configValues(root);
    const reports = new Reports();
    const reporting: PassContext = { ...context, report: (diagnostic) => reports.add(diagnostic) };
    const fitter = new Fitter(
      reporting,
      (name) => variables.get(name),
      (node) => resultShape(node, context),
      (node) => reports.isPartialMeant(node),
    );
    const typed = rewrite(root, (node) =>
      node.kind === "call" && node.symbol !== undefined
        ? new Placement(node, reporting, fitter, variables, reports).place()
        : node,
    );
    reports.flush(context);
    return typed;
  },
};

/**
 * What is to be told, held back until all calls are placed: that a call lacks arguments is found before its user, who may want a !partial that
 * leaves them open. Then that is the fault, and the only one.
 */
class Reports {
  readonly #found: { readonly diagnostic: Diagnostic; readonly lacking: Origin | undefined }[] = [];
  readonly #partialsMeant = new Set<Origin>();

  /** @param lacking the tag of the call that lacks arguments */
  add(diagnostic: Diagnostic, lacking?: Origin): void {
    this.#found.push({ diagnostic, lacking });
  }

  /** A user of `node` calls it to make its values. */
  isPartialMeant(node: CallNode): void {
    this.#partialsMeant.add(node.constructorOrigin);
  }

  flush({ report }: PassContext): void {
    for (const { diagnostic, lacking } of this.#found)
      if (lacking === undefined || !this.#partialsMeant.has(lacking)) report(diagnostic);
  }
}

/** The values that the configs of model modules give to variables. */
function configValues(root: GraphValue): Map<string, GraphValue> {
  const values = new Map<string, GraphValue>();
  for (const node of walk(root)) {
    if (!isCallOf(node, modelModuleSpec)) continue;
    const config = keyword(node, "config");
    if (config?.kind !== "dict") continue;
    for (const { key, value } of config.entries) if (key.kind === "scalar") values.set(String(key.value), value);
  }
  return values;
}

/** Of classes and functions alike; absent where nothing is known about the callee. */
export function signatureOf(node: CallNode, { symbols, project }: PassContext): CallableSignature | undefined {
  if (node.symbol === undefined) return undefined;
  const { module, isFile, exportName, members } = node.symbol;
  const found = symbols.signature(module, isFile, exportName, project.projectDir);
  if (found === undefined || !("parameters" in found)) return undefined;
  const [member] = members;
  if (member === undefined) return found;
  return found.statics !== undefined && Object.hasOwn(found.statics, member) ? found.statics[member] : undefined;
}

function resultShape(node: CallNode, context: PassContext): TypeShape {
  const signature = signatureOf(node, context);
  if (signature === undefined) return unknownShape;
  if (signature.kind === "class") return { kind: "instance", name: signature.returns };
  const returns = signature.returns;
  if (returns === "number" || returns === "string" || returns === "boolean") return { kind: returns };
  return returns.includes("=>") ? { kind: "function" } : unknownShape;
}

/** Where an argument given by name goes. */
type Slot = { readonly parameter: number; readonly option?: OptionSignature; readonly signature: OptionSignature };

class Placement {
  readonly #node: CallNode;
  readonly #reports: Reports;
  readonly #context: PassContext;
  readonly #fitter: Fitter;
  readonly #variables: ReadonlyMap<string, GraphValue>;
  readonly #signature: CallableSignature | undefined;
  /** Parameters that misspelt arguments were probably meant for. */
  readonly #meant = new Set<string>();
  readonly #positional = new Map<number, GraphValue[]>();
  readonly #optionNames = new Set<string>();
  readonly #options: { readonly keyword: Keyword; readonly position: number }[] = [];
  /** Of positional parameters that were given by name. */
  readonly #nameOrigins = new Map<number, Origin>();

  constructor(
    node: CallNode,
    context: PassContext,
    fitter: Fitter,
    variables: ReadonlyMap<string, GraphValue>,
    reports: Reports,
  ) {
    this.#reports = reports;
    this.#node = node;
    this.#context = context;
    this.#fitter = fitter;
    this.#variables = variables;
    this.#signature = signatureOf(node, context);
  }

  get #callee(): string {
    const { exportName, members } = this.#node.symbol as NonNullable<CallNode["symbol"]>;
    return [exportName, ...members].join(".");
  }

  place(): CallNode {
    const signature = this.#signature;
    if (signature === undefined) return this.#placeBlindly();
    this.#placePositional(signature);
    for (const entry of this.#node.kwargs) this.#placeKeyword(entry, signature);
    const open = this.#open(signature);
    if (this.#node.mode !== "partial") this.#reportMissing(open.all);
    const layout = {
      construct: signature.kind === "class",
      async: signature.async,
      openPositional: open.positional,
      openOptions: open.options,
      returns: signature.returns,
    };
    return this.#laidOut(layout);
  }

  /** One message for a call, whatever it lacks. What a misspelt argument was meant for is not lacking. */
  #reportMissing(open: readonly OpenParameter[]): void {
    if (this.#node.faulty === true) return;
    const missing = open
      .filter(({ name }) => !this.#meant.has(name))
      .map(({ name, type }) => ({ name: snakeCase(name), type: article(type) }));
    const [first, ...others] = missing;
    if (first === undefined) return;
    const { constructorOrigin } = this.#node;
    const fault = faults.missingArgument(placeOf(constructorOrigin), { callee: this.#callee, ...first, others });
    this.#reports.add(fault, constructorOrigin);
  }

  /** Nothing is known about the callee: positional arguments as they stand, keywords as one trailing object. */
  #placeBlindly(): CallNode {
    const { args, kwargs } = this.#node;
    args.forEach((arg, index) => void this.#positional.set(index, [arg]));
    for (const entry of kwargs)
      this.#options.push({ keyword: { ...entry, name: camelCase(entry.name) }, position: args.length });
    // Constructors are written with a capital: the one thing that a name tells.
    const last = this.#callee.split(".").at(-1) as string;
    return this.#laidOut({
      construct: /^[A-Z]/.test(last),
      async: false,
      openPositional: [],
      openOptions: [],
      returns: "unknown",
    });
  }

  #laidOut(layout: Omit<CallLayout, "positions" | "nameOrigins" | "optionPositions">): CallNode {
    const ordered = [...this.#positional].sort(([a], [b]) => a - b);
    const args = ordered.flatMap(([, values]) => values);
    const positions = ordered.flatMap(([position, values]) => values.map((_, index) => position + index));
    return {
      ...this.#node,
      args,
      kwargs: this.#options.map(({ keyword }) => keyword),
      layout: {
        ...layout,
        positions,
        nameOrigins: positions.map((position) => this.#nameOrigins.get(position)),
        optionPositions: this.#options.map(({ position }) => position),
      },
    };
  }

  #placePositional({ parameters }: CallableSignature): void {
    const { args } = this.#node;
    args.forEach((arg, index) => {
      const parameter = parameters[index] ?? (parameters.at(-1)?.rest === true ? parameters.at(-1) : undefined);
      if (parameter === undefined) return;
      const position = parameters.indexOf(parameter);
      const element = parameter.rest && parameter.shape.kind === "array" ? parameter.shape.element : parameter.shape;
      const value = this.#fit(arg, { ...parameter, shape: element }) ?? scalar(null, arg.origin);
      this.#positional.set(position, [...(this.#positional.get(position) ?? []), value]);
    });
    if (args.length > parameters.length && parameters.at(-1)?.rest !== true) {
      const extra = args[parameters.length] as GraphValue;
      this.#context.report(
        faults.tooManyArguments(placeOf(extra.origin), {
          callee: this.#callee,
          most: parameters.length,
          found: args.length,
        }),
      );
    }
  }

  #placeKeyword(entry: Keyword, signature: CallableSignature): void {
    const slot = this.#slot(entry.name, signature);
    if (slot === undefined) {
      const known = argumentNames(signature);
      const near = this.#nearestArgument(entry.name, known);
      if (near !== undefined) this.#meant.add(near);
      this.#context.report(
        faults.unknownArgument(placeOf(entry.nameOrigin), {
          callee: this.#callee,
          name: entry.name,
          known: known.map(snakeCase),
          nearest: near && snakeCase(near),
        }),
      );
      return;
    }
    const name = slot.option?.name ?? slot.signature.name;
    const isTaken =
      slot.option === undefined
        ? this.#positional.has(slot.parameter)
        : this.#optionNames.has(`${slot.parameter} ${name}`);
    if (isTaken) {
      this.#context.report(
        faults.duplicateArgument(placeOf(entry.nameOrigin), { callee: this.#callee, name: entry.name }),
      );
      return;
    }
    const value = this.#fit(entry.value, slot.signature);
    if (value === undefined) return;
    if (slot.option === undefined) {
      this.#positional.set(slot.parameter, [value]);
      this.#nameOrigins.set(slot.parameter, entry.nameOrigin);
    } else {
      this.#optionNames.add(`${slot.parameter} ${name}`);
      this.#options.push({ keyword: { ...entry, name, value }, position: slot.parameter });
    }
  }

  /** A parameter that nothing is given for is likelier meant than one that is given too. */
  #nearestArgument(written: string, known: readonly string[]): string | undefined {
    const given = new Set(this.#node.kwargs.map(({ name }) => camelCase(name)));
    const near = (names: readonly string[]): string | undefined => {
      const found = nearest(camelCase(written), names);
      if (found !== undefined) return found;
      const snake = nearest(written, names.map(snakeCase));
      return names.find((name) => snakeCase(name) === snake);
    };
    return near(known.filter((name) => !given.has(name))) ?? near(known);
  }

  /** A positional parameter of that name before a property of an options object, the name as written before its camelCase form. */
  #slot(written: string, { parameters }: CallableSignature): Slot | undefined {
    const folded = (name: string): string => name.replaceAll("_", "").toLowerCase();
    const matches = [
      (name: string) => name === written,
      (name: string) => name === camelCase(written),
      (name: string) => folded(name) === folded(written),
    ];
    for (const matching of matches) {
      const position = parameters.findIndex(({ name, rest }) => !rest && matching(name));
      const parameter = parameters[position];
      if (parameter !== undefined) return { parameter: position, signature: parameter };
      for (const [index, { options }] of parameters.entries()) {
        const option = options?.find(({ name }) => matching(name));
        if (option !== undefined) return { parameter: index, option, signature: option };
      }
    }
    const open = parameters.findIndex((parameter) => parameter.open === true);
    if (open < 0) return undefined;
    // A pure record keeps the user's own names.
    const name = (parameters[open]?.options ?? []).length === 0 ? written : camelCase(written);
    const option: OptionSignature = { name, required: false, type: "unknown", shape: unknownShape, doc: "" };
    return { parameter: open, option, signature: option };
  }

  /** The value as the parameter takes it; absent where null means that there is none. */
  #fit(value: GraphValue, signature: OptionSignature): GraphValue | undefined {
    const { name, type, shape, required } = signature;
    const { value: fitted, omit } = this.#fitter.fit(value, {
      callee: this.#callee,
      name: snakeCase(name),
      type,
      shape,
      optional: !required,
    });
    if (omit) return undefined;
    return fitted.kind === "var" ? this.#fitVariable(fitted, signature) : fitted;
  }

  #fitVariable(value: GraphValue & { readonly kind: "var" }, { shape, type, doc }: OptionSignature): GraphValue {
    const shapes = alternatives(shape);
    const known = this.#variables.get(value.varName);
    const uses = this.#context.variableUses.get(value.varName) ?? [];
    const literalsOnly = shapes.every(({ kind }) => kind === "literal" || kind === "null" || kind === "undefined");
    uses.push({ type, module: this.#node.symbol?.module ?? "", literalsOnly, doc });
    this.#context.variableUses.set(value.varName, uses);
    // Null stands for "none" in configs; a parameter that takes no null takes its absence.
    const mayBeNull = known?.kind === "scalar" && known.value === null;
    if (!mayBeNull || shapes.some(({ kind }) => kind === "null" || kind === "unknown")) return value;
    return {
      kind: "call",
      mode: "factory",
      constructorSpec: orUndefinedSpec,
      constructorOrigin: value.origin,
      args: [value],
      kwargs: [],
      origin: value.origin,
    };
  }

  /** The required parameters that nothing was given for. */
  #open({ parameters }: CallableSignature): {
    positional: OpenParameter[];
    options: OpenParameter[];
    all: OpenParameter[];
  } {
    const positional: OpenParameter[] = [];
    const options: OpenParameter[] = [];
    for (const [position, { name, type, required, options: properties }] of parameters.entries()) {
      if (this.#positional.has(position)) continue;
      const given = new Set(
        this.#options.filter((option) => option.position === position).map(({ keyword }) => keyword.name),
      );
      // Of an options object that got nothing, a partial leaves the whole to its caller.
      if (properties === undefined || (given.size === 0 && this.#node.mode === "partial")) {
        if (required) positional.push({ name, position, type });
      } else if (required || given.size > 0) {
        const missing = properties.filter((property) => property.required && !given.has(property.name));
        options.push(...missing.map((property) => ({ name: property.name, position, type: property.type })));
        if (required && given.size === 0 && missing.length === 0)
          this.#positional.set(position, [{ kind: "dict", entries: [], origin: this.#node.origin }]);
      }
    }
    return { positional, options, all: [...positional, ...options] };
  }
}

/** Everything that can be given by name, in the signature's names. */
export function argumentNames({ parameters }: CallableSignature): readonly string[] {
  return parameters.flatMap((parameter) =>
    parameter.options === undefined ? [parameter.name] : parameter.options.map(({ name }) => name),
  );
}
