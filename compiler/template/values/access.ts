/** @file Attributes and items, with the sandbox's rules. What is missing is an undefined value, not an error. */
import { characters, codePointLength } from "./code-points.ts";
import { PyDict, PyDictView } from "./dict.ts";
import { TemplateError, typeError } from "./errors.ts";
import { formatValue } from "./format/specification.ts";
import { StringFormatter } from "./format/str-format.ts";
import { escapeText } from "./markup.ts";
import { dictMethods, dictViewAttribute } from "./methods/dict.ts";
import { listMethods, rangeAttribute, rangeMethods, tupleMethods } from "./methods/list.ts";
import { numberAttribute, numberAttributeNames } from "./methods/number.ts";
import { resolveIndex, sliceBounds, sliceItems } from "./methods/sequence.ts";
import { stringAttribute, stringMethods } from "./methods/str.ts";
import { Namespace } from "./namespace.ts";
import { Undefined, unsafeAttribute } from "./undefined.ts";
import {
  BuiltinFunction,
  Markup,
  orElse,
  PyGenerator,
  PyList,
  PyNamedTuple,
  PyObject,
  PyRange,
  PyTuple,
  textOf,
  typeNameOf,
  type Value,
} from "./value.ts";

/** `value.name`: the attribute or method, then the item `value['name']`. */
export function getAttribute(value: Value, name: string): Value {
  const attribute = safeAttribute(value, name);
  if (attribute !== undefined) return attribute;
  return orElse(findItem(value, name), () => missing(value, name));
}

/** `value[key]`: the item, then, for a str key, the attribute. */
export function getItem(value: Value, key: Value): Value {
  const item = findItem(value, key);
  if (item !== undefined) return item;
  const name = textOf(key);
  if (name !== undefined) return getAttributeOnly(value, name);
  return missing(value, key);
}

/** `value|attr(name)`: the attribute alone, never an item. */
export function getAttributeOnly(value: Value, name: string): Value {
  return orElse(safeAttribute(value, name), () => missing(value, name));
}

/** `value[start:stop:step]`; null for a part that is left out. */
export function slice(value: Value, start: Value, stop: Value, step: Value): Value {
  if (value instanceof Undefined) return value.fail();
  const text = textOf(value);
  if (text !== undefined) {
    const bounds = sliceBounds(codePointLength(text), start, stop, step);
    const part = sliceItems(characters(text), bounds).join("");
    return value instanceof Markup ? new Markup(part) : part;
  }
  if (value instanceof PyList) {
    return new PyList(sliceItems(value.items, sliceBounds(value.items.length, start, stop, step)));
  }
  if (value instanceof PyTuple) {
    return new PyTuple(sliceItems(value.items, sliceBounds(value.items.length, start, stop, step)));
  }
  if (value instanceof PyRange) {
    const bounds = sliceBounds(value.length(), start, stop, step);
    const at = (index: number): bigint => value.start + BigInt(index) * value.step;
    return new PyRange(at(bounds.start), at(bounds.stop), value.step * BigInt(bounds.step));
  }
  // Python would look the slice up as a key, find nothing, and give an undefined value.
  for (const bound of [start, stop, step]) if (bound instanceof Undefined) throw typeError("slice bound is undefined");
  return missing(value, "slice");
}

/** Names that Python gives to every object: they exist, so the sandbox has to refuse them. */
const inherited = new Set(
  "__class__ __delattr__ __dict__ __dir__ __doc__ __eq__ __format__ __ge__ __getattribute__ __getstate__ __gt__ __hash__ __init__ __init_subclass__ __le__ __lt__ __module__ __ne__ __new__ __reduce__ __reduce_ex__ __repr__ __setattr__ __sizeof__ __str__ __subclasshook__".split(
    " ",
  ),
);
const ofFunctions = new Set(
  "__annotations__ __builtins__ __call__ __closure__ __code__ __defaults__ __get__ __globals__ __kwdefaults__ __name__ __qualname__ __self__ __func__ __wrapped__".split(
    " ",
  ),
);
const ofGenerators = new Set(["gi_code", "gi_frame", "gi_yieldfrom"]);
const ofContainers = new Set(
  "__add__ __contains__ __getitem__ __iter__ __len__ __mul__ __rmul__ __setitem__ __delitem__ __class_getitem__".split(
    " ",
  ),
);

/** The attribute as a template may see it: one that Python has but the sandbox hides is an undefined value that fails as `security`. */
function safeAttribute(value: Value, name: string): Value | undefined {
  if (name.startsWith("_") || (value instanceof PyGenerator && ofGenerators.has(name))) {
    return isHidden(value, name) ? unsafeAttribute(name, typeNameOf(value)) : undefined;
  }
  return attributeOf(value, name);
}

function isHidden(value: Value, name: string): boolean {
  if (inherited.has(name) || ofGenerators.has(name) || ofFunctions.has(name)) return true;
  if (ofContainers.has(name)) return typeof value === "string" || value instanceof PyObject;
  return !(value instanceof Undefined) && value instanceof PyObject && value.attribute(name) !== undefined;
}

function attributeOf(value: Value, name: string): Value | undefined {
  switch (typeof value) {
    case "string":
      return textAttribute(value, name);
    case "bigint":
    case "number":
    case "boolean":
      return numberAttribute(value, name);
  }
  if (value === null) return undefined;
  if (value instanceof Markup) return textAttribute(value, name);
  if (value instanceof PyList) return listMethods.get(name)?.(value);
  if (value instanceof PyTuple) return orElse(value.attribute(name), () => tupleMethods.get(name)?.(value));
  if (value instanceof PyDict) return dictMethods.get(name)?.(value);
  if (value instanceof PyDictView) return dictViewAttribute(value, name);
  if (value instanceof PyRange) return rangeAttribute(value, name);
  return value.attribute(name);
}

/** Methods of text. The two that format reach into their arguments with the sandbox's own access. */
function textAttribute(value: string | Markup, name: string): Value | undefined {
  switch (name) {
    case "format":
      return new BuiltinFunction(name, (args, kwargs) => formatText(value, args, new PyDict(kwargs)));
    case "format_map":
      return new BuiltinFunction(name, (args, kwargs) => {
        const [mapping] = args;
        if (args.length !== 1 || kwargs.size > 0) throw typeError("format_map() takes exactly one argument");
        if (!(mapping instanceof PyDict)) throw typeError("format_map() argument must be a mapping");
        return formatText(value, [], mapping);
      });
    default:
      return stringAttribute(value, name);
  }
}

function formatText(text: string | Markup, args: readonly Value[], kwargs: PyDict): Value {
  const access = { attribute: getAttribute, item: getItem };
  if (typeof text === "string") return new StringFormatter(args, kwargs, access).format(text);
  const escaping = (field: Value, specification: string): string =>
    field instanceof Markup ? field.text : escapeText(formatValue(field, specification));
  return new Markup(new StringFormatter(args, kwargs, access, escaping).format(text.text));
}

/** The item, or `undefined` where there is none or the key is of the wrong type. */
function findItem(value: Value, key: Value): Value | undefined {
  const text = textOf(value);
  const index = typeof key === "bigint" ? key : typeof key === "boolean" ? BigInt(key) : undefined;
  if (text !== undefined) {
    if (index === undefined) return undefined;
    const parts = characters(text);
    const at = resolveIndex(parts.length, index);
    if (at === undefined) return undefined;
    return value instanceof Markup ? new Markup(parts[at]!) : parts[at]!;
  }
  if (value instanceof PyList || value instanceof PyTuple) {
    const at = index === undefined ? undefined : resolveIndex(value.items.length, index);
    return at === undefined ? undefined : value.items[at]!;
  }
  if (value instanceof PyRange) {
    if (index === undefined) return undefined;
    const at = index < 0n ? index + value.count : index;
    return at >= 0n && at < value.count ? value.start + at * value.step : undefined;
  }
  if (value instanceof PyDict) return findKey(value, key);
  return value instanceof PyObject ? value.item(key) : undefined;
}

function findKey(dict: PyDict, key: Value): Value | undefined {
  try {
    return dict.get(key);
  } catch (error) {
    // A list as key finds nothing; an undefined value as key is still a use of it.
    if (error instanceof TemplateError && error.kind === "type") return undefined;
    throw error;
  }
}

function missing(value: Value, key: Value): Undefined {
  if (typeof key !== "string") {
    const shown = textOf(key) ?? (typeof key === "bigint" ? `element ${key}` : `item of type ${typeNameOf(key)}`);
    return new Undefined({ name: "", message: `${describe(value)} has no ${shown}` });
  }
  return new Undefined({
    name: key,
    message: `${describe(value)} has no attribute '${key}'`,
    known: () => knownNames(value),
    // Methods are not what is asked for of data.
    ...((value instanceof PyDict ? value.size > 0 : isOpen(value)) && { listed: "it has" }),
  });
}

function describe(value: Value): string {
  return value === null ? "None" : `'${typeNameOf(value)} object'`;
}

/** Does it have names of its own, beside the methods of its type? */
function isOpen(value: Value): boolean {
  return (
    value instanceof PyNamedTuple ||
    value instanceof Namespace ||
    (value instanceof PyObject && value.typeName === "TemplateModule")
  );
}

/** The names that `value.name` would find. */
function knownNames(value: Value): readonly string[] {
  if (value instanceof PyDict) {
    const keys = value.keys().filter((key) => typeof key === "string");
    return keys.length > 0 ? keys : [...dictMethods.keys()];
  }
  if (textOf(value) !== undefined) return [...stringMethods.keys()];
  if (value instanceof PyList) return [...listMethods.keys()];
  if (value instanceof PyNamedTuple) return value.attributeNames();
  if (value instanceof PyTuple) return [...tupleMethods.keys()];
  if (value instanceof PyRange) return ["start", "stop", "step", ...rangeMethods.keys()];
  return value instanceof PyObject ? value.attributeNames() : numberAttributeNames(value);
}
