/** @file The names that every template sees. */

import { truthy } from "../compare.ts";
import type { TemplateHost } from "../context.ts";
import { PyDateTime } from "../datetime.ts";
import { PyDict } from "../dict.ts";
import { overflowError, runtimeError, securityError, TemplateError, typeError, valueError } from "../errors.ts";
import { loremIpsum } from "../lorem-ipsum.ts";
import { escapeText } from "../markup.ts";
import { pairsOf } from "../methods/dict.ts";
import { Cycler, Joiner, Namespace } from "../namespace.ts";
import { repr } from "../print.ts";
import { builtin, expectCount, expectInteger, expectText } from "../signature.ts";
import { BuiltinFunction, Markup, PyRange, PyTuple, textOf, type Value } from "../value.ts";
import { directoryKinds, platformDirectory } from "./platform-directories.ts";
import * as paths from "./posix-path.ts";

/** Elements that a range may have; the sandbox's limit. */
const rangeLimit = 100_000n;

/** The global functions of templates, over the machine that `host` shows them. */
export function createGlobals(host: TemplateHost): Map<string, Value> {
  const all = [
    ...valueFunctions(host),
    ...checkFunctions(),
    ...pathFunctions(host),
    ...clockFunctions(host),
    ...directoryFunctions(host),
    ...launchFunctions(host),
  ];
  return new Map(all.map((fn) => [fn.name, fn]));
}

function valueFunctions(host: TemplateHost): BuiltinFunction[] {
  return [
    builtin("cycler", "*items", (items: PyTuple) => new Cycler(items.items)),
    builtin("dict", "source=?, /, **more", makeDict),
    builtin("joiner", "sep=', '", (separator: Value) => new Joiner(separator)),
    builtin("lipsum", "n=5, html=True, min=20, max=100", (count: Value, html: Value, least: Value, most: Value) => {
      const texts = loremIpsum(host, expectCount(count), expectCount(least), expectCount(most));
      if (!truthy(html)) return texts.join("\n\n");
      return new Markup(texts.map((text) => `<p>${escapeText(text)}</p>`).join("\n"));
    }),
    builtin("namespace", "source=?, /, **more", (source: Value | undefined, more: PyDict) => {
      const namespace = new Namespace();
      for (const [key, value] of makeDict(source, more).entries()) {
        namespace.setAttribute(textOf(key) ?? repr(key), value);
      }
      return namespace;
    }),
    new BuiltinFunction("range", (args, kwargs) => {
      if (kwargs.size > 0) throw typeError("range() takes no keyword arguments");
      if (args.length < 1 || args.length > 3) throw typeError(`range expected 1 to 3 arguments, got ${args.length}`);
      const [first = 0n, second = 0n, step = 1n] = args.map((arg) => expectInteger(arg));
      if (step === 0n) throw valueError("range() arg 3 must not be zero");
      const range = args.length === 1 ? new PyRange(0n, first, 1n) : new PyRange(first, second, step);
      if (range.count > rangeLimit) {
        throw overflowError(`Range too big. The sandbox blocks ranges larger than MAX_RANGE (${rangeLimit}).`);
      }
      return range;
    }),
    builtin("repr", "object, /", (value: Value) => repr(value)),
  ];
}

function makeDict(source: Value | undefined, more: PyDict): PyDict {
  const dict = new PyDict(source === undefined ? [] : pairsOf(source));
  for (const [key, value] of more.entries()) dict.set(key, value);
  return dict;
}

/** How a template refuses what it was given. */
function checkFunctions(): BuiltinFunction[] {
  const text = (value: Value): string => textOf(value) ?? repr(value);
  return [
    builtin("assert", "condition, message='assertion failed'", (condition: Value, message: Value) => {
      if (!truthy(condition)) throw new TemplateError("assertion", text(message));
      return "";
    }),
    builtin("raise", "message", (message: Value) => {
      throw runtimeError(text(message));
    }),
  ];
}

/** Variables that launchers set for the processes of one run. All else in the environment may be secret, or differ between machines. */
const launchVariable =
  /^((GROUP_|LOCAL_|NODE_)?RANK|(LOCAL_)?WORLD_SIZE|MASTER_(ADDR|PORT)|(CUDA|HIP)_VISIBLE_DEVICES|(DILOCO|FGC|FORGATHER)_\w+)$/;

function launchFunctions(host: TemplateHost): BuiltinFunction[] {
  return [
    builtin("getenv", "key, default=None", (key: Value, fallback: Value) => {
      const name = expectText(key, "key");
      if (!launchVariable.test(name))
        throw securityError(
          `templates may not read '${name}': getenv() knows what launchers set (WORLD_SIZE, RANK, …) and names that begin with FGC_ or FORGATHER_`,
        );
      return host.environment(name) ?? fallback;
    }),
    // The machine that compiles is not the one that trains, so its speed is not looked up.
    builtin("get_peak_hardware_flops", "", () => null),
  ];
}

function pathFunctions(host: TemplateHost): BuiltinFunction[] {
  const path = (value: Value): string => expectText(value, "path");
  return [
    builtin("abspath", "path", (p: Value) => paths.absolutePath(path(p), host.cwd())),
    builtin("basename", "p", (p: Value) => paths.baseName(path(p))),
    builtin("dirname", "p", (p: Value) => paths.directoryName(path(p))),
    builtin("getcwd", "", () => host.cwd()),
    builtin("joinpath", "*names", ({ items }: PyTuple) => {
      const [first, ...rest] = items.map(path);
      if (first === undefined) throw typeError("joinpath() needs at least one path");
      return paths.joinPath(first, ...rest);
    }),
    builtin("modname_from_path", "path", (p: Value) => paths.splitExtension(paths.baseName(path(p)))[0]),
    builtin("normpath", "path", (p: Value) => paths.normalizePath(path(p))),
    builtin("relpath", "path, start=None", (p: Value, start: Value) => {
      if (path(p) === "") throw valueError("no path specified");
      return paths.relativePath(path(p), start === null ? "." : path(start), host.cwd());
    }),
    builtin("splitext", "p", (p: Value) => new PyTuple(paths.splitExtension(path(p)))),
    builtin("user_home_dir", "", () => host.homeDirectory()),
  ];
}

function clockFunctions(host: TemplateHost): BuiltinFunction[] {
  const local = (): PyDateTime => {
    const now = host.now();
    return new PyDateTime(now, host.utcOffsetMinutes(now));
  };
  const utc = (): PyDateTime => new PyDateTime(host.now(), 0);
  const forFiles = "%Y-%m-%dT%H-%M-%S";
  const iso = "%Y-%m-%dT%H:%M:%S";
  return [
    builtin("filetime", "", () => local().format(forFiles)),
    builtin("isotime", "", () => local().format(iso)),
    builtin("now", "", local),
    builtin("utcfiletime", "", () => utc().format(forFiles)),
    builtin("utcisotime", "", () => utc().format(iso)),
    builtin("utcnow", "", utc),
  ];
}

function directoryFunctions(host: TemplateHost): BuiltinFunction[] {
  const optional = (value: Value): string | undefined => (value === null ? undefined : expectText(value, "name"));
  return [
    builtin("forgather_home_dir", "", () => paths.joinPath(host.homeDirectory(), ".forgather")),
    builtin("forgather_config_dir", "", () => platformDirectory(host, "user_config", "forgather")),
    ...directoryKinds.map((kind) =>
      builtin(`${kind}_dir`, "appname=None, appauthor=None", (app: Value, author: Value) =>
        platformDirectory(host, kind, optional(app), optional(author)),
      ),
    ),
  ];
}
