/** @file Expressions to values. A failure is located at the innermost expression that it happened in. */
import { nearest } from "../../source/nearest.ts";
import { templateDiagnostics as faults, TemplateFault } from "../diagnostics.ts";
import { isSpace } from "../scan/characters.ts";
import type {
  Arguments,
  Attribute,
  Binary,
  Call,
  Compare,
  Concat,
  Conditional,
  Expression,
  Filter,
  Name,
  Test,
} from "../syntax/ast.ts";
import {
  BuiltinFunction,
  binary,
  call,
  compare,
  concat,
  contains,
  equals,
  filters,
  getAttribute,
  getItem,
  iterate,
  type KeywordArguments,
  missingElse,
  noKeywords,
  PoisonedUse,
  PyDict,
  PyList,
  PyTuple,
  poisoned,
  slice,
  str,
  TemplateError,
  tests,
  textOf,
  truthy,
  typeNameOf,
  Undefined,
  unary,
  undefinedName,
  type Value,
} from "../values/index.ts";
import { Renderable, Rendered } from "./rendering.ts";
import type { Frame } from "./scope.ts";

/** The value of an expression. What fails is told at its place, and the value is poisoned. */
export function evaluate(node: Expression, frame: Frame): Value {
  try {
    return compute(node, frame);
  } catch (error) {
    return frame.run.recover(error, node, frame);
  }
}

function compute(node: Expression, frame: Frame): Value {
  switch (node.kind) {
    case "literal":
      return node.value;
    case "name":
      frame.run.trace?.read(node, frame);
      return lookUp(node.name, frame);
    case "list":
      return new PyList(node.items.map((item) => evaluate(item, frame)));
    case "tuple":
      return new PyTuple(node.items.map((item) => evaluate(item, frame)));
    case "dict": {
      const dict = new PyDict();
      for (const [key, value] of node.entries) dict.set(evaluate(key, frame), evaluate(value, frame));
      return dict;
    }
    case "attribute": {
      const object = evaluate(node.target, frame);
      frame.run.trace?.readAttribute(node, object);
      // A method may read all of it.
      frame.run.made(object);
      return getAttribute(object, node.name);
    }
    case "item": {
      const target = evaluate(node.target, frame);
      if (node.index.kind !== "slice") return getItem(target, evaluate(node.index, frame));
      const [start, stop, step] = [node.index.start, node.index.stop, node.index.step].map((bound) =>
        bound === undefined ? null : evaluate(bound, frame),
      ) as [Value, Value, Value];
      return slice(target, start, stop, step);
    }
    case "slice":
      throw new TemplateError("type", "a slice can stand only in brackets of its own");
    case "call":
    case "conditional": {
      const result = computeRich(node, frame);
      return result instanceof Rendered ? result.value : result;
    }
    case "filter":
      return applyFilter(node, evaluate(node.target as Expression, frame), frame);
    case "test":
      return applyTest(node, frame);
    case "unary":
      return unary(node.operator, evaluate(node.operand, frame));
    case "not":
      return !truthy(evaluate(node.operand, frame));
    case "binary":
      return computeBinary(node, frame);
    case "logic": {
      const left = evaluate(node.left, frame);
      const isDecided = truthy(left) === (node.operator === "or");
      frame.run.trace?.chose(node, isDecided ? node.left : node.right);
      return isDecided ? left : evaluate(node.right, frame);
    }
    case "compare":
      return compareChain(node, frame);
    case "concat":
      return computeConcat(node, frame);
  }
}

function lookUp(name: string, frame: Frame): Value {
  const value = frame.scope.get(name);
  if (value !== undefined) return value;
  if (frame.run.isInDoubt(name)) return poisoned;
  const isFunction = (known: string): boolean => frame.run.globals.get(known) instanceof BuiltinFunction;
  // Short names are near to many: `now` is rarely what was meant.
  return undefinedName(
    name,
    () => frame.scope.visibleNames().filter((known) => !isFunction(known)),
    () => frame.scope.visibleNames().filter(isFunction),
  );
}

function computeBinary({ operator, left, right }: Binary, frame: Frame): Value {
  const a = evaluate(left, frame);
  const b = evaluate(right, frame);
  if (a instanceof Undefined && b instanceof Undefined) tellUndefined([left, right], [a, b], frame);
  return frame.run.made(binary(operator, a, b));
}

function computeConcat({ parts }: Concat, frame: Frame): Value {
  const values = parts.map((part) => evaluate(part, frame));
  tellUndefined(parts, values, frame);
  return frame.run.made(concat(values, frame.autoescape));
}

/** All operands of these are used, so each that is undefined is a fault of its own. */
function tellUndefined(nodes: readonly Expression[], values: readonly (Value | Rendered)[], frame: Frame): void {
  let fails = false;
  nodes.forEach((node, i) => {
    const value = values[i];
    if (!(value instanceof Undefined) || value.lenient) return;
    frame.run.recover(value.error(), node, frame);
    fails = true;
  });
  if (fails) throw new PoisonedUse();
}

/**
 * The same, keeping the pieces of what macros and blocks rendered: `{{ super() }}`, `=> super()` and `{{ m() if x }}`
 * print text with the places that wrote it.
 */
export function evaluateRich(node: Expression, frame: Frame): Value | Rendered {
  try {
    return computeRich(node, frame);
  } catch (error) {
    return frame.run.recover(error, node, frame);
  }
}

function computeRich(node: Expression, frame: Frame): Value | Rendered {
  switch (node.kind) {
    case "call":
      return computeCall(node, frame);
    case "conditional":
      return chooseBranch(node, frame);
    case "name":
    case "attribute":
      return withPieces(node, compute(node, frame), frame);
    case "filter": {
      if (!keepsPieces(node.name) || node.target === undefined || frame.autoescape) return compute(node, frame);
      const target = evaluateRich(node.target, frame);
      return target instanceof Rendered ? filterRendered(node, target, frame) : applyFilter(node, target, frame);
    }
    case "concat": {
      if (frame.autoescape) return compute(node, frame);
      const parts = node.parts.map((part) => ({ part, value: evaluateRich(part, frame) }));
      tellUndefined(
        node.parts,
        parts.map(({ value }) => value),
        frame,
      );
      if (!parts.some(({ value }) => value instanceof Rendered))
        return frame.run.made(
          concat(
            parts.map((p) => p.value as Value),
            false,
          ),
        );
      return new Rendered(
        parts.flatMap(({ part, value }) =>
          value instanceof Rendered
            ? value.pieces
            : [{ text: str(value), origin: { span: part.span, stack: frame.stack } }],
        ),
      );
    }
    default:
      return compute(node, frame);
  }
}

function chooseBranch(node: Conditional, frame: Frame): Value | Rendered {
  const part = truthy(evaluate(node.test, frame)) ? node.value : node.otherwise;
  if (part === undefined) return missingElse();
  frame.run.trace?.chose(node, part);
  return evaluateRich(part, frame);
}

function computeCall(node: Call, frame: Frame, extra: KeywordArguments = noKeywords): Value | Rendered {
  const callee = evaluate(node.callee, frame);
  const { args, kwargs } = evaluateArguments(node.args, frame, extra);
  if (!(callee instanceof Renderable)) {
    const result = frame.run.made(call(callee, args, kwargs));
    frame.run.trace?.called(node, result, frame);
    return result;
  }
  frame.run.trace?.call(node);
  const pieces = callee.render(args, kwargs, { span: node.span, stack: frame.stack });
  return frame.autoescape ? callee.toValue(pieces) : new Rendered(pieces);
}

/** `{% call f(x) %}`: the call with its body as `caller`. */
export function callWithCaller(node: Call, caller: Value, frame: Frame): Value | Rendered {
  try {
    return computeCall(node, frame, new Map([["caller", caller]]));
  } catch (error) {
    return frame.run.recover(error, node, frame);
  }
}

interface Evaluated {
  readonly args: readonly Value[];
  readonly kwargs: KeywordArguments;
}
const none: Evaluated = { args: [], kwargs: noKeywords };

function evaluateArguments(node: Arguments, frame: Frame, extra: KeywordArguments = noKeywords): Evaluated {
  const { positional, keywords, list, mapping } = node;
  if (
    positional.length === 0 &&
    keywords.length === 0 &&
    list === undefined &&
    mapping === undefined &&
    extra.size === 0
  )
    return none;
  const args = positional.map((argument) => evaluate(argument, frame));
  const kwargs = new Map<string, Value>();
  for (const { name, value } of keywords) kwargs.set(name, evaluate(value, frame));
  for (const [name, value] of extra) addKeyword(kwargs, name, value);
  if (list !== undefined) args.push(...iterate(evaluate(list, frame)));
  if (mapping !== undefined) {
    const values = evaluate(mapping, frame);
    if (!(values instanceof PyDict))
      throw new TemplateError("type", `argument after ** must be a mapping, not ${typeNameOf(values)}`);
    for (const [key, value] of values.entries()) {
      const name = textOf(key);
      if (name === undefined) throw new TemplateError("type", "keywords must be strings");
      addKeyword(kwargs, name, value);
    }
  }
  return { args, kwargs };
}

function addKeyword(kwargs: Map<string, Value>, name: string, value: Value): void {
  if (kwargs.has(name)) throw new TemplateError("type", `there are two values for the argument '${name}'`);
  kwargs.set(name, value);
}

/** Apply a filter to a value that is computed already. */
export function applyFilter(node: Filter, value: Value, frame: Frame): Value {
  const { args, kwargs } = evaluateArguments(node.args, frame);
  const filters = frame.run.filters(frame);
  if (!filters.hasFilter(node.name)) throw unknownFilter(node, frame);
  frame.run.made(value);
  const result = frame.run.made(filters.callFilter(node.name, value, args, kwargs));
  frame.run.trace?.filtered(node, value, result);
  return result;
}

/** A chain of filters over text that is rendered already: `filter trim|upper`, `set x | trim`. */
export function applyChain(node: Filter, target: Rendered, frame: Frame): Value | Rendered {
  try {
    const value = node.target === undefined ? target : applyChain(node.target as Filter, target, frame);
    if (!(value instanceof Rendered)) return applyFilter(node, value, frame);
    return keepsPieces(node.name) && !frame.autoescape
      ? filterRendered(node, value, frame)
      : applyFilter(node, value.value, frame);
  } catch (error) {
    return frame.run.recover(error, node, frame);
  }
}

/** The pieces of a text that the body of a `set` printed, where that very text is printed. */
function withPieces(node: Name | Attribute, value: Value, frame: Frame): Value | Rendered {
  if (!frame.run.hasPrintedTexts || typeof value !== "string" || frame.autoescape) return value;
  const pieces =
    node.kind === "name"
      ? frame.scope.piecesOf(node.name)
      : node.target.kind === "name"
        ? frame.run.piecesOf(frame.scope.get(node.target.name), node.name)
        : undefined;
  return pieces?.text === value ? new Rendered(pieces.pieces) : value;
}

/** Filters that leave the text as it is, or add to it. */
function keepsPieces(filter: string): boolean {
  return filter === "trim" || filter === "indent";
}

function filterRendered(node: Filter, target: Rendered, frame: Frame): Value | Rendered {
  return node.name === "trim" ? trimRendered(node, target, frame) : indentRendered(node, target, frame);
}

function indentRendered(node: Filter, target: Rendered, frame: Frame): Value | Rendered {
  const { args, kwargs } = evaluateArguments(node.args, frame);
  const [width = 4n, first = false, blank = false] = ["width", "first", "blank"].map(
    (name, i) => args[i] ?? kwargs.get(name),
  );
  const isSimple =
    args.length <= 3 && [...kwargs.keys()].every((name) => ["width", "first", "blank"].indexOf(name) >= args.length);
  const text = typeof width === "bigint" && width <= 1000n ? " ".repeat(Math.max(0, Number(width))) : width;
  if (isSimple && typeof text === "string" && typeof first === "boolean" && typeof blank === "boolean") {
    const indented = target.indent(text, first, blank, { span: node.nameSpan, stack: frame.stack });
    if (indented !== undefined) return indented;
  }
  return frame.run.filters(frame).callFilter(node.name, target.value, args, kwargs);
}

function trimRendered(node: Filter, target: Rendered, frame: Frame): Value | Rendered {
  const { args, kwargs } = evaluateArguments(node.args, frame);
  const [characters = null] = args;
  const simple = kwargs.size === 0 && args.length <= 1 && (characters === null || typeof characters === "string");
  const trimmed = simple ? target.trim(characters ?? undefined, isSpace) : undefined;
  return trimmed ?? frame.run.filters(frame).callFilter(node.name, target.value, args, kwargs);
}

function applyTest(node: Test, frame: Frame): boolean {
  const value = evaluate(node.target, frame);
  const { args, kwargs } = evaluateArguments(node.args, frame);
  if (!frame.run.filters(frame).hasTest(node.name)) throw unknownTest(node, frame);
  for (const arg of args) frame.run.made(arg);
  return frame.run.filters(frame).callTest(node.name, value, args, kwargs) !== node.negated;
}

/** In a condition a filter may be one that not every host has: there it is looked for when it is used. */
function unknownFilter({ name, nameSpan }: Filter, { stack }: Frame): TemplateFault {
  const place = { span: nameSpan, chain: stack };
  return new TemplateFault("runtime", faults.unknownFilter(place, { name, nearest: nearest(name, filters.keys()) }));
}

function unknownTest({ name, nameSpan }: Test, { stack }: Frame): TemplateFault {
  const place = { span: nameSpan, chain: stack };
  return new TemplateFault("runtime", faults.unknownTest(place, { name, nearest: nearest(name, tests.keys()) }));
}

function compareChain({ first, rest }: Compare, frame: Frame): boolean {
  let left = evaluate(first, frame);
  for (const { operator, operand } of rest) {
    const right = frame.run.made(evaluate(operand, frame));
    // Only `in` may be asked of an undefined value.
    if (left instanceof Undefined && right instanceof Undefined) tellUndefined([first, operand], [left, right], frame);
    if (!compareOnce(operator, left, right)) return false;
    left = right;
  }
  return true;
}

function compareOnce(operator: Compare["rest"][number]["operator"], left: Value, right: Value): boolean {
  switch (operator) {
    case "==":
      return equals(left, right);
    case "!=":
      return !equals(left, right);
    case "in":
      return contains(right, left);
    case "not in":
      return !contains(right, left);
    default:
      return compare(operator, left, right);
  }
}
