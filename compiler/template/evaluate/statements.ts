/** @file Running statements: the tags that compute, loop and print. Those that reach other templates are in inheritance.ts and include.ts. */

import type { Span } from "../../source/span.ts";
import { Output, type Piece } from "../output.ts";
import type {
  Assign,
  AssignBlock,
  Body,
  CallBlock,
  Expression,
  FilterBlock,
  For,
  If,
  Print,
  Statement,
  With,
} from "../syntax/ast.ts";
import { reads, statementsOf } from "../syntax/walk.ts";
import { escapeValue, iterate, Markup, PoisonedUse, str, truthy, type Value } from "../values/index.ts";
import { assign, unpack } from "./assign.ts";
import { applyChain, callWithCaller, evaluate, evaluateRich } from "./expressions.ts";
import { fromImportTemplate, importTemplate, includeTemplate } from "./include.ts";
import { extendTemplate, placeBlock } from "./inheritance.ts";
import { locate } from "./locate.ts";
import { LoopContext, type Recurse } from "./loop.ts";
import { MacroValue } from "./macro.ts";
import { poisonTargets } from "./poison.ts";
import { Rendered } from "./rendering.ts";
import { type Frame, isSilent } from "./scope.ts";

export function execute(body: Body, frame: Frame): void {
  frame.run.budget.step(body.length);
  for (const statement of body) {
    try {
      executeOne(statement, frame);
    } catch (error) {
      fail(error, statement, frame);
    }
  }
}

/** A statement failed: that is told, what it would have bound is poisoned, and the next one runs. */
function fail(error: unknown, node: Statement, frame: Frame): void {
  // Failures of the statement itself are shown at its tag; those of its parts have their place already.
  const span = node.kind === "block" ? node.opening : openingOf(node.span);
  frame.run.recover(error, span, frame, node);
  frame.out.leaveGap({ span, stack: frame.stack });
  poisonTargets(node, frame);
}

/** A statement with a body is shown by its first line. */
function openingOf({ file, start, end }: Span): Span {
  const line = /[\r\n]/.exec(file.text.slice(start, end))?.index;
  return { file, start, end: line === undefined || line === 0 ? end : start + line };
}

function executeOne(node: Statement, frame: Frame): void {
  switch (node.kind) {
    case "text":
      if (isSilent(frame)) return;
      for (const { text, span } of node.runs) {
        frame.run.budget.write(text.length);
        frame.out.write(text, { span, stack: frame.stack });
      }
      return;
    case "print":
      if (!isSilent(frame)) printAll(node, frame);
      return;
    case "if":
      executeIf(node, frame);
      return;
    case "for":
      executeFor(node, frame);
      return;
    case "block":
      placeBlock(node, frame);
      return;
    case "extends":
      extendTemplate(node, frame);
      return;
    case "include":
      includeTemplate(node, frame);
      return;
    case "import":
      importTemplate(node, frame);
      return;
    case "from-import":
      fromImportTemplate(node, frame);
      return;
    case "macro":
      frame.scope.assign(node.name, new MacroValue(node, frame, { span: node.nameSpan, stack: frame.stack }, execute));
      return;
    case "call-block":
      executeCall(node, frame);
      return;
    case "assign":
      if (frame.run.without?.has(node.span) !== true) executeAssign(node, frame);
      return;
    case "assign-block":
      if (frame.run.without?.has(node.span) !== true) executeAssignBlock(node, frame);
      return;
    case "with":
      executeWith(node, frame);
      return;
    case "filter-block":
      executeFilterBlock(node, frame);
      return;
    case "autoescape":
      execute(node.body, { ...inner(frame), autoescape: isTrue(node.value, frame) ?? false });
  }
}

/** A scope inside the frame's. */
function inner(frame: Frame): Frame {
  return { ...frame, scope: frame.scope.inner(), topLevel: false };
}

function printAll({ expressions }: Print, frame: Frame): void {
  for (const expression of expressions) print(evaluateRich(expression, frame), expression, frame);
}

function print(value: Value | Rendered, expression: Expression, frame: Frame): void {
  if (value instanceof Rendered) {
    frame.run.budget.append(value.pieces);
    frame.out.append(value.pieces);
    return;
  }
  const origin = { span: expression.span, stack: frame.stack };
  try {
    const text = frame.autoescape ? escapeValue(value).text : str(value);
    frame.run.budget.write(text.length);
    frame.out.write(text, origin);
    frame.run.trace?.print(origin, expression);
  } catch (error) {
    frame.run.recover(error, expression, frame);
    frame.out.leaveGap(origin);
  }
}

function executeIf(node: If, frame: Frame): void {
  const { branches, otherwise } = node;
  for (const { test, body } of branches) {
    const holds = isTrue(test, frame);
    if (holds === undefined) {
      frame.out.leaveGap({ span: test.span, stack: frame.stack });
      poisonTargets(node, frame);
      return;
    }
    if (holds) {
      execute(body, frame);
      return;
    }
  }
  if (otherwise !== undefined) execute(otherwise, frame);
}

/** Does the condition hold? Undefined where it fails. */
function isTrue(test: Expression, frame: Frame): boolean | undefined {
  const value = evaluate(test, frame);
  try {
    return truthy(value);
  } catch (error) {
    frame.run.recover(error, test, frame);
    return undefined;
  }
}

/** Capture what `body` prints. */
function capture(frame: Frame, body: (frame: Frame) => void): readonly Piece[] {
  const out = new Output();
  body({ ...frame, out });
  return out.pieces;
}

// Loops ---------------------------------------------------------------------------------------------------------------

function executeFor(node: For, frame: Frame): void {
  const items = evaluate(node.items, frame);
  if (!node.recursive) {
    loopOver(node, items, 0, undefined, frame);
    return;
  }
  const recurse: Recurse = (more, depth, site) =>
    frame.run.deeper("a recursive loop", () =>
      capture({ ...frame, stack: site.stack }, (captured) => loopOver(node, more, depth, recurse, captured)),
    );
  loopOver(node, items, 0, recurse, frame);
}

function loopOver(node: For, items: Value, depth: number, recurse: Recurse | undefined, frame: Frame): void {
  const chosen = node.condition === undefined ? items : onlyWhere(node, items, frame);
  // Python's generators have no length: with a condition, `loop.length` reads to the end.
  const home = { span: node.span, stack: frame.stack };
  const source = node.condition === undefined ? items : (chosen as Iterator<Value>);
  let passes = 0;
  const pass = (item: Value, loop: LoopContext | undefined): void => {
    passes += 1;
    frame.run.budget.step(1);
    const body = inner(frame);
    if (loop !== undefined) body.scope.define("loop", loop);
    unpack(node.target, item, (name, value) => body.scope.define(name, value));
    frame.run.trace?.bind("for", node.target, node.items, body.scope, body);
    execute(node.body, body);
  };
  frame.run.budget.enterLoop(node);
  try {
    if (needsLoop(node)) {
      const loop = new LoopContext(source, depth, recurse, home, frame.autoescape);
      for (let item = loop.advance(); item !== undefined; item = loop.advance()) pass(item, loop);
    } else if (node.condition === undefined) {
      for (const item of iterate(items)) pass(item, undefined);
    } else {
      const filtered = chosen as Iterator<Value>;
      for (let next = filtered.next(); next.done !== true; next = filtered.next()) pass(next.value, undefined);
    }
  } catch (error) {
    throw locate(error, node.items, frame);
  } finally {
    frame.run.budget.leaveLoop();
  }
  if (passes === 0 && node.otherwise !== undefined) execute(node.otherwise, inner(frame));
}

function* onlyWhere(node: For, items: Value, frame: Frame): Generator<Value, undefined> {
  for (const item of iterate(items)) {
    const scope = inner(frame);
    unpack(node.target, item, (name, value) => scope.scope.define(name, value));
    frame.run.budget.step(1);
    const holds = isTrue(node.condition as Expression, scope);
    // Which items the loop would have is not known any more.
    if (holds === undefined) throw new PoisonedUse();
    if (holds) yield item;
  }
  return undefined;
}

const loopUsers = new WeakMap<For, boolean>();

/** Does the body see `loop`? Only then is it there, for included templates and macros too. */
function needsLoop(node: For): boolean {
  let needs = loopUsers.get(node);
  if (needs === undefined) {
    needs = node.recursive || reads(node.body, "loop");
    if (!needs) for (const inside of statementsOf(node.body)) needs ||= inside.kind === "block" && inside.scoped;
    loopUsers.set(node, needs);
  }
  return needs;
}

// Tags with a body ----------------------------------------------------------------------------------------------------

function executeWith(node: With, frame: Frame): void {
  const values = node.bindings.map(({ value }) => evaluate(value, frame));
  const body = inner(frame);
  node.bindings.forEach(({ target, value: expression }, i) => {
    unpack(target, values[i] as Value, (name, value) => body.scope.define(name, value));
    frame.run.trace?.bind("with", target, expression, body.scope, body);
  });
  execute(node.body, body);
}

function executeFilterBlock(node: FilterBlock, frame: Frame): void {
  const body = inner(frame);
  const pieces = capture(body, (captured) => execute(node.body, captured));
  const value = frame.autoescape
    ? markupOf(node.filter, pieces, body)
    : applyChain(node.filter, new Rendered(pieces), body);
  print(value, node.filter, frame);
}

/** With escaping on, the text of a body is safe text. */
function markupOf(filter: FilterBlock["filter"], pieces: readonly Piece[], frame: Frame): Value {
  const value = applyChain(filter, new Rendered(pieces), frame);
  const text = value instanceof Rendered ? value.value : value;
  return typeof text === "string" ? new Markup(text) : text;
}

function executeAssign(node: Assign, frame: Frame): void {
  assign(node.target, evaluate(node.value, frame), frame);
  frame.run.trace?.assign(node.target, node.value, [], frame);
}

function executeAssignBlock(node: AssignBlock, frame: Frame): void {
  // A body that is kept always writes, also after `extends`.
  const body: Frame = { ...inner(frame), root: undefined };
  const rendered = new Rendered(capture(body, (captured) => execute(node.body, captured)));
  const value = node.filter === undefined ? rendered : applyChain(node.filter, rendered, body);
  const text = value instanceof Rendered ? value.value : value;
  frame.run.hasPrintedTexts = true;
  const isPlain = value instanceof Rendered && typeof text === "string" && !frame.autoescape;
  assign(
    node.target,
    frame.autoescape && typeof text === "string" ? new Markup(text) : text,
    frame,
    isPlain ? { text, pieces: value.pieces } : undefined,
  );
  frame.run.trace?.assign(node.target, undefined, value instanceof Rendered ? value.pieces : [], frame);
}

function executeCall(node: CallBlock, frame: Frame): void {
  const definition = { name: undefined, parameters: node.parameters, body: node.body };
  const caller = new MacroValue(definition, frame, { span: node.span, stack: frame.stack }, execute);
  print(callWithCaller(node.call, caller, frame), node.call, frame);
}
