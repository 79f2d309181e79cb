/**
 * @file TypeScript's errors about emitted code → diagnostics about the config: at the user's own place, in the user's words.
 *
 *     trainer.ts(31,5) TS2322      the marked range there: argument `lr` of AdamW      'lr' of AdamW takes a number, not the text 'fast'
 */
import type { Diagnostic, Place } from "../../diagnostics/diagnostic.ts";
import { describe, placeOf } from "../../graph/describe.ts";
import type { CallNode, GraphValue } from "../../graph/node.ts";
import { resolveDiagnostics, typeDiagnostics } from "../../graph/passes/diagnostics.ts";
import { asData } from "../../graph/passes/queries.ts";
import { snakeCase } from "../../graph/passes/resolve.ts";
import { article } from "../../graph/passes/type-words.ts";
import { argumentNames } from "../../graph/passes/types.ts";
import type { CallableSignature } from "../../graph/signatures/signature.ts";
import type { SymbolTable } from "../../graph/symbols.ts";
import { nearest } from "../../source/nearest.ts";
import { lineStartsOf, type Origin, type SourceFile, type Span } from "../../source/span.ts";
import type { Argument, Mark, Source } from "../code.ts";
import type { MarkedModule } from "../plan.ts";
import { checkDiagnostics } from "./diagnostics.ts";
import { type FaultKind, literalsOf, plainType, problemIn, readFault, resultOf, withoutStop } from "./messages.ts";
import type { TypeFault } from "./request.ts";

export interface FaultContext {
  readonly modules: readonly MarkedModule[];
  readonly symbols: SymbolTable;
  readonly projectDir: string;
  /** The text of one of the project's sources. */
  readSource(path: string): string | undefined;
}

/** One diagnostic for each fault, once: a node that was emitted at several places is faulty at all of them. */
export function describeFaults(faults: readonly TypeFault[], context: FaultContext): readonly Diagnostic[] {
  const broken = new Set(faults.filter(({ unit, code }) => unit === undefined && code < 2000).map(({ file }) => file));
  const found = new Map<string, Diagnostic>();
  for (const fault of faults) {
    const diagnostic =
      fault.unit === undefined
        ? describeSourceFault(fault, context)
        : new Translation(fault, context, broken).describe();
    if (diagnostic === undefined) continue;
    const { span, message } = diagnostic;
    const key = span === undefined ? message : `${span.file.path}:${span.start}:${message}`;
    if (!found.has(key)) found.set(key, diagnostic);
  }
  return [...found.values()];
}

/** A fault in a module of the project's own stands in that module. */
function describeSourceFault({ file, line, column, lines }: TypeFault, { readSource }: FaultContext): Diagnostic {
  const problem = withoutStop(lines[0] ?? "");
  const source: SourceFile = { path: file, text: readSource(file) ?? "" };
  const start = Math.min((lineStartsOf(source)[line - 1] ?? 0) + column - 1, source.text.length);
  const word = /^[\w$]+|^"[^"\n]*"|^\S/.exec(source.text.slice(start))?.[0] ?? "";
  return checkDiagnostics.moduleError({ span: { file: source, start, end: start + word.length } }, { problem });
}

class Translation {
  readonly #fault: TypeFault;
  readonly #context: FaultContext;
  readonly #broken: ReadonlySet<string>;
  readonly #offset: number;
  /** The marked ranges around the fault, innermost last. */
  readonly #around: readonly Mark[];

  constructor(fault: TypeFault, context: FaultContext, broken: ReadonlySet<string>) {
    this.#fault = fault;
    this.#context = context;
    this.#broken = broken;
    const module = context.modules.find(({ name }) => name === fault.file);
    const starts = lineStartsOf({ path: fault.file, text: module?.text ?? "" });
    const offset = (starts[fault.line - 1] ?? 0) + fault.column - 1;
    this.#offset = offset;
    this.#around = (module?.marks ?? []).filter(({ start, end }) => start <= offset && offset < end);
  }

  describe(): Diagnostic | undefined {
    const { file, lines } = this.#fault;
    const kind = readFault(this.#fault);
    const call = this.#call();
    // A module that cannot be read at all has no types: what follows from that is no second fault.
    if (kind.kind === "harmless" || (call?.symbol !== undefined && this.#broken.has(call.symbol.module)))
      return undefined;
    return (
      this.#describeCall(kind, call) ??
      this.#describeArgument(kind) ??
      this.#describeAny() ??
      checkDiagnostics.emittedFault({}, { file, problem: withoutStop(lines[0] ?? "") })
    );
  }

  #innermost<K extends Source["kind"]>(...kinds: readonly K[]): (Source & { readonly kind: K }) | undefined {
    const found = this.#around.findLast(({ source }) => kinds.some((kind) => kind === source.kind));
    return found?.source as (Source & { readonly kind: K }) | undefined;
  }

  /** The call that begins there (TypeScript counts `new` in), or whose callee, options or import it is. */
  #call(): CallNode | undefined {
    for (const { start, source } of this.#around)
      if (start === this.#offset && source.kind === "value" && source.node.kind === "call") return source.node;
    return this.#innermost("callee", "options", "import")?.call;
  }

  /** The argument that the fault is about: the one that begins there, or the innermost around. */
  #argument(): Argument | undefined {
    const starting = this.#around.find(({ start, source }) => start === this.#offset && source.kind === "argument");
    const source = (starting?.source as Source & { kind: "argument" }) ?? this.#innermost("argument", "name");
    return source?.argument;
  }

  /** Faults of what is called, and of how many arguments it gets. */
  #describeCall(kind: FaultKind, call: CallNode | undefined): Diagnostic | undefined {
    if (call === undefined) return undefined;
    const place = placeOf(call.constructorOrigin);
    const callee = calleeOf(call);
    const signature = this.#signature(call);
    switch (kind.kind) {
      case "not-callable":
        return checkDiagnostics.notCallable(place, { name: callee, type: plainType(kind.type ?? "something else") });
      case "no-export":
        return resolveDiagnostics.unknownExport(place, {
          name: kind.name,
          module: call.constructorSpec.slice(0, call.constructorSpec.lastIndexOf(":")),
          nearest: kind.nearest,
        });
      case "no-module":
        return resolveDiagnostics.unknownModule(place, { module: kind.module });
      case "too-many":
        return typeDiagnostics.tooManyArguments(place, { callee, most: kind.expected, found: kind.found });
      case "too-few": {
        const missing = signature?.parameters[kind.found];
        return typeDiagnostics.missingArgument(place, {
          callee,
          name: missing === undefined ? `argument ${kind.found + 1}` : snakeCase(missing.name),
          type: missing?.type ?? "required",
        });
      }
      case "mismatch": {
        const isOptions = this.#around.some(({ start, source }) => start === this.#offset && source.kind === "options");
        if (!isOptions || kind.missing.length === 0) return undefined;
        const [name = ""] = kind.missing;
        const options = signature?.parameters.flatMap((parameter) => parameter.options ?? []) ?? [];
        const type = options.find((option) => option.name === name)?.type ?? "required";
        return typeDiagnostics.missingArgument(place, { callee, name: snakeCase(name), type });
      }
      default:
        return undefined;
    }
  }

  #describeArgument(kind: FaultKind): Diagnostic | undefined {
    const argument = this.#argument();
    if (argument === undefined) return undefined;
    const { call, value } = argument;
    const callee = calleeOf(call);
    const name = this.#nameOf(argument);
    const key = this.#keyInside(argument);
    const path = key === undefined ? name : `${name}.${key.name}`;
    const at = key === undefined ? placeOfArgument(argument) : placeOf(key.value.origin);
    if (kind.kind === "unknown-property") {
      if (key !== undefined)
        return typeDiagnostics.unknownKey(placeOf(key.origin), {
          callee,
          name,
          key: key.name,
          nearest: kind.nearest && snakeCase(kind.nearest),
        });
      const known = (signatureNames(this.#signature(call)) ?? []).map(snakeCase);
      const place = argument.nameOrigin === undefined ? at : placeOf(argument.nameOrigin);
      const near = kind.nearest === undefined ? nearest(snakeCase(kind.name), known) : snakeCase(kind.nearest);
      return typeDiagnostics.unknownArgument(place, { callee, name, known, nearest: near });
    }
    if (kind.kind !== "mismatch") return undefined;
    const item = this.#itemInside(argument, key?.value ?? value);
    if (item === undefined) return this.#mismatch(kind, at, { callee, name: path, value: key?.value ?? value });
    const place = item.isHere ? placeOf(originOf(item.node)) : { ...at, labels: [labelOf(item.node)] };
    return this.#mismatch(kind, place, { callee, name: `${path}${item.index}`, value: item.node });
  }

  #mismatch(
    { found, expected, missing }: FaultKind & { readonly kind: "mismatch" },
    place: Place,
    { callee, name, value }: { readonly callee: string; readonly name: string; readonly value: GraphValue },
  ): Diagnostic {
    const [is, wants] = [plainType(found), plainType(expected)];
    const promised = /^Promise<(.+)>$/.exec(is)?.[1];
    if (promised !== undefined && !wants.includes("Promise<"))
      return checkDiagnostics.promise(place, { callee, name, found: article(promised) });
    const [makes, wantsMade] = [resultOf(is), resultOf(wants)];
    const isPartial = value.kind === "call" && value.mode === "partial";
    if (makes !== undefined && wantsMade !== undefined)
      return checkDiagnostics.wrongResult(place, { callee, name, expected: article(wantsMade), found: article(makes) });
    // The fault stands at what the function gives: both types are those of the result.
    if (isPartial && makes === undefined && wantsMade === undefined && !this.#isWhole(value))
      return checkDiagnostics.wrongResult(place, { callee, name, expected: article(wants), found: article(is) });
    const isPlain = value.kind !== "call" && value.kind !== "var";
    if (wantsMade !== undefined && value.kind === "call" && !isPartial)
      return typeDiagnostics.factoryExpected(place, { callee, name, found: article(is) });
    if (makes !== undefined && isPartial)
      return typeDiagnostics.objectExpected(place, { callee, name, expected: article(wants) });
    const literals = literalsOf(wants);
    if (literals !== undefined && value.kind === "scalar") {
      const words = literals.map((literal) => literal.replace(/^"|"$/g, ""));
      const text = JSON.stringify(typeof value.value === "bigint" ? Number(value.value) : value.value);
      return typeDiagnostics.notOneOf(place, {
        callee,
        name,
        found: text,
        allowed: literals,
        nearest: nearest(String(value.value), words),
      });
    }
    if (value.kind === "dict" && missing.length > 0)
      return checkDiagnostics.missingKey(place, { callee, name, keys: missing.map(snakeCase) });
    // Of two of one name, what is between their angle brackets tells them apart.
    const words = article(wants) === article(is) ? (type: string) => `\`${type}\`` : article;
    return typeDiagnostics.wrongType(place, {
      callee,
      name,
      expected: wantsMade !== undefined && isPlain ? "a factory (!partial)" : words(wants),
      found: isPlain ? describe(value) : words(is),
    });
  }

  /** Whether the fault is about the value as a whole, and not about something inside of its text. */
  #isWhole(value: GraphValue): boolean {
    return (
      this.#around.some(
        ({ start, source }) =>
          start === this.#offset && (source.kind === "value" || source.kind === "reference") && source.node === value,
      ) || this.#around.some(({ start, source }) => start === this.#offset && source.kind === "name")
    );
  }

  /** Whatever else is wrong, at the node that it is wrong in. */
  #describeAny(): Diagnostic | undefined {
    const source = this.#around.at(-1)?.source;
    if (source === undefined) return undefined;
    const [place, what] = placeOfSource(source);
    return checkDiagnostics.mismatch(place, { what, ...problemIn(this.#fault.lines) });
  }

  #signature({ symbol }: CallNode): CallableSignature | undefined {
    if (symbol === undefined) return undefined;
    const { module, isFile, exportName, members } = symbol;
    const found = this.#context.symbols.signature(module, isFile, exportName, this.#context.projectDir);
    if (found === undefined || !("parameters" in found)) return undefined;
    return members[0] === undefined ? found : found.statics?.[members[0]];
  }

  #nameOf({ call, name, position }: Argument): string {
    const known = name ?? this.#signature(call)?.parameters[position]?.name;
    return known === undefined ? `argument ${position + 1}` : snakeCase(known);
  }

  /** The item of a list in an argument that the fault stands at. */
  #itemInside(
    { value }: Argument,
    whole: GraphValue,
  ): { node: GraphValue; index: string; isHere: boolean } | undefined {
    const list = whole.kind === "call" ? asData(whole) : whole;
    const items = list?.kind === "list" || list?.kind === "tuple" ? list.items : [];
    for (const { start, source } of this.#around) {
      if (start !== this.#offset || (source.kind !== "value" && source.kind !== "reference")) continue;
      const { node } = source;
      if (node === whole || node === value) return undefined;
      const index = items.indexOf(node);
      return { node, index: index < 0 ? "" : `[${index}]`, isHere: source.kind === "value" };
    }
    return undefined;
  }

  /** The key of a mapping inside of an argument that the fault stands at. */
  #keyInside(argument: Argument): (Source & { readonly kind: "key" }) | undefined {
    const outer = this.#around.findIndex(
      ({ source }) => (source.kind === "argument" || source.kind === "name") && source.argument === argument,
    );
    const inner = this.#around.slice(outer + 1).map(({ source }) => source);
    return inner.findLast((source): source is Source & { kind: "key" } => source.kind === "key");
  }
}

function signatureNames(signature: CallableSignature | undefined): readonly string[] | undefined {
  return signature === undefined ? undefined : argumentNames(signature);
}

function calleeOf({ symbol, constructorSpec }: CallNode): string {
  return symbol === undefined ? constructorSpec : [symbol.exportName, ...symbol.members].join(".");
}

/** At the value where it stands in the call; where it comes from elsewhere at the name that it is given by, or at the call. */
function placeOfArgument({ call, nameOrigin, value }: Argument): Place {
  const { span } = value.origin;
  const isHere =
    nameOrigin === undefined ? isBelow(call.constructorOrigin.span, span) : isBeside(nameOrigin.span, span);
  if (isHere) return placeOf(originOf(value));
  return { ...placeOf(nameOrigin ?? call.constructorOrigin), labels: [labelOf(value)] };
}

function originOf(node: GraphValue): Origin {
  return node.kind === "call" ? node.constructorOrigin : node.origin;
}

function labelOf(node: GraphValue): { readonly span: Span; readonly text: string } {
  return { span: originOf(node).span, text: "the value comes from here" };
}

/** `name: value`, with an anchor or a tag between at most. */
function isBeside(name: Span, value: Span): boolean {
  if (name.file !== value.file || value.start < name.end) return name.file === value.file && value.start === name.start;
  return /^["']?\s*:\s*(&\S+\s*)?(!\S+\s*)?$/.test(name.file.text.slice(name.end, value.start));
}

/** Whether `value` is written behind a tag: on its line, or on lines that are indented deeper. */
function isBelow(tag: Span, value: Span): boolean {
  if (tag.file !== value.file || value.start < tag.end) return false;
  const { text } = tag.file;
  const lineStart = text.lastIndexOf("\n", tag.start - 1) + 1;
  const depth = indentation(text.slice(lineStart));
  const between = text.slice(tag.end, value.start).split("\n").slice(1);
  return between.every(
    (line, index) => (line.trim() === "" && index < between.length - 1) || indentation(line) > depth,
  );
}

function indentation(text: string): number {
  return /^[ ]*/.exec(text)?.[0].length ?? 0;
}

function placeOfSource(source: Source): readonly [Place, what: string] {
  switch (source.kind) {
    case "value":
    case "reference": {
      const { node } = source;
      return [placeOf(originOf(node)), describe(node)];
    }
    case "argument":
    case "name":
      return [placeOfArgument(source.argument), calleeOf(source.argument.call)];
    case "options":
    case "callee":
    case "import":
      return [placeOf(source.call.constructorOrigin), calleeOf(source.call)];
    case "key":
      return [placeOf(source.origin), `'${source.name}'`];
  }
}
