/** @file Binding names: `set`, `for` and `with` targets. */
import type { AttributeTarget, Target } from "../syntax/ast.ts";
import {
  Namespace,
  TemplateError,
  tryIterator,
  typeNameOf,
  Undefined,
  undefinedName,
  type Value,
} from "../values/index.ts";
import type { Frame, PrintedText } from "./scope.ts";

/** Give the names of `target` their values through `bind`. */
export function unpack(target: Target, value: Value, bind: (name: string, value: Value) => void): void {
  if (target.kind === "name") {
    bind(target.name, value);
    return;
  }
  const iterator = tryIterator(value);
  if (iterator === undefined) throw new TemplateError("type", `cannot unpack non-iterable ${typeNameOf(value)} object`);
  const wanted = target.items.length;
  const values: Value[] = [];
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
    if (values.length === wanted) throw new TemplateError("value", `too many values to unpack (expected ${wanted})`);
    values.push(next.value);
  }
  if (values.length < wanted) {
    throw new TemplateError("value", `not enough values to unpack (expected ${wanted}, got ${values.length})`);
  }
  target.items.forEach((item, i) => {
    unpack(item, values[i] as Value, bind);
  });
}

/** `set`: names of the scope, or an attribute of a namespace. */
/** `pieces` are what a body printed the value from. */
export function assign(target: Target | AttributeTarget, value: Value, frame: Frame, pieces?: PrintedText): void {
  if (target.kind === "name") {
    frame.scope.assign(target.name, value, pieces);
    return;
  }
  if (target.kind !== "attribute") {
    unpack(target, value, (name, item) => frame.scope.assign(name, item));
    return;
  }
  const { name } = target.object;
  const object = frame.scope.get(name) ?? (frame.scope.get(name) === undefined ? undefinedName(name) : null);
  if (object instanceof Namespace) {
    object.setAttribute(target.name, value);
    frame.run.keepPieces(object, target.name, pieces);
    return;
  }
  const what = object instanceof Undefined ? "is undefined" : `is a ${typeNameOf(object)}`;
  throw new TemplateError(
    "runtime",
    `'${name}.${target.name}' cannot be set: '${name}' ${what}, and only namespaces have attributes to set`,
    object instanceof Undefined ? { wanted: name, known: frame.scope.visibleNames() } : undefined,
  );
}
