/** @file Macros, and the bodies that `call` hands to them. */
import { Output, type Piece } from "../output.ts";
import type { Body, Parameter } from "../syntax/ast.ts";
import { reads } from "../syntax/walk.ts";
import {
  type KeywordArguments,
  PyDict,
  PyTuple,
  TemplateError,
  Undefined,
  undefinedParameter,
  type Value,
} from "../values/index.ts";
import { evaluate } from "./expressions.ts";
import { Renderable, type Site } from "./rendering.ts";
import type { Frame } from "./scope.ts";

export interface MacroDefinition {
  /** Undefined for the body of a `call`. */
  readonly name: string | undefined;
  readonly parameters: readonly Parameter[];
  readonly body: Body;
}

export class MacroValue extends Renderable {
  override readonly typeName = "Macro";
  readonly name: string;
  protected readonly home: Site;
  protected readonly autoescape: boolean;
  readonly #definition: MacroDefinition;
  readonly #frame: Frame;
  readonly #execute: (body: Body, frame: Frame) => void;
  // These exist in the body only where it mentions them, and otherwise surplus arguments are a fault.
  readonly #takesCaller: boolean;
  readonly #takesKeywords: boolean;
  readonly #takesRest: boolean;

  constructor(definition: MacroDefinition, frame: Frame, home: Site, execute: (body: Body, frame: Frame) => void) {
    super();
    const declared = (name: string): boolean => definition.parameters.some((p) => p.name === name);
    this.name = definition.name ?? "caller";
    this.home = home;
    this.autoescape = frame.autoescape;
    this.#definition = definition;
    this.#frame = frame;
    this.#execute = execute;
    this.#takesCaller = reads(definition.body, "caller");
    this.#takesKeywords = !declared("kwargs") && reads(definition.body, "kwargs");
    this.#takesRest = !declared("varargs") && reads(definition.body, "varargs");
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case "name":
        return this.#definition.name ?? null;
      case "arguments":
        return new PyTuple(this.#definition.parameters.map((p) => p.name));
      case "catch_kwargs":
        return this.#takesKeywords;
      case "catch_varargs":
        return this.#takesRest;
      case "caller":
        return this.#takesCaller;
      default:
        return undefined;
    }
  }
  override attributeNames(): readonly string[] {
    return ["name", "arguments", "catch_kwargs", "catch_varargs", "caller"];
  }

  override render(args: readonly Value[], kwargs: KeywordArguments, site: Site): readonly Piece[] {
    const { run } = this.#frame;
    const { name, body } = this.#definition;
    const kind = name === undefined ? "call" : "macro";
    return run.deeper(`${kind === "call" ? "the body of a call" : `macro '${this.name}'`}`, () => {
      const out = new Output();
      const scope = this.#frame.scope.inner();
      const frame: Frame = {
        ...this.#frame,
        scope,
        out,
        stack: [...site.stack, { kind, name: this.name, span: site.span }],
        topLevel: false,
        root: undefined,
      };
      this.#bind(args, kwargs, frame, site);
      this.#execute(body, frame);
      return out.pieces;
    });
  }

  /** Give each parameter its argument, in order, so that a default may use the ones before it. */
  #bind(args: readonly Value[], kwargs: KeywordArguments, frame: Frame, site: Site): void {
    const { scope } = frame;
    const { parameters } = this.#definition;
    const rest = new Map(kwargs);
    // A filled position leaves its keyword in `rest`: the argument is then one too many.
    const given = parameters.map((parameter, i) => {
      if (i < args.length) return args[i] as Value;
      const value = rest.get(parameter.name);
      rest.delete(parameter.name);
      return value;
    });
    const explicit = parameters.some((p) => p.name === "caller");
    if (this.#takesCaller && !explicit) {
      const caller = rest.get("caller") ?? null;
      rest.delete("caller");
      scope.define(
        "caller",
        caller ??
          new Undefined({ name: "caller", message: `no caller: '${this.name}' is not used through a call tag` }),
      );
    }
    if (this.#takesKeywords) scope.define("kwargs", new PyDict(rest));
    else if (rest.size > 0) throw this.#surplus(rest);
    if (this.#takesRest) scope.define("varargs", new PyTuple(args.slice(parameters.length)));
    else if (args.length > parameters.length) {
      throw new TemplateError("type", `macro '${this.name}' takes not more than ${parameters.length} argument(s)`);
    }
    parameters.forEach((parameter, i) => {
      const value = given[i];
      if (value !== undefined) scope.define(parameter.name, value);
      else if (parameter.fallback === undefined) scope.define(parameter.name, undefinedParameter(parameter.name));
      // The parameter itself is missing while its default is computed.
      else scope.define(parameter.name, evaluate(parameter.fallback, frame));
      frame.run.trace?.argument(parameter, i, value === undefined ? parameter.fallback : undefined, site.span, frame);
    });
  }

  #surplus(rest: ReadonlyMap<string, Value>): TemplateError {
    const [name = ""] = rest.keys();
    if (name === "caller")
      return new TemplateError(
        "type",
        `macro '${this.name}' never uses 'caller', so it cannot be used with a call tag`,
      );
    const known = this.#definition.parameters.map((p) => p.name);
    return new TemplateError("type", `macro '${this.name}' takes no keyword argument '${name}'`, {
      wanted: name,
      known,
      listed: "it takes",
    });
  }
}
