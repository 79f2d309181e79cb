/** @file The global functions over a host that stands still, and the hosts themselves. */
import { expect, it } from "vitest";
import { getAttribute } from "../access.ts";
import type { TemplateHost } from "../context.ts";
import { str } from "../print.ts";
import { call, type Value } from "../value.ts";
import { hostFromEnvironment, parseTime, systemHost, withFixedTime } from "./host.ts";
import { createGlobals } from "./index.ts";

const still: TemplateHost = {
  ...withFixedTime(
    systemHost({ HOME: "/home/u", XDG_CACHE_HOME: "/cache", WORLD_SIZE: "4", TOKEN: "s3cret" }),
    parseTime("2024-02-03T04:05:06.789"),
  ),
  cwd: () => "/work",
  platform: "linux",
};

function run(name: string, ...args: Value[]): string {
  return str(call(createGlobals(still).get(name)!, args));
}

it("tells the time of its host", () => {
  expect(run("now")).toBe("2024-02-03 04:05:06.789000");
  expect(run("isotime")).toBe("2024-02-03T04:05:06");
  expect(run("utcfiletime")).toBe("2024-02-03T04-05-06");
  const now = call(createGlobals(still).get("now")!, []);
  expect(call(getAttribute(now, "strftime"), ["%a %j %U %W %y %I%p"])).toBe("Sat 034 04 05 24 04AM");
});

it("stops the clock as the environment asks", () => {
  expect(hostFromEnvironment({ SOURCE_DATE_EPOCH: "86400" }).now()).toBe(86_400_000);
  expect(hostFromEnvironment({ FGC_FIXED_TIME: "1970-01-01T00:00:01", SOURCE_DATE_EPOCH: "5" }).now()).toBe(1000);
  expect(() => hostFromEnvironment({ SOURCE_DATE_EPOCH: "soon" })).toThrow("SOURCE_DATE_EPOCH");
});

it.each<[string, Value[], string]>([
  ["joinpath", ["a", "/b", "c", ""], "/b/c/"],
  ["normpath", ["//a/../../b/."], "//b"],
  ["normpath", ["///a"], "/a"],
  ["normpath", ["a/.."], "."],
  ["abspath", ["../x"], "/x"],
  ["relpath", ["/a/b", "/a/c/d"], "../../b"],
  ["dirname", ["/a"], "/"],
  ["splitext", ["/x/..a.b"], "('/x/..a', '.b')"],
  ["splitext", ["/x/.bashrc"], "('/x/.bashrc', '')"],
  ["modname_from_path", ["/a/b.c.py"], "b.c"],
  ["user_config_dir", ["app"], "/home/u/.config/app"],
  ["user_cache_dir", ["app"], "/cache/app"],
  ["site_data_dir", [], "/usr/local/share"],
  ["forgather_home_dir", [], "/home/u/.forgather"],
  ["getenv", ["WORLD_SIZE", "1"], "4"],
  ["getenv", ["RANK", "0"], "0"],
  ["getenv", ["FGC_UNSET"], "None"],
])("%s%j is %s", (name, args, text) => {
  expect(run(name, ...args)).toBe(text);
});

it("refuses a range that would never end", () => {
  expect(() => run("range", 100_001n)).toThrow("Range too big");
});

it("keeps the environment of the process to itself, but for what launchers set", () => {
  expect(() => run("getenv", "TOKEN")).toThrow("templates may not read 'TOKEN'");
});

it("lets a template refuse", () => {
  expect(() => run("raise", "too many stages")).toThrow("too many stages");
  expect(() => run("assert", false, "no head divides the width")).toThrow("no head divides the width");
  expect(run("assert", true)).toBe("");
});
