/** @file The value model of the template language, for the scanner, parser and evaluator beside it. */
export { getAttribute, getItem, slice } from "./access.ts";
export { type BinaryOperator, binary, type UnaryOperator, unary } from "./arithmetic.ts";
export { compare, contains, equals, type Ordering, truthy } from "./compare.ts";
export type { Filter, FilterContext, TemplateHost, Test } from "./context.ts";
export { PyDateTime } from "./datetime.ts";
export { dictOf, PyDict, PyDictView } from "./dict.ts";
export { type ErrorKind, type NearNames, TemplateError } from "./errors.ts";
export { createFilterContext } from "./filter-context.ts";
export { filters } from "./filters/index.ts";
export { type Environment, hostFromEnvironment, parseTime, systemHost, withFixedTime } from "./globals/host.ts";
export { createGlobals } from "./globals/index.ts";
export { hashKey, isSame } from "./hash.ts";
export { iterate, iteratorOf, length, toArray, tryIterator, tryLength } from "./iterate.ts";
export { concat, escapeValue } from "./markup.ts";
export { Cycler, Joiner, Namespace } from "./namespace.ts";
export { floatRepr, repr, str } from "./print.ts";
export { bindArguments, builtin, parseSignature } from "./signature.ts";
export { tests } from "./tests.ts";
export {
  missingElse,
  Poisoned,
  PoisonedUse,
  poisoned,
  Undefined,
  undefinedBecause,
  undefinedName,
  undefinedParameter,
  unsafeAttribute,
} from "./undefined.ts";
export {
  BuiltinFunction,
  Callable,
  call,
  type KeywordArguments,
  Markup,
  noKeywords,
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
