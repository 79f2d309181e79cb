/** @file Short ways to write values in the tests of this folder. */
import { PyDict } from "./dict.ts";
import { PyList, PyTuple, type Value } from "./value.ts";

export const list = (...items: Value[]): PyList => new PyList(items);
export const tuple = (...items: Value[]): PyTuple => new PyTuple(items);
export const dict = (...entries: [Value, Value][]): PyDict => new PyDict(entries);
